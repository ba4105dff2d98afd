import type { CandleView } from '@lawbook/api/schema/marketViews';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BatchRecord } from '../venueTypes.ts';
import { isoTime } from './present/moments.ts';
import { presentPrice } from './present/presentMarket.ts';

/** A request for candles reads at most this many batches. */
export const CANDLE_BATCHES_MAX = 1000;

interface Candle {
  readonly openTimeMs: number;
  open: bigint;
  high: bigint;
  low: bigint;
  readonly close: bigint;
  firstBatch: number;
  readonly lastBatch: number;
}

/**
 * Candles of one asset's clearing prices, new to old. A candle covers
 * [k intervalMs, (k + 1) intervalMs) of closing times; intervals without a clearing have none.
 * `records` run from new to old; batches that halted have no clearing price and are left out.
 */
export function candlesOf(
  records: readonly BatchRecord[],
  index: number,
  intervalMs: number,
): CandleView[] {
  const candles: Candle[] = [];
  for (const { report } of records) {
    if (report.outcome.kind !== 'cleared') continue;
    const price = at(report.prices, index);
    const openTimeMs = report.closedAtMs - (report.closedAtMs % intervalMs);
    const candle = candles.at(-1);
    if (candle?.openTimeMs === openTimeMs) {
      candle.open = price;
      if (price > candle.high) candle.high = price;
      if (price < candle.low) candle.low = price;
      candle.firstBatch = report.batchNumber;
    } else {
      const { batchNumber } = report;
      const lone = { open: price, high: price, low: price, close: price };
      candles.push({ openTimeMs, ...lone, firstBatch: batchNumber, lastBatch: batchNumber });
    }
  }
  return candles.map((candle) => ({
    openTime: isoTime(candle.openTimeMs),
    open: presentPrice(candle.open),
    high: presentPrice(candle.high),
    low: presentPrice(candle.low),
    close: presentPrice(candle.close),
    firstBatch: candle.firstBatch,
    lastBatch: candle.lastBatch,
  }));
}
