// Goal: L6 refuses a fill beyond its order's terms and a block without reason.
// Method: fills of lawful days are moved across budget, limit and minimum; rows are blocked that
// need not be, and a lawful block is kept as the contrast.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import {
  blockedDay,
  limitNearMid,
  ordinaryDay,
  scarceDay,
} from '../../../../testing/world/batchSpecs.ts';
import { editAt, refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch, refilled } from '../../../../testing/world/lawfulBatch.ts';
import { lawContext } from './law.ts';
import { limitsAreRespected } from './limitsAreRespected.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });
const BLOCKED = clearedBatch({ ...blockedDay(), signed: false });

test('refuses a payment above the budget', () => {
  const paid = editAt(DAY.fills.paid, 0, (x) => x + 1n);
  const over = reassemble(DAY, { fills: { ...DAY.fills, paid } });
  assert.ok(refusals(over, ADMITTED).includes('L6'));
});

test('refuses a receipt below the limit rate by a part of a unit', () => {
  const order = DAY.orders.order(1);
  const paid = DAY.fills.paid[1] as bigint;
  const exact = paid * order.limitNumerator;
  const least = (exact + order.limitDenominator - 1n) / order.limitDenominator;
  const at = (received: bigint): typeof DAY => {
    const fills = { ...DAY.fills, received: editAt(DAY.fills.received, 1, () => received) };
    return reassemble(DAY, { fills });
  };
  assert.ok(!refusals(at(least), ADMITTED).includes('L6'));
  assert.ok(refusals(at(least - 1n), ADMITTED).includes('L6'));
});

test('refuses a fill below its minimum', () => {
  assert.equal(DAY.orders.minFillPpm[3], 900_000);
  const paid = editAt(DAY.fills.paid, 3, (x) => x / 2n);
  const half = reassemble(DAY, { fills: { ...DAY.fills, paid } });
  assert.ok(refusals(half, ADMITTED).includes('L6'));
});

test('refuses a payment that buys nothing', () => {
  const received = editAt(DAY.fills.received, 0, () => 0n);
  const gift = reassemble(DAY, { fills: { ...DAY.fills, received } });
  assert.ok(refusals(gift, ADMITTED).includes('L6'));
});

test('accepts the block of an order whose own size destroys its price', () => {
  assert.deepEqual(BLOCKED.solution.blocked, [0]);
  assert.deepEqual(refusals(BLOCKED, ADMITTED), []);
});

test('refuses to leave that order out without saying that it is blocked', () => {
  const silent = reassemble(BLOCKED, { solution: { ...BLOCKED.solution, blocked: [] } });
  assert.deepEqual(refusals(silent, ADMITTED), ['L4']);
});

test('refuses the block of a small order', () => {
  const spec = blockedDay();
  const limit = limitNearMid(spec.parameters, { pay: 0, receive: 1 }, -500);
  const small = { trader: 3, pay: 0, receive: 1, budget: 1_000_000n, limit, minFillPpm: 1_000_000 };
  const day = clearedBatch({ ...spec, orders: [small], signed: false });
  assert.equal(day.fills.paid[0], 1_000_000n);
  const unjust = refilled(day, { blocked: [0] });
  const verdict = limitsAreRespected.check(unjust, lawContext(unjust, ADMITTED));
  assert.equal(verdict.kind, 'violated');
  assert.deepEqual(refusals(unjust, ADMITTED), ['L6']);
});

test('refuses the block of an order without a minimum, or that would not be filled anyway', () => {
  assert.ok(refusals(refilled(DAY, { blocked: [0] }), ADMITTED).includes('L6'));
  assert.ok(refusals(refilled(DAY, { blocked: [5] }), ADMITTED).includes('L6'));
  assert.ok(refusals(refilled(DAY, { blocked: [6] }), ADMITTED).includes('L6'));
});

test('refuses blocked rows out of order, twice, or beyond the batch', () => {
  for (const blocked of [[0, 0], [1, 0], [99], [-1], [0.5]]) {
    const listed = { ...BLOCKED, solution: { ...BLOCKED.solution, blocked } };
    assert.ok(refusals(listed, ADMITTED).includes('L6'));
  }
});

test('accepts the block of an order that is larger than the pool may serve', () => {
  for (const scarcity of ['proRata', 'scarcityPricing'] as const) {
    const spec = scarceDay(scarcity);
    const whole = { trader: 4, pay: 0, receive: 1, budget: 900_000_000_000n };
    const orders = [{ ...whole, minFillPpm: 1_000_000 }];
    const day = clearedBatch({ ...spec, orders, signed: false });
    assert.deepEqual(day.solution.blocked, [0]);
    assert.deepEqual(refusals(day, ADMITTED), []);
  }
});

test('refuses a block in a halted batch', () => {
  const halted = clearedBatch({ ...blockedDay(), signed: false, haltReason: 'operator' });
  const solution = { ...halted.solution, blocked: [0] };
  assert.deepEqual(refusals(reassemble(halted, { solution }), ADMITTED), ['L6']);
});
