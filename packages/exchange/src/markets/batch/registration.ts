import { at } from '../../failures/invariant.ts';
import { refuse } from '../../failures/rejection.ts';
import type { Result } from '../../failures/result.ts';
import { accepted } from '../../failures/result.ts';
import { ASSET_COUNT_MAX, DECIMALS_MAX } from '../../ledger/asset.ts';
import { AMOUNT_MAX } from '../../numbers/amount.ts';
import { mulDivCeil } from '../../numbers/mulDiv.ts';
import { PRICE_SCALE } from '../../numbers/price.ts';
import { isPositiveDefinite } from './measures.ts';
import type { OracleSnapshot } from './oracleSnapshot.ts';
import type { BatchParameters } from './parameters.ts';
import { AdmissionMode, FEE_SCALE } from './parameters.ts';
import { unitPrices } from './unitPrices.ts';

const BASKET_COUNT_MAX = 64;
/** A bundle and a batch's columns stay addressable with 32-bit rows and within memory. */
const ORDER_COUNT_CEILING = 4_000_000;
const BAND_PPM_MAX = 500_000;

/**
 * Checks market parameters before a market is created or changed, field by field in declared order.
 *
 * @returns rejections `parametersInvalid` and `covarianceNotPositiveDefinite`, naming the field.
 */
export function checkParameters(parameters: BatchParameters): Result<undefined> {
  for (const check of [checkAssets, checkProducts, checkRanges]) {
    const result = check(parameters);
    if (!result.ok) return result;
  }
  const size = (parameters.assets.length - 1) ** 2;
  if (parameters.scaledCovariance.length !== size) {
    return invalid('scaledCovariance', `${size} entries`, parameters.scaledCovariance.length);
  }
  if (
    parameters.scaledCovariance.some((entry) => entry > COVARIANCE_MAX || entry < -COVARIANCE_MAX)
  ) {
    return invalid('scaledCovariance', `entries within +-2^100`, 'a larger entry');
  }
  if (!isPositiveDefinite(parameters.scaledCovariance)) {
    return refuse('covarianceNotPositiveDefinite', { field: 'scaledCovariance' });
  }
  return accepted(undefined);
}

/** Checks that a snapshot fits a market: one positive mid per asset, the numeraire at one. */
export function checkOracle(
  parameters: BatchParameters,
  oracle: OracleSnapshot,
): Result<undefined> {
  const count = parameters.assets.length;
  if (oracle.mids.length !== count) {
    return invalid('oracle.mids', `${count} prices`, oracle.mids.length);
  }
  if (oracle.mids[0] !== PRICE_SCALE) {
    return invalid('oracle.mids[0]', PRICE_SCALE, at(oracle.mids, 0));
  }
  return accepted(undefined);
}

/**
 * Checks that one unit of every basket is worth at most `worthMax` whole units of the numeraire at
 * the given mids. Rejection: parametersInvalid.
 */
export function checkBasketWorth(
  parameters: BatchParameters,
  mids: readonly bigint[],
  worthMax: bigint,
): Result<undefined> {
  const prices = unitPrices(parameters, mids);
  const one = at(prices, 0) * 10n ** BigInt(at(parameters.assets, 0).decimals);
  const count = parameters.assets.length;
  const coarse = prices.slice(count).findIndex((worth) => worth > one * worthMax);
  if (coarse < 0) return accepted(undefined);
  const limit = `one unit is worth at most ${worthMax} of the numeraire`;
  return invalid(
    `baskets[${coarse}].units`,
    limit,
    mulDivCeil(at(prices, count + coarse), 1n, one),
  );
}

/** Largest scaled covariance, of either sign. */
export const COVARIANCE_MAX: bigint = 1n << 100n;

function checkAssets(parameters: BatchParameters): Result<undefined> {
  const { assets } = parameters;
  if (assets.length < 2 || assets.length > ASSET_COUNT_MAX) {
    return invalid('assets', `2..${ASSET_COUNT_MAX} assets`, assets.length);
  }
  const seen = new Set(assets.map((asset) => asset.assetId));
  if (seen.size !== assets.length) return invalid('assets', 'each asset once', 'a repeated asset');
  if (at(assets, 0).assetId !== 0)
    return invalid('assets[0]', 'the numeraire, asset 0', at(assets, 0).assetId);
  for (const [i, asset] of assets.entries()) {
    const field = `assets[${i}]`;
    if (asset.decimals > DECIMALS_MAX)
      return invalid(`${field}.decimals`, DECIMALS_MAX, asset.decimals);
    if (asset.inventoryMin > asset.inventoryMax) {
      return invalid(`${field}.inventoryMin`, asset.inventoryMax, asset.inventoryMin);
    }
    if (asset.bandPpm < 1 || asset.bandPpm > BAND_PPM_MAX) {
      return invalid(`${field}.bandPpm`, `1..${BAND_PPM_MAX}`, asset.bandPpm);
    }
  }
  return accepted(undefined);
}

function checkProducts(parameters: BatchParameters): Result<undefined> {
  const { assets, baskets, pairBands } = parameters;
  if (baskets.length > BASKET_COUNT_MAX) {
    return invalid('baskets', `at most ${BASKET_COUNT_MAX}`, baskets.length);
  }
  for (const [k, basket] of baskets.entries()) {
    const field = `baskets[${k}]`;
    if (!/^[A-Z0-9]{2,12}$/.test(basket.symbol)) {
      return invalid(`${field}.symbol`, '2..12 capital letters or digits', basket.symbol);
    }
    if (basket.units.length !== assets.length) {
      return invalid(`${field}.units`, `${assets.length} entries`, basket.units.length);
    }
    if (basket.units.filter((units) => units > 0n).length < 2) {
      return invalid(`${field}.units`, 'at least two assets', 'fewer');
    }
    if (basket.units.some((units) => units < 0n || units > BASKET_UNITS_MAX)) {
      return invalid(`${field}.units`, `0..${BASKET_UNITS_MAX}`, 'an entry outside');
    }
  }
  const products = assets.length + baskets.length;
  const seen = new Set<number>();
  for (const [k, band] of pairBands.entries()) {
    const inside = band.pay < assets.length && band.receive < products;
    if (!inside)
      return invalid(`pairBands[${k}]`, 'an asset and a product of the market', 'outside');
    if (band.bandPpm < 1 || band.bandPpm > BAND_PPM_MAX) {
      return invalid(`pairBands[${k}].bandPpm`, `1..${BAND_PPM_MAX}`, band.bandPpm);
    }
    const pair = band.pay * products + band.receive;
    if (seen.has(pair)) return invalid(`pairBands[${k}]`, 'each pair once', 'a repeated pair');
    seen.add(pair);
  }
  return accepted(undefined);
}

const BASKET_UNITS_MAX = 10n ** 12n;

function checkRanges(parameters: BatchParameters): Result<undefined> {
  const ranges: readonly [string, number, number, number][] = [
    ['feeE7', parameters.feeE7, 0, Number(FEE_SCALE) - 1],
    ['haltBandPpm', parameters.haltBandPpm, 1, 999_999],
    ['batchIntervalMs', parameters.batchIntervalMs, 10, 86_400_000],
    ['oracleAgeMsMax', parameters.oracleAgeMsMax, 1, 0xffffffff],
    ['orderCountMax', parameters.orderCountMax, 1, ORDER_COUNT_CEILING],
  ];
  for (const [field, actual, least, most] of ranges) {
    if (!Number.isInteger(actual) || actual < least || actual > most) {
      return invalid(field, `${least}..${most}`, actual);
    }
  }
  const hidden = parameters.admission === AdmissionMode.commitReveal;
  if (hidden && (parameters.revealWindowMs < 10 || parameters.revealWindowMs > 86_400_000)) {
    return invalid('revealWindowMs', '10..86400000', parameters.revealWindowMs);
  }
  if (parameters.budgetMax < 1n || parameters.budgetMax > AMOUNT_MAX) {
    return invalid('budgetMax', `1..${AMOUNT_MAX}`, parameters.budgetMax);
  }
  return accepted(undefined);
}

function invalid(
  field: string,
  limit: string | number | bigint,
  actual: string | number | bigint,
): Result<undefined> {
  return refuse('parametersInvalid', { field, limit, actual });
}
