// Goal: the second search ends at the equilibrium of the page, (E4) with no bound reached.
// Method: open markets of several shapes, cancelled rows among their orders; the condition is
// worked out from flows that were added up order by order, which neither search uses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exposureOf,
  naiveFlows,
  riskOf,
} from '../../../../../testing/reference/naiveClearingFlows.ts';
import type { MarketShape } from '../../../../../testing/world/batchMarkets.ts';
import { demoProblem, generateMarket, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { searchedMarket } from '../../../../../testing/world/searchedMarkets.ts';
import { at } from '../../failures/invariant.ts';
import { amount } from '../../numbers/amount.ts';
import { crossCheckPrices } from './crossCheck.ts';
import type { OrderTable } from './orderTable.ts';
import { settlePrices } from './search.ts';
import type { BatchProblem } from './solver.ts';

/** Largest |e_i| = |eta_i + (C (w + v))_i| at the given deviations. */
function worstResidual(problem: BatchProblem, table: OrderTable, eta: Float64Array): number {
  const { paid, out } = naiveFlows(problem, table, { eta });
  const keep = 1 - problem.parameters.feeE7 / 1e7;
  const position = exposureOf(problem).map((w, i) => w + at(paid, i) - keep * at(out, i));
  const risk = riskOf(problem);
  const n = eta.length - 1;
  let worst = 0;
  for (let i = 0; i < n; i += 1) {
    let e = eta[i + 1] as number;
    for (let j = 0; j < n; j += 1) e += (risk[i * n + j] as number) * at(position, j + 1);
    worst = Math.max(worst, Math.abs(e));
  }
  return worst;
}

const SHAPES: readonly MarketShape[] = ['uniform', 'baskets', 'displaced', 'oneLimit', 'thin'];

for (const shape of SHAPES) {
  test(`prices of ${shape} markets are quotes of the pool after the trade`, () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const market = generateMarket({ shape, assets: 2 + (seed % 4), orders: 40, seed });
      const table = tableOf(market.orders);
      for (let row = 3; row < table.count; row += 10) table.cancel(row);
      const eta = crossCheckPrices(market.problem, table);
      const worst = worstResidual(market.problem, table, eta);
      assert.equal(eta[0], 0);
      assert.ok(worst <= 1e-11, `${market.name}: ${worst}`);
    }
  });
}

test('orders that move prices past their limits agree with Newton on the books', () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const shape = seed % 2 === 0 ? 'baskets' : 'uniform';
    const sketch = { shape, assets: 4, orders: 40, seed, budgetUsd: 20_000_000 } as const;
    const { problem, orders } = generateMarket(sketch);
    const { search, table } = searchedMarket(problem, orders);
    assert.equal(settlePrices(search).converged, true);
    const eta = crossCheckPrices(problem, table);
    assert.ok(Math.max(...eta.map(Math.abs)) > 1e-4, 'prices move');
    eta.forEach((deviation, i) => {
      assert.ok(Math.abs(deviation - (search.eta[i] as number)) < 1e-10, `seed ${seed}, ${i}`);
    });
  }
});

test('without orders prices are the quotes of the pool as it stands', () => {
  const problem = demoProblem();
  const inventory = problem.inventory.map((units, i) => (i === 1 ? units + 10n ** 13n : units));
  const displaced = { ...problem, inventory };
  const eta = crossCheckPrices(displaced, tableOf([]));
  // Ten million euros too many, 11 million dollars at 5e-7 * 0.006^2 per dollar: 1.98 bps cheaper.
  assert.ok(Math.abs((eta[1] as number) + 1.98e-4) < 1e-9, String(eta[1]));
  assert.ok(worstResidual(displaced, tableOf([]), eta) < 1e-14);
});

test('market orders end at the protective band, whatever the decimals', () => {
  // A billion dollars would move the euro by 180 bps. The band is 50: its buyers stop where a
  // dollar brings 0.995 of what it brings at the mid, its sellers where a euro does.
  for (const decimals of [6, 2]) {
    const base = demoProblem({ feeE7: 0 });
    const assets = base.parameters.assets.map((asset, i) => {
      return i === 1
        ? { ...asset, decimals, target: amount(asset.target / 10n ** BigInt(6 - decimals)) }
        : asset;
    });
    const inventory = assets.map((asset) => asset.target);
    const problem = { ...base, parameters: { ...base.parameters, assets }, inventory };
    const buyer = { pay: 0, receive: 1, budget: 10n ** 15n };
    const dear = crossCheckPrices(problem, tableOf([buyer]))[1] as number;
    assert.ok(Math.abs(dear - (1 / 0.995 - 1)) < 1.1e-5, String(dear));
    const seller = { pay: 1, receive: 0, budget: 10n ** BigInt(9 + decimals) };
    const cheap = crossCheckPrices(problem, tableOf([seller]))[1] as number;
    assert.ok(Math.abs(cheap + 0.005) < 1.1e-5, String(cheap));
  }
});

test('a risk that no returns have is no market', () => {
  const problem = demoProblem({
    scaledCovariance: demoProblem().parameters.scaledCovariance.map(() => 1n),
  });
  assert.throws(() => crossCheckPrices(problem, tableOf([])), /positive definite/);
});
