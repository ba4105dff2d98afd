// Goal: L4 refuses a payment that is not the integer function of the prices.
// Method: single payments of lawful days are moved by a unit, granted or withheld, with everything
// that follows from them (receipts, diffs, balances, report) worked out again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { blockedDay, ordinaryDay, scarceDay } from '../../../../testing/world/batchSpecs.ts';
import { editAt, refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import { RATION_SCALE } from '../markets/batch/parameters.ts';
import type { BatchTransition } from '../transition.ts';
import { fillsFollowPrices } from './fillsFollowPrices.ts';
import { lawContext } from './law.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });

function paying(
  transition: BatchTransition,
  row: number,
  change: (old: bigint) => bigint,
): BatchTransition {
  const paid = editAt(transition.fills.paid, row, change);
  return reassemble(transition, { fills: { ...transition.fills, paid } });
}

test('refuses one unit more than the rule gives, and names the order', () => {
  const altered = paying(DAY, 2, (paid) => paid - 1n);
  const verdict = fillsFollowPrices.check(altered, lawContext(altered, ADMITTED));
  assert.equal(verdict.kind, 'violated');
  assert.deepEqual(verdict.locus, { kind: 'order', row: 2, orderId: DAY.orders.orderId(2) });
  assert.equal(verdict.expected, String(DAY.fills.paid[2]));
});

test('refuses a fill for an order whose limit is not met', () => {
  assert.equal(DAY.fills.paid[5], 0n);
  assert.ok(
    refusals(
      paying(DAY, 5, () => 1_000_000n),
      ADMITTED,
    ).includes('L4'),
  );
});

test('refuses to leave out an order that the prices fill', () => {
  const fills = {
    paid: editAt(DAY.fills.paid, 2, () => 0n),
    received: editAt(DAY.fills.received, 2, () => 0n),
  };
  assert.ok(refusals(reassemble(DAY, { fills }), ADMITTED).includes('L4'));
});

test('refuses a fill for cancelled and for expired orders', () => {
  for (const row of [6, 7]) {
    assert.ok(
      refusals(
        paying(DAY, row, () => 1_000_000n),
        ADMITTED,
      ).includes('L4'),
    );
  }
});

test('refuses a fill for a blocked order', () => {
  const day = clearedBatch({ ...blockedDay(), signed: false });
  assert.deepEqual(day.solution.blocked, [0]);
  assert.ok(
    refusals(
      paying(day, 0, () => day.orders.order(0).budget),
      ADMITTED,
    ).includes('L4'),
  );
});

test('refuses to ration one order more than another', () => {
  const day = clearedBatch({ ...scarceDay('proRata'), signed: false });
  const [first, second] = day.fills.paid as unknown as readonly [bigint, bigint];
  assert.ok(first * 2n - second * 5n < 10n && second * 5n - first * 2n < 10n);
  const paid = editAt(
    editAt(day.fills.paid, 0, (x) => x - 1000n),
    1,
    (x) => x + 1000n,
  );
  const favoured = reassemble(day, { fills: { ...day.fills, paid } });
  assert.ok(refusals(favoured, ADMITTED).includes('L4'));
});

test('refuses full fills where a factor says otherwise', () => {
  const solution = {
    ...DAY.solution,
    payFactors: DAY.solution.payFactors.map(() => RATION_SCALE - 1n),
  };
  assert.ok(refusals(reassemble(DAY, { solution }), ADMITTED).includes('L4'));
});

test('refuses any fill in a halted batch', () => {
  const halted = clearedBatch({ ...ordinaryDay(), signed: false, haltReason: 'operator' });
  assert.deepEqual(refusals(halted, ADMITTED), []);
  assert.ok(
    refusals(
      paying(halted, 0, () => 1_000_000n),
      ADMITTED,
    ).includes('L4'),
  );
});
