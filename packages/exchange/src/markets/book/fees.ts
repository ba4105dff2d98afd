const MILLION = 1_000_000;

/**
 * The fee of `ppm` parts per million on an amount below 2^53, rounded up: against whoever pays it,
 * and, where it is negative, against whoever is paid it.
 *
 * Exact: below 2^53 a millionth part is a whole number or at least a millionth away from one, and
 * doubles of that size lie closer together than twice that, so no division reaches a whole number
 * that is not its own. Where the product would leave 2^53, millions and the rest go apart.
 */
export function feeOf(units: number, ppm: number): number {
  const product = units * ppm;
  // `+ 0` keeps a rebate of nothing from being the negative zero.
  if (product <= EXACT_MAX && product >= -EXACT_MAX) return Math.ceil(product / MILLION) + 0;
  const rest = units % MILLION;
  return ((units - rest) / MILLION) * ppm + Math.ceil((rest * ppm) / MILLION) + 0;
}

const EXACT_MAX: number = Number.MAX_SAFE_INTEGER;
