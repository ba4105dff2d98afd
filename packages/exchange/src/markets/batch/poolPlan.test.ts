// Goal: a plan of the pool means the prices, factors and gaps that its page says, and the Jacobian
// that steps are made with is the derivative of those gaps.
// Method: generated markets with narrow bounds; formulas written out again over flows that were
// added up order by order; central differences under a wide ramp.
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
  withBasketBuyers,
} from '../../../../../testing/world/batchMarkets.ts';
import type { SearchedMarket } from '../../../../../testing/world/searchedMarkets.ts';
import { searchedMarket, withRoom } from '../../../../../testing/world/searchedMarkets.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { at } from '../../failures/invariant.ts';
import { RationedPool } from './poolPlan.ts';
import { FACTOR_MIN } from './rationFactors.ts';
import type { BatchProblem } from './solver.ts';

const WIDE = 0.02;

interface World extends SearchedMarket {
  readonly pool: RationedPool;
}

function worldOf(problem: BatchProblem, orders: readonly OrderSketch[]): World {
  const market = searchedMarket(problem, orders);
  return { ...market, pool: new RationedPool(market.search) };
}

/** A market whose bounds lie so many USD around a random share of what its orders want. */
function narrowWorld(seed: number, feeE7 = 3000): World {
  const { problem, orders } = generateMarket({ shape: 'baskets', assets: 4, orders: 50, seed });
  const narrow = withRoom(problem, (i) => {
    const room = (at(problem.inventory, i) * BigInt(1 + ((seed + i) % 4))) / 1000n;
    return { below: room, above: room };
  });
  const charged = { ...narrow, parameters: { ...narrow.parameters, feeE7 } };
  return worldOf(charged, withBasketBuyers(problem, orders));
}

function isClose(found: number, wanted: number, size: number, what: string): void {
  assert.ok(Math.abs(found - wanted) <= size, `${what}: ${found} is not ${wanted}`);
}

/** A plan inside its bounds, below or above them by up to half the flow, asset by asset. */
function randomPlan({ search, model, pool }: World, seed: number): Float64Array {
  const random = new SeededRandom(seed + 5);
  model.evaluate(search.eta);
  pool.planFromTrade();
  const flows = pool.flows();
  return Float64Array.from(search.bounds, ({ low, high }, i) => {
    const beyond = (flows[i] as number) * random.between(0.05, 0.5);
    const side = random.integer(0, 2);
    if (side === 0) return low - beyond;
    return side === 1 ? high + beyond : low + (high - low) * random.between(0.1, 0.9);
  });
}

/** Measures until the fees by which bounds are shifted stand still. */
function settledMeasure(pool: RationedPool, plan: Float64Array): number {
  let measure = 0;
  for (let round = 0; round < 12; round += 1) measure = pool.measure(plan);
  return measure;
}

test('a plan beyond a bound is a factor, and inside its bounds it is the trade', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const world = narrowWorld(seed);
    const { model, pool, search, problem } = world;
    const plan = randomPlan(world, seed);
    const flows = pool.flows();
    const measure = settledMeasure(pool, plan);
    const trade = Array.from(plan, (planned, i) => {
      const { lowTarget, highTarget } = at(search.bounds, i);
      const fee = model.feeShare * (model.out[i] as number);
      const [low, high] = [lowTarget + fee, highTarget + fee];
      const flow = flows[i] as number;
      const receive = planned < low ? 1 - (low - planned) / flow : 1;
      const pay = planned > high ? 1 - (planned - high) / flow : 1;
      isClose(model.receiveFactors[i] as number, receive, 1e-12, `receive ${i}`);
      isClose(model.payFactors[i] as number, pay, 1e-12, `pay ${i}`);
      return Math.min(Math.max(planned, low), high);
    });
    const risk = riskOf(problem);
    const position = exposureOf(problem).map((w, i) => w + (trade[i] as number));
    const n = plan.length - 1;
    for (let i = 0; i < n; i += 1) {
      let eta = 0;
      for (let j = 0; j < n; j += 1) eta -= (risk[i * n + j] as number) * at(position, j + 1);
      isClose(search.eta[i + 1] as number, eta, 1e-12, `eta ${i + 1}`);
    }
    assert.equal(search.eta[0], 0);
    const { eta } = search;
    const { payFactors, receiveFactors } = model;
    const { paid, out } = naiveFlows(problem, world.table, { eta, payFactors, receiveFactors });
    let sum = 0;
    pool.gap().forEach((gap, i) => {
      const wanted = at(paid, i) - (1 - model.feeShare) * at(out, i) - at(trade, i);
      isClose(gap, wanted, 1e-9 * (flows[i] as number), `gap ${i}`);
      sum += (wanted / (flows[i] as number)) ** 2;
    });
    isClose(measure, sum, 1e-9 * sum, 'the size of the gap');
  }
});

test('the scale of factors is the flow of an asset at the trade it starts from', () => {
  const world = narrowWorld(2);
  const { model, pool, search, table, problem } = world;
  search.eta[1] = 0.001;
  model.evaluate(search.eta);
  const plan = pool.planFromTrade();
  const { paid, out } = naiveFlows(problem, table, { eta: search.eta });
  pool.flows().forEach((flow, i) => {
    isClose(flow, at(paid, i) + at(out, i) + at(search.bounds, i).unit, 1e-6, `flow ${i}`);
    isClose(plan[i] as number, model.trade(i), 0, `plan ${i}`);
  });
  const start = [...plan];
  plan.fill(0);
  search.eta[1] = 0;
  model.evaluate(search.eta);
  assert.deepEqual([...pool.planFromStart()], start, 'kept, whatever became of the plan');
  const other = new RationedPool(search);
  other.adoptFlows(pool.flows());
  assert.deepEqual([...other.flows()], [...pool.flows()]);
});

test('the Jacobian is the derivative of the gaps by the plan', () => {
  for (let seed = 1; seed <= 16; seed += 1) {
    const world = narrowWorld(seed, seed % 2 === 0 ? 0 : 5000);
    const { model, pool } = world;
    model.curves.rampWidth = WIDE;
    const plan = randomPlan(world, seed);
    const n = plan.length;
    const flows = pool.flows();
    const h = 1e-7 * Math.min(...flows);
    const jacobian = new Float64Array(n * n).fill(3);
    settledMeasure(pool, plan);
    pool.jacobian(plan, jacobian);
    for (let j = 0; j < n; j += 1) {
      const gapAt = (shift: number): Float64Array => {
        settledMeasure(pool, plan);
        const moved = Float64Array.from(plan);
        moved[j] = (plan[j] as number) + shift;
        pool.measure(moved);
        return pool.gap();
      };
      const [above, below] = [gapAt(h), gapAt(-h)];
      for (let i = 0; i < n; i += 1) {
        const slope = ((above[i] as number) - (below[i] as number)) / (2 * h);
        const { low, high } = at(world.search.bounds, j);
        const isRationed = (plan[j] as number) < low || (plan[j] as number) > high;
        // The diagonal of a rationed asset is 1e-4 less, which keeps the system regular.
        const found = (jacobian[i * n + j] as number) + (isRationed && i === j ? 1e-4 : 0);
        isClose(found, slope, 1e-5 * Math.max(1, Math.abs(slope)), `seed ${seed}: ${i} ${j}`);
      }
    }
  }
});

/** Euros between bounds so many units below and above the inventory. */
function euroRoom(below: bigint, above: bigint, orders: readonly OrderSketch[]): World {
  const problem = demoProblem({ feeE7: 0 });
  return worldOf(
    withRoom(problem, (i) => (i === 1 ? { below, above } : undefined)),
    orders,
  );
}

const MILLION = 1_000_000_000_000n;
const BUYER: OrderSketch = { pay: 0, receive: 1, budget: 11n * MILLION };
const SELLER: OrderSketch = { pay: 1, receive: 0, budget: 10n * MILLION };

test('an asset with room for four units stays closed, and with five it trades', () => {
  for (const [below, above, open] of [
    [2n, 2n, false],
    [2n, 3n, true],
  ] as const) {
    const { pool, model } = euroRoom(below, above, [BUYER]);
    model.payFactors.fill(0.5);
    model.receiveFactors.fill(0.5);
    pool.release();
    const factor = open ? 1 : FACTOR_MIN;
    assert.deepEqual([...model.payFactors], [1, factor, 1, 1, 1, 1]);
    assert.deepEqual([...model.receiveFactors], [1, factor, 1, 1, 1, 1]);
  }
});

test('a closed asset is planned to trade nothing, and its equation is left out', () => {
  const { pool, model, search } = euroRoom(0n, 0n, [BUYER, SELLER]);
  pool.release();
  model.evaluate(search.eta);
  assert.equal(pool.isWithinBounds(), true);
  const plan = pool.planFromTrade();
  plan[1] = 5e6;
  pool.measure(plan);
  assert.equal(pool.gap()[1], 0);
  assert.equal(Math.abs(search.eta[1] as number), 0, 'the plan moves no quote');
  assert.deepEqual([model.payFactors[1], model.receiveFactors[1]], [FACTOR_MIN, FACTOR_MIN]);
  const jacobian = new Float64Array(36);
  pool.jacobian(plan, jacobian);
  assert.deepEqual([...jacobian.slice(6, 12)], [0, -1, 0, 0, 0, 0]);
  assert.equal(pool.finish(), true);
});

test('bounds are kept with an eighth of the tight band to spare, where there is flow', () => {
  // Eleven million dollars buy ten million euros less a little; the tight band is a millionth of
  // the room, here 20 euros and a unit.
  const within = (below: bigint, orders: readonly OrderSketch[]): boolean => {
    const { pool, model, search } = euroRoom(below, 20n * MILLION - below, orders);
    model.evaluate(search.eta);
    return pool.isWithinBounds();
  };
  const euros = 1_000_000n;
  assert.equal(within(10n * MILLION + 3n * euros, [BUYER]), true);
  assert.equal(within(10n * MILLION + 2n * euros, [BUYER]), false);
  assert.equal(within(10n * MILLION - 2n * euros, [BUYER]), false);
  assert.equal(within(10n * MILLION - 3n * euros, [SELLER]), true);
  assert.equal(within(10n * MILLION - 2n * euros, [SELLER]), false);
  assert.equal(within(10n * MILLION + 2n * euros, [SELLER]), false);
  // At its bound, with nobody who would pass it.
  assert.equal(within(0n, [SELLER]), true);
  assert.equal(within(20n * MILLION, [BUYER]), true);
  assert.equal(within(0n, []), true);
});

test('a finished plan keeps a thirty-second of the tight band, and rationing stands in it', () => {
  // The tight band is 20 euros and a unit; a sixteenth of it is 1.25 euros.
  const cents = 10_000n;
  const finish = (below: bigint, order: OrderSketch, factor = 1): boolean => {
    const { pool, model } = euroRoom(below, 20n * MILLION - below, [order]);
    model.receiveFactors[1] = order === BUYER ? factor : 1;
    model.payFactors[1] = order === SELLER ? factor : 1;
    return pool.finish();
  };
  // Buyers take ten million euros less the 181 by which they move their own price, sellers bring
  // ten million. Room that is left after that, in cents:
  const { pool, model, search } = euroRoom(10n * MILLION, 10n * MILLION, [BUYER]);
  assert.equal(pool.finish(), true);
  const taken = -BigInt(Math.round(model.change(1) / at(search.bounds, 1).unit));
  assert.equal(finish(taken + 64n * cents, BUYER), true);
  assert.equal(finish(taken + 61n * cents, BUYER), false);
  const top = 10n * MILLION;
  assert.equal(finish(top - 64n * cents, SELLER), true);
  assert.equal(finish(top - 61n * cents, SELLER), false);
  // Half rationed, and then within 20 - 1.25 euros of the bound or not.
  const half = euroRoom(10n * MILLION, 10n * MILLION, [BUYER]);
  half.model.receiveFactors[1] = 0.5;
  half.pool.finish();
  const part = -BigInt(Math.round(half.model.change(1) / at(half.search.bounds, 1).unit));
  assert.equal(finish(part + 1870n * cents, BUYER, 0.5), true);
  assert.equal(finish(part + 1880n * cents, BUYER, 0.5), false);
  assert.equal(finish(top + 5n * MILLION - 1870n * cents, SELLER, 0.5), true);
  assert.equal(finish(top + 5n * MILLION - 1880n * cents, SELLER, 0.5), false);
});

test('one gap of a ten-millionth in one quote is a plan that is not met', () => {
  const { pool, model, search } = euroRoom(20n * MILLION, 20n * MILLION, [BUYER]);
  model.evaluate(search.eta);
  const plan = pool.planFromTrade();
  for (let round = 0; round < 20; round += 1) {
    pool.measure(plan);
    plan.set(Float64Array.from(plan, (_, i) => model.trade(i)));
  }
  pool.measure(plan);
  assert.equal(pool.isMet(plan), true);
  // A dollar of the asset moves its own quote by 5e-7 sigma^2: the gap of a plan in the first and
  // in the last asset that stays 2e-8, twice what is allowed, and half of it.
  for (const [asset, volatility] of [
    [1, 0.006],
    [5, 0.0075],
  ] as const) {
    const dollars = 1e-8 / (5e-7 * volatility ** 2);
    for (const [times, met] of [
      [2, false],
      [0.5, true],
    ] as const) {
      const moved = Float64Array.from(plan);
      moved[asset] = (plan[asset] as number) + times * dollars;
      pool.measure(moved);
      assert.equal(pool.isMet(moved), met, `${times} in ${asset}`);
    }
  }
});

test('one step leaves a factor a fifth of itself, and a shorter step is left alone', () => {
  const { pool, model, search } = euroRoom(2n * MILLION, 2n * MILLION, [BUYER, SELLER]);
  model.evaluate(search.eta);
  pool.planFromTrade();
  const { unit, lowTarget, highTarget } = at(search.bounds, 1);
  const flow = pool.flows()[1] as number;
  isClose(flow, 22e6 + unit, 1, 'eleven million dollars each way');
  const plan = new Float64Array(6);
  // Half of the flow beyond the lower bound: the factor is a half, and may fall to a tenth.
  plan[1] = lowTarget - flow / 2;
  pool.measure(plan);
  isClose(model.receiveFactors[1] as number, 0.5, 1e-9, 'half');
  const move = new Float64Array([0, -flow, 0, 0, 0, 0]);
  pool.limitStep(plan, move);
  isClose(move[1] as number, -0.4 * flow, 1e-3, 'down to a tenth');
  // The pay factor is one and may fall to a fifth.
  move[1] = 3 * flow;
  pool.limitStep(plan, move);
  isClose((plan[1] as number) + (move[1] as number), highTarget + 0.8 * flow, 1e-3, 'up');
  move[1] = 0.1 * flow;
  pool.limitStep(plan, move);
  isClose(move[1] as number, 0.1 * flow, 1e-3, 'a short step');
  plan[1] = highTarget + flow / 2;
  pool.measure(plan);
  isClose(model.payFactors[1] as number, 0.5, 1e-9, 'half of the payers');
  move[1] = flow;
  pool.limitStep(plan, move);
  isClose(move[1] as number, 0.4 * flow, 1e-3, 'up to a tenth');
});

test('no plan asks for a factor of nothing', () => {
  const { pool, model, search } = euroRoom(MILLION, MILLION, [BUYER, SELLER]);
  model.evaluate(search.eta);
  pool.planFromTrade();
  const flow = pool.flows()[1] as number;
  const plan = new Float64Array(6);
  plan[1] = -2 * flow;
  pool.measure(plan);
  assert.equal(model.receiveFactors[1], FACTOR_MIN);
  assert.equal(model.payFactors[1], 1);
  plan[1] = 2 * flow;
  pool.measure(plan);
  assert.equal(model.payFactors[1], FACTOR_MIN);
  assert.equal(model.receiveFactors[1], 1);
});

test('a factor at its least whose bound asks for less is out of the equations', () => {
  // Nobody sells euros, and the pool has none to give: the buyers' factor cannot be small enough.
  const { pool, model, search } = euroRoom(-10n, 20n * MILLION, [BUYER]);
  model.evaluate(search.eta);
  pool.planFromTrade();
  const plan = new Float64Array(6);
  plan[1] = -2 * (pool.flows()[1] as number);
  pool.measure(plan);
  assert.equal(model.receiveFactors[1], FACTOR_MIN);
  assert.equal(pool.gap()[1], 0);
  const jacobian = new Float64Array(36);
  pool.jacobian(plan, jacobian);
  assert.deepEqual([...jacobian.slice(6, 12)], [0, -1, 0, 0, 0, 0]);
});

test('a plan is met where its trades and the quotes that follow from them are', () => {
  const { pool, model, search } = euroRoom(5n * MILLION, 15n * MILLION, [BUYER]);
  model.evaluate(search.eta);
  const plan = pool.planFromTrade();
  const flow = pool.flows()[1] as number;
  const { lowTarget, zone } = at(search.bounds, 1);
  // Buyers want ten million euros, five are there: a factor of a half, met by its own trade.
  const settle = (euros: number): boolean => {
    plan[1] = lowTarget - flow * (1 - 0.5 * (1 + euros));
    pool.measure(plan);
    const gap = pool.gap()[1] as number;
    plan[0] = model.trade(0);
    pool.measure(plan);
    assert.ok(Number.isFinite(gap));
    return pool.isMet(plan);
  };
  assert.equal(settle(0.3), false, 'far from the bound');
  // Newton on the one factor by hand: the trade is proportional to it.
  const wanted = lowTarget;
  const trade = model.trade(1);
  const factor = (model.receiveFactors[1] as number) * (wanted / trade);
  plan[1] = lowTarget - flow * (1 - factor);
  pool.measure(plan);
  plan[0] = model.trade(0);
  pool.measure(plan);
  isClose(model.trade(1), wanted, 0.2 * zone, 'at the target');
  assert.equal(pool.isMet(plan), true);
  assert.equal(pool.finish(), true);
  assert.equal(pool.isWithinBounds(), true);
  // A hundredth of a per cent more of the flow, and the bound is missed again.
  plan[1] = (plan[1] as number) + 1e-4 * flow;
  pool.measure(plan);
  assert.equal(pool.isMet(plan), false);
  assert.equal(pool.finish(), false);
});

test('a rationed asset that does not stand at its bound is not finished', () => {
  const { pool, model, search } = euroRoom(20n * MILLION, 20n * MILLION, [BUYER, SELLER]);
  model.evaluate(search.eta);
  assert.equal(pool.finish(), true);
  model.receiveFactors[1] = 0.9;
  assert.equal(pool.finish(), false, 'receivers wait for nothing');
  model.receiveFactors[1] = 1;
  model.payFactors[1] = 0.9;
  assert.equal(pool.finish(), false, 'payers wait for nothing');
});
