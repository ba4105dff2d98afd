import type { ReactElement } from 'react';

const WIDTH = 72;
const HEIGHT = 20;

/** The course of a price, new to old; its figures stand beside it. */
export function Sparkline({ course }: { readonly course: readonly number[] }): ReactElement {
  const old = [...course].reverse();
  const low = Math.min(...old);
  const range = Math.max(...old) - low || 1;
  const points = old.map((price, k) => {
    const x = (k / Math.max(1, old.length - 1)) * WIDTH;
    const y = HEIGHT - 2 - ((price - low) / range) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {old.length > 1 && <polyline points={points.join(' ')} />}
    </svg>
  );
}
