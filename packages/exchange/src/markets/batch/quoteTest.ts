import { at } from '../../failures/invariant.ts';
import { abs, divFloor } from '../../numbers/mulDiv.ts';
import { PRICE_SCALE } from '../../numbers/price.ts';
import type { OracleSnapshot } from './oracleSnapshot.ts';
import type { BatchAsset, BatchParameters } from './parameters.ts';
import {
  COVARIANCE_BITS,
  decimalsMax,
  QUOTE_TOLERANCE,
  Scarcity,
  TIGHT_TOLERANCE,
  unitWeights,
} from './parameters.ts';

/** The pool of a batch as the quote test sees it: ledger units by market asset. */
export interface PoolPosition {
  readonly parameters: BatchParameters;
  readonly oracle: OracleSnapshot;
  /** Inventory before the batch. */
  readonly inventory: readonly bigint[];
  /** z: the pool's trade, fees not deducted. */
  readonly trade: readonly bigint[];
  /** Moved to the fee vault: inventory after the batch = inventory + trade - fees. */
  readonly fees: readonly bigint[];
}

/** Which bounds of an asset the inventory after the batch has reached. */
export interface Tightness {
  readonly lower: boolean;
  readonly upper: boolean;
}

/** Distance from a bound within which it counts as reached: floor(width / TIGHT_TOLERANCE) + 1. */
export function tightDistance(asset: BatchAsset): bigint {
  return divFloor(asset.inventoryMax - asset.inventoryMin, TIGHT_TOLERANCE) + 1n;
}

/** The inventory after the batch, ledger units. */
export function inventoryAfter(position: PoolPosition): bigint[] {
  const { inventory, trade, fees } = position;
  return inventory.map((before, i) => before + at(trade, i) - at(fees, i));
}

/** Tightness of every asset's bounds after the batch. */
export function tightness(position: PoolPosition): Tightness[] {
  const after = inventoryAfter(position);
  return position.parameters.assets.map((asset, i) => ({
    lower: at(after, i) - asset.inventoryMin <= tightDistance(asset),
    upper: asset.inventoryMax - at(after, i) <= tightDistance(asset),
  }));
}

/** Whether the inventory after the batch lies within every bound. */
export function boundsHold(position: PoolPosition): boolean {
  const after = inventoryAfter(position);
  return position.parameters.assets.every(
    (asset, i) => at(after, i) >= asset.inventoryMin && at(after, i) <= asset.inventoryMax,
  );
}

/** Q = 2^80 * 10^12 * 10^D: the denominator of quotes and of quote moves. */
export function quoteScale(parameters: BatchParameters): bigint {
  return (1n << COVARIANCE_BITS) * PRICE_SCALE * 10n ** BigInt(decimalsMax(parameters));
}

/**
 * How far a trade moves the pool's quotes down, times `quoteScale`, exact:
 *   move_i = mid_i * sum_j S_ij mid_j w_j change_j   (i, j over non-numeraire assets; move_0 = 0)
 * Applied to inventory + trade - target it is the whole distance of the quote below the mid.
 */
export function quoteMoves(
  parameters: BatchParameters,
  mids: readonly bigint[],
  change: readonly bigint[],
): bigint[] {
  const weights = unitWeights(parameters);
  const n = parameters.assets.length - 1;
  const worth = change.map((units, j) => at(mids, j) * at(weights, j) * units);
  return parameters.assets.map((_, i) => {
    if (i === 0) return 0n;
    let sum = 0n;
    for (let j = 1; j <= n; j += 1) {
      sum += at(parameters.scaledCovariance, (i - 1) * n + (j - 1)) * at(worth, j);
    }
    return at(mids, i) * sum;
  });
}

/** Quotes of the pool after the batch, times `quoteScale`; exact, possibly negative. */
export function scaledQuotes(position: PoolPosition): bigint[] {
  const { parameters, oracle, inventory, trade } = position;
  const exposure = parameters.assets.map(
    (asset, j) => at(inventory, j) + at(trade, j) - asset.target,
  );
  const scale = quoteScale(parameters);
  const moves = quoteMoves(parameters, oracle.mids, exposure);
  return moves.map((move, i) => at(oracle.mids, i) * scale - move);
}

/** A half-open question about sigma: the fraction numerator / denominator, denominator > 0. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * The quote test (E4, E5) in exact integers, multiplied out, with nothing rounded:
 *
 *   there is one sigma > 0 with, for every asset i >= 1, tolerance_i = mid_i / QUOTE_TOLERANCE and
 *   d_i = sigma P_i - quote_i:   -tolerance_i <= d_i <= tolerance_i,
 *   where only the left half is asked at a tight lower bound and only the right half at a tight
 *   upper bound (neither if both are tight).
 *
 * Under `proRata`, sigma is 1 and both halves are asked of every asset: rationing, not the price,
 * answers scarcity. Under `scarcityPricing`, sigma = 1 + lambda is 1 unless the numeraire is at a
 * tight lower bound (then sigma >= 1) or a tight upper bound (then sigma <= 1).
 */
export function quoteTestHolds(position: PoolPosition, prices: readonly bigint[]): boolean {
  const { parameters, oracle } = position;
  const quotes = scaledQuotes(position);
  const scale = quoteScale(parameters);
  const priced = parameters.scarcity === Scarcity.scarcityPricing;
  const tight = tightness(position);
  const one: Fraction = { numerator: 1n, denominator: 1n };
  const numeraire = at(tight, 0);
  let low: Fraction | undefined = priced && numeraire.upper ? undefined : one;
  let high: Fraction | undefined = priced && numeraire.lower ? undefined : one;
  for (let i = 1; i < quotes.length; i += 1) {
    const denominator = QUOTE_TOLERANCE * scale * at(prices, i);
    const center = QUOTE_TOLERANCE * at(quotes, i);
    const tolerance = at(oracle.mids, i) * scale;
    if (!(priced && at(tight, i).upper)) {
      low = larger(low, { numerator: center - tolerance, denominator });
    }
    if (!(priced && at(tight, i).lower)) {
      high = smaller(high, { numerator: center + tolerance, denominator });
    }
  }
  if (high !== undefined && high.numerator <= 0n) return false;
  if (low === undefined || high === undefined) return true;
  return low.numerator * high.denominator <= high.numerator * low.denominator;
}

/**
 * Largest |P_i - quote_i| / mid_i over the assets, times 10^12, rounded up. In `scarcityPricing`
 * only the forbidden direction counts at a tight bound, and sigma is the ratio of the sums of
 * quotes and prices of assets away from their bounds while the numeraire's bound is tight.
 */
export function quoteResidualE12(position: PoolPosition, prices: readonly bigint[]): bigint {
  const { parameters, oracle } = position;
  const quotes = scaledQuotes(position);
  const scale = quoteScale(parameters);
  const tight = tightness(position);
  const priced = parameters.scarcity === Scarcity.scarcityPricing;
  const sigma = priced ? numeraireMultiple({ quotes, scale, tight }, prices) : undefined;
  const by = sigma ?? { numerator: 1n, denominator: 1n };
  let worst = 0n;
  for (let i = 1; i < quotes.length; i += 1) {
    const distance = by.numerator * at(prices, i) * scale - at(quotes, i) * by.denominator;
    const allowed =
      priced && ((at(tight, i).lower && distance >= 0n) || (at(tight, i).upper && distance <= 0n));
    if (allowed) continue;
    const mid = at(oracle.mids, i) * scale * by.denominator;
    const ratio = -divFloor(-abs(distance) * PRICE_SCALE, mid);
    if (ratio > worst) worst = ratio;
  }
  return worst;
}

function numeraireMultiple(
  pool: { quotes: readonly bigint[]; scale: bigint; tight: readonly Tightness[] },
  prices: readonly bigint[],
): Fraction | undefined {
  const { lower, upper } = at(pool.tight, 0);
  if (!lower && !upper) return undefined;
  let numerator = 0n;
  let denominator = 0n;
  for (let i = 1; i < prices.length; i += 1) {
    const { lower: low, upper: high } = at(pool.tight, i);
    if (low || high) continue;
    numerator += at(pool.quotes, i);
    denominator += at(prices, i) * pool.scale;
  }
  if (denominator === 0n || numerator <= 0n) return undefined;
  if (!lower && numerator > denominator) return undefined;
  if (!upper && numerator < denominator) return undefined;
  return { numerator, denominator };
}

function larger(a: Fraction | undefined, b: Fraction): Fraction {
  if (a === undefined) return b;
  return a.numerator * b.denominator >= b.numerator * a.denominator ? a : b;
}

function smaller(a: Fraction | undefined, b: Fraction): Fraction {
  if (a === undefined) return b;
  return a.numerator * b.denominator <= b.numerator * a.denominator ? a : b;
}
