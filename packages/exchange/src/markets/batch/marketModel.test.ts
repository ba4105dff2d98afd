// Goal: the market in doubles has the flows, residuals and derivatives that its page defines.
// Method: every sum against a twin that adds up order by order; every derivative against central
// differences under a wide ramp; matrices multiplied back. Baskets, factors, walls and a multiple
// of the numeraire take part.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exposureOf,
  naiveFlows,
  riskOf,
} from '../../../../../testing/reference/naiveClearingFlows.ts';
import type { OrderSketch } from '../../../../../testing/world/batchMarkets.ts';
import {
  demoProblem,
  generateMarket,
  tableOf,
  withBasketBuyers,
} from '../../../../../testing/world/batchMarkets.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { MarketModel } from './marketModel.ts';
import type { OrderTable } from './orderTable.ts';
import { PairBooks } from './pairBooks.ts';
import { productCount } from './parameters.ts';
import type { BatchProblem } from './solver.ts';

const WIDE = 0.02;

interface World {
  readonly problem: BatchProblem;
  readonly table: OrderTable;
  readonly model: MarketModel;
  readonly eta: Float64Array;
}

/** A market with baskets and a displaced pool, at random prices and factors. */
function worldOf(seed: number, assets = 4): World {
  const random = new SeededRandom(seed + 77);
  const { problem: base, orders } = generateMarket({ shape: 'baskets', assets, orders: 60, seed });
  const inventory = base.inventory.map((units) => {
    return (units * BigInt(random.integer(900, 1100))) / 1000n;
  });
  const problem = { ...base, inventory };
  const table = tableOf(withBasketBuyers(problem, orders));
  for (let row = 5; row < table.count; row += 9) table.cancel(row);
  const books = PairBooks.of(table, productCount(problem.parameters));
  const model = new MarketModel(problem, books, table);
  const eta = new Float64Array(assets);
  for (let i = 1; i < assets; i += 1) eta[i] = random.between(-0.004, 0.004);
  for (let i = 0; i < assets; i += 1) {
    model.payFactors[i] = random.next() < 0.5 ? 1 : random.between(0.1, 1);
    model.receiveFactors[i] = random.next() < 0.5 ? 1 : random.between(0.1, 1);
  }
  return { problem, table, model, eta };
}

function isClose(found: number, wanted: number, size: number, what: string): void {
  assert.ok(Math.abs(found - wanted) <= size, `${what}: ${found} is not ${wanted}`);
}

function scaleOf({ model }: World): number {
  return 1 + [...model.paid].reduce((sum, flow) => sum + flow, 0);
}

test('flows are the sums over orders, factors and legs of baskets included', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const world = worldOf(seed);
    const { problem, table, model, eta } = world;
    model.evaluate(eta);
    const { payFactors, receiveFactors } = model;
    const { paid, out } = naiveFlows(problem, table, { eta, payFactors, receiveFactors });
    const fee = problem.parameters.feeE7 / 1e7;
    const small = 1e-9 * scaleOf(world);
    for (let i = 0; i < model.assets; i += 1) {
      const [into, outOf] = [paid[i] as number, out[i] as number];
      isClose(model.paid[i] as number, into, small, `paid ${i}`);
      isClose(model.out[i] as number, outOf, small, `out ${i}`);
      isClose(model.trade(i), into - (1 - fee) * outOf, small, `trade ${i}`);
      isClose(model.change(i), into - outOf, small, `change ${i}`);
    }
    assert.ok(scaleOf(world) > 1000, 'the market trades');
  }
});

test('an evaluation forgets the one before, and without slopes leaves them alone', () => {
  const { model, eta } = worldOf(3);
  model.evaluate(eta);
  const first = [model.paid, model.out, model.paidSlope, model.outSlope].map((x) => [...x]);
  model.evaluate(new Float64Array(model.assets));
  model.evaluate(eta);
  const second = [model.paid, model.out, model.paidSlope, model.outSlope].map((x) => [...x]);
  assert.deepEqual(second, first);
  model.evaluate(new Float64Array(model.assets), false);
  assert.deepEqual([[...model.paidSlope], [...model.outSlope]], first.slice(2));
  assert.notDeepEqual([...model.paid], first[0]);
});

test('dust that was booked is part of trade and change, each its own', () => {
  const { model, eta } = worldOf(4);
  model.evaluate(eta);
  const [trade, change] = [model.trade(2), model.change(2)];
  model.tradeOffset[2] = 0.25;
  model.changeOffset[2] = -0.5;
  isClose(model.trade(2), trade + 0.25, 1e-6, 'trade');
  isClose(model.change(2), change - 0.5, 1e-6, 'change');
});

/** Central differences of what `read` tells by each deviation. */
function differences(world: World, read: (i: number) => number): number[][] {
  const { model, eta } = world;
  const h = 1e-7;
  return Array.from(eta, (_, j) => {
    const moved = Float64Array.from(eta);
    moved[j] = (eta[j] as number) + h;
    model.evaluate(moved);
    const above = Array.from(eta, (_unused, i) => read(i));
    moved[j] = (eta[j] as number) - h;
    model.evaluate(moved);
    return above.map((top, i) => (top - read(i)) / (2 * h));
  });
}

test('slopes are the derivatives of what is paid and received', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const world = worldOf(seed);
    const { model, eta } = world;
    model.curves.rampWidth = WIDE;
    const paid = differences(world, (i) => model.paid[i] as number);
    const out = differences(world, (i) => model.out[i] as number);
    model.evaluate(eta);
    const small = 1e-5 * scaleOf(world) * (1 / WIDE);
    for (let i = 0; i < model.assets; i += 1) {
      for (let j = 0; j < model.assets; j += 1) {
        const place = i * model.assets + j;
        isClose(model.paidSlope[place] as number, paid[j]?.[i] as number, small, `paid ${i} ${j}`);
        isClose(model.outSlope[place] as number, out[j]?.[i] as number, small, `out ${i} ${j}`);
      }
    }
  }
});

function product(a: ArrayLike<number>, b: ArrayLike<number>, n: number): number[] {
  return Array.from({ length: n * n }, (_, place) => {
    const [i, j] = [Math.floor(place / n), place % n];
    let sum = 0;
    for (let k = 0; k < n; k += 1) sum += (a[i * n + k] as number) * (b[k * n + j] as number);
    return sum;
  });
}

test('the Jacobian of the gradient, times the covariance, is sigma I + C Dv', () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const { problem, model, eta } = worldOf(seed);
    const n = model.assets - 1;
    model.curves.rampWidth = WIDE;
    model.numeraireMultiple = 1 + 0.01 * seed;
    model.evaluate(eta);
    const slopes = new Float64Array(n * n);
    model.tradeSlopes(slopes);
    const keep = 1 - model.feeShare;
    slopes.forEach((slope, place) => {
      const [i, j] = [Math.floor(place / n) + 1, (place % n) + 1];
      const at = i * model.assets + j;
      const own = (model.paidSlope[at] as number) - keep * (model.outSlope[at] as number);
      isClose(slope, own, 0, `Dv ${i} ${j}`);
    });
    const wanted = product(riskOf(problem), slopes, n).map((x, place) => {
      return x + (place % (n + 1) === 0 ? model.numeraireMultiple : 0);
    });
    const jacobian = new Float64Array(n * n).fill(7);
    model.gradientJacobian(jacobian);
    product(riskOf(problem), jacobian, n).forEach((entry, place) => {
      isClose(entry, wanted[place] as number, 1e-9, `C J ${place}`);
    });
    const walled = new Float64Array(n * n).fill(7);
    model.walledJacobian(walled, Float64Array.from(riskOf(problem)));
    walled.forEach((entry, place) => {
      isClose(entry, wanted[place] as number, 1e-12, `walled ${place}`);
    });
  }
});

test('the inverse covariance undoes the covariance', () => {
  const { problem, model } = worldOf(2, 6);
  const wanted = [3, -1, 4, 1, -5];
  const risk = riskOf(problem);
  const d = Float64Array.from(wanted, (_, i) => {
    return wanted.reduce((sum, x, j) => sum + (risk[i * 5 + j] as number) * x, 0);
  });
  model.applyInverseCovariance(d);
  d.forEach((x, i) => {
    isClose(x, wanted[i] as number, 1e-9, `component ${i}`);
  });
});

test('the residual is how far prices are from the quotes, whatever the multiple', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const { problem, model, eta } = worldOf(seed);
    const n = model.assets - 1;
    const sigma = seed % 3 === 0 ? 1 : 1 + 0.001 * seed;
    model.numeraireMultiple = sigma;
    model.evaluate(eta);
    const e = new Float64Array(n);
    const worst = model.residual(eta, e);
    const risk = riskOf(problem);
    const position = exposureOf(problem).map((w, j) => w + model.trade(j));
    const wanted = Array.from(e, (_, i) => {
      let quote = 1;
      for (let j = 0; j < n; j += 1) {
        quote -= (risk[i * n + j] as number) * (position[j + 1] as number);
      }
      return (1 + (eta[i + 1] as number)) * sigma - quote;
    });
    e.forEach((found, i) => {
      isClose(found, wanted[i] as number, 1e-12, `e ${i}`);
    });
    isClose(worst, Math.max(...wanted.map(Math.abs)), 1e-12, 'the largest');
  }
});

test('beyond a wall the quote gives way by the premium, within it by nothing', () => {
  const { model, eta } = worldOf(6);
  model.evaluate(eta);
  const change = model.change(2);
  const without = new Float64Array(3);
  model.residual(eta, without);
  assert.equal(model.isWalled, false);
  // A wall that nobody pays for is none.
  model.wallLow[2] = change + 10;
  assert.equal(model.beyondWall(2), 0);
  model.stiffness[2] = 1e-5;
  assert.equal(model.isWalled, true);
  isClose(model.beyondWall(2), 10, 1e-6, 'ten dollars below the lower wall');
  const e = new Float64Array(3);
  model.residual(eta, e);
  isClose(e[1] as number, (without[1] as number) - 1e-4, 1e-12, 'the price may rise by 1e-4');
  assert.deepEqual([e[0], e[2]], [without[0], without[2]]);
  model.wallLow[2] = change - 1;
  model.wallHigh[2] = change + 1;
  assert.equal(model.beyondWall(2), 0);
  model.wallHigh[2] = change - 20;
  model.wallLow[2] = change - 30;
  isClose(model.beyondWall(2), -20, 1e-6, 'twenty dollars above the upper wall');
  model.residual(eta, e);
  isClose(e[1] as number, (without[1] as number) + 2e-4, 1e-12, 'the price may fall by 2e-4');
});

test('at a stiff wall the residual counts by the depth of the wall', () => {
  const { model, eta } = worldOf(6);
  model.evaluate(eta);
  model.wallLow[2] = model.change(2) + 10;
  model.stiffness[2] = 1;
  // A shallow wall, so that its part is the largest: its depth is 4e-4 dollars, and an inventory
  // that is right to a twentieth of that, 2e-5, counts as the accepted residual 1e-7. Ten dollars
  // count as 1 / 201 of the ten that the stiffness makes of them.
  model.wallDepth[2] = 4e-4;
  const e = new Float64Array(3);
  const worst = model.residual(eta, e);
  assert.ok(Math.abs(e[1] as number) > 9.9);
  isClose(worst, Math.abs(e[1] as number) / 201, 1e-12, 'weighed');
  isClose(2e-5 / 201, 1e-7, 1e-9, 'a twentieth of the depth');
});

/** One order from dollars to a product at the demo mids; no fee. */
function oneOrder(order: Omit<OrderSketch, 'pay'>): World {
  const problem = demoProblem({
    feeE7: 0,
    baskets: [{ symbol: 'PAIR', units: [0n, 10n, 0n, 0n, 0n, 12n] }],
  });
  const table = tableOf([{ pay: 0, ...order }]);
  const model = new MarketModel(problem, PairBooks.of(table, 7), table);
  return { problem, table, model, eta: new Float64Array(6) };
}

test('a basket costs its legs, and the scarcer leg rations it', () => {
  // 10 euros at 1.10 and 12 Australian dollars at 0.75 cost 11 + 9 = 20 dollars; 55 % is euros.
  const { model, eta } = oneOrder({ receive: 6, budget: 2_000_000_000n });
  isClose(model.netRate(0, eta), 0.05, 1e-15, 'units per dollar at mid');
  const { assets, shares } = model.pairLegs(0);
  assert.deepEqual([...assets], [1, 5]);
  assert.deepEqual([...shares], [0.55, 0.45]);
  eta[1] = 0.1;
  eta[5] = -0.1;
  // 11 * 1.1 + 9 * 0.9 = 20.2 dollars.
  isClose(model.netRate(0, eta), 1 / 20.2, 1e-15, 'units per dollar');
  model.receiveFactors[1] = 0.5;
  model.receiveFactors[5] = 0.4;
  model.receiveFactors[2] = 0.1;
  model.payFactors[0] = 0.5;
  model.payFactors[1] = 0.1;
  isClose(model.rationing(0), 0.2, 1e-15, 'half of two fifths');
  model.evaluate(new Float64Array(6));
  isClose(model.paid[0] as number, 400, 1e-9, 'a fifth of two thousand dollars');
  isClose(model.out[1] as number, 220, 1e-9, 'euros');
  isClose(model.out[5] as number, 180, 1e-9, 'Australian dollars');
  isClose(model.pairPaid[0] as number, 400, 1e-9, 'the pair pays');
  isClose(model.pairOut[0] as number, 400, 1e-9, 'the pair receives');
});

test('nothing executes outside the protective band, nor at its edge', () => {
  // The band is 0.5 %: at a euro 0.4 % dearer everything is filled, at 0.6 % nothing.
  const { model, eta } = oneOrder({ receive: 1, budget: 1_000_000n });
  eta[1] = 0.004;
  model.evaluate(eta);
  isClose(model.paid[0] as number, 1, 1e-9, 'inside');
  eta[1] = 0.006;
  model.evaluate(eta);
  assert.equal(model.paid[0], 0);
  // 1 / 0.995 is the edge; a price better by half the ramp, 5e-6, fills half.
  eta[1] = (1 / 0.995) * (1 - 5e-6) - 1;
  model.evaluate(eta);
  isClose(model.paid[0] as number, 0.5, 1e-4, 'half the ramp');
});

test('a market needs a mid and an inventory of every asset', () => {
  const { problem, table } = oneOrder({ receive: 1, budget: 1n });
  const books = PairBooks.of(table, 7);
  const { mids } = problem.oracle;
  const short = { ...problem, oracle: { ...problem.oracle, mids: mids.slice(1) } };
  assert.throws(() => new MarketModel(short, books, table), /oracle/);
  const poor = { ...problem, inventory: problem.inventory.slice(1) };
  assert.throws(() => new MarketModel(poor, books, table), /inventory/);
});
