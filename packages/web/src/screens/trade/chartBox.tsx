import type { ReactElement } from 'react';
import { useEffect, useRef, useState } from 'react';
import type { ChartHandle } from './drawChart.ts';

/** A width of candles that a chart offers. */
export interface Interval {
  readonly ms: number;
  readonly name: string;
}

/** Chooses the width of a candle. */
export function IntervalChoice({
  intervals,
  intervalMs,
  choose,
}: {
  readonly intervals: readonly Interval[];
  readonly intervalMs: number;
  readonly choose: (intervalMs: number) => void;
}): ReactElement {
  return (
    <fieldset className="segments" aria-label="Width of a candle">
      {intervals.map(({ ms, name }) => (
        <button key={ms} type="button" aria-pressed={ms === intervalMs} onClick={() => choose(ms)}>
          {name}
        </button>
      ))}
    </fieldset>
  );
}

/** Draws into a place, and says what it cannot show; the library is loaded on the way. */
export type Draw = (
  place: HTMLElement,
  onTrouble: (sentence: string | undefined) => void,
) => Promise<() => ChartHandle>;

/**
 * The canvas of a chart; its library comes when one is first shown.
 *
 * @param draw stays the same callback while the chart stays the same: another one draws anew.
 */
export function ChartBox({
  draw,
  label,
}: {
  readonly draw: Draw;
  readonly label: string;
}): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    const place = box.current;
    if (place === null) return;
    let chart: ChartHandle | undefined;
    let isGone = false;
    setTrouble(undefined);
    draw(place, setTrouble).then(
      (begin) => {
        if (!isGone) chart = begin();
      },
      () => setTrouble('The chart could not be loaded. Load the page again.'),
    );
    return () => {
      isGone = true;
      chart?.remove();
    };
  }, [draw]);
  return (
    <div className="chart-box">
      <div ref={box} className="chart" role="img" aria-label={label} />
      {trouble !== undefined && <p className="chart-trouble">{trouble}</p>}
    </div>
  );
}
