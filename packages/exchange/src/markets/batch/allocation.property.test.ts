// Goal: the quick allocation is the slow one, unit for unit, and its sums are the rows' sums.
// Method: generated markets with prices near the solution, at it, and with random factors, blocked
// and cancelled rows, huge budgets; every row and every sum compared.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MarketShape } from '../../../../../testing/world/batchMarkets.ts';
import { generateMarket, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { at } from '../../failures/invariant.ts';
import { AMOUNT_MAX } from '../../numbers/amount.ts';
import { PRICE_SCALE, price } from '../../numbers/price.ts';
import type { AllocationInput } from './allocation.ts';
import { allocate, allocateNaive, poolChange, settle } from './allocation.ts';
import { FillRules, feeUnits } from './fillRules.ts';
import { RATION_SCALE } from './parameters.ts';
import { unitPrices } from './unitPrices.ts';

/** Beyond doubles; what it buys at mids is at most as many units. */
const HUGE = (1n << 62n) + 5n;

function randomInput(shape: MarketShape, seed: number): AllocationInput {
  const random = new SeededRandom(seed);
  const { problem, orders } = generateMarket({ shape, assets: 5, orders: 300, seed });
  const { parameters, oracle } = problem;
  const worth = unitPrices(parameters, oracle.mids);
  const table = tableOf(
    orders.map((order, k) => {
      if (k % 37 !== 0) return order;
      const fits = (HUGE * at(worth, order.receive)) / at(worth, order.pay);
      return { ...order, budget: fits < HUGE ? fits : HUGE };
    }),
  );
  for (let row = 0; row < table.count; row += 13) table.cancel(row);
  const factors = (): bigint[] =>
    parameters.assets.map(() =>
      random.next() < 0.6 ? RATION_SCALE : BigInt(random.integer(1, 999_999)) * 1_000_003n,
    );
  const prices = oracle.mids.map((mid, i) => {
    const ppb = i === 0 ? 0 : random.integer(-3_000_000, 3_000_000);
    return price(mid + (mid * BigInt(ppb)) / 1_000_000_000n);
  });
  const solution = {
    prices,
    payFactors: factors(),
    receiveFactors: factors(),
    blocked: [1, 4, 100],
    iterations: 0,
    stepNormE12: 0n,
  };
  return { parameters, oracle, table, solution };
}

for (const shape of ['uniform', 'baskets', 'minimumFills', 'skewed', 'oneLimit'] as const) {
  test(`quick and naive allocation agree on ${shape} markets`, () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const input = randomInput(shape, seed);
      const quick = allocate(input);
      const naive = allocateNaive(input);
      assert.deepEqual(quick.paid, naive.paid);
      assert.deepEqual(quick.received, naive.received);
      assert.equal(quick.paid[1], 0n);
    }
  });
}

test('sums per asset are the sums over rows and legs', () => {
  for (const shape of ['uniform', 'baskets'] as const) {
    const input = randomInput(shape, 3);
    const fills = allocate(input);
    const change = poolChange(input, fills);
    const rules = new FillRules(input.parameters, input.oracle, input.solution);
    const trade = input.parameters.assets.map(() => 0n);
    const fees = input.parameters.assets.map(() => 0n);
    for (let row = 0; row < input.table.count; row += 1) {
      const pay = input.table.pay[row] as number;
      const paid = fills.paid[row] as bigint;
      const rule = rules.pair(pay, input.table.receive[row] as number);
      trade[pay] = (trade[pay] as bigint) + paid;
      for (const { asset, units } of rule.legs) {
        trade[asset] = (trade[asset] as bigint) - (fills.received[row] as bigint) * units;
        fees[asset] = (fees[asset] as bigint) + feeUnits(rule, paid) * units;
      }
    }
    assert.deepEqual(change.trade, trade);
    assert.deepEqual(change.fees, fees);
  }
});

test('a receipt or a sum that no amount can count is refused, and never wrapped', () => {
  const { problem } = generateMarket({ shape: 'uniform', assets: 5, orders: 1, seed: 1 });
  const assets = problem.parameters.assets.map((asset) => ({ ...asset, decimals: 6 }));
  const parameters = { ...problem.parameters, assets, feeE7: 0 };
  const mids = problem.oracle.mids.map(() => price(PRICE_SCALE));
  const oracle = { ...problem.oracle, mids };
  const ones = assets.map(() => RATION_SCALE);
  const claims = { blocked: [], iterations: 0, stepNormE12: 0n };
  const received = (target: bigint, budgets: readonly bigint[]): bigint | undefined => {
    const table = tableOf(budgets.map((budget) => ({ pay: 0, receive: 1, budget })));
    const prices = mids.map((mid, i) => (i === 1 ? price(target) : mid));
    const solution = { prices, payFactors: ones, receiveFactors: ones, ...claims };
    return settle({ parameters, oracle, table, solution })?.fills.received[0];
  };
  assert.equal(received(PRICE_SCALE, [AMOUNT_MAX]), AMOUNT_MAX, 'the most that fits');
  assert.equal(received(PRICE_SCALE - 1n, [AMOUNT_MAX]), undefined, 'one tick more');
  assert.equal(received(1n, [1n << 62n]), undefined, 'more than 64 bits');
  const half = AMOUNT_MAX / 2n;
  assert.equal(received(PRICE_SCALE, [half, half]), half, 'a sum that fits');
  assert.equal(received(PRICE_SCALE, [half + 1n, half + 1n]), undefined, 'a sum that does not');
});
