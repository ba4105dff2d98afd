// Goal: the search for one equilibrium ends where the pool's quotes equal the prices, within the
// steps that the page allows, from anywhere, and says truly how it ended.
// Method: open and walled markets with light and heavy orders; residuals from flows that were added
// up order by order; a market whose derivatives are of no use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exposureOf,
  naiveFlows,
  riskOf,
} from '../../../../../testing/reference/naiveClearingFlows.ts';
import type { MarketShape } from '../../../../../testing/world/batchMarkets.ts';
import { generateMarket, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import type { SearchedMarket } from '../../../../../testing/world/searchedMarkets.ts';
import { searchedMarket } from '../../../../../testing/world/searchedMarkets.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { at } from '../../failures/invariant.ts';
import { findEquilibrium, RESIDUAL_ACCEPTED, RESIDUAL_GOAL } from './equilibrium.ts';
import { MarketModel } from './marketModel.ts';
import { PairBooks } from './pairBooks.ts';
import { productCount } from './parameters.ts';

/** e_i by definition, the premium of walls included. */
function residuals({ problem, table, model }: SearchedMarket, eta: Float64Array): number[] {
  const { paid, out } = naiveFlows(problem, table, { eta });
  const position = exposureOf(problem).map((w, i) => {
    return w + at(paid, i) - (1 - model.feeShare) * at(out, i);
  });
  const risk = riskOf(problem);
  const n = eta.length - 1;
  return Array.from({ length: n }, (_, i) => {
    const change = at(paid, i + 1) - at(out, i + 1);
    const below = Math.max(0, (model.wallLow[i + 1] as number) - change);
    const above = Math.max(0, change - (model.wallHigh[i + 1] as number));
    const premium = (model.stiffness[i + 1] as number) * (below - above);
    let e = (1 + (eta[i + 1] as number)) * model.numeraireMultiple - 1 - premium;
    for (let j = 0; j < n; j += 1) e += at(risk, i * n + j) * at(position, j + 1);
    return e;
  });
}

function largest(parts: readonly number[]): number {
  return Math.max(...parts.map(Math.abs));
}

const SHAPES: readonly MarketShape[] = ['uniform', 'hub', 'baskets', 'oneLimit', 'displaced'];

for (const shape of SHAPES) {
  test(`${shape} markets are solved in two to twenty-five Newton steps`, () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const budgetUsd = at([30_000, 300_000, 5_000_000], seed % 3);
      const sketch = { shape, assets: 2 + (seed % 5), orders: 60, seed, budgetUsd };
      const market = generateMarket(sketch);
      const world = searchedMarket(market.problem, market.orders);
      const eta = new Float64Array(world.model.assets);
      const found = findEquilibrium(world.model, eta);
      assert.equal(found.converged, true, market.name);
      assert.ok(found.iterations >= 1 && found.iterations <= 25, `${found.iterations} steps`);
      const worst = largest(residuals(world, eta));
      assert.ok(worst <= 1e-10, `${market.name}: ${worst}`);
      assert.ok(Math.abs(found.residual - worst) <= 1e-10);
      assert.ok(found.residual <= 10 * RESIDUAL_GOAL, `${market.name}: ${found.residual}`);
      assert.ok(found.stepNorm > 0 && found.stepNorm < 1e-3, String(found.stepNorm));
      assert.equal(eta[0], 0);
    }
  });
}

test('any start ends at the same prices, prices half and twice the mid included', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = new SeededRandom(seed);
    const market = generateMarket({ shape: 'uniform', assets: 4, orders: 60, seed });
    const { model } = searchedMarket(market.problem, market.orders);
    const near = new Float64Array(4);
    findEquilibrium(model, near);
    const far = Float64Array.from(near, (_, i) => (i === 0 ? 0 : random.between(-0.6, 1.2)));
    const found = findEquilibrium(model, far);
    assert.equal(found.converged, true, market.name);
    far.forEach((deviation, i) => {
      assert.ok(Math.abs(deviation - (near[i] as number)) < 1e-9, `${market.name}: ${i}`);
    });
  }
});

test('a start at the answer takes no step', () => {
  const market = generateMarket({ shape: 'uniform', assets: 4, orders: 60, seed: 3 });
  const { model } = searchedMarket(market.problem, market.orders);
  const eta = new Float64Array(4);
  const first = findEquilibrium(model, eta);
  const before = [...eta];
  const again = findEquilibrium(model, eta);
  assert.ok(first.iterations > 0);
  assert.deepEqual([again.iterations, again.stepNorm], [0, 0]);
  assert.deepEqual([...eta], before);
});

test('walled markets are solved too, whatever the premium', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = new SeededRandom(seed);
    const sketch = { shape: 'uniform', assets: 4, orders: 60, seed, budgetUsd: 2_000_000 } as const;
    const market = generateMarket(sketch);
    const world = searchedMarket(market.problem, market.orders);
    const { model } = world;
    const eta = new Float64Array(4);
    findEquilibrium(model, eta);
    for (let i = 1; i < 4; i += 1) {
      const change = model.change(i);
      // Half of what the open market would move, on the side that it moves to.
      model.wallLow[i] = change < 0 ? change / 2 : -1e9;
      model.wallHigh[i] = change > 0 ? change / 2 : 1e9;
      model.stiffness[i] = 10 ** random.between(-10, -6);
      model.wallDepth[i] = 1;
    }
    const found = findEquilibrium(model, eta);
    assert.equal(found.converged, true, market.name);
    // The residual counts by the depth of the walls, see `MarketModel.residual`.
    const weight = 1 + Math.max(...model.stiffness) * 5e5;
    assert.ok(largest(residuals(world, eta)) <= RESIDUAL_ACCEPTED * weight, market.name);
    assert.ok(found.iterations <= 80, `${found.iterations} steps`);
  }
});

/** A market that knows its flows and none of their derivatives. */
class WithoutSlopes extends MarketModel {
  override gradientJacobian(target: Float64Array): void {
    target.fill(0);
  }
}

test('where no Newton step can be made prices are bisected in turn', () => {
  for (let seed = 1; seed <= 3; seed += 1) {
    const { problem, orders } = generateMarket({ shape: 'uniform', assets: 3, orders: 20, seed });
    const table = tableOf(orders);
    const books = PairBooks.of(table, productCount(problem.parameters));
    const model = new WithoutSlopes(problem, books, table);
    const eta = new Float64Array(3);
    const found = findEquilibrium(model, eta);
    assert.equal(found.converged, true);
    assert.equal(found.iterations, 0);
    const { search } = searchedMarket(problem, orders);
    findEquilibrium(search.model, search.eta);
    eta.forEach((deviation, i) => {
      assert.ok(Math.abs(deviation - (search.eta[i] as number)) < 1e-6, `seed ${seed}: ${i}`);
    });
    assert.equal(model.curves.rampWidth, search.model.curves.rampWidth, 'the true ramp');
  }
});
