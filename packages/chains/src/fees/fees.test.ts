// Goal: the price of an attempt follows its formula, its bump rule and its cap, to the wei.
// Method: worked examples; the laws stand in fees.property.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeeQuote } from './feePolicy.ts';
import { DEFAULT_FEE_POLICY } from './feePolicy.ts';
import { affordableFees, bumpedFees, firstFees, worstFee } from './fees.ts';

const policy = DEFAULT_FEE_POLICY;
const GWEI = 1_000_000_000n;
const quote: FeeQuote = {
  baseFeePerGas: 10n * GWEI,
  tip: { patient: 1n * GWEI, urgent: 3n * GWEI },
  blockNumber: 7n,
};

test('leaves twice the base fee plus the tip to those who wait', () => {
  const fees = firstFees({ quote, policy, urgency: 'patient' });
  assert.deepEqual(fees, { maxFeePerGas: 21n * GWEI, maxPriorityFeePerGas: GWEI });
});

test('prices the urgent tighter and tips them more', () => {
  const fees = firstFees({ quote, policy, urgency: 'urgent' });
  assert.deepEqual(fees, { maxFeePerGas: 18n * GWEI, maxPriorityFeePerGas: 3n * GWEI });
});

test('never tips less than the least tip', () => {
  const silent = { ...quote, tip: { patient: 0n, urgent: 0n } };
  const generous = { ...policy, leastTip: 5n };
  const fees = firstFees({ quote: silent, policy: generous, urgency: 'patient' });
  assert.equal(fees.maxPriorityFeePerGas, 5n);
});

test('raises both fields of a replacement by the bump, rounded up', () => {
  const previous = { maxFeePerGas: 1_000_000_000_001n, maxPriorityFeePerGas: 100n * GWEI };
  const fees = bumpedFees({ previous, quote, policy, urgency: 'patient' });
  assert.deepEqual(fees, {
    maxFeePerGas: 1_120_000_000_002n,
    maxPriorityFeePerGas: 112n * GWEI,
  });
});

test('raises tiny fees by a wei at least, because nodes refuse equality', () => {
  const calm = { ...quote, baseFeePerGas: 0n, tip: { patient: 0n, urgent: 0n } };
  const previous = { maxFeePerGas: 1n, maxPriorityFeePerGas: 0n };
  const still = { ...policy, leastTip: 0n };
  const fees = bumpedFees({ previous, quote: calm, policy: still, urgency: 'patient' });
  assert.deepEqual(fees, { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n });
});

test('follows a base fee that rose by more than the bump', () => {
  const previous = { maxFeePerGas: 2n * GWEI, maxPriorityFeePerGas: 1n };
  const fees = bumpedFees({ previous, quote, policy, urgency: 'patient' });
  assert.deepEqual(fees, firstFees({ quote, policy, urgency: 'patient' }));
});

test('lowers the headroom to what the cap pays', () => {
  const fees = firstFees({ quote, policy, urgency: 'patient' });
  const feeCap = 21_000n * 12n * GWEI + 20_999n;
  assert.deepEqual(affordableFees({ fees, quote, gasLimit: 21_000n, feeCap }), {
    maxFeePerGas: 12n * GWEI,
    maxPriorityFeePerGas: GWEI,
  });
});

test('defers one wei below the next base fee and the least tip', () => {
  const fees = firstFees({ quote, policy, urgency: 'patient' });
  const enough = 21_000n * (10n * GWEI + 1n);
  assert.notEqual(affordableFees({ fees, quote, gasLimit: 21_000n, feeCap: enough }), undefined);
  assert.equal(affordableFees({ fees, quote, gasLimit: 21_000n, feeCap: enough - 1n }), undefined);
});

test('defers a replacement whose floor the cap does not pay', () => {
  const fees = { maxFeePerGas: 30n * GWEI, maxPriorityFeePerGas: GWEI };
  const question = { fees, quote, gasLimit: 1n, feeCap: 20n * GWEI };
  assert.equal(affordableFees({ ...question, atLeast: fees }), undefined);
  assert.notEqual(affordableFees(question), undefined);
});

test('lowers a tip that the cap does not leave room for', () => {
  const fees = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 50n * GWEI };
  const lowered = affordableFees({ fees, quote, gasLimit: 1n, feeCap: 20n * GWEI });
  assert.deepEqual(lowered, { maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: 20n * GWEI });
});

test('reckons the worst fee with all gas at the highest price', () => {
  assert.equal(worstFee({ maxFeePerGas: 7n, maxPriorityFeePerGas: 1n }, 21_000n), 147_000n);
});
