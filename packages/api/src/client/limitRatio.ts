import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';

/** A limit as it is signed: least received per unit paid, ledger units, in lowest terms. */
export interface SignedLimit {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Decimals of the ledger units on one side of an order. */
export interface LimitSide {
  readonly decimals: number;
}

const PART_MAX = (1n << 63n) - 1n;

/**
 * Turns "at most `ratio` whole units paid per whole unit received" into the signed fraction.
 *
 * ratio = L / 10^k, so least received per paid = 10^k / L in whole units, and in ledger units
 * n / d = 10^k 10^(decimals received) / (L 10^(decimals paid)), reduced. Exact: nothing is rounded.
 *
 * @returns undefined for anything but a positive decimal whose reduced parts stay below 2^63.
 */
export function ratioLimit(
  ratio: string,
  pay: LimitSide,
  receive: LimitSide,
): SignedLimit | undefined {
  const match = /^(\d{1,19})(?:\.(\d{1,18}))?$/.exec(ratio);
  if (match === null) return undefined;
  const fraction = match[2] ?? '';
  const digits = BigInt(`${match[1]}${fraction}`);
  if (digits === 0n) return undefined;
  const numerator = 10n ** BigInt(fraction.length + receive.decimals);
  const denominator = digits * 10n ** BigInt(pay.decimals);
  const divisor = greatestCommonDivisor(numerator, denominator);
  const limit = {
    numerator: exactQuotient(numerator, divisor),
    denominator: exactQuotient(denominator, divisor),
  };
  return limit.numerator <= PART_MAX && limit.denominator <= PART_MAX ? limit : undefined;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

/** Division that leaves no remainder. */
function exactQuotient(a: bigint, divisor: bigint): bigint {
  return mulDivFloor(a, 1n, divisor);
}
