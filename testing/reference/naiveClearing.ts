/**
 * A batch cleared slowly and obviously: bisection on one price at a time, the rules of section 7 of
 * the clearing page written out for every order, nothing kept between evaluations. The judge of
 * fast code and the source of lawful transitions that owe nothing to the solver or to the laws.
 */
import type { OracleSnapshot } from '../../packages/exchange/src/markets/batch/oracleSnapshot.ts';
import type { BatchParameters } from '../../packages/exchange/src/markets/batch/parameters.ts';
import {
  orderBandPpm,
  productUnits,
  unitWeights,
} from '../../packages/exchange/src/markets/batch/parameters.ts';
import { price } from '../../packages/exchange/src/numbers/price.ts';

/** What clearing reads of an order. Void orders are left out by the caller with `active: false`. */
export interface NaiveOrder {
  readonly active: boolean;
  readonly pay: number;
  readonly receive: number;
  readonly budget: bigint;
  readonly limitNumerator: bigint;
  readonly limitDenominator: bigint;
  readonly minFillPpm: number;
}

/** A batch to clear. */
export interface NaiveBatch {
  readonly parameters: BatchParameters;
  readonly oracle: OracleSnapshot;
  /** Pool before the batch, ledger units by asset. */
  readonly inventory: readonly bigint[];
  readonly orders: readonly NaiveOrder[];
}

/** Prices and factors, and rows that are kept out. */
export interface NaivePoint {
  readonly prices: bigint[];
  readonly payFactors: bigint[];
  readonly receiveFactors: bigint[];
  readonly blocked: Set<number>;
}

/** Fills by row at a point, and what they do to the pool. */
export interface NaiveFills {
  readonly paid: bigint[];
  readonly received: bigint[];
  readonly trade: bigint[];
  readonly fees: bigint[];
}

const F = 10_000_000n;
const M = 100_000n;
const ONE = 1_000_000_000_000n;
const MILLION = 1_000_000n;

/** The fills at a point. `minimums: false` leaves minimum fills out, as the relaxed search does. */
export function naiveFills(
  batch: NaiveBatch,
  point: NaivePoint,
  { minimums }: { readonly minimums: boolean },
): NaiveFills {
  const { parameters } = batch;
  const paid = batch.orders.map((order, row) =>
    order.active && !point.blocked.has(row) ? naiveSpend(batch, point, order, minimums) : 0n,
  );
  const received = batch.orders.map((order, row) => {
    return receipt(batch, point, order, { spend: paid[row] as bigint, keep: F - fee(parameters) });
  });
  const trade = parameters.assets.map(() => 0n);
  const fees = parameters.assets.map(() => 0n);
  batch.orders.forEach((order, row) => {
    const spend = paid[row] as bigint;
    const charged = receipt(batch, point, order, { spend, keep: fee(parameters) });
    trade[order.pay] = (trade[order.pay] as bigint) + spend;
    productUnits(parameters, order.receive).forEach((units, i) => {
      trade[i] = (trade[i] as bigint) - (received[row] as bigint) * units;
      fees[i] = (fees[i] as bigint) + charged * units;
    });
  });
  return { paid, received, trade, fees };
}

/** The spend of one order at a point, whether or not it is blocked. */
export function naiveSpend(
  batch: NaiveBatch,
  point: NaivePoint,
  order: NaiveOrder,
  minimums: boolean,
): bigint {
  const { parameters, oracle } = batch;
  const band = BigInt(orderBandPpm(parameters, order.pay, order.receive));
  const own = ramp(batch, point, order, [order.limitNumerator, order.limitDenominator]);
  const guarded = ramp(batch, point, order, [
    unitPriceOf(batch, oracle.mids, order.pay) * (MILLION - band),
    unitPriceOf(batch, oracle.mids, order.receive) * MILLION,
  ]);
  const units = productUnits(parameters, order.receive);
  let least = ONE;
  units.forEach((n, i) => {
    const factor = point.receiveFactors[i] as bigint;
    if (n > 0n && factor < least) least = factor;
  });
  let wanted = own;
  if (guarded < wanted) wanted = guarded;
  const spend = (wanted * (point.payFactors[order.pay] as bigint) * least) / (ONE * ONE);
  const received = receipt(batch, point, order, { spend, keep: F - fee(parameters) });
  if (received === 0n) return 0n;
  if (received * order.limitDenominator < spend * order.limitNumerator) return 0n;
  return minimums && spend * MILLION < BigInt(order.minFillPpm) * order.budget ? 0n : spend;
}

function ramp(
  batch: NaiveBatch,
  point: NaivePoint,
  order: NaiveOrder,
  [numerator, denominator]: readonly [bigint, bigint],
): bigint {
  const keep = F - fee(batch.parameters);
  const eff = denominator * unitPriceOf(batch, point.prices, order.pay) * keep;
  const req = numerator * unitPriceOf(batch, point.prices, order.receive) * F;
  if (eff <= req) return 0n;
  if ((eff - req) * M >= eff) return order.budget;
  return (order.budget * (eff - req) * M) / eff;
}

function receipt(
  batch: NaiveBatch,
  point: NaivePoint,
  order: NaiveOrder,
  { spend, keep }: { readonly spend: bigint; readonly keep: bigint },
): bigint {
  const payPrice = unitPriceOf(batch, point.prices, order.pay);
  return (spend * payPrice * keep) / (unitPriceOf(batch, point.prices, order.receive) * F);
}

/** The fee of one order's spend, in product units. */
export function naiveFee(
  batch: NaiveBatch,
  point: NaivePoint,
  { order, spend }: { readonly order: NaiveOrder; readonly spend: bigint },
): bigint {
  return receipt(batch, point, order, { spend, keep: fee(batch.parameters) });
}

function fee(parameters: BatchParameters): bigint {
  return BigInt(parameters.feeE7);
}

function unitPriceOf(batch: NaiveBatch, prices: readonly bigint[], product: number): bigint {
  const weights = unitWeights(batch.parameters);
  let sum = 0n;
  productUnits(batch.parameters, product).forEach((units, i) => {
    sum += units * (prices[i] as bigint) * (weights[i] as bigint);
  });
  return sum;
}

/** The quote of an asset times 2^80 * 10^12 * 10^D for a trade, and that scale. */
export function naiveQuote(
  batch: NaiveBatch,
  trade: readonly bigint[],
  asset: number,
): { readonly quote: bigint; readonly scale: bigint } {
  const { parameters, oracle, inventory } = batch;
  const most = parameters.assets.reduce((d, { decimals }) => Math.max(d, decimals), 0);
  const scale = 2n ** 80n * ONE * 10n ** BigInt(most);
  const weights = unitWeights(parameters);
  const n = parameters.assets.length - 1;
  let risk = 0n;
  for (let j = 1; j <= n; j += 1) {
    const target = parameters.assets[j]?.target ?? 0n;
    const position = (inventory[j] as bigint) + (trade[j] as bigint) - target;
    const exposure = (oracle.mids[j] as bigint) * position * (weights[j] as bigint);
    if (asset > 0) {
      risk += (parameters.scaledCovariance[(asset - 1) * n + j - 1] as bigint) * exposure;
    }
  }
  return { quote: (oracle.mids[asset] as bigint) * (scale - risk), scale };
}

/** The point that clears a batch, or undefined where this method does not find one. */
export function naiveClearing(batch: NaiveBatch): NaivePoint | undefined {
  const point: NaivePoint = {
    prices: [...batch.oracle.mids],
    payFactors: batch.parameters.assets.map(() => ONE),
    receiveFactors: batch.parameters.assets.map(() => ONE),
    blocked: new Set(),
  };
  for (let round = 0; round <= batch.orders.length; round += 1) {
    point.payFactors.fill(ONE);
    point.receiveFactors.fill(ONE);
    settlePrices(batch, point);
    if (batch.parameters.scarcity === 'proRata') rationAll(batch, point);
    const worst = furthestBelowMinimum(batch, point);
    if (worst === undefined) break;
    point.blocked.add(worst);
  }
  return finish(batch, point);
}

/** Sweeps of one-price bisections until no price moves. */
function settlePrices(batch: NaiveBatch, point: NaivePoint): void {
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep += 1) {
    let moved = false;
    for (let asset = 1; asset < point.prices.length; asset += 1) {
      const before = point.prices[asset];
      bisectPrice(batch, point, asset);
      if (point.prices[asset] !== before) moved = true;
    }
    if (!moved) return;
  }
}

/** Orders on their ramps tie prices together, and sweeps then converge slowly. */
const SWEEPS_MAX = 150;

/**
 * The lowest price that is not too low; by monotony of each coordinate, within the halt band. The
 * bracket grows from the present price, because later sweeps move prices little.
 */
function bisectPrice(batch: NaiveBatch, point: NaivePoint, asset: number): void {
  const mid = batch.oracle.mids[asset] as bigint;
  const band = (mid * BigInt(batch.parameters.haltBandPpm)) / MILLION;
  const present = point.prices[asset] as bigint;
  const tooLow = (candidate: bigint): boolean => {
    point.prices[asset] = candidate;
    return isTooLow(batch, point, asset);
  };
  let reach = 1n;
  let low = present - 1n;
  let high = present;
  while (low > mid - band && !tooLow(low)) [low, high, reach] = [low - reach, low, reach * 8n];
  while (high < mid + band && tooLow(high)) [low, high, reach] = [high, high + reach, reach * 8n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (tooLow(middle)) low = middle;
    else high = middle;
  }
  point.prices[asset] = high;
  if (overfull(batch, point, asset)) point.prices[asset] = low;
}

function isTooLow(batch: NaiveBatch, point: NaivePoint, asset: number): boolean {
  const fills = naiveFills(batch, point, { minimums: false });
  const { quote, scale } = naiveQuote(batch, fills.trade, asset);
  const below = (point.prices[asset] as bigint) * scale < quote;
  if (batch.parameters.scarcity === 'proRata') return below;
  const bounds = batch.parameters.assets[asset];
  const post = after(batch, fills, asset);
  if (bounds === undefined) return below;
  return post < bounds.inventoryMin || (below && post <= bounds.inventoryMax);
}

function overfull(batch: NaiveBatch, point: NaivePoint, asset: number): boolean {
  if (batch.parameters.scarcity === 'proRata') return false;
  const fills = naiveFills(batch, point, { minimums: false });
  return after(batch, fills, asset) > (batch.parameters.assets[asset]?.inventoryMax ?? 0n);
}

function after(batch: NaiveBatch, fills: NaiveFills, asset: number): bigint {
  const { inventory } = batch;
  return (
    (inventory[asset] as bigint) + (fills.trade[asset] as bigint) - (fills.fees[asset] as bigint)
  );
}

/** Rations asset by asset until every bound holds: the largest factor that keeps it. */
function rationAll(batch: NaiveBatch, point: NaivePoint): void {
  for (let sweep = 0; sweep < 4; sweep += 1) {
    const fills = naiveFills(batch, point, { minimums: false });
    const asset = batch.parameters.assets.findIndex((bounds, i) => {
      const post = after(batch, fills, i);
      return post < bounds.inventoryMin || post > bounds.inventoryMax;
    });
    const bounds = batch.parameters.assets[asset];
    if (bounds === undefined) return;
    const starved = after(batch, fills, asset) < bounds.inventoryMin;
    const factors = starved ? point.receiveFactors : point.payFactors;
    let low = 1n;
    let high = factors[asset] as bigint;
    while (high - low > 1n) {
      factors[asset] = (low + high) >> 1n;
      settlePrices(batch, point);
      const post = after(batch, naiveFills(batch, point, { minimums: false }), asset);
      const kept = starved ? post >= bounds.inventoryMin : post <= bounds.inventoryMax;
      if (kept) low = factors[asset] as bigint;
      else high = factors[asset] as bigint;
    }
    factors[asset] = low;
    settlePrices(batch, point);
  }
}

/** The row whose relaxed fill misses its minimum by the most, as a fraction of its budget. */
function furthestBelowMinimum(batch: NaiveBatch, point: NaivePoint): number | undefined {
  const { paid } = naiveFills(batch, point, { minimums: false });
  let worst: number | undefined;
  let most = 0n;
  batch.orders.forEach((order, row) => {
    const spend = paid[row] as bigint;
    if (spend === 0n) return;
    const missing = BigInt(order.minFillPpm) * order.budget - spend * MILLION;
    const share = missing > 0n ? (missing * ONE) / order.budget : 0n;
    if (share > most) [worst, most] = [row, share];
  });
  return worst;
}

/** Whether a row that was kept out would reach its minimum if it came back and all else settled. */
function couldReturn(batch: NaiveBatch, point: NaivePoint, row: number): boolean {
  const trial: NaivePoint = {
    prices: [...point.prices],
    payFactors: point.payFactors.map(() => ONE),
    receiveFactors: point.receiveFactors.map(() => ONE),
    blocked: new Set([...point.blocked].filter((other) => other !== row)),
  };
  settlePrices(batch, trial);
  if (batch.parameters.scarcity === 'proRata') rationAll(batch, trial);
  const order = batch.orders[row];
  return order !== undefined && naiveSpend(batch, trial, order, true) > 0n;
}

/**
 * Of the rows that were kept out, only those that the rules would fill stay listed as blocked.
 * Undefined when a bound is broken after all, or a price misses its quote.
 */
function finish(batch: NaiveBatch, point: NaivePoint): NaivePoint | undefined {
  const blocked = [...point.blocked].filter((row) => {
    const order = batch.orders[row];
    return order !== undefined && naiveSpend(batch, point, order, true) > 0n;
  });
  if (blocked.some((row) => couldReturn(batch, point, row))) return undefined;
  const final = { ...point, blocked: new Set(blocked) };
  const fills = naiveFills(batch, final, { minimums: true });
  const sound = batch.parameters.assets.every((bounds, i) => {
    const post = after(batch, fills, i);
    const { quote, scale } = naiveQuote(batch, fills.trade, i);
    const miss = (final.prices[i] as bigint) * scale - quote;
    const close =
      (miss < 0n ? -miss : miss) * 2n * MILLION <= (batch.oracle.mids[i] as bigint) * scale;
    const edge = (bounds.inventoryMax - bounds.inventoryMin) / MILLION;
    const room = post - bounds.inventoryMin > edge && bounds.inventoryMax - post > edge;
    const priced = batch.parameters.scarcity === 'scarcityPricing' && !room;
    const inside = post >= bounds.inventoryMin && post <= bounds.inventoryMax;
    return inside && (close || priced || i === 0);
  });
  return sound ? { ...final, prices: final.prices.map(price) } : undefined;
}
