// Goal: a row of the index has one form, whatever order its fields have in memory. Method: the same
// row written in two orders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRow, encodeRow } from './bookRecords.ts';

test('rows that say the same have the same bytes', () => {
  const live = { orderId: 7, terms: { side: 'buy', lots: 3 }, paid: 5n, fills: [{ b: 1, a: 2 }] };
  const replayed = {
    fills: [{ a: 2, b: 1 }],
    paid: 5n,
    terms: { lots: 3, side: 'buy' },
    orderId: 7,
  };
  assert.deepEqual(encodeRow(replayed), encodeRow(live));
  assert.deepEqual(decodeRow(encodeRow(live)), live);
});
