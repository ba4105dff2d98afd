import type { BookCandle } from '@lawbook/analytics/bookCandles';
import type { SpotMarket } from './spotMarkets.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The names of lengths that candles have. */
export type CandleInterval =
  | '1m'
  | '3m'
  | '5m'
  | '15m'
  | '30m'
  | '1h'
  | '2h'
  | '4h'
  | '8h'
  | '12h'
  | '1d'
  | '3d'
  | '1w';

/** Lengths of candles by the dialect's names. A month has no fixed length and is left out. */
export const CANDLE_INTERVALS: Readonly<Record<CandleInterval, number>> = {
  '1m': MINUTE_MS,
  '3m': 3 * MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '2h': 2 * HOUR_MS,
  '4h': 4 * HOUR_MS,
  '8h': 8 * HOUR_MS,
  '12h': 12 * HOUR_MS,
  '1d': DAY_MS,
  '3d': 3 * DAY_MS,
  '1w': 7 * DAY_MS,
};

export const CANDLE_INTERVAL_NAMES: readonly CandleInterval[] = Object.keys(
  CANDLE_INTERVALS,
) as CandleInterval[];

/** A candle of the dialect: times in milliseconds, the last one of the candle in `T`. */
export interface WireCandle {
  readonly t: number;
  readonly T: number;
  readonly s: string;
  readonly i: CandleInterval;
  readonly o: string;
  readonly c: string;
  readonly h: string;
  readonly l: string;
  readonly v: string;
  readonly n: number;
}

/** A candle of a book in the dialect's letters. */
export function wireCandle(
  { coin, units }: SpotMarket,
  interval: CandleInterval,
  candle: BookCandle,
): WireCandle {
  return {
    t: candle.openTimeMs,
    T: candle.openTimeMs + CANDLE_INTERVALS[interval] - 1,
    s: coin,
    i: interval,
    o: units.price(candle.open),
    c: units.price(candle.close),
    h: units.price(candle.high),
    l: units.price(candle.low),
    v: units.size(candle.lots),
    n: candle.trades,
  };
}
