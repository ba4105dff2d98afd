import { invariant } from '../failures/invariant.ts';

declare const priceBrand: unique symbol;

/**
 * US dollars (the numeraire) per whole unit of an asset, times PRICE_SCALE. Always positive.
 *
 * The scale is decimal: oracle quotes are decimal, so mids are exact, and a person can read a
 * price.
 */
export type Price = bigint & { readonly [priceBrand]: true };

/** 10^12. */
export const PRICE_SCALE: bigint = 10n ** 12n;

/** Decimal digits of PRICE_SCALE. */
export const PRICE_DECIMALS = 12;

/** Prices stay below 2^63 (about nine million dollars per unit), so that they encode in 64 bits. */
export const PRICE_MAX: bigint = (1n << 63n) - 1n;

/** Builds a `Price` from a trusted scaled integer. */
export function price(scaled: bigint): Price {
  invariant(scaled > 0n, 'a price is positive');
  invariant(scaled <= PRICE_MAX, 'a price fits 63 bits');
  return scaled as Price;
}

/** Parts per million: the unit of bands and fractions. */
export const PPM: bigint = 1_000_000n;
