// Goal: L1 refuses a batch that lost, gained, repeated or silenced an order.
// Method: orders, evidence and commitments of lawful days are taken away or added.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { hiddenDay, ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { editTable, refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import { at } from '../failures/invariant.ts';
import { orderSetRoot } from '../markets/batch/orderSet.ts';
import { OrderTable } from '../markets/batch/orderTable.ts';
import type { Commitment } from '../orders/commitment.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });
const HIDDEN = clearedBatch({ ...hiddenDay(), signed: false });

test('holds for open and for commit-reveal batches', () => {
  assert.deepEqual(refusals(DAY, ADMITTED), []);
  assert.deepEqual(refusals(HIDDEN, ADMITTED), []);
});

test('refuses a batch that dropped its last order', () => {
  const shorter = new OrderTable(DAY.orders.marketId);
  for (let row = 0; row < DAY.orders.count - 1; row += 1) shorter.append(DAY.orders.entry(row));
  shorter.canceled.set(DAY.orders.canceled.subarray(0, shorter.count));
  const owners = shorter.owners.length;
  const width = DAY.parameters.assets.length;
  const kept = [...DAY.before.accounts.keys()].filter((k) => k < owners || k >= 6);
  const before = {
    accounts: kept.map((k) => at(DAY.before.accounts, k)),
    balances: BigInt64Array.from(
      kept.flatMap((k) => [...DAY.before.balances.subarray(k * width, (k + 1) * width)]),
    ),
  };
  const dropped = reassemble(DAY, {
    orders: shorter,
    before,
    nonceWindows: DAY.nonceWindows.slice(0, owners),
    fills: {
      paid: DAY.fills.paid.slice(0, shorter.count),
      received: DAY.fills.received.slice(0, shorter.count),
    },
  });
  assert.ok(refusals(dropped, ADMITTED).includes('L1'));
});

test('refuses an order that admission never saw', () => {
  const stranger = editTable(DAY.orders, (copy) => copy.orderIds.fill(7, 0, 32));
  const phantom = reassemble(DAY, { orders: stranger });
  assert.ok(refusals(phantom, ADMITTED).includes('L1'));
});

test('refuses an order that appears twice', () => {
  const twice = editTable(DAY.orders, (copy) => copy.orderIds.copyWithin(32, 0, 32));
  const repeated = reassemble(DAY, { orders: twice, admittedRoot: orderSetRoot(twice) });
  assert.deepEqual(refusals(repeated, ADMITTED), ['L1']);
});

test('refuses a cancelled row without evidence', () => {
  const silenced = editTable(DAY.orders, (copy) => copy.cancel(5));
  const transition = reassemble(DAY, { orders: silenced });
  assert.deepEqual(refusals(transition, ADMITTED), ['L1']);
});

test('refuses evidence about a row that takes part', () => {
  const cancellations = [{ row: 0, authorisation: DAY.orders.authorisation(0) }];
  assert.deepEqual(refusals({ ...DAY, cancellations }, ADMITTED), ['L1']);
});

test('needs no evidence for a row that expired', () => {
  assert.equal(DAY.orders.canceled[7], 1);
  assert.ok(DAY.cancellations.every(({ row }) => row !== 7));
});

function recommitted(edit: (commitments: readonly Commitment[]) => Commitment[]): typeof DAY {
  return reassemble(HIDDEN, { commitments: edit(HIDDEN.commitments) });
}

test('refuses a revealed order that is not the one committed to', () => {
  const salted = recommitted((list) =>
    list.map((entry) =>
      entry.reveal?.row === 0 ? { ...entry, reveal: { row: 0, salt: new Uint8Array(32) } } : entry,
    ),
  );
  assert.deepEqual(refusals(salted, ADMITTED), ['L1']);
});

test('refuses an order that no commitment reveals', () => {
  const unopened = recommitted((list) => list.filter(({ reveal }) => reveal?.row !== 0));
  assert.deepEqual(refusals(unopened, ADMITTED), ['L1']);
});

test('refuses a second commitment that reveals the same row', () => {
  const doubled = recommitted((list) => [...list, at(list, list.length - 1)]);
  assert.deepEqual(refusals(doubled, ADMITTED), ['L1']);
});

test('refuses a commitment in an open batch', () => {
  const commitments = [at(HIDDEN.commitments, 2)];
  assert.ok(refusals(reassemble(DAY, { commitments }), ADMITTED).includes('L1'));
});

test('refuses a commitment that reveals a row which the batch has not', () => {
  for (const row of [HIDDEN.orders.count, -1, 0.5]) {
    const astray = recommitted((list) =>
      list.map((entry) =>
        entry.reveal?.row === 0 ? { ...entry, reveal: { ...entry.reveal, row } } : entry,
      ),
    );
    assert.deepEqual(refusals(astray, ADMITTED), ['L1']);
  }
});
