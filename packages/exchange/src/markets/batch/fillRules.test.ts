// Goal: the integer rules of section 7, to the last unit.
// Method: small orders whose figures can be checked on paper, each rule at exactly its limit and
// one unit beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoProblem, oracleOf } from '../../../../../testing/world/batchMarkets.ts';
import { price } from '../../numbers/price.ts';
import type { OrderTerms, PairRule } from './fillRules.ts';
import {
  FillRules,
  feeUnits,
  minimumPaid,
  naturalFill,
  netReceived,
  rampedBudget,
  rationedAmount,
} from './fillRules.ts';
import type { BatchParameters } from './parameters.ts';
import { RATION_SCALE } from './parameters.ts';

const ONE = 1_000_000_000_000n;

interface Setting extends Partial<Pick<BatchParameters, 'feeE7' | 'baskets' | 'pairBands'>> {
  readonly bandPpm?: number;
  readonly mids?: readonly bigint[];
  readonly prices?: readonly bigint[];
  readonly payFactors?: readonly bigint[];
  readonly receiveFactors?: readonly bigint[];
}

/** Rules of a market of three assets worth a dollar each, without a fee, unless told otherwise. */
function rulesOf(setting: Setting): FillRules {
  const { bandPpm = 500_000, prices, mids, payFactors, receiveFactors, ...rest } = setting;
  const base = demoProblem({ feeE7: 0, ...rest }).parameters;
  const assets = base.assets.slice(0, 3).map((asset) => ({ ...asset, bandPpm }));
  const ones = [ONE, ONE, ONE];
  return new FillRules({ ...base, assets }, oracleOf(mids ?? ones), {
    prices: (prices ?? mids ?? ones).map(price),
    payFactors: payFactors ?? [RATION_SCALE, RATION_SCALE, RATION_SCALE],
    receiveFactors: receiveFactors ?? [RATION_SCALE, RATION_SCALE, RATION_SCALE],
    blocked: [],
    iterations: 0,
    stepNormE12: 0n,
  });
}

function pairOf(setting: Setting, pay = 0, receive = 1): PairRule {
  return rulesOf(setting).pair(pay, receive);
}

/** An order by its budget, its least rate and its minimum fill. */
function order(budget: bigint, limit: readonly [bigint, bigint] = [0n, 1n], ppm = 0): OrderTerms {
  const [limitNumerator, limitDenominator] = limit;
  return { budget, limitNumerator, limitDenominator, minFillPpm: ppm };
}

test('an order fills over a ramp of a tenth of a basis point below the price', () => {
  const rule = pairOf({});
  const filled = (numerator: bigint): bigint => {
    return rampedBudget(rule, order(70n, [numerator, 1_000_000n]));
  };
  assert.equal(filled(1_000_001n), 0n, 'above the price');
  assert.equal(filled(1_000_000n), 0n, 'at the price');
  assert.equal(filled(999_999n), 7n, 'a tenth of the ramp');
  assert.equal(filled(999_995n), 35n, 'half of it');
  assert.equal(filled(999_991n), 63n, 'nine tenths');
  assert.equal(filled(999_990n), 70n, 'all of it');
  assert.equal(filled(0n), 70n, 'a market order');
  assert.equal(rampedBudget(rule, order(7n, [999_995n, 1_000_000n])), 3n, 'rounded down');
});

test('the fee counts in the limit', () => {
  // 3 bps: a dollar brings 0.9997.
  const rule = pairOf({ feeE7: 3000 });
  assert.equal(rampedBudget(rule, order(1000n, [9997n, 10_000n])), 0n);
  // (1 - 0.999695 / 0.9997) 10^5 = 0.50015...
  assert.equal(rampedBudget(rule, order(1000n, [999_695n, 1_000_000n])), 500n);
  assert.equal(rampedBudget(rule, order(1000n, [99_969n, 100_000n])), 1000n);
});

test('outside the protective band nothing fills, and at its edge a ramp is left', () => {
  // A band of ten millionths is the width of the ramp: at the mid it leaves all, of nine 9 / 10.
  assert.equal(rampedBudget(pairOf({ bandPpm: 10 }), order(70n)), 70n);
  assert.equal(rampedBudget(pairOf({ bandPpm: 9 }), order(70n)), 63n);
  assert.equal(rampedBudget(pairOf({ bandPpm: 1 }), order(70n)), 7n);
  // The stricter of the two limits decides.
  const half = [999_995n, 1_000_000n] as const;
  assert.equal(rampedBudget(pairOf({ bandPpm: 9 }), order(70n, half)), 35n);
  assert.equal(rampedBudget(pairOf({ bandPpm: 2 }), order(70n, half)), 14n);
  // Nine millionths of band are used up by a price that is nine millionths worse than the mid.
  const dearer = { mids: [ONE, ONE, ONE], prices: [ONE, ONE + 9_000_100n, ONE] };
  assert.equal(rampedBudget(pairOf({ bandPpm: 9, ...dearer }), order(70n)), 0n);
  assert.equal(rampedBudget(pairOf({ bandPpm: 9, ...dearer }, 1, 0), order(70n)), 70n);
});

test('an override of one pair is the band of that pair and of no other', () => {
  const rules = rulesOf({ bandPpm: 9, pairBands: [{ pay: 0, receive: 1, bandPpm: 1 }] });
  assert.equal(rampedBudget(rules.pair(0, 1), order(70n)), 7n);
  assert.equal(rampedBudget(rules.pair(1, 0), order(70n)), 63n);
  assert.equal(rampedBudget(rules.pair(0, 2), order(70n)), 63n);
});

test('rationing takes the payer’s factor and the least of the receivers’, rounded down', () => {
  const half = RATION_SCALE / 2n;
  const fifth = RATION_SCALE / 5n;
  const setting: Setting = {
    baskets: [{ symbol: 'BOTH', units: [0n, 1n, 2n] }],
    payFactors: [half, RATION_SCALE, RATION_SCALE],
    receiveFactors: [1n, fifth, half],
  };
  const rules = rulesOf(setting);
  const rationed = (pay: number, receive: number): bigint => {
    return rationedAmount(rules.pair(pay, receive), order(79n));
  };
  assert.equal(rationed(0, 1), 7n, 'a half of a fifth of 79 is 7.9');
  assert.equal(rationed(0, 2), 19n, 'a half of a half');
  assert.equal(rationed(0, 3), 7n, 'the scarcer leg');
  assert.equal(rationed(1, 2), 39n, 'a half');
  assert.equal(rationedAmount(pairOf({}), order(79n)), 79n);
});

test('receipts and fees are rounded down, each by itself', () => {
  // Three dollars buy one unit at three dollars each.
  const dear = pairOf({ prices: [ONE, 3n * ONE, ONE], bandPpm: 500_000 });
  assert.equal(netReceived(dear, 8n), 2n);
  assert.equal(netReceived(dear, 9n), 3n);
  const rule = pairOf({ feeE7: 3000 });
  assert.equal(netReceived(rule, 1_000_000n), 999_700n);
  assert.equal(feeUnits(rule, 1_000_000n), 300n);
  assert.equal(feeUnits(rule, 3333n), 0n, '0.9999');
  assert.equal(feeUnits(rule, 3334n), 1n, '1.0002');
  assert.equal(netReceived(rule, 3333n), 3332n, '3332.0001');
});

test('decimals bring units to one scale', () => {
  // An asset of four decimals beside six: one of its units is worth a hundred of the others.
  const base = demoProblem({ feeE7: 0 }).parameters;
  const assets = base.assets.slice(0, 2).map((asset, i) => ({ ...asset, decimals: 6 - 2 * i }));
  const factors = [RATION_SCALE, RATION_SCALE];
  const claims = { blocked: [], iterations: 0, stepNormE12: 0n };
  const rules = new FillRules({ ...base, assets }, oracleOf([ONE, ONE]), {
    prices: [ONE, ONE].map(price),
    payFactors: factors,
    receiveFactors: factors,
    ...claims,
  });
  assert.equal(netReceived(rules.pair(0, 1), 199n), 1n);
  assert.equal(netReceived(rules.pair(1, 0), 3n), 300n);
});

test('a basket is bought whole: one unit for the sum of its legs', () => {
  // 2 units at 1 dollar and 3 at 2 dollars: 8 dollars.
  const rules = rulesOf({
    baskets: [{ symbol: 'BOTH', units: [0n, 2n, 3n] }],
    mids: [ONE, ONE, 2n * ONE],
  });
  const rule = rules.pair(0, 3);
  assert.deepEqual(naturalFill(rule, order(23n)), { paid: 23n, received: 2n });
  assert.deepEqual(rule.legs, [
    { asset: 1, units: 2n },
    { asset: 2, units: 3n },
  ]);
});

test('an order that would receive nothing pays nothing', () => {
  const rule = pairOf({ prices: [ONE, 3n * ONE, ONE], mids: [ONE, 3n * ONE, ONE] });
  assert.deepEqual(naturalFill(rule, order(2n)), { paid: 0n, received: 0n });
  assert.deepEqual(naturalFill(rule, order(3n)), { paid: 3n, received: 1n });
});

test('a limit holds to the last unit, or there is no fill', () => {
  const rule = pairOf({ mids: [ONE, 3n * ONE, ONE] });
  // Five dollars buy one unit: a fifth each, and no more.
  assert.deepEqual(naturalFill(rule, order(5n, [1n, 5n])), { paid: 5n, received: 1n });
  assert.deepEqual(naturalFill(rule, order(5n, [200_001n, 1_000_000n])), {
    paid: 0n,
    received: 0n,
  });
  assert.deepEqual(naturalFill(rule, order(4n, [1n, 4n])), { paid: 4n, received: 1n });
});

test('a minimum fill is rounded up and met, or there is no fill', () => {
  const half = RATION_SCALE / 2n;
  const rule = pairOf({ payFactors: [half, RATION_SCALE, RATION_SCALE] });
  assert.equal(minimumPaid(order(7n, [0n, 1n], 428_571)), 3n, '2.999997');
  assert.equal(minimumPaid(order(7n, [0n, 1n], 428_572)), 4n, '3.000004');
  assert.equal(minimumPaid(order(7n)), 0n);
  assert.deepEqual(naturalFill(rule, order(7n, [0n, 1n], 428_571)), { paid: 3n, received: 3n });
  assert.deepEqual(naturalFill(rule, order(7n, [0n, 1n], 428_572)), { paid: 0n, received: 0n });
  assert.deepEqual(naturalFill(pairOf({}), order(7n, [0n, 1n], 1_000_000)), {
    paid: 7n,
    received: 7n,
  });
});
