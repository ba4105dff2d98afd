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
import { demoProblem, generateMarket, tableOf } from '../../../../../testing/world/batchMarkets.ts';
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

/** A market that keeps the prices that it was asked about. */
class Listening extends MarketModel {
  readonly asked: Float64Array[] = [];

  override evaluate(eta: Float64Array, slopes = true): void {
    this.asked.push(Float64Array.from(eta));
    super.evaluate(eta, slopes);
  }
}

test('on the way to prices far off no price is halved or doubled at once', () => {
  // A pool so many dollars off its target that its quote of euros is a tenth, or 3.7 times, the
  // mid; sellers and buyers at limits in between make kinks on the way.
  for (const [level, displacement] of [
    [0.1, 0.9],
    [3.7, -2.7],
  ] as const) {
    const { parameters, oracle, inventory: even } = demoProblem({ feeE7: 0 });
    const assets = parameters.assets.slice(0, 2);
    const risk = parameters.scaledCovariance.slice(0, 1);
    const base = {
      parameters: { ...parameters, assets, scaledCovariance: risk },
      oracle: { ...oracle, mids: oracle.mids.slice(0, 2) },
      inventory: even.slice(0, 2),
    };
    const dollars = displacement / (5e-7 * 0.006 ** 2);
    const units = BigInt(Math.round((dollars / 1.1) * 1e6));
    const inventory = base.inventory.map((held, i) => (i === 1 ? held + units : held));
    const orders = [1n, 2n, 3n].map((k) => ({
      pay: level < 1 ? 1 : 0,
      receive: level < 1 ? 0 : 1,
      budget: 10n ** 13n,
      limitNumerator: k,
      limitDenominator: 10n,
    }));
    const table = tableOf(orders);
    const problem = { ...base, inventory };
    const model = new Listening(problem, PairBooks.of(table, 2), table);
    const eta = new Float64Array(2);
    const found = findEquilibrium(model, eta);
    assert.equal(found.converged, true);
    const worst = largest(residuals({ ...searchedMarket(problem, orders), model }, eta));
    assert.ok(worst < 1e-9, String(worst));
    assert.ok(found.iterations <= 25, `${found.iterations} steps`);
    model.asked.slice(1).forEach((asked, k) => {
      asked.forEach((deviation, i) => {
        const times = (1 + deviation) / (1 + (at(model.asked, k)[i] as number));
        assert.ok(times > 0.4999 && times < 2.0001, `${level}: asset ${i} changes ${times} times`);
      });
    });
    assert.ok(Math.abs(1 + (eta[1] as number) - level) < 0.5, 'a price far off');
  }
});

test('heavy orders at one limit cost no more than a hundred evaluations', () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const sketch = {
      shape: 'oneLimit',
      assets: 4,
      orders: 80,
      seed,
      budgetUsd: 5_000_000,
    } as const;
    const { problem, orders } = generateMarket(sketch);
    const table = tableOf(orders);
    const model = new Listening(problem, PairBooks.of(table, 4), table);
    const found = findEquilibrium(model, new Float64Array(4));
    assert.equal(found.converged, true);
    assert.ok(model.asked.length <= 100, `seed ${seed}: ${model.asked.length}`);
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
