// Goal: the published measures say what their definitions say, rounded the way they promise.
// Method: cleared markets against plain double arithmetic; definiteness against examples on
// either side of singularity.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  demoProblem,
  generateMarket,
  scaleCovariance,
} from '../../../../../testing/world/batchMarkets.ts';
import { clearLawfully } from '../../../../../testing/world/clearedMarkets.ts';
import { isPositiveDefinite, measureBatch } from './measures.ts';

const MILLION = 1_000_000_000_000n;

test('an order of a million dollars has the risk, gain and volumes of the textbook', () => {
  const problem = demoProblem();
  const { solution, fills, table } = clearLawfully(problem, [
    { pay: 0, receive: 1, budget: MILLION },
  ]);
  const { parameters, oracle, inventory } = problem;
  const input = { parameters, oracle, table, solution, fills, poolBefore: inventory };
  const measures = measureBatch(input);
  assert.equal(measures.ordersFilled, 1);
  assert.equal(measures.ordersPartial, 0);
  assert.equal(measures.submittedUsdE6, MILLION);
  assert.equal(measures.filledUsdE6, MILLION);
  // v = -908801.828586 EUR at 1.10; gamma sigma^2 = 5e-7 * 3.6e-5.
  const traded = 908_801.828586 * 1.1;
  const risk = 0.5 * 1.8e-11 * traded * traded;
  const fees = 272.722365 * 1.1;
  assert.ok(Math.abs(Number(measures.inventoryRiskUsdE6) / 1e6 - risk) < 2e-6);
  assert.ok(Math.abs(Number(measures.poolGainUsdE6) / 1e6 - risk - fees) < 3e-6);
  assert.ok(measures.residualE12 < 1000n);
  // Only EUR is bought: no asset besides the numeraire is sold, so theta vanishes.
  assert.equal(measures.thetaE12, 0n);
  assert.ok(measures.priceTrackingE12 > 0n);
});

test('theta grows with one-sided selling and bounds the ratio from above', () => {
  const problem = demoProblem();
  const { solution, fills, table } = clearLawfully(problem, [
    { pay: 1, receive: 0, budget: 2n * MILLION },
  ]);
  const { parameters, oracle, inventory } = problem;
  const { thetaE12 } = measureBatch({
    parameters,
    oracle,
    table,
    solution,
    fills,
    poolBefore: inventory,
  });
  const rows = [0, 1, 2, 3, 4].map((i) =>
    parameters.scaledCovariance
      .slice(i * 5, i * 5 + 5)
      .reduce((sum, s) => sum + Math.abs(Number(s)) / 2 ** 80, 0),
  );
  const expected = 0.5 * 2.2e6 * Math.max(...rows);
  assert.ok(Math.abs(Number(thetaE12) * 1e-12 - expected) < 1e-9);
});

test('measures of generated markets are non-negative where the mathematics says so', () => {
  for (const shape of ['uniform', 'baskets', 'tightBounds', 'scarcityPriced', 'reserve'] as const) {
    const { problem, orders } = generateMarket({ shape, assets: 6, orders: 80, seed: 2 });
    const { solution, fills, table } = clearLawfully(problem, orders);
    const { parameters, oracle, inventory } = problem;
    const input = { parameters, oracle, table, solution, fills, poolBefore: inventory };
    const measures = measureBatch(input);
    assert.ok(measures.inventoryRiskUsdE6 >= 0n);
    assert.ok(measures.poolGainUsdE6 >= 0n);
    assert.ok(measures.priceTrackingE12 >= 0n);
    assert.ok(measures.residualE12 <= 1_000_000n, `${shape}: ${measures.residualE12}`);
    assert.ok(measures.filledUsdE6 <= measures.submittedUsdE6);
    assert.ok(measures.ordersPartial <= measures.ordersFilled);
  }
});

test('definiteness is exact on both sides of singularity', () => {
  assert.equal(isPositiveDefinite([4n, 2n, 2n, 2n]), true);
  assert.equal(isPositiveDefinite([4n, 2n, 2n, 1n]), false);
  assert.equal(isPositiveDefinite([4n, 2n, 3n, 2n]), false);
  assert.equal(isPositiveDefinite([4n, -2n, -2n, 1n]), false);
  const big = 1n << 70n;
  assert.equal(isPositiveDefinite([big, big - 1n, big - 1n, big - 1n]), true);
  assert.equal(isPositiveDefinite([big, big, big, big]), false);
  assert.equal(isPositiveDefinite([0n]), false);
  assert.equal(isPositiveDefinite([1n, 2n]), false);
  assert.equal(isPositiveDefinite([]), true);
});

test('definiteness of sixty-three assets agrees with how the matrix was made', () => {
  const n = 63;
  const identity = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_unused, j) => (i === j ? 1 : 0.4)),
  );
  const volatility = Array.from({ length: n }, (_, i) => 0.004 + 0.0001 * i);
  assert.equal(isPositiveDefinite(scaleCovariance(1e-7, volatility, identity)), true);
  const broken = identity.map((row, i) => row.map((c, j) => (Math.abs(i - j) === 62 ? -0.99 : c)));
  assert.equal(isPositiveDefinite(scaleCovariance(1e-7, volatility, broken)), false);
});
