import { at } from '../../failures/invariant.ts';
import type { BatchParameters } from './parameters.ts';
import { productCount, productUnits, unitWeights } from './parameters.ts';

/** One asset of a product and how many of its ledger units one product unit contains. */
export interface Leg {
  readonly asset: number;
  readonly units: bigint;
}

/** The assets of a product, ascending by market index. */
export function productLegs(parameters: BatchParameters, product: number): readonly Leg[] {
  return productUnits(parameters, product)
    .map((units, asset) => ({ asset, units }))
    .filter((leg) => leg.units !== 0n);
}

/**
 * K_p = sum_i units_i P_i w_i for every product: the price of one unit of a product on a scale that
 * is common to all products of the market, whatever their ledger decimals.
 */
export function unitPrices(parameters: BatchParameters, prices: readonly bigint[]): bigint[] {
  const weights = unitWeights(parameters);
  return Array.from({ length: productCount(parameters) }, (_, product) =>
    productLegs(parameters, product).reduce(
      (sum, { asset, units }) => sum + units * at(prices, asset) * at(weights, asset),
      0n,
    ),
  );
}

/** `unitPrices` of one product only. */
export function unitPrice(
  parameters: BatchParameters,
  prices: readonly bigint[],
  product: number,
): bigint {
  const weights = unitWeights(parameters);
  return productLegs(parameters, product).reduce(
    (sum, { asset, units }) => sum + units * at(prices, asset) * at(weights, asset),
    0n,
  );
}
