const MILLION = 1_000_000;

/**
 * The fee of `ppm` parts per million on an amount below 2^53, rounded up: against whoever pays it,
 * and, where it is negative, against whoever is paid it.
 *
 * Exact: millions and the rest apart stay below 2^53, and a quotient of the rest is whole or at
 * least a millionth away from the next whole number.
 */
export function feeOf(units: number, ppm: number): number {
  const rest = units % MILLION;
  // `+ 0` keeps a rebate of nothing from being the negative zero.
  return ((units - rest) / MILLION) * ppm + Math.ceil((rest * ppm) / MILLION) + 0;
}
