// Goal: every order is filed once, in the book of its pair, by rate and then by budget.
// Method: six orders filed by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { PairBooks } from './pairBooks.ts';

test('orders are filed by pair, by rate and then by budget', () => {
  const limit = (limitNumerator: bigint, budget: bigint, pay = 0, receive = 1) => {
    return { pay, receive, budget, limitNumerator, limitDenominator: 4n };
  };
  const table = tableOf([
    limit(3n, 10n),
    limit(1n, 20n),
    limit(3n, 5n),
    limit(2n, 7n, 2, 0),
    limit(0n, 8n, 0, 2),
    limit(1n, 9n, 2, 2),
  ]);
  const books = new PairBooks(3);
  for (let row = 0; row < 5; row += 1) books.insert(table, row);
  assert.equal(books.length, 5);
  const filed = (from: PairBooks): unknown[] =>
    [...from.books()].map(({ pay, receive, orders }) => {
      const { length } = orders;
      const [rates, rows] = [orders.rates.slice(0, length), orders.rows.slice(0, length)];
      return [pay, receive, [...rates], [...orders.budgets.slice(0, length)], [...rows]];
    });
  const wanted = [
    [0, 1, [0.25, 0.75, 0.75], [20, 5, 10], [1, 2, 0]],
    [0, 2, [0], [8], [4]],
    [2, 0, [0.5], [7], [3]],
  ];
  assert.deepEqual(filed(books), wanted);
  books.insert(table, 5);
  assert.deepEqual(filed(books), [...wanted, [2, 2, [0.25], [9], [5]]]);
  assert.deepEqual(filed(PairBooks.of(table, 3)), filed(books));
});

test('only rows that exist and products that a market has are filed', () => {
  const table = tableOf([{ pay: 1, receive: 2, budget: 1n }]);
  assert.throws(() => new PairBooks(3).insert(table, 1), /filed row exists/);
  assert.throws(() => new PairBooks(2).insert(table, 0), /known products/);
  const back = tableOf([{ pay: 2, receive: 1, budget: 1n }]);
  assert.throws(() => new PairBooks(2).insert(back, 0), /known products/);
});
