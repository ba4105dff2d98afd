// Goal: where doubles cannot tell, the quick allocation asks the bigint rules: limits, minimums,
// fees and sums that are missed or met by one part in 2^60.
// Method: single orders whose integers were chosen so that doubles see equality.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoProblem, oracleOf, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { price } from '../../numbers/price.ts';
import type { AllocationInput } from './allocation.ts';
import { allocate, poolChange, settle } from './allocation.ts';
import { RATION_SCALE } from './parameters.ts';

const ONE = 1_000_000_000_000n;

interface Case {
  readonly orders: Parameters<typeof tableOf>[0];
  /** Price of the asset that is bought; dollars pay. */
  readonly target?: bigint;
  readonly feeE7?: number;
  readonly payFactor?: bigint;
  readonly receiveFactor?: bigint;
}

function inputOf(one: Case): AllocationInput {
  const base = demoProblem({ feeE7: one.feeE7 ?? 0 }).parameters;
  const parameters = { ...base, assets: base.assets.slice(0, 2) };
  const prices = [ONE, one.target ?? ONE];
  const solution = {
    prices: prices.map(price),
    payFactors: [one.payFactor ?? RATION_SCALE, RATION_SCALE],
    receiveFactors: [RATION_SCALE, one.receiveFactor ?? RATION_SCALE],
    blocked: [],
    iterations: 0,
    stepNormE12: 0n,
  };
  return { parameters, oracle: oracleOf(prices), table: tableOf(one.orders), solution };
}

test('a limit that is missed by one part in 2^60 is missed', () => {
  // Seven units buy three and a half, so three: 3 / 7 each. 7 num - 3 den is the excess.
  const bought = (num: bigint, den: bigint): bigint | undefined => {
    const limit = { limitNumerator: num, limitDenominator: den };
    const orders = [{ pay: 0, receive: 1, budget: 7n, ...limit }];
    return allocate(inputOf({ orders, target: 2n * ONE })).received[0];
  };
  const k = 1n << 59n;
  assert.equal(bought(3n * k + 1n, 7n * k + 2n), 0n, 'more than three by one part in 2^61');
  assert.equal(bought(3n * k, 7n * k), 3n, 'three');
  assert.equal(bought(3n * k - 1n, 7n * k - 2n), 3n, 'less');
});

test('a minimum that is missed by one unit of a quadrillion is missed', () => {
  // budget * 500001 is one more than a multiple of a million: that multiple is one unit short.
  const minFillPpm = 500_001;
  let budget = 1n << 51n;
  while ((budget * BigInt(minFillPpm)) % 1_000_000n !== 1n) budget += 1n;
  const short = (budget * BigInt(minFillPpm)) / 1_000_000n;
  const filled = (wanted: bigint): bigint | undefined => {
    // Two factors that leave exactly the wanted amount; their product has steps of 10^-24.
    let payFactor = (RATION_SCALE * 3n) / 4n;
    const leaves = (other: bigint): bigint => (budget * payFactor * other) / RATION_SCALE ** 2n;
    const other = (): bigint => (wanted * RATION_SCALE ** 2n) / (budget * payFactor) + 1n;
    while (leaves(other()) !== wanted) payFactor += 1n;
    const orders = [{ pay: 0, receive: 1, budget, minFillPpm }];
    return allocate(inputOf({ orders, payFactor, receiveFactor: other() })).paid[0];
  };
  assert.equal(filled(short), 0n);
  assert.equal(filled(short + 1n), short + 1n);
});

test('a fee of whole units is counted whole', () => {
  // At three dollars each 10,000 units buy 3,332.33, and 3 bps of 3,333.33 are one unit exactly.
  const orders = [1, 2, 3].map((k) => ({ pay: 0, receive: 1, budget: 10_000n * BigInt(k) }));
  const input = inputOf({ orders, target: 3n * ONE, feeE7: 3000 });
  const wanted = { paid: [60_000n, 0n], received: [0n, 3332n + 6664n + 9997n], fees: [0n, 6n] };
  const trade = [60_000n, -19_993n];
  assert.deepEqual(settle(input)?.change, { ...wanted, trade });
  assert.deepEqual(poolChange(input, allocate(input)), { ...wanted, trade });
});

test('sums of large fills lose no unit', () => {
  // Each budget is below 2^52 and odd; the sum of nine is beyond what a double can count.
  const budget = (1n << 52n) - 1n;
  const orders = Array.from({ length: 9 }, () => ({ pay: 0, receive: 1, budget }));
  const input = inputOf({ orders, target: ONE + 1n });
  const { change, fills } = settle(input) ?? {};
  const received = (budget * ONE) / (ONE + 1n);
  assert.equal(fills?.received[0], received);
  assert.deepEqual(change?.paid, [9n * budget, 0n]);
  assert.deepEqual(change?.received, [0n, 9n * received]);
  assert.deepEqual(poolChange(input, allocate(input)), change);
});
