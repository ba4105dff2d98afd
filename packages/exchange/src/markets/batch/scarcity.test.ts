// Goal: bounds hold to the unit in both scarcity modes, the numeraire's reserve too, and batches
// that cannot clear halt with a reason and no trade.
// Method: the demo world with one-sided flow; every integer test asked again by clearLawfully.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderSketch } from '../../../../../testing/world/batchMarkets.ts';
import { demoProblem, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { clearLawfully } from '../../../../../testing/world/clearedMarkets.ts';
import { amount } from '../../numbers/amount.ts';
import { PairBooks } from './pairBooks.ts';
import type { BatchParameters } from './parameters.ts';
import { RATION_SCALE } from './parameters.ts';
import { inventoryAfter, quoteTestHolds, tightDistance, tightness } from './quoteTest.ts';
import type { BatchProblem } from './solver.ts';
import { HaltReason, solveBatch } from './solver.ts';

const USD = 0;
const EUR = 1;
const MILLION = 1_000_000_000_000n;

/** The demo world with narrower bounds of one asset, in units below and above the inventory. */
function withBounds(
  asset: number,
  room: { readonly below: bigint; readonly above: bigint },
  overrides: Partial<BatchParameters> = {},
): BatchProblem {
  const problem = demoProblem(overrides);
  const inventory = problem.inventory[asset] as bigint;
  const assets = problem.parameters.assets.map((a, i) => {
    if (i !== asset) return a;
    return {
      ...a,
      inventoryMin: amount(inventory - room.below),
      inventoryMax: amount(inventory + room.above),
    };
  });
  return { ...problem, parameters: { ...problem.parameters, assets } };
}

const buyers: OrderSketch[] = Array.from({ length: 40 }, (_, k) => ({
  pay: k % 3 === 0 ? 3 : USD,
  receive: EUR,
  budget: BigInt(300_000 + 17_321 * k) * 1_000_000n,
}));

test('buyers are rationed alike at the quote when the pool runs out', () => {
  const problem = withBounds(EUR, { below: 5n * MILLION, above: 5n * MILLION });
  const { solution, fills, change, table } = clearLawfully(problem, buyers);
  const factor = solution.receiveFactors[EUR] as bigint;
  assert.ok(factor > RATION_SCALE / 10n && factor < RATION_SCALE);
  for (let row = 0; row < table.count; row += 1) {
    const share = ((table.budget[row] as bigint) * factor) / RATION_SCALE;
    assert.equal(fills.paid[row], share);
  }
  const position = { ...problem, ...change };
  const after = inventoryAfter(position)[EUR] as bigint;
  const asset = problem.parameters.assets[EUR];
  assert.ok(asset !== undefined && after - asset.inventoryMin <= tightDistance(asset));
});

test('payers are rationed when the pool is full', () => {
  const problem = withBounds(EUR, { below: 5n * MILLION, above: 2n * MILLION });
  const sellers = buyers.map(({ budget }) => ({ pay: EUR, receive: USD, budget }));
  const { solution } = clearLawfully(problem, sellers);
  assert.ok((solution.payFactors[EUR] as bigint) < RATION_SCALE);
  assert.equal(solution.receiveFactors[USD], RATION_SCALE);
});

test('under scarcity pricing the price rises until buyers drop out', () => {
  const problem = withBounds(
    EUR,
    { below: 5n * MILLION, above: 5n * MILLION },
    { scarcity: 'scarcityPricing' },
  );
  const limited = buyers.map((order, k) => ({
    ...order,
    pay: USD,
    limitNumerator: BigInt(1_000_000 - 50 * k),
    limitDenominator: 1_102_000n,
  }));
  const { solution, change } = clearLawfully(problem, limited);
  assert.ok(solution.receiveFactors.every((factor) => factor === RATION_SCALE));
  const mid = problem.oracle.mids[EUR] as bigint;
  assert.ok((solution.prices[EUR] as bigint) - mid > mid / 2000n, 'a premium above the quote');
  assert.equal(tightness({ ...problem, ...change })[EUR]?.lower, true);
});

test('the reserve of the numeraire rations sellers, or scales all quotes', () => {
  const sellers: OrderSketch[] = [1, 2, 3, 4, 5].map((pay) => ({
    pay,
    receive: USD,
    budget: pay === 2 ? 300n * MILLION : 2n * MILLION,
  }));
  const room = { below: 3n * MILLION, above: 100n * MILLION };
  const rationed = clearLawfully(withBounds(USD, room), sellers);
  assert.ok((rationed.solution.receiveFactors[USD] as bigint) < RATION_SCALE);
  const limited = sellers.map((order, k) => ({
    ...order,
    limitNumerator:
      ([1_100_000n, 6_667n, 1_250_000n, 1_075_000n, 750_000n][k] as bigint) *
      (10_000n - 5n * BigInt(k + 1)),
    limitDenominator: 10_000_000_000n,
  }));
  const problem = withBounds(USD, room, { scarcity: 'scarcityPricing' });
  const scaled = clearLawfully(problem, limited);
  problem.oracle.mids.forEach((mid, i) => {
    if (i > 0) assert.ok((scaled.solution.prices[i] as bigint) < mid);
  });
});

test('an asset without room is closed and everything else clears', () => {
  const problem = withBounds(EUR, { below: 0n, above: 0n });
  const { fills, change } = clearLawfully(problem, [
    { pay: USD, receive: EUR, budget: MILLION / 2n },
    { pay: EUR, receive: USD, budget: MILLION / 2n },
    { pay: USD, receive: 3, budget: MILLION },
  ]);
  assert.equal(change.trade[EUR], 0n);
  assert.equal(fills.paid[2], MILLION);
});

test('one-sided flow in batch after batch keeps its bound', () => {
  let problem = withBounds(EUR, { below: MILLION, above: MILLION });
  for (let batch = 0; batch < 12; batch += 1) {
    const { change } = clearLawfully(problem, buyers.slice(0, 12));
    problem = { ...problem, inventory: inventoryAfter({ ...problem, ...change }) };
  }
});

test('prices outside the halt band halt the batch', () => {
  const problem = demoProblem({ haltBandPpm: 10 });
  const table = tableOf([{ pay: USD, receive: EUR, budget: MILLION }]);
  const outcome = solveBatch(problem, PairBooks.of(table, 6), table);
  assert.ok(outcome.kind === 'halted');
  assert.equal(outcome.reason, HaltReason.priceOutsideHaltBand);
  assert.equal(outcome.prices[EUR], 1_100_019_793_704n);
});

test('an inventory outside its bounds that no order can mend halts the batch', () => {
  const problem = withBounds(EUR, { below: -MILLION, above: 2n * MILLION });
  const table = tableOf([]);
  const outcome = solveBatch(problem, PairBooks.of(table, 6), table);
  assert.ok(outcome.kind === 'halted');
  assert.equal(outcome.reason, HaltReason.boundsUnreachable);
});

test('the quote test refuses a price moved beyond the tolerance', () => {
  const problem = demoProblem();
  const { solution, change } = clearLawfully(problem, buyers.slice(0, 3));
  const position = { ...problem, trade: change.trade, fees: change.fees };
  for (let i = 1; i < 6; i += 1) {
    const mid = problem.oracle.mids[i] as bigint;
    for (const shift of [mid / 900_000n, -(mid / 900_000n)]) {
      const moved = solution.prices.map((p, k) => (k === i ? p + shift : p));
      assert.equal(quoteTestHolds(position, moved), false);
    }
    const inside = solution.prices.map((p, k) => (k === i ? p + mid / 1_200_000n : p));
    assert.equal(quoteTestHolds(position, inside), true);
  }
});
