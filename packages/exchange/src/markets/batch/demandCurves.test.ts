// Goal: a curve answers what adding up its orders one by one would.
// Method: random markets, random rates queried in random order, against the definition of the ramp;
// cancelled and excluded rows among them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateMarket, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { DemandCurves } from './demandCurves.ts';
import type { OrderTable } from './orderTable.ts';
import { PairBooks } from './pairBooks.ts';

const PROTECTIVE_SHARE = 0.995;

/** sum of B clamp((1 - r / rho) / mu, 0, 1) over the live rows of one pair. */
function supplyByRow(
  table: OrderTable,
  pair: { pay: number; receive: number; protective: number; excluded: ReadonlySet<number> },
  rho: number,
): number {
  let sum = 0;
  for (let row = 0; row < table.count; row += 1) {
    if (table.pay[row] !== pair.pay || table.receive[row] !== pair.receive) continue;
    if (table.canceled[row] === 1 || pair.excluded.has(row)) continue;
    const own = Number(table.limitNumerator[row]) / Number(table.limitDenominator[row]);
    const rate = Math.max(own, pair.protective);
    sum += Number(table.budget[row]) * Math.min(1, Math.max(0, (1 - rate / rho) / 1e-5));
  }
  return sum;
}

test('supply equals the sum over orders at any rate, in any order of queries', () => {
  const market = generateMarket({ shape: 'uniform', assets: 3, orders: 400, seed: 5 });
  const table = tableOf(market.orders);
  for (let row = 0; row < table.count; row += 7) table.cancel(row);
  const mids = market.problem.oracle.mids.map(Number);
  const decimals = market.problem.parameters.assets.map((asset) => asset.decimals);
  const unit = (i: number): number => (mids[i] as number) / 10 ** (decimals[i] as number);
  const midRate = (pay: number, receive: number): number => unit(pay) / unit(receive);
  const curves = new DemandCurves(PairBooks.of(table, 3), table, (pay, receive) => {
    const expected = midRate(pay, receive);
    return { protective: expected * PROTECTIVE_SHARE, expected };
  });
  const excluded = new Set<number>();
  for (let row = 3; row < table.count; row += 11) {
    excluded.add(row);
    curves.exclude(row, true);
  }
  for (let k = 0; k < curves.count; k += 1) curves.refresh(k);
  const random = new SeededRandom(9);
  for (let trial = 0; trial < 2000; trial += 1) {
    const k = random.integer(0, curves.count - 1);
    const pay = curves.pay[k] as number;
    const receive = curves.receive[k] as number;
    const rho = midRate(pay, receive) * random.between(0.994, 1.002);
    curves.query(k, rho);
    const pair = { pay, receive, protective: curves.protective(k), excluded };
    const expected = supplyByRow(table, pair, rho);
    assert.ok(Math.abs(curves.amount - expected) <= 1e-9 * (1 + curves.total(k)));
    const above = supplyByRow(table, pair, rho * (1 + 1e-12));
    assert.ok(above >= expected - 1e-6 * (1 + expected));
    assert.ok(curves.slope >= 0);
  }
});

test('the slope is the derivative of supply by the logarithm of the rate', () => {
  const market = generateMarket({ shape: 'oneLimit', assets: 2, orders: 30, seed: 2 });
  const table = tableOf(market.orders);
  const curves = new DemandCurves(PairBooks.of(table, 2), table, () => ({
    protective: 0,
    expected: 1,
  }));
  for (let k = 0; k < curves.count; k += 1) {
    const rho = (curves.rates[curves.start[k] as number] as number) * (1 + 5e-6);
    curves.query(k, rho);
    const { amount, slope } = curves;
    curves.query(k, rho * (1 + 1e-8));
    assert.ok(Math.abs((curves.amount - amount) / 1e-8 / slope - 1) < 1e-3);
  }
});

/** One pair: budgets 100, 200 and 400 from rates 1, 1 + 5e-6 and 2; the band lets 0.5 pass. */
function smallCurve(): { readonly curves: DemandCurves; readonly table: OrderTable } {
  const rates = [1_000_000n, 1_000_005n, 2_000_000n];
  const table = tableOf(
    rates.map((limitNumerator, k) => ({
      pay: 0,
      receive: 1,
      budget: 100n * 2n ** BigInt(k),
      limitNumerator,
      limitDenominator: 1_000_000n,
    })),
  );
  const books = PairBooks.of(table, 2);
  const curves = new DemandCurves(books, table, () => ({ protective: 0.5, expected: 1 }));
  return { curves, table };
}

function supplyAt(curves: DemandCurves, rho: number): readonly [number, number] {
  curves.query(0, rho);
  return [curves.amount, curves.slope];
}

function areNear(found: readonly number[], wanted: readonly number[]): void {
  found.forEach((x, k) => {
    const size = 1e-6 * Math.max(1, Math.abs(wanted[k] as number));
    assert.ok(Math.abs(x - (wanted[k] as number)) <= size, `${found} are not ${wanted}`);
  });
}

test('supply and slope along one curve are what its three orders say', () => {
  const { curves } = smallCurve();
  assert.deepEqual([curves.count, curves.pay[0], curves.receive[0]], [1, 0, 1]);
  assert.equal(curves.total(0), 700);
  assert.equal(curves.protective(0), 0.5);
  areNear(supplyAt(curves, 0.9), [0, 0]);
  areNear(supplyAt(curves, 1), [0, 1e7]);
  // Half of the first ramp; the second order begins there: d / dln rho is B r / (mu rho) of each.
  const middle = 1.000005;
  areNear(supplyAt(curves, middle), [50 / middle, (1e7 + 2e7 * middle) / middle]);
  areNear(supplyAt(curves, 1.5), [300, 0]);
  areNear(supplyAt(curves, 3), [700, 0]);
  areNear(supplyAt(curves, 1.5), [300, 0]);
  areNear(supplyAt(curves, 0.4), [0, 0]);
  areNear(supplyAt(curves, 0.5), [0, 0]);
});

test('a wider ramp begins where the narrow one does', () => {
  const { curves } = smallCurve();
  curves.rampWidth = 0.5;
  // At 1.25 each of the first two fills 2 (1 - r / 1.25).
  const fill = (rate: number): number => 2 * (1 - rate / 1.25);
  areNear(supplyAt(curves, 1.25), [
    100 * fill(1) + 200 * fill(1.000005),
    (100 + 200 * 1.000005) / (0.5 * 1.25),
  ]);
});

test('a row that is left out is missed by sums, and comes back', () => {
  const { curves, table } = smallCurve();
  assert.equal(curves.isExcluded(1), false);
  curves.exclude(1, true);
  assert.equal(curves.isExcluded(1), true);
  assert.equal(curves.isExcluded(0), false);
  areNear(supplyAt(curves, 1.5), [300, 0]);
  curves.refresh(0);
  areNear(supplyAt(curves, 1.5), [100, 0]);
  assert.equal(curves.total(0), 500);
  curves.exclude(1, false);
  table.cancel(0);
  curves.refresh(0);
  areNear(supplyAt(curves, 1.5), [200, 0]);
  assert.equal(curves.total(0), 600);
});

test('orders that ask for less than the band allows count from the band', () => {
  const table = tableOf([{ pay: 0, receive: 1, budget: 100n }]);
  const curves = new DemandCurves(PairBooks.of(table, 2), table, () => {
    return { protective: 2, expected: 3 };
  });
  areNear(supplyAt(curves, 2), [0, 0]);
  areNear(supplyAt(curves, 2 * (1 + 5e-6)), [50 / (1 + 5e-6), 1e7 / (1 + 5e-6)]);
  areNear(supplyAt(curves, 2.1), [100, 0]);
  // The band is wider than what a full fill needs, or not: both sides of it.
  areNear(supplyAt(curves, 2 * (1 + 9.9e-6)), [99 / (1 + 9.9e-6), 1e7 / (1 + 9.9e-6)]);
  areNear(supplyAt(curves, 2 * (1 + 1.1e-5)), [100, 0]);
});
