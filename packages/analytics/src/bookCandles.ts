/** A trade as candles are made of. Ticks and lots are whole numbers below 2^32. */
export interface CandleTrade {
  readonly priceTicks: number;
  readonly lots: number;
  readonly timeMs: number;
}

/** Prices of the trades of one interval, in ticks; `lots` is what was traded. */
export interface BookCandle {
  readonly openTimeMs: number;
  open: number;
  high: number;
  low: number;
  readonly close: number;
  lots: number;
  trades: number;
}

/**
 * Candles of a book, new to old, from trades that run new to old. A candle covers
 * [k intervalMs, (k + 1) intervalMs); intervals without a trade have none.
 */
export function bookCandles(trades: readonly CandleTrade[], intervalMs: number): BookCandle[] {
  const candles: BookCandle[] = [];
  for (const { priceTicks, lots, timeMs } of trades) {
    const openTimeMs = timeMs - (timeMs % intervalMs);
    const candle = candles.at(-1);
    if (candle?.openTimeMs !== openTimeMs) {
      const lone = { open: priceTicks, high: priceTicks, low: priceTicks, close: priceTicks };
      candles.push({ openTimeMs, ...lone, lots, trades: 1 });
      continue;
    }
    candle.open = priceTicks;
    candle.high = Math.max(candle.high, priceTicks);
    candle.low = Math.min(candle.low, priceTicks);
    candle.lots += lots;
    candle.trades += 1;
  }
  return candles;
}
