// Goal: a ladder reads from the worst ask down to the worst bid with exact totals, and numbers lose
// nothing but zeros. Method: small books, whole and with an empty half, without colours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { BookView } from '@lawbook/api/schema/bookViews';
import type { ChartedCandle } from './candleChart.ts';
import { candleChart } from './candleChart.ts';
import { ladderLine, ladderLines } from './ladderLines.ts';
import { addDecimals, placesOf, shownDecimal, subtractDecimals } from './quantities.ts';

const BOOK = {
  marketId: '101',
  symbol: 'EUR-USD',
  base: 'EUR',
  quote: 'USD',
  tickSize: '0.000100000000',
  lotSize: '0.500000',
} as BookView;

const LADDER = {
  bids: [
    { price: '1.099900000000', size: '1000.500000' },
    { price: '1.099800000000', size: '2.000000' },
  ],
  asks: [
    { price: '1.100100000000', size: '7.000000' },
    { price: '1.100200000000', size: '0.500000' },
  ],
  state: 'open',
  sequence: 12,
};

function seen(lines: readonly string[]): string[] {
  return lines.map((line) => stripVTControlCharacters(line).replace(/█+/, '#'));
}

test('stacks asks over the spread over bids, with totals', () => {
  assert.deepEqual(seen(ladderLines(BOOK, LADDER, 5)), [
    'EUR-USD, book 101: open, sequence 12',
    '',
    '        USD      EUR    total  depth',
    '---  ------  -------  -------  ------------------------',
    'ask  1.1002      0.5      7.5  #',
    'ask  1.1001      7.0      7.0  #',
    'spread 0.0002, 1.8 bps',
    'bid  1.0999  1,000.5  1,000.5  #',
    'bid  1.0998      2.0  1,002.5  #',
  ]);
  assert.equal(seen(ladderLines(BOOK, LADDER, 1)).length, 7);
});

test('says which half is empty', () => {
  const halted = { ...LADDER, state: 'halted' };
  assert.match(seen(ladderLines(BOOK, { ...halted, bids: [] }, 5)).join('\n'), /halted.*no bids$/s);
  assert.match(seen(ladderLines(BOOK, { ...halted, asks: [] }, 5)).join('\n'), /no asks/);
  const empty = { ...halted, bids: [], asks: [] };
  assert.match(seen(ladderLines(BOOK, empty, 5)).join('\n'), /nobody offers or bids/);
  assert.equal(ladderLine(BOOK, empty), '12  bid none  ask none, halted');
  assert.equal(ladderLine(BOOK, LADDER), '12  bid 1,000.5 at 1.0999  ask 7.0 at 1.1001');
});

test('shows decimals exactly, with the places of the step', () => {
  assert.deepEqual(placesOf(BOOK), { price: 4, size: 1 });
  assert.equal(shownDecimal('1234567.000000', 0), '1,234,567');
  assert.equal(shownDecimal('1.10005', 4), '1.10005');
  assert.equal(shownDecimal('7', 2), '7.00');
  assert.equal(addDecimals('0.1', '0.25'), '0.35');
  assert.equal(subtractDecimals('1.1', '1.25'), '-0.15');
});

function candle(prices: readonly [string, string, string, string], volume: string): ChartedCandle {
  const [open, high, low, close] = prices;
  return { openTime: '2026-11-21T10:00:00.000Z', open, high, low, close, volume };
}

test('draws candles between the highest and the lowest price, and volumes below', () => {
  const chart = candleChart(
    [candle(['1.0', '1.2', '1.0', '1.1'], '4'), candle(['1.1', '1.1', '0.9', '0.9'], '8')],
    { pricePlaces: 2, label: 'EUR-USD' },
  );
  const lines = seen(chart);
  assert.equal(lines.length, 14);
  assert.match(lines[0] ?? '', /^EUR-USD, 2026-11-21 10:00/);
  assert.match(lines[1] ?? '', /^1\.20 │$/);
  assert.match(lines[12] ?? '', /^0\.90 +#$/);
  assert.match(lines[13] ?? '', /▄#$/);
});

test('draws a flat line for one price, and says where nothing traded', () => {
  const flat = [candle(['1', '1', '1', '1'], '0')];
  assert.equal(candleChart(flat, { pricePlaces: 2, label: 'flat' }).length, 3);
  assert.deepEqual(candleChart([], { pricePlaces: 2, label: 'none' }), ['none: no trades yet']);
});
