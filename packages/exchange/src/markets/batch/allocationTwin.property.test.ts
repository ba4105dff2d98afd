// Goal: fills are those of section 7 in markets that no generator of plausible ones makes: orders
// of one unit, limits that hold or fail by one, prices at the ends of their domain.
// Method: random small markets against the rules written out in the reference of clearing, which
// shares no code with the quick allocation, nor with its bigint fallback; every row and every sum.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NaiveBatch, NaiveOrder } from '../../../../../testing/reference/naiveClearing.ts';
import { naiveFills } from '../../../../../testing/reference/naiveClearing.ts';
import { demoProblem, oracleOf, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { at } from '../../failures/invariant.ts';
import { AMOUNT_MAX } from '../../numbers/amount.ts';
import { PRICE_MAX, price } from '../../numbers/price.ts';
import type { AllocationInput } from './allocation.ts';
import { allocate, allocateNaive, poolChange, settle } from './allocation.ts';
import { RATION_SCALE } from './parameters.ts';
import type { BatchFills, BatchSolution } from './solution.ts';
import { unitPrices } from './unitPrices.ts';

const ASSETS = 3;
const PRODUCTS = 4;

const edgePrice = fc.oneof(
  fc.constantFrom(1n, 2n, 10n ** 12n - 1n, 10n ** 12n, PRICE_MAX - 1n, PRICE_MAX),
  fc.bigInt({ min: 10n ** 9n, max: 10n ** 15n }),
);
const dollarPrice = fc.bigInt({ min: 10n ** 12n - 10n ** 8n, max: 10n ** 12n + 10n ** 8n });
const factor = fc.oneof(
  { weight: 3, arbitrary: fc.constant(RATION_SCALE) },
  fc.constantFrom(1n, RATION_SCALE - 1n, RATION_SCALE / 2n),
  fc.bigInt({ min: 1n, max: RATION_SCALE }),
);
const budget = fc.oneof(
  { weight: 3, arbitrary: fc.bigInt({ min: 1n, max: 40n }) },
  fc.bigInt({ min: 1n, max: 10n ** 12n }),
  fc.constantFrom((1n << 52n) - 1n, 1n << 52n, (1n << 53n) + 1n),
);
/** A limit as what another spend of so many units would get, shifted by parts of the ramp. */
const limit = fc.oneof(
  fc.record({ kind: fc.constant('none' as const) }),
  fc.record({
    kind: fc.constant('near' as const),
    spend: fc.bigInt({ min: 1n, max: 60n }),
    more: fc.bigInt({ min: -1n, max: 1n }),
  }),
  fc.record({
    kind: fc.constant('ramp' as const),
    steps: fc.bigInt({ min: -3n, max: 25n }),
  }),
);
const sketch = fc.record({
  pay: fc.nat(ASSETS - 1),
  receive: fc.nat(PRODUCTS - 1),
  budget,
  limit,
  minFillPpm: fc.constantFrom(0, 0, 1, 333_333, 500_000, 999_999, 1_000_000),
  canceled: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  blocked: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
type Sketch = typeof sketch extends fc.Arbitrary<infer T> ? T : never;

const market = fc.record({
  mids: fc.oneof(
    fc.tuple(edgePrice, edgePrice, edgePrice),
    fc.tuple(dollarPrice, dollarPrice, dollarPrice),
  ),
  moved: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -11_000, max: 11_000 }))),
  decimals: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)),
  units: fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 50 })),
  bands: fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(1, 5, 10, 15, 5000, 500_000))),
  feeE7: fc.constantFrom(0, 3000, 9_999_999),
  payFactors: fc.tuple(factor, factor, factor),
  receiveFactors: fc.tuple(factor, factor, factor),
  orders: fc.array(sketch, { minLength: 1, maxLength: 30 }),
});
type Market = typeof market extends fc.Arbitrary<infer T> ? T : never;

function inputOf(drawn: Market): { readonly input: AllocationInput; readonly batch: NaiveBatch } {
  const base = demoProblem({ feeE7: drawn.feeE7 }).parameters;
  const parameters = {
    ...base,
    assets: base.assets.slice(0, ASSETS).map((asset, i) => ({
      ...asset,
      decimals: at(drawn.decimals, i),
      bandPpm: at(drawn.bands, i),
    })),
    baskets: [{ symbol: 'ALL', units: drawn.units.map(BigInt) }],
  };
  const oracle = oracleOf(drawn.mids);
  // Moves are in billionths: ten thousand of them are the width of the ramp.
  const prices = drawn.mids.map((mid, i) => {
    const shifted = mid + (mid * BigInt(at(drawn.moved, i))) / 1_000_000_000n;
    return price(shifted > PRICE_MAX ? PRICE_MAX : shifted < 1n ? 1n : shifted);
  });
  const worth = unitPrices(parameters, prices);
  const orders = drawn.orders
    .filter(({ pay, receive }) => pay !== receive)
    .map((one): NaiveOrder => {
      const [limitNumerator, limitDenominator] = limitOf(one, worth, BigInt(drawn.feeE7));
      const { pay, receive, minFillPpm } = one;
      const active = !one.canceled;
      return {
        active,
        pay,
        receive,
        budget: one.budget,
        limitNumerator,
        limitDenominator,
        minFillPpm,
      };
    });
  const table = tableOf(orders.map(({ active: _, ...order }) => order));
  orders.forEach(({ active }, row) => {
    if (!active) table.cancel(row);
  });
  const kept = drawn.orders.filter(({ pay, receive }) => pay !== receive);
  const solution: BatchSolution = {
    prices,
    payFactors: drawn.payFactors,
    receiveFactors: drawn.receiveFactors,
    blocked: kept.flatMap(({ blocked }, row) => (blocked ? [row] : [])),
    iterations: 0,
    stepNormE12: 0n,
  };
  const inventory = parameters.assets.map(() => 0n);
  return {
    input: { parameters, oracle, table, solution },
    batch: { parameters, oracle, inventory, orders },
  };
}

/** A limit that fits its field, or none. */
function limitOf(one: Sketch, worth: readonly bigint[], fee: bigint): readonly [bigint, bigint] {
  const above = at(worth, one.pay) * (10n ** 7n - fee);
  const below = at(worth, one.receive) * 10n ** 7n;
  if (one.limit.kind === 'none') return [0n, 1n];
  if (one.limit.kind === 'near') {
    const { spend, more } = one.limit;
    const got = (spend * above) / below + more;
    return got < 0n || got >= 1n << 63n ? [0n, 1n] : [got, spend];
  }
  // Rates in parts of a million of the price, half a tenth of the ramp apart.
  let [numerator, denominator] = [above * (2_000_000n - one.limit.steps), below * 2_000_000n];
  while (numerator >= 1n << 63n || denominator >= 1n << 63n) {
    [numerator, denominator] = [numerator >> 1n, denominator >> 1n];
  }
  return denominator === 0n ? [0n, 1n] : [numerator, denominator];
}

function twinOf({ input, batch }: ReturnType<typeof inputOf>): ReturnType<typeof naiveFills> {
  const { prices, payFactors, receiveFactors, blocked } = input.solution;
  const point = {
    prices: [...prices],
    payFactors: [...payFactors],
    receiveFactors: [...receiveFactors],
    blocked: new Set(blocked),
  };
  return naiveFills(batch, point, { minimums: true });
}

function rowsOf(fills: BatchFills): readonly (readonly [bigint, bigint])[] {
  return [...fills.paid].map((paid, row) => [paid, fills.received[row] as bigint]);
}

test('every row and every sum is the reference’s, or more than an amount can count', () => {
  fc.assert(
    fc.property(market, (drawn) => {
      const world = inputOf(drawn);
      const { input } = world;
      const twin = twinOf(world);
      const settled = settle(input);
      if (twin.received.some((units) => units > AMOUNT_MAX)) {
        assert.equal(settled, undefined);
        assert.throws(() => allocate(input), /receipts fit/);
        assert.throws(() => allocateNaive(input), /receipts fit/);
        return;
      }
      const wanted = twin.paid.map((paid, row) => [paid, twin.received[row] as bigint]);
      const fills = allocate(input);
      assert.deepEqual(rowsOf(fills), wanted);
      assert.deepEqual(rowsOf(allocateNaive(input)), wanted);
      const change = poolChange(input, fills);
      assert.deepEqual([change.trade, change.fees], [twin.trade, twin.fees]);
      if (settled !== undefined) {
        assert.deepEqual(rowsOf(settled.fills), wanted);
        assert.deepEqual(settled.change, change);
      } else {
        const sums = [...change.paid, ...change.received, ...change.fees];
        assert.ok(sums.some((units) => units > AMOUNT_MAX));
      }
    }),
    { numRuns: 1000 },
  );
});

test('the markets drawn trade, and the receipts of some are beyond counting', () => {
  const drawn = fc.sample(market, { numRuns: 300, seed: 1 });
  const twins = drawn.map((one) => twinOf(inputOf(one)));
  const trading = twins.filter(({ paid }) => paid.some((units) => units > 0n));
  const beyond = twins.filter(({ received }) => received.some((units) => units > AMOUNT_MAX));
  assert.ok(trading.length > 60 && beyond.length > 3, `${trading.length} and ${beyond.length}`);
});

test('blocked rows are listed ascending and exist, or the allocation refuses them', () => {
  const { input } = inputOf({
    ...(fc.sample(market, 1)[0] as Market),
    mids: [10n ** 12n, 10n ** 12n, 10n ** 12n],
    orders: [1n, 2n, 3n].map((units) => ({
      pay: 0,
      receive: 1,
      budget: units,
      limit: { kind: 'none' as const },
      minFillPpm: 0,
      canceled: false,
      blocked: false,
    })),
  });
  const blocking = (...blocked: number[]): AllocationInput => {
    return { ...input, solution: { ...input.solution, blocked } };
  };
  assert.throws(() => allocate(blocking(2, 1)), /blocked rows/);
  assert.throws(() => allocate(blocking(3)), /blocked rows/);
  assert.throws(() => allocateNaive(blocking(3)), /blocked row/);
  assert.deepEqual(allocate(blocking(0, 1, 2)), allocateNaive(blocking(0, 1, 2)));
});
