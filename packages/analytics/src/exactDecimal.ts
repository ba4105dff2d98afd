import { invariant } from '@lawbook/exchange/failures/invariant';
import { divFloor } from '@lawbook/exchange/numbers/mulDiv';

/** A decimal held exactly: `digits` * 10^-`places`. */
export interface ExactDecimal {
  readonly digits: bigint;
  readonly places: number;
}

/** Reads `-0.70`, `0.000000125` or `1.25e-7` exactly; undefined for anything else. */
export function parseExact(text: string): ExactDecimal | undefined {
  const match = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?(?:e(-?\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? '';
  const places = fraction.length - Number(match[4] ?? '0');
  const size = BigInt(`${match[2]}${fraction}`) * 10n ** BigInt(Math.max(0, -places));
  return { digits: match[1] === '-' ? -size : size, places: Math.max(0, places) };
}

/** `parseExact` of trusted text. */
export function exactDecimal(text: string): ExactDecimal {
  const exact = parseExact(text);
  invariant(exact !== undefined, 'a stated decimal is digits, perhaps with point, sign, exponent');
  return exact;
}

/** The product, exact. */
export function product(factors: readonly ExactDecimal[]): ExactDecimal {
  return factors.reduce(
    (all, factor) => ({ digits: all.digits * factor.digits, places: all.places + factor.places }),
    { digits: 1n, places: 0 },
  );
}

/** The decimal times `scale`, rounded to the nearest integer, halves away from zero. */
export function scaledInteger({ digits, places }: ExactDecimal, scale: bigint): bigint {
  const divisor = 10n ** BigInt(places);
  const size = (digits < 0n ? -digits : digits) * scale;
  const rounded = divFloor(2n * size + divisor, 2n * divisor);
  return digits < 0n ? -rounded : rounded;
}
