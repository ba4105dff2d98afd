import { invariant } from '@lawbook/exchange/failures/invariant';
import { divFloor } from '@lawbook/exchange/numbers/mulDiv';

/** A decimal held exactly: `digits` * 10^-`places`. */
export interface ExactDecimal {
  readonly digits: bigint;
  readonly places: number;
}

/** Reads a plain decimal such as `-0.70` or `0.000000125`; trusted text only. */
export function exactDecimal(text: string): ExactDecimal {
  const match = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text);
  invariant(match !== null, 'a stated decimal is plain: digits, perhaps a point and a sign');
  const fraction = match[3] ?? '';
  const digits = BigInt(`${match[2]}${fraction}`);
  return { digits: match[1] === '-' ? -digits : digits, places: fraction.length };
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
