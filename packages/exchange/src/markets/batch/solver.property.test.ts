// Goal: the acceptance properties of the specification's section 11 on open markets.
// Method: generated markets (sizes and seeds drawn by fast-check), each property against a second
// clearing of the changed market; the second solver and a brute-force search as judges.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GeneratedMarket, OrderSketch } from '../../../../../testing/world/batchMarkets.ts';
import { demoProblem, generateMarket, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { clearLawfully } from '../../../../../testing/world/clearedMarkets.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { amount } from '../../numbers/amount.ts';
import { crossCheckPrices } from './crossCheck.ts';
import type { BatchProblem } from './solver.ts';

/** Twice the quote tolerance: how far two lawful price vectors of one market may lie apart. */
const TWO_TOLERANCES = 2e-6;

const market = fc
  .record({
    shape: fc.constantFrom('uniform' as const, 'hub' as const, 'thin' as const, 'baskets' as const),
    assets: fc.integer({ min: 2, max: 7 }),
    orders: fc.integer({ min: 1, max: 60 }),
    seed: fc.integer({ min: 1, max: 1_000_000 }),
  })
  .map(generateMarket);

const runs = { numRuns: 40 };

function shuffled<T>(
  list: readonly T[],
  seed: number,
): { readonly list: T[]; readonly from: number[] } {
  const random = new SeededRandom(seed);
  const from = list.map((_, k) => k);
  for (let k = from.length - 1; k > 0; k -= 1) {
    const other = random.integer(0, k);
    [from[k], from[other]] = [from[other] as number, from[k] as number];
  }
  return { list: from.map((k) => list[k] as T), from };
}

function worstGap(problem: BatchProblem, a: readonly bigint[], b: readonly bigint[]): number {
  return Math.max(
    ...problem.oracle.mids.map((mid, i) => {
      return Math.abs(Number((a[i] as bigint) - (b[i] as bigint))) / Number(mid);
    }),
  );
}

test('the order of arrival changes neither prices nor anybody’s fill', () => {
  fc.assert(
    fc.property(market, fc.nat(), ({ problem, orders }, seed) => {
      const first = clearLawfully(problem, orders);
      const { list, from } = shuffled(orders, seed);
      const second = clearLawfully(problem, list);
      assert.deepEqual(second.solution.prices, first.solution.prices);
      from.forEach((row, k) => {
        assert.equal(second.fills.received[k], first.fills.received[row]);
      });
    }),
    runs,
  );
});

test('scaling all budgets and the depth leaves prices', () => {
  fc.assert(
    fc.property(market, fc.integer({ min: 2, max: 16 }), ({ problem, orders }, factor) => {
      const c = BigInt(factor);
      const { parameters, oracle, inventory } = problem;
      const scaled: BatchProblem = {
        oracle,
        inventory: inventory.map((units) => units * c),
        parameters: {
          ...parameters,
          assets: parameters.assets.map((asset) => ({
            ...asset,
            target: amount(asset.target * c),
            inventoryMin: amount(asset.inventoryMin * c),
            inventoryMax: amount(asset.inventoryMax * c),
          })),
          scaledCovariance: parameters.scaledCovariance.map((s) => s / c),
        },
      };
      const first = clearLawfully(problem, orders);
      const second = clearLawfully(
        scaled,
        orders.map((order) => ({ ...order, budget: order.budget * c })),
      );
      const gap = worstGap(problem, first.solution.prices, second.solution.prices);
      assert.ok(gap <= TWO_TOLERANCES, String(gap));
    }),
    runs,
  );
});

test('two halves receive what the whole order would, to the dust', () => {
  fc.assert(
    fc.property(market, fc.nat(), ({ problem, orders }, pick) => {
      const row = pick % orders.length;
      const whole = orders[row] as OrderSketch;
      const half = { ...whole, budget: whole.budget / 2n };
      const rest = { ...whole, budget: whole.budget - half.budget };
      if (half.budget === 0n) return;
      const first = clearLawfully(problem, orders);
      const second = clearLawfully(problem, [
        ...orders.slice(0, row),
        half,
        ...orders.slice(row + 1),
        rest,
      ]);
      assert.ok(worstGap(problem, first.solution.prices, second.solution.prices) <= TWO_TOLERANCES);
      const together =
        (second.fills.paid[row] as bigint) + (second.fills.paid[orders.length] as bigint);
      const apart = Number(together - (first.fills.paid[row] as bigint));
      // Price digits below the grid move a fill on the ramp by 1e-12 / 1e-5 of the budget.
      assert.ok(Math.abs(apart) <= 2 + 1e-4 * Number(whole.budget), String(apart));
    }),
    runs,
  );
});

test('more buying of an asset never lowers its price', () => {
  fc.assert(
    fc.property(market, fc.bigInt({ min: 1n, max: 10n ** 12n }), ({ problem, orders }, budget) => {
      const first = clearLawfully(problem, orders);
      const second = clearLawfully(problem, [...orders, { pay: 0, receive: 1, budget }]);
      const rise = (second.solution.prices[1] as bigint) - (first.solution.prices[1] as bigint);
      assert.ok(Number(rise) >= -1e-9 * Number(problem.oracle.mids[1] as bigint), String(rise));
    }),
    runs,
  );
});

test('zero net flow returns the mids', () => {
  const { problem, orders } = balanced();
  const { solution } = clearLawfully(problem, orders);
  assert.ok(worstGap(problem, solution.prices, problem.oracle.mids) <= 1e-9);
});

/** Each pair once in both directions with equal value at mid, no fee. */
function balanced(): GeneratedMarket {
  const problem = demoProblem({ feeE7: 0 });
  const orders: OrderSketch[] = [];
  for (let pay = 0; pay < 6; pay += 1) {
    for (let receive = 0; receive < 6; receive += 1) {
      if (pay === receive) continue;
      const mid = problem.oracle.mids[pay] as bigint;
      orders.push({ pay, receive, budget: (500_000n * 10n ** 18n) / mid });
    }
  }
  return { name: 'balanced', problem, orders };
}

test('any start point leads to the same prices', () => {
  fc.assert(
    fc.property(market, fc.nat(), ({ problem, orders }, seed) => {
      const random = new SeededRandom(seed);
      const start = Float64Array.from(problem.oracle.mids, () => random.between(-0.02, 0.02));
      const first = clearLawfully(problem, orders);
      const second = clearLawfully(problem, orders, start);
      assert.ok(worstGap(problem, first.solution.prices, second.solution.prices) <= 1e-6);
    }),
    runs,
  );
});

test('the potential’s solver agrees', () => {
  fc.assert(
    fc.property(market, ({ problem, orders }) => {
      const { solution } = clearLawfully(problem, orders);
      const eta = crossCheckPrices(problem, tableOf(orders));
      problem.oracle.mids.forEach((mid, i) => {
        const found = Number((solution.prices[i] as bigint) - mid) / Number(mid);
        assert.ok(Math.abs(found - (eta[i] as number)) <= 1e-6);
      });
    }),
    runs,
  );
});

test('an order out of the money changes nothing for others', () => {
  fc.assert(
    fc.property(market, fc.bigInt({ min: 1n, max: 10n ** 13n }), ({ problem, orders }, budget) => {
      const greedy = {
        pay: 0,
        receive: 1,
        budget,
        limitNumerator: 10n ** 9n,
        limitDenominator: 1n,
      };
      const first = clearLawfully(problem, orders);
      const second = clearLawfully(problem, [...orders, greedy]);
      assert.equal(second.fills.paid[orders.length], 0n);
      assert.deepEqual(second.solution.prices, first.solution.prices);
      assert.deepEqual(second.fills.paid.subarray(0, orders.length), first.fills.paid);
    }),
    runs,
  );
});

test('a brute-force search over one price finds the same price', () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const { problem, orders } = generateMarket({ shape: 'uniform', assets: 2, orders: 6, seed });
    const { solution } = clearLawfully(problem, orders);
    const found =
      Number(solution.prices[1] as bigint) / Number(problem.oracle.mids[1] as bigint) - 1;
    assert.ok(Math.abs(found - bisectQuote(problem, orders)) <= 1e-6, `seed ${seed}`);
  }
});

/** Root of eta + C (w + v(eta)) with v added up order by order, by plain bisection. */
function bisectQuote(problem: BatchProblem, orders: readonly OrderSketch[]): number {
  const { parameters, oracle, inventory } = problem;
  const mids = oracle.mids.map((mid, i) => {
    return Number(mid) * 1e-12 * 10 ** -(parameters.assets[i]?.decimals ?? 0);
  });
  const [usd, other] = [mids[0] as number, mids[1] as number];
  const risk = Number(parameters.scaledCovariance[0] as bigint) / 2 ** 80;
  const fee = parameters.feeE7 / 1e7;
  const asset = parameters.assets[1];
  const start = Number((inventory[1] as bigint) - (asset?.target ?? 0n)) * other;
  const band = 1 - Math.max(...parameters.assets.map((a) => a.bandPpm)) / 1e6;
  const excess = (eta: number): number => {
    let trade = 0;
    for (const order of orders) {
      const midRate = order.pay === 0 ? usd / other : other / usd;
      const relative = order.pay === 0 ? 1 / (1 + eta) : 1 + eta;
      const rate = midRate * relative * (1 - fee);
      const own = Number(order.limitNumerator ?? 0n) / Number(order.limitDenominator ?? 1n);
      const limit = Math.max(own, midRate * band);
      const filled = Math.min(1, Math.max(0, (1 - limit / rate) * 1e5)) * Number(order.budget);
      trade += order.pay === 0 ? -filled * rate * other : filled * other;
    }
    return eta + risk * (start + trade);
  };
  let low = -0.5;
  let high = 0.5;
  for (let round = 0; round < 200; round += 1) {
    const middle = (low + high) / 2;
    if (excess(middle) > 0) high = middle;
    else low = middle;
  }
  return low;
}
