// Goal: an order that a match of own orders uses up keeps its own record, whichever input brought
// the other one. Method: one owner's orders meet under `decrement`, by an order that arrives and by
// one that is moved; what is projected is compared with the orders that were signed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import type { BookBench } from '../../../../testing/exchange/bookBench.ts';
import { BOOK_PARAMETERS, fundedBook } from '../../../../testing/exchange/bookBench.ts';
import { BookProjection } from './bookProjection.ts';
import type { BookOrderRecord } from './bookRecords.ts';

/** Runs an input and projects it. */
function play(bench: BookBench, projection: BookProjection, input: Input): BookOrderRecord[] {
  const result = bench.run(input);
  invariant(result.ok, 'the input is accepted');
  const { sequence } = bench.machine.state;
  const executed = { sequence, timeMs: bench.timeMs, applied: result.value };
  return [...projection.project(executed).orders];
}

const policy = { selfTradePolicy: 'decrement' } as const;

test('an order that arrives leaves the record of the one that it uses up its own', () => {
  const { bench, people } = fundedBook();
  const alice = at(people, 0);
  const projection = new BookProjection(bench.machine.state.books, bench.signing.domain);
  const resting = bench.bookOrder(alice, { ...policy, side: 'buy', priceTicks: 100, sizeLots: 5 });
  const arriving = bench.bookOrder(alice, { ...policy, side: 'sell', priceTicks: 90, sizeLots: 9 });
  const [first] = play(bench, projection, { kind: 'submitBookOrder', entry: resting });
  const told = play(bench, projection, { kind: 'submitBookOrder', entry: arriving });
  const ended = told.find(({ orderId }) => orderId === 1);
  assert.deepEqual(ended?.order, resting.terms);
  assert.equal(ended?.sequence, first?.sequence);
  assert.equal(ended?.status, 'canceled');
});

test('an order that is moved uses another one up, and both records stand', () => {
  const { bench, people } = fundedBook();
  const alice = at(people, 0);
  const projection = new BookProjection(bench.machine.state.books, bench.signing.domain);
  const buys = bench.bookOrder(alice, { ...policy, side: 'buy', priceTicks: 100, sizeLots: 5 });
  const sells = bench.bookOrder(alice, { ...policy, side: 'sell', priceTicks: 120, sizeLots: 9 });
  for (const entry of [buys, sells]) play(bench, projection, { kind: 'submitBookOrder', entry });
  const terms = {
    ...{ owner: alice.account, marketId: BOOK_PARAMETERS.marketId, orderId: 2 },
    ...{ clientOrderId: NO_CLIENT_ORDER_ID, priceTicks: 100, sizeLots: 9, ...bench.fresh() },
  };
  const entry = bench.authorise(alice, terms, bench.bookSigning.amendDigest(terms));
  const told = play(bench, projection, { kind: 'amendBookOrder', entry });
  const orders = told.map(({ orderId, order, status }) => ({ orderId, order, status }));
  const byId = orders.sort((a, b) => a.orderId - b.orderId);
  assert.deepEqual(byId, [
    { orderId: 1, order: buys.terms, status: 'canceled' },
    { orderId: 2, order: sells.terms, status: 'new' },
  ]);
});
