// Goal: candles say what traded in each interval.
// Method: a small table of trades, new to old, as the venue lists them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bookCandles } from './bookCandles.ts';

test('a candle opens with the oldest trade of its interval and closes with the newest', () => {
  const trades = [
    { priceTicks: 9, lots: 4, timeMs: 2_000 },
    { priceTicks: 12, lots: 1, timeMs: 1_999 },
    { priceTicks: 8, lots: 2, timeMs: 1_500 },
    { priceTicks: 10, lots: 3, timeMs: 1_000 },
  ];
  assert.deepEqual(bookCandles(trades, 1_000), [
    { openTimeMs: 2_000, open: 9, high: 9, low: 9, close: 9, lots: 4, trades: 1 },
    { openTimeMs: 1_000, open: 10, high: 12, low: 8, close: 12, lots: 6, trades: 3 },
  ]);
});

test('without trades there are no candles', () => {
  assert.deepEqual(bookCandles([], 60_000), []);
});
