// Goal: the integer tests that clearing asks of its own outcome are those that the laws ask of it:
// the quote test, tight bounds, certificates of blocked orders, and the measures of the report.
// Method: random positions of a pool, most of them unlawful, with prices, bounds and minimums at
// and one unit beside their limits; both sides are asked, and they share no code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { restateMeasures } from '../../packages/exchange/src/laws/batchMeasures.ts';
import { isCertified } from '../../packages/exchange/src/laws/blockCertificate.ts';
import type { FillTotals } from '../../packages/exchange/src/laws/fillTotals.ts';
import { poolQuoteIsOptimal } from '../../packages/exchange/src/laws/poolQuoteIsOptimal.ts';
import { exposures, quoteScale, scaledQuotes } from '../../packages/exchange/src/laws/quotes.ts';
import { RuleTable } from '../../packages/exchange/src/laws/ruleTable.ts';
import { tightBounds } from '../../packages/exchange/src/laws/tightBounds.ts';
import type { PoolChange } from '../../packages/exchange/src/markets/batch/allocation.ts';
import { FillRules } from '../../packages/exchange/src/markets/batch/fillRules.ts';
import { measureBatch } from '../../packages/exchange/src/markets/batch/measures.ts';
import { blockIsCertified } from '../../packages/exchange/src/markets/batch/minimumFill.ts';
import type { BatchParameters } from '../../packages/exchange/src/markets/batch/parameters.ts';
import { RATION_SCALE } from '../../packages/exchange/src/markets/batch/parameters.ts';
import type { PoolPosition } from '../../packages/exchange/src/markets/batch/quoteTest.ts';
import {
  boundsHold,
  quoteTestHolds,
  tightDistance,
  tightness,
} from '../../packages/exchange/src/markets/batch/quoteTest.ts';
import type {
  BatchFills,
  BatchSolution,
} from '../../packages/exchange/src/markets/batch/solution.ts';
import { unitPrices } from '../../packages/exchange/src/markets/batch/unitPrices.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import { divFloor } from '../../packages/exchange/src/numbers/mulDiv.ts';
import { price } from '../../packages/exchange/src/numbers/price.ts';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';
import type { OrderSketch } from '../world/batchMarkets.ts';
import { generateMarket, oracleOf, tableOf } from '../world/batchMarkets.ts';
import { SeededRandom } from '../world/seededRandom.ts';

/** One batch as both sides see it. */
interface Drawn {
  readonly position: PoolPosition;
  readonly transition: BatchTransition;
  readonly rules: RuleTable;
  readonly totals: FillTotals;
  readonly change: PoolChange;
}

const RUNS = 400;

/** One of a list, drawn. */
function oneOf<T>(random: SeededRandom, list: readonly T[]): T {
  return at(list, random.integer(0, list.length - 1));
}

/** Inventories after the batch at, beside and far from the bounds of an asset. */
function inventoryOf(random: SeededRandom, asset: BatchParameters['assets'][number]): bigint {
  const { inventoryMin: least, inventoryMax: most } = asset;
  const edge = tightDistance(asset);
  const inside = least + (most - least) / 3n;
  if (random.next() < 0.4) return inside;
  return oneOf(random, [
    least - 1n,
    least,
    least + edge,
    least + edge + 1n,
    most - edge - 1n,
    most - edge,
    most,
    most + 1n,
  ]);
}

function drawn(seed: number): Drawn {
  const random = new SeededRandom(seed);
  const count = random.integer(2, 4);
  const market = generateMarket({ shape: 'baskets', assets: count, orders: 25, seed });
  const scarcity = random.next() < 0.6 ? 'scarcityPricing' : 'proRata';
  // Mids that a millionth divides, so that prices can lie exactly at the tolerance.
  const mids = market.problem.oracle.mids.map((mid) => (mid / 1_000_000n) * 1_000_000n);
  const oracle = oracleOf(mids);
  const base = market.problem.parameters;
  const after = base.assets.map((asset) => inventoryOf(random, asset));
  const inventory = base.assets.map((asset, i) => {
    return at(after, i) + BigInt(random.integer(-1, 1)) * (asset.target / 50n);
  });
  const fees = after.map((units) => (units * BigInt(random.integer(0, 3))) / 10_000n);
  const trade = after.map((units, i) => units - at(inventory, i) + at(fees, i));
  // Without exposures the quotes are the mids, to the unit.
  const flat = random.next() < 0.4;
  const assets = base.assets.map((asset, i) => {
    const final = at(inventory, i) + at(trade, i);
    return flat && final >= 0n ? { ...asset, target: amount(final) } : asset;
  });
  const parameters: BatchParameters = {
    ...base,
    assets,
    scarcity,
    feeE7: oneOf(random, [0, 3000]),
  };
  const paid = after.map((units, i) => {
    const own = at(trade, i) > 0n ? at(trade, i) : 0n;
    return own + (random.next() < 0.5 ? 0n : units / 40n);
  });
  const received = paid.map((units, i) => units - at(trade, i));
  const change: PoolChange = { paid, received, trade, fees };
  const position: PoolPosition = { parameters, oracle, inventory, trade, fees };
  const orders = tableOf(ordersOf(random, market.orders, unitPrices(parameters, mids)));
  for (let row = 0; row < orders.count; row += 7) orders.cancel(row);
  const fills = fillsOf(random, orders.budget, orders.canceled);
  const kinds = [RATION_SCALE, RATION_SCALE, 1n, RATION_SCALE / 3n];
  const factor = (): bigint => (scarcity === 'proRata' ? oneOf(random, kinds) : RATION_SCALE);
  const solution: BatchSolution = {
    prices: mids.map(price),
    payFactors: assets.map(factor),
    receiveFactors: assets.map(factor),
    blocked: [],
    iterations: 0,
    stepNormE12: 0n,
  };
  const open = {
    kind: 'batch',
    parameters,
    oracle,
    orders,
    fills,
    solution,
    closedAtMs: 1,
    before: sheet(inventory),
    after: sheet(after),
    report: { outcome: { kind: 'cleared' } },
  } as unknown as BatchTransition;
  const priced = { ...open, solution: { ...solution, prices: pricesOf(random, open, trade) } };
  const totals = {
    paidIn: paid,
    paidOut: received,
    poolTrade: trade,
    fees,
  } as unknown as FillTotals;
  const rules = new RuleTable(priced, undefined);
  return { position, transition: priced, rules, totals, change };
}

function sheet(units: readonly bigint[]): object {
  return { accounts: ['pool', 'fees'], balances: BigInt64Array.from(units) };
}

/** Quotes over one common factor, at, beside and within the tolerance. */
function pricesOf(
  random: SeededRandom,
  transition: BatchTransition,
  trade: readonly bigint[],
): BatchSolution['prices'] {
  const rules = new RuleTable(transition, undefined);
  const quotes = scaledQuotes(transition, exposures(transition, rules, trade));
  const scale = quoteScale(transition);
  const sigma = oneOf(random, [10_000n, 10_000n, 10_000n, 10_001n, 9_999n, 20_000n]);
  return transition.oracle.mids.map((mid, i) => {
    if (i === 0) return mid;
    const center = divFloor(at(quotes, i) * 10_000n, scale * sigma);
    const reach = mid / 1_000_000n;
    const shift = oneOf(random, [0n, 0n, 0n, reach, reach + 1n, reach - 1n, 1000n * reach]);
    const shifted = center + (random.next() < 0.5 ? shift : -shift);
    return price(shifted < 1n ? 1n : shifted);
  });
}

/** Orders of all sizes, with limits on the ramp or near it and minimums of every kind. */
function ordersOf(
  random: SeededRandom,
  sketches: readonly OrderSketch[],
  worth: readonly bigint[],
): OrderSketch[] {
  return sketches.map(({ pay, receive, budget }) => {
    const steps = BigInt(random.integer(-1500, 10));
    const limited = random.next() < 0.8;
    return {
      pay,
      receive,
      budget: (budget * oneOf(random, [1n, 10n, 1000n, 100_000n])) / 100n + 1n,
      limitNumerator: limited ? (at(worth, pay) * (1_000_000n + steps)) / 1_000_000n : 0n,
      limitDenominator: at(worth, receive),
      minFillPpm: oneOf(random, [1, 100_000, 500_000, 900_000, 1_000_000]),
    };
  });
}

/** Any fills: a measure asks for no more than columns. */
function fillsOf(random: SeededRandom, budgets: BigUint64Array, canceled: Uint8Array): BatchFills {
  const paid = budgets.map((_budget, row) => {
    const budget = budgets[row] as bigint;
    return canceled[row] === 1 ? 0n : oneOf(random, [0n, budget, budget / 2n, 1n]);
  });
  return { paid, received: paid };
}

test('the quote test and tight bounds are the laws’, at their limits too', () => {
  const seen = { holds: 0, fails: 0 };
  for (let seed = 1; seed <= RUNS * 3; seed += 1) {
    const { position, transition, rules, totals } = drawn(seed);
    const { lower, upper } = tightBounds(transition);
    const found = tightness(position);
    assert.deepEqual([found.map((t) => t.lower), found.map((t) => t.upper)], [lower, upper]);
    const ones = position.parameters.assets.map(() => RATION_SCALE);
    const solution = { ...transition.solution, payFactors: ones, receiveFactors: ones };
    const context = { authority: { authority: 'admitted' as const }, rules, totals: () => totals };
    const verdict = poolQuoteIsOptimal.check({ ...transition, solution }, context);
    const holds = quoteTestHolds(position, solution.prices);
    assert.equal(holds, verdict.kind === 'holds', `seed ${seed}`);
    seen[holds ? 'holds' : 'fails'] += 1;
    const inside = position.parameters.assets.every((asset, i) => {
      const units = transition.after.balances[i] as bigint;
      return units >= asset.inventoryMin && units <= asset.inventoryMax;
    });
    assert.equal(boundsHold(position), inside);
  }
  assert.ok(seen.holds > RUNS / 4 && seen.fails > RUNS / 4, JSON.stringify(seen));
});

test('the measures of a report are those that the laws restate', () => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const { position, transition, rules, totals, change } = drawn(seed);
    const { parameters, oracle, orders: table, solution, fills } = transition;
    const poolBefore = position.inventory;
    const found = measureBatch({ parameters, oracle, table, solution, fills, poolBefore }, change);
    assert.deepEqual(found, restateMeasures(transition, rules, totals), `seed ${seed}`);
  }
});

test('a blocked order is certified where the laws certify it', () => {
  const seen = { certified: 0, refused: 0 };
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const { position, transition, rules, totals, change } = drawn(seed);
    const { parameters, oracle, orders: table, solution } = transition;
    const own = new FillRules(parameters, oracle, solution);
    const batch = { position, solution, change, rules: own, table };
    for (let row = 0; row < table.count; row += 1) {
      const wanted = isCertified({ transition, rules, totals }, row);
      assert.equal(blockIsCertified(batch, row), wanted, `seed ${seed}, row ${row}`);
      seen[wanted ? 'certified' : 'refused'] += 1;
    }
  }
  assert.ok(seen.certified > RUNS && seen.refused > RUNS, JSON.stringify(seen));
});
