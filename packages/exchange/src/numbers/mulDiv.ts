import { invariant } from '../failures/invariant.ts';

/**
 * floor(a * b / divisor) for a, b >= 0 and divisor > 0. Rounds towards zero units for the receiver.
 */
export function mulDivFloor(a: bigint, b: bigint, divisor: bigint): bigint {
  invariant(a >= 0n && b >= 0n, 'mulDivFloor takes non-negative factors');
  invariant(divisor > 0n, 'mulDivFloor divides by a positive number');
  return (a * b) / divisor;
}

/** ceil(a * b / divisor) for a, b >= 0 and divisor > 0. Rounds against the payer. */
export function mulDivCeil(a: bigint, b: bigint, divisor: bigint): bigint {
  invariant(a >= 0n && b >= 0n, 'mulDivCeil takes non-negative factors');
  invariant(divisor > 0n, 'mulDivCeil divides by a positive number');
  return (a * b + divisor - 1n) / divisor;
}

/** floor(a / divisor) towards minus infinity, for any sign of `a` and divisor > 0. */
export function divFloor(a: bigint, divisor: bigint): bigint {
  invariant(divisor > 0n, 'divFloor divides by a positive number');
  const quotient = a / divisor;
  return a < 0n && quotient * divisor !== a ? quotient - 1n : quotient;
}

/** The absolute value of a bigint. */
export function abs(a: bigint): bigint {
  return a < 0n ? -a : a;
}
