// Goal: the effect of a factor is what the orders it scales trade, and factors are moved at fixed
// prices until inventories stand at their bounds, or that is said to be impossible.
// Method: differences by each factor against the sums of the model; narrow markets of one and of
// several rationed assets, with the answer worked out where it can be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
import { alignFactors, FACTOR_MIN, factorEffect, sideFactors } from './rationFactors.ts';

const MILLION = 1_000_000_000_000n;
const EURO = 1;

function isClose(found: number, wanted: number, size: number, what: string): void {
  assert.ok(Math.abs(found - wanted) <= size, `${what}: ${found} is not ${wanted}`);
}

function randomFactors(seed: number): SearchedMarket {
  const random = new SeededRandom(seed);
  const { problem, orders } = generateMarket({ shape: 'baskets', assets: 4, orders: 60, seed });
  const market = searchedMarket(problem, withBasketBuyers(problem, orders));
  for (let i = 0; i < 4; i += 1) {
    if (i > 0) market.search.eta[i] = random.between(-0.003, 0.003);
    market.model.payFactors[i] = random.between(0.2, 1);
    market.model.receiveFactors[i] = random.between(0.2, 1);
  }
  return market;
}

test('the effect of a factor is the derivative of flows by it', () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const { model, search } = randomFactors(seed);
    for (const side of ['pay', 'receive'] as const) {
      for (let asset = 0; asset < model.assets; asset += 1) {
        model.evaluate(search.eta);
        const effect = factorEffect(model, { asset, side });
        const before = { paid: [...model.paid], out: [...model.out] };
        const factors = sideFactors(model, side);
        const share = factors[asset] as number;
        factors[asset] = share * (1 - 1e-6);
        model.evaluate(search.eta);
        factors[asset] = share;
        for (let i = 0; i < model.assets; i += 1) {
          const paid = (at(before.paid, i) - (model.paid[i] as number)) / (share * 1e-6);
          const out = (at(before.out, i) - (model.out[i] as number)) / (share * 1e-6);
          const small = 1e-3 + 1e-7 * (Math.abs(paid) + Math.abs(out));
          isClose(effect.paid[i] as number, paid, small, `seed ${seed} ${side} ${asset} paid ${i}`);
          isClose(effect.out[i] as number, out, small, `seed ${seed} ${side} ${asset} out ${i}`);
        }
      }
    }
  }
});

test('every order is governed by one receive factor, legs of equal factors included', () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const { model, search } = randomFactors(seed);
    if (seed % 2 === 0) model.receiveFactors.fill(0.5);
    model.evaluate(search.eta);
    for (const side of ['pay', 'receive'] as const) {
      const sum = new Float64Array(model.assets);
      sideFactors(model, side).forEach((share, asset) => {
        factorEffect(model, { asset, side }).out.forEach((effect, i) => {
          sum[i] = (sum[i] as number) + share * effect;
        });
      });
      sum.forEach((out, i) => {
        isClose(out, model.out[i] as number, 1e-9 * (1 + out), `${side} ${i}`);
      });
    }
  }
});

const buyer = (millions: bigint): OrderSketch => {
  return { pay: 0, receive: EURO, budget: millions * MILLION };
};

/** Euros between bounds, at a quote that hardly moves and without a fee. */
function euroMarket(below: bigint, above: bigint, orders: readonly OrderSketch[]): SearchedMarket {
  const problem = demoProblem({ feeE7: 0 }, 1e-12);
  const narrow = withRoom(problem, (i) => (i === EURO ? { below, above } : undefined));
  return searchedMarket(narrow, orders);
}

test('buyers of ten million euros are left the five there are', () => {
  const { model, search } = euroMarket(5n * MILLION, 15n * MILLION, [buyer(11n)]);
  // Not touched before its bound is passed: a factor of one that is passed joins.
  assert.equal(alignFactors(model, search.bounds, search.eta), true);
  isClose(model.receiveFactors[EURO] as number, 0.5, 2e-6, 'half');
  const { lowTarget, zone } = at(search.bounds, EURO);
  isClose(model.change(EURO), lowTarget, zone / 8, 'in the middle of the tight band');
  assert.deepEqual([...model.payFactors], [1, 1, 1, 1, 1, 1]);
});

test('sellers are left the room there is', () => {
  const seller = { pay: EURO, receive: 0, budget: 10n * MILLION };
  const { model, search } = euroMarket(15n * MILLION, 4n * MILLION, [seller]);
  assert.equal(alignFactors(model, search.bounds, search.eta), true);
  isClose(model.payFactors[EURO] as number, 0.4, 2e-6, 'two fifths');
  const { highTarget, zone } = at(search.bounds, EURO);
  isClose(model.change(EURO), highTarget, zone / 8, 'in the middle of the tight band');
});

test('a factor rises again where there is room, and never above one', () => {
  for (const [below, wanted] of [
    [5n * MILLION, 0.5],
    [12n * MILLION, 1],
  ] as const) {
    const { model, search } = euroMarket(below, 15n * MILLION, [buyer(11n)]);
    model.receiveFactors[EURO] = 0.3;
    assert.equal(alignFactors(model, search.bounds, search.eta), true);
    isClose(model.receiveFactors[EURO] as number, wanted, 2e-6, 'the factor');
  }
});

test('inventories inside their bounds leave factors alone', () => {
  const { model, search } = euroMarket(12n * MILLION, 15n * MILLION, [buyer(11n)]);
  assert.equal(alignFactors(model, search.bounds, search.eta), true);
  assert.ok([...model.receiveFactors, ...model.payFactors].every((share) => share === 1));
});

test('a bound that no order can mend is told', () => {
  // A million euros are missing and nobody trades any.
  const { model, search } = euroMarket(-MILLION, 15n * MILLION, []);
  assert.equal(alignFactors(model, search.bounds, search.eta), false);
  // Sellers bring less than is missing, and buyers cannot be kept out further than entirely.
  const few = { pay: EURO, receive: 0, budget: MILLION / 2n };
  const crowded = euroMarket(-MILLION, 15n * MILLION, [few, buyer(11n)]);
  assert.equal(alignFactors(crowded.model, crowded.search.bounds, crowded.search.eta), true);
  assert.equal(crowded.model.receiveFactors[EURO], FACTOR_MIN, 'nothing is left to do');
});

test('an asset without room is left as it is', () => {
  const { model, search } = euroMarket(2n, 2n, [buyer(11n)]);
  assert.equal(alignFactors(model, search.bounds, search.eta), true);
  assert.equal(model.receiveFactors[EURO], 1);
});

test('several rationed assets are aligned at once, orders from one to the other included', () => {
  let count = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const { problem, orders } = generateMarket({ shape: 'uniform', assets: 5, orders: 80, seed });
    const open = searchedMarket(problem, orders);
    open.model.evaluate(open.search.eta);
    // Two thirds of what the orders would move, where they move anything to speak of.
    const narrow = withRoom(problem, (i) => {
      if (i === 0 || i === 3) return undefined;
      const moved = BigInt(Math.round((open.model.change(i) * 2) / 3 / open.model.usd(i)));
      const wide = at(problem.inventory, i) / 2n;
      return moved > 0n ? { below: wide, above: moved } : { below: -moved, above: wide };
    });
    const { model, search } = searchedMarket(narrow, orders);
    assert.equal(alignFactors(model, search.bounds, search.eta), true, `seed ${seed}`);
    for (const i of [1, 2, 4]) {
      const { low, high, zone, unit } = at(search.bounds, i);
      const change = model.change(i);
      assert.ok(change >= low && change <= high, `seed ${seed}: inside ${i}`);
      const slack = Math.max(zone, unit);
      if ((model.receiveFactors[i] as number) < 1) assert.ok(change <= low + slack);
      if ((model.payFactors[i] as number) < 1) assert.ok(change >= high - slack);
    }
    const rationed = [...model.receiveFactors, ...model.payFactors].filter((share) => share < 1);
    count += rationed.length;
  }
  assert.ok(count > 24, `${count} factors below one in twelve markets`);
});
