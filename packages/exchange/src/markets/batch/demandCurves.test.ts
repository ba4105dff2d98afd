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
