import { invariant } from '../failures/invariant.ts';

declare const amountBrand: unique symbol;

/**
 * A count of smallest ledger units of one asset, 0 <= amount <= AMOUNT_MAX.
 * Signed changes are plain bigints; an `Amount` is never negative.
 */
export type Amount = bigint & { readonly [amountBrand]: true };

/** 2^63 - 1: fits a signed 64-bit integer, the narrowest base layer that Lawbook settles on. */
export const AMOUNT_MAX: bigint = (1n << 63n) - 1n;

/** Builds an `Amount` from a trusted integer. */
export function amount(units: bigint): Amount {
  invariant(units >= 0n, 'an amount is not negative');
  invariant(units <= AMOUNT_MAX, 'an amount fits 63 bits');
  return units as Amount;
}

/** Nothing of an asset. */
export const ZERO: Amount = amount(0n);

/**
 * Reads a decimal such as `1234.56` as ledger units. Exact: more digits than the asset has is
 * refused.
 *
 * @returns undefined for anything but a plain non-negative decimal within range.
 */
export function parseDecimal(text: string, decimals: number): Amount | undefined {
  const match = /^(\d{1,19})(?:\.(\d{1,18}))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = match[2] ?? '';
  if (fraction.length > decimals) return undefined;
  const units = BigInt(`${match[1]}${fraction.padEnd(decimals, '0')}`);
  return units <= AMOUNT_MAX ? amount(units) : undefined;
}

/** Prints ledger units as a decimal with the asset's digits; the inverse of `parseDecimal`. */
export function formatDecimal(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
  if (decimals === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
