// Goal: at an inventory bound the price leaves the quote in the direction that the page allows and
// no further than the bound asks for, and single ticks answer what rounding moved.
// Method: narrow markets by hand and generated ones, judged by (E4) and (E5) over flows that were
// added up order by order; prices that are pushed off the grid point that was found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exposureOf,
  naiveFlows,
  riskOf,
} from '../../../../../testing/reference/naiveClearingFlows.ts';
import type { OrderSketch } from '../../../../../testing/world/batchMarkets.ts';
import { demoProblem, generateMarket } from '../../../../../testing/world/batchMarkets.ts';
import type { SearchedMarket } from '../../../../../testing/world/searchedMarkets.ts';
import { searchedMarket, withRoom } from '../../../../../testing/world/searchedMarkets.ts';
import { at } from '../../failures/invariant.ts';
import { fitToGrid } from './priceGrid.ts';
import { priceToBounds } from './scarcityPrices.ts';

const MILLION = 1_000_000_000_000n;
const USD = 0;
const EUR = 1;

interface Position {
  /** Change after fees by asset, USD. */
  readonly change: readonly number[];
  /** sigma p_i / mid_i less the quote over the mid: positive where the price is above. */
  readonly premium: readonly number[];
}

function positionOf({ problem, table, model, search }: SearchedMarket): Position {
  const { paid, out } = naiveFlows(problem, table, { eta: search.eta });
  const risk = riskOf(problem);
  const n = search.eta.length - 1;
  const held = exposureOf(problem).map((w, i) => {
    return w + at(paid, i) - (1 - model.feeShare) * at(out, i);
  });
  const premium = Array.from(search.eta, (eta, i) => {
    if (i === 0) return 0;
    let quote = 1;
    for (let j = 0; j < n; j += 1) quote -= at(risk, (i - 1) * n + j) * at(held, j + 1);
    return (1 + eta) * model.numeraireMultiple - quote;
  });
  return { change: paid.map((into, i) => into - at(out, i)), premium };
}

/** (E4) and (E5) with the tight bands of the search; how many bounds hold a price off its quote. */
function heldBounds(market: SearchedMarket, name: string): number {
  const { change, premium } = positionOf(market);
  let count = 0;
  market.search.bounds.forEach(({ low, high, zone }, i) => {
    const units = at(change, i);
    assert.ok(units >= low && units <= high, `${name}: asset ${i} is inside its bounds`);
    const above = i === 0 ? market.model.numeraireMultiple - 1 : at(premium, i);
    if (above > 1e-7) assert.ok(units <= low + zone, `${name}: ${i} is dear at its lower bound`);
    if (above < -1e-7) assert.ok(units >= high - zone, `${name}: ${i} is cheap at its upper bound`);
    if (Math.abs(above) > 1e-7) count += 1;
  });
  return count;
}

test('generated markets with narrow bounds keep them at prices that only bounds hold up', () => {
  let held = 0;
  for (const shape of ['scarcityPriced', 'reserve', 'uniform'] as const) {
    for (let seed = 1; seed <= 12; seed += 1) {
      const market = generateMarket({ shape, assets: 2 + (seed % 4), orders: 40, seed });
      const { parameters } = market.problem;
      const priced = { ...parameters, scarcity: 'scarcityPricing' as const };
      const world = searchedMarket({ ...market.problem, parameters: priced }, market.orders);
      assert.equal(priceToBounds(world.search), true, market.name);
      held += heldBounds(world, market.name);
    }
  }
  assert.ok(held > 10, `${held} prices are off their quotes`);
});

/** Buyers of euros with limits from 1.1005 to 1.1034 dollars, a fifth of a basis point apart. */
const BUYERS: readonly OrderSketch[] = Array.from({ length: 30 }, (_, k) => ({
  pay: USD,
  receive: EUR,
  budget: MILLION / 2n,
  limitNumerator: 10_000n,
  limitDenominator: BigInt(11_005 + k),
}));

function euroMarket(orders: readonly OrderSketch[], below: bigint, above: bigint): SearchedMarket {
  const problem = demoProblem({ feeE7: 0, scarcity: 'scarcityPricing' }, 1e-12);
  return searchedMarket(
    withRoom(problem, (i) => (i === EUR ? { below, above } : undefined)),
    orders,
  );
}

test('the price of euros rises until those who pay less have dropped out', () => {
  // Each buyer takes about 454,000 euros; 4,540,000 are left for the ten who pay most.
  const market = euroMarket(BUYERS, 4_540_000_000_000n, 20n * MILLION);
  assert.equal(priceToBounds(market.search), true);
  assert.equal(heldBounds(market, 'buyers'), 1);
  const price = 1.1 * (1 + (market.search.eta[EUR] as number));
  assert.ok(price > 1.1023 && price < 1.1026, String(price));
});

test('the price of euros falls until sellers have dropped out', () => {
  const sellers = BUYERS.map(({ budget }, k) => ({
    pay: EUR,
    receive: USD,
    budget,
    limitNumerator: BigInt(10_995 - k),
    limitDenominator: 10_000n,
  }));
  const market = euroMarket(sellers, 20n * MILLION, 5n * MILLION);
  assert.equal(priceToBounds(market.search), true);
  assert.equal(heldBounds(market, 'sellers'), 1);
  const price = 1.1 * (1 + (market.search.eta[EUR] as number));
  // Half a million each: room for ten, who ask for 1.0975 and less... down to 1.0966.
  assert.ok(price > 1.0973 && price < 1.0977, String(price));
});

test('bounds that nobody reaches leave prices on their quotes', () => {
  const market = euroMarket(BUYERS.slice(0, 3), 20n * MILLION, 20n * MILLION);
  assert.equal(priceToBounds(market.search), true);
  assert.equal(heldBounds(market, 'few buyers'), 0);
  assert.equal(market.model.isWalled, false);
  assert.equal(market.model.numeraireMultiple, 1);
});

test('the reserve of dollars scales all quotes by one multiple', () => {
  const sell = (pay: number, k: number): OrderSketch => ({
    pay,
    receive: USD,
    budget: MILLION / 2n,
    limitNumerator:
      at([0n, 1_100_000n, 6_667n, 1_250_000n, 1_075_000n, 750_000n], pay) *
      (100_000n - BigInt(3 * k + 5)),
    limitDenominator: 100_000_000_000n,
  });
  const orders = Array.from({ length: 40 }, (_, k) => sell(k % 2 === 0 ? EUR : 3, k));
  const problem = demoProblem({ feeE7: 0, scarcity: 'scarcityPricing' }, 1e-12);
  for (const below of [MILLION, 4n * MILLION, 9n * MILLION]) {
    const narrow = withRoom(problem, (i) => (i === USD ? { below, above: below } : undefined));
    const market = searchedMarket(narrow, orders);
    assert.equal(priceToBounds(market.search), true);
    assert.equal(heldBounds(market, `${below}`), 1, 'the dollar alone');
    assert.ok(market.model.numeraireMultiple > 1.00005, 'dollars are dear');
    const { premium } = positionOf(market);
    assert.ok(Math.max(...premium.map(Math.abs)) < 1e-7, 'every asset is on its quote');
  }
  // The other way round: everybody brings dollars, and the pool may hold few more.
  const buy = orders.map((order, k) => ({
    pay: USD,
    receive: order.pay,
    budget: MILLION / 2n,
    limitNumerator: 10n ** 11n,
    limitDenominator: (at(problem.oracle.mids, order.pay) * BigInt(100_005 + 3 * k)) / 10n ** 6n,
  }));
  const full = withRoom(problem, (i) =>
    i === USD ? { below: MILLION, above: MILLION } : undefined,
  );
  const market = searchedMarket(full, buy);
  assert.equal(priceToBounds(market.search), true);
  assert.equal(heldBounds(market, 'full of dollars'), 1);
  assert.ok(market.model.numeraireMultiple < 1, 'dollars are cheap');
});

test('a reserve that no price restores is told', () => {
  const problem = demoProblem({ scarcity: 'scarcityPricing' });
  const room = { below: -MILLION, above: 5n * MILLION };
  const market = searchedMarket(
    withRoom(problem, (i) => (i === USD ? room : undefined)),
    [],
  );
  assert.equal(priceToBounds(market.search), false);
});

function roundedPrices({ problem, search }: SearchedMarket): bigint[] {
  return problem.oracle.mids.map((mid, i) => {
    return mid + BigInt(Math.round(Number(mid) * (search.eta[i] as number)));
  });
}

/** Ten million dollars at one limit: a tick moves about ten euros of ten million. */
const CROWD: readonly OrderSketch[] = [1, 2, 3, 4].map(() => ({
  pay: USD,
  receive: EUR,
  budget: 30n * MILLION,
  limitNumerator: 10_000n,
  limitDenominator: 11_020n,
}));

test('a price that was rounded out of its tight band comes back by ticks', () => {
  // 109 million euros are wanted over a ramp of eleven million ticks, 9.9 euros each; the tight
  // band is 60 euros wide.
  const market = euroMarket(CROWD, 20n * MILLION, 40n * MILLION);
  const { search, model, problem } = market;
  assert.equal(priceToBounds(search), true);
  assert.equal(heldBounds(market, 'a crowd'), 1);
  const { mids } = problem.oracle;
  const found = roundedPrices(market);
  const { low, zone } = at(search.bounds, EUR);
  const fitted = (shift: bigint): bigint[] => {
    const prices = found.map((price, i) => (i === EUR ? price + shift : price));
    // Which bounds hold prices up is read off the search's own end.
    model.evaluate(search.eta);
    fitToGrid({ model, bounds: search.bounds, mids, prices });
    return prices;
  };
  const changeAt = (prices: readonly bigint[]): number => {
    const eta = Float64Array.from(prices, (p, i) => {
      return Number(p - at(mids, i)) / Number(at(mids, i));
    });
    model.evaluate(eta, false);
    return model.change(EUR);
  };
  assert.deepEqual(fitted(0n), found, 'where nothing is missed nothing moves');
  for (const shift of [9n, -9n, 25n, -25n, 60n, -60n]) {
    const pushed = found.map((price, i) => (i === EUR ? price + shift : price));
    const away = changeAt(pushed);
    assert.ok(away < low || away > low + zone, `${shift} ticks leave the band`);
    const prices = fitted(shift);
    const change = changeAt(prices);
    assert.ok(change >= low && change <= low + zone, `${shift} ticks are taken back`);
    prices.forEach((price, i) => {
      if (i !== EUR) assert.equal(price, at(found, i), 'other prices stay');
    });
  }
});

test('a band that no tick can reach leaves the nearest price', () => {
  const market = euroMarket(CROWD, 20n * MILLION, 40n * MILLION);
  const { search, model, problem } = market;
  assert.equal(priceToBounds(search), true);
  const { mids } = problem.oracle;
  const found = roundedPrices(market);
  const prices = found.map((price, i) => (i === EUR ? price + 10_000n : price));
  fitToGrid({ model, bounds: search.bounds, mids, prices });
  // Thirty rounds of at most 21 ticks.
  assert.equal(at(prices, EUR) - at(found, EUR), 10_000n - 630n);
});
