import type { BookCandleView } from '@lawbook/api/schema/bookViews';
import { paint } from '../terminal/terminal.ts';
import { shownDecimal } from './quantities.ts';

/** What a chart shows of a candle. */
export type ChartedCandle = Pick<
  BookCandleView,
  'openTime' | 'open' | 'high' | 'low' | 'close' | 'volume'
>;

/** How high the chart of prices is, in lines. */
const LINES = 12;
const VOLUME_STEPS = ' ▁▂▃▄▅▆▇█';

/**
 * Candles as a chart of characters, old to new, one column each: a thin line from low to high, a
 * body from open to close, full where the price fell and light where it rose; volumes below. For
 * the eye only: places are rounded to the nearest line.
 */
export function candleChart(
  candles: readonly ChartedCandle[],
  { pricePlaces, label }: { readonly pricePlaces: number; readonly label: string },
): string[] {
  if (candles.length === 0) return [`${label}: no trades yet`];
  const high = Math.max(...candles.map((candle) => Number(candle.high)));
  const low = Math.min(...candles.map((candle) => Number(candle.low)));
  const step = (high - low) / (LINES - 1);
  const lineOf = (price: string): number =>
    step === 0 ? 0 : Math.round((high - Number(price)) / step);
  const columns = candles.map((candle) => columnOf(candle, lineOf));
  const priceAt = (line: number): string => {
    return shownDecimal((high - line * step).toFixed(pricePlaces), pricePlaces);
  };
  const last = step === 0 ? 1 : LINES;
  const axis = Array.from({ length: last }, (_, line) =>
    line % 4 === 0 || line === last - 1 ? priceAt(line) : '',
  );
  const width = Math.max(...axis.map((text) => text.length));
  const rows = axis.map((text, line) => {
    const cells = columns.map((column) => column[line] ?? ' ');
    return `${text.padStart(width)} ${cells.join('')}`.trimEnd();
  });
  const most = Math.max(...candles.map(({ volume }) => Number(volume)));
  const bars = candles.map(({ volume }) => {
    const height = most === 0 ? 0 : Math.ceil((Number(volume) / most) * (VOLUME_STEPS.length - 1));
    return VOLUME_STEPS[height] ?? ' ';
  });
  const [first, latest] = [candles[0], candles.at(-1)];
  const span = `${timeText(first)} to ${timeText(latest)}`;
  return [
    paint.bold(`${label}, ${span}`),
    ...rows,
    `${'volume'.padStart(width).slice(0, width)} ${paint.dim(bars.join(''))}`,
  ];
}

function columnOf(candle: ChartedCandle, lineOf: (price: string) => number): string[] {
  const [top, bottom] = [lineOf(candle.high), lineOf(candle.low)];
  const [open, close] = [lineOf(candle.open), lineOf(candle.close)];
  const rises = Number(candle.close) >= Number(candle.open);
  const colour = rises ? paint.good : paint.bad;
  const column: string[] = [];
  for (let line = top; line <= bottom; line += 1) {
    const isBody = line >= Math.min(open, close) && line <= Math.max(open, close);
    const body = rises ? '░' : '█';
    column[line] = colour(isBody ? body : '│');
  }
  return Array.from(column, (cell: string | undefined) => cell ?? ' ');
}

function timeText(candle: ChartedCandle | undefined): string {
  return candle === undefined ? '' : candle.openTime.slice(0, 16).replace('T', ' ');
}
