import type { ReactElement } from 'react';

/** A figure at a moment; milliseconds. */
export interface ChartPoint {
  readonly atMs: number;
  readonly figure: number;
}

const WIDTH = 260;
const HEIGHT = 56;

/**
 * The course of a figure from zero up, with the highest of it at its side; the latest stands in
 * words beside it, so the drawing is hidden from readers who do not see it.
 */
export function LineChart({
  points,
  spanMs,
  top,
}: {
  readonly points: readonly ChartPoint[];
  /** How much time the width stands for. */
  readonly spanMs: number;
  readonly top: (figure: number) => string;
}): ReactElement {
  const last = points.at(-1);
  const highest = Math.max(...points.map(({ figure }) => figure), 0);
  const endMs = last?.atMs ?? 0;
  const x = (atMs: number): number => WIDTH - ((endMs - atMs) / spanMs) * WIDTH;
  const y = (figure: number): number =>
    HEIGHT - 2 - (highest === 0 ? 0 : (figure / highest) * (HEIGHT - 16));
  const line = points.map(({ atMs, figure }) => `${x(atMs).toFixed(1)},${y(figure).toFixed(1)}`);
  const [first] = points;
  const under =
    first === undefined || last === undefined
      ? ''
      : `${x(first.atMs).toFixed(1)},${HEIGHT - 2} ${line.join(' ')} ${x(endMs)},${HEIGHT - 2}`;
  return (
    <span className="line-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <line x1="0" x2={WIDTH} y1={HEIGHT - 1.5} y2={HEIGHT - 1.5} />
        {points.length > 1 && <polygon points={under} />}
        {points.length > 1 && <polyline points={line.join(' ')} />}
      </svg>
      {highest > 0 && <span className="line-chart-top num">to {top(highest)}</span>}
    </span>
  );
}
