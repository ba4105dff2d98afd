// Goal: L5 refuses a receipt at any other price than the one vector.
// Method: single receipts of a lawful day are moved, with all that follows worked out again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { editAt, refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch } from '../../../../testing/world/lawfulBatch.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });

function receiving(row: number, change: (old: bigint) => bigint): typeof DAY {
  const received = editAt(DAY.fills.received, row, change);
  return reassemble(DAY, { fills: { ...DAY.fills, received } });
}

test('refuses one unit more', () => {
  assert.deepEqual(
    refusals(
      receiving(0, (g) => g + 1n),
      ADMITTED,
    ),
    ['L5'],
  );
});

test('refuses one unit less', () => {
  assert.deepEqual(
    refusals(
      receiving(0, (g) => g - 1n),
      ADMITTED,
    ),
    ['L5'],
  );
});

test('refuses one unit more of a basket', () => {
  assert.ok(DAY.fills.paid[3] !== 0n);
  assert.deepEqual(
    refusals(
      receiving(3, (g) => g + 1n),
      ADMITTED,
    ),
    ['L5'],
  );
});

test('refuses a receipt for no payment', () => {
  assert.deepEqual(
    refusals(
      receiving(5, () => 1n),
      ADMITTED,
    ),
    ['L5'],
  );
});

test('refuses a payment that buys nothing', () => {
  const robbed = receiving(0, () => 0n);
  assert.ok(refusals(robbed, ADMITTED).includes('L5'));
});

test('refuses two prices for one pair', () => {
  const spec = ordinaryDay();
  const pair = { pay: 0, receive: 1, budget: 1_000_000_000n };
  const twins = [
    { trader: 1, ...pair },
    { trader: 2, ...pair },
  ];
  const day = clearedBatch({ ...spec, orders: twins, signed: false });
  assert.equal(day.fills.received[0], day.fills.received[1]);
  const received = editAt(day.fills.received, 1, (g) => g - g / 10_000n);
  const priced = reassemble(day, { fills: { ...day.fills, received } });
  assert.deepEqual(refusals(priced, ADMITTED), ['L5']);
});
