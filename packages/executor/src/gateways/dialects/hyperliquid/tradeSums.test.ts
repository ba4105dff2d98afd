// Goal: the sums of a day and the candle in the making count every trade once, whether it was read
// back or happened meanwhile, and forget what is older than a day.
// Method: an index that answers when the test says so; trades happen before, while and after it is
// read; the outcome is compared with a plain count over all of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import fc from 'fast-check';
import type { BookTrade } from '../../../books/bookRecords.ts';
import type { VenueService } from '../../../venueService.ts';
import { DayBoard } from './dayBoard.ts';
import { LiveCandle } from './liveCandles.ts';
import type { SpotMarket } from './spotMarkets.ts';

const NOW = 1_790_000_040_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A venue whose index holds trades and answers once it is let. */
class Index {
  readonly trades: BookTrade[] = [];
  #let: () => void = () => {};
  readonly #ready = new Promise<void>((resolve) => {
    this.#let = resolve;
  });

  get venue(): VenueService {
    const trades = async (_: number, page: { limit: number; before?: number }) => {
      // What stands in the index when it is asked, as its range does.
      const stood = [...this.trades];
      await this.#ready;
      const { limit, before = Number.POSITIVE_INFINITY } = page;
      return stood
        .filter(({ tradeNumber }) => tradeNumber < before)
        .reverse()
        .slice(0, limit);
    };
    return { books: { trades } } as unknown as VenueService;
  }

  answer(): void {
    this.#let();
  }

  add(timeMs: number, priceTicks: number, lots: number): BookTrade {
    const tradeNumber = this.trades.length + 1;
    const what = { marketId: 7, tradeNumber, takerSide: 'buy', sequence: tradeNumber } as const;
    const trade = { ...what, timeMs, priceTicks, lots };
    this.trades.push(trade);
    return trade;
  }
}

const market = {
  marketId: 7,
  coin: '@0',
  units: { price: String, size: String },
} as unknown as SpotMarket;

const lots = fc.integer({ min: 1, max: 1000 });
const ticks = fc.integer({ min: 1, max: 100_000 });
const trade = fc.record({ ticks, lots, passesMs: fc.integer({ min: 0, max: 3 * 3_600_000 }) });
const flow = fc.record({
  earlier: fc.array(trade, { maxLength: 1500, size: 'max' }),
  meanwhile: fc.array(trade, { maxLength: 5 }),
  later: fc.array(trade, { maxLength: 20 }),
});

test('the sums of a day count every trade of it once', async () => {
  await fc.assert(
    fc.asyncProperty(flow, async ({ earlier, meanwhile, later }) => {
      const index = new Index();
      const board = new DayBoard(index.venue);
      let nowMs = NOW;
      const happen = (list: typeof earlier): void => {
        for (const { ticks: price, lots: size, passesMs } of list) {
          nowMs += passesMs;
          board.add(index.add(nowMs, price, size));
        }
      };
      happen(earlier);
      const first = board.day(7, nowMs);
      happen(meanwhile);
      index.answer();
      await first;
      happen(later);
      const day = await board.day(7, nowMs);
      // Whole minutes: one counts until its last moment is a day old.
      const inDay = index.trades.filter(({ timeMs }) => {
        return timeMs - (timeMs % MINUTE_MS) + MINUTE_MS > nowMs - DAY_MS;
      });
      const sum = inDay.reduce((total, entry) => total + entry.lots, 0);
      const notional = inDay.reduce((total, entry) => {
        return total + BigInt(entry.lots) * BigInt(entry.priceTicks);
      }, 0n);
      assert.deepEqual([day.lots, day.ticksTimesLots], [sum, notional]);
      if (inDay.length > 0) assert.equal(day.lastTicks, inDay.at(-1)?.priceTicks);
    }),
    { numRuns: 60 },
  );
});

test('the candle in the making counts every trade of its interval once', async () => {
  await fc.assert(
    fc.asyncProperty(flow, async ({ earlier, meanwhile, later }) => {
      const index = new Index();
      const candle = new LiveCandle(market, '1h');
      let nowMs = NOW;
      const happen = (list: typeof earlier, tell: boolean): void => {
        for (const { ticks: price, lots: size, passesMs } of list) {
          nowMs += passesMs;
          const made = index.add(nowMs, price, size);
          if (tell) candle.add(made);
        }
      };
      happen(earlier, false);
      const begun = candle.begin(index.venue);
      happen(meanwhile, true);
      index.answer();
      await begun;
      happen(later, true);
      const shown = candle.present();
      if (index.trades.length === 0) {
        assert.equal(shown, undefined);
        return;
      }
      const openMs = nowMs - (nowMs % 3_600_000);
      const inside = index.trades.filter(({ timeMs }) => timeMs >= openMs);
      assert.equal(shown?.t, openMs);
      assert.equal(shown?.n, inside.length);
      assert.equal(shown?.v, String(inside.reduce((total, entry) => total + entry.lots, 0)));
      assert.equal(shown?.o, String(at(inside, 0).priceTicks));
      assert.equal(shown?.c, String(inside.at(-1)?.priceTicks));
      assert.equal(shown?.h, String(Math.max(...inside.map(({ priceTicks }) => priceTicks))));
      assert.equal(shown?.l, String(Math.min(...inside.map(({ priceTicks }) => priceTicks))));
    }),
    { numRuns: 60 },
  );
});
