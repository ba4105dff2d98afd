// Goal: what the pool would trade at given prices solves its own equation, walls included.
// Method: random prices, walls, premiums and multiples; the equation is written out again and the
// trade put into it, fees and walls touched on either side among the cases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposureOf, riskOf } from '../../../../../testing/reference/naiveClearingFlows.ts';
import { generateMarket } from '../../../../../testing/world/batchMarkets.ts';
import type { SearchedMarket } from '../../../../../testing/world/searchedMarkets.ts';
import { searchedMarket } from '../../../../../testing/world/searchedMarkets.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { at } from '../../failures/invariant.ts';
import { PoolResponse } from './poolResponse.ts';

interface Walled extends SearchedMarket {
  readonly eta: Float64Array;
  readonly premium: readonly number[];
}

function walledMarket(seed: number): Walled {
  const random = new SeededRandom(seed);
  const assets = random.integer(2, 6);
  const { problem, orders } = generateMarket({ shape: 'displaced', assets, orders: 40, seed });
  const market = searchedMarket(problem, orders);
  const { model } = market;
  const eta = new Float64Array(assets);
  for (let i = 1; i < assets; i += 1) {
    eta[i] = random.between(-0.003, 0.003);
    const middle = random.between(-3e7, 3e7);
    const reach = random.between(0, 1e7);
    model.wallLow[i] = middle - reach;
    model.wallHigh[i] = middle + reach;
    model.stiffness[i] = random.next() < 0.3 ? 0 : 10 ** random.between(-12, -6);
  }
  model.numeraireMultiple = seed % 2 === 0 ? 1 : random.between(0.999, 1.001);
  model.evaluate(eta);
  return { ...market, eta, premium: [...model.stiffness] };
}

test('the pool’s trade solves its equation, and its matrix is the slope of that', () => {
  const touched = { low: 0, high: 0, open: 0 };
  for (let seed = 1; seed <= 60; seed += 1) {
    const { problem, model, eta, premium } = walledMarket(seed);
    const n = model.assets - 1;
    const response = new PoolResponse(model);
    const gap = new Float64Array(n);
    response.gap(eta, gap);
    const trade = Array.from(gap, (missing, i) => model.trade(i + 1) - missing);
    const risk = riskOf(problem);
    const exposure = exposureOf(problem);
    for (let i = 0; i < n; i += 1) {
      const fee = model.feeShare * (model.out[i + 1] as number);
      const change = at(trade, i) - fee;
      const below = Math.max(0, (model.wallLow[i + 1] as number) - change);
      const above = Math.max(0, change - (model.wallHigh[i + 1] as number));
      const stiffness = at(premium, i + 1);
      let sum = (1 + (eta[i + 1] as number)) * model.numeraireMultiple - 1;
      for (let j = 0; j < n; j += 1) {
        sum += at(risk, i * n + j) * (at(exposure, j + 1) + at(trade, j));
        const wall = i === j && below + above > 0 ? stiffness : 0;
        const slope = at(risk, i * n + j) + wall;
        const found = response.matrix[i * n + j] as number;
        assert.ok(Math.abs(found - slope) <= 1e-12 * Math.abs(slope), `seed ${seed}: ${i} ${j}`);
      }
      sum -= stiffness * (below - above);
      assert.ok(Math.abs(sum) < 1e-11, `seed ${seed}, asset ${i + 1}: ${sum}`);
      if (stiffness === 0) touched.open += 1;
      else if (below > 0) touched.low += 1;
      else if (above > 0) touched.high += 1;
    }
  }
  assert.ok(Math.min(touched.low, touched.high, touched.open) > 10, JSON.stringify(touched));
});

test('the same prices have the same answer, whatever was asked before', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { model, eta } = walledMarket(seed);
    const n = model.assets - 1;
    const [fresh, again] = [new Float64Array(n), new Float64Array(n)];
    new PoolResponse(model).gap(eta, fresh);
    const response = new PoolResponse(model);
    const far = eta.map((deviation) => -20 * deviation);
    response.gap(far, again);
    response.gap(eta, again);
    again.forEach((found, i) => {
      const wanted = fresh[i] as number;
      assert.ok(Math.abs(found - wanted) <= 1e-3 + 1e-9 * Math.abs(wanted), `seed ${seed}: ${i}`);
    });
  }
});
