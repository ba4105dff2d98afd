import { invariant } from '@lawbook/exchange/failures/invariant';

const LN_2 = Math.LN2;

/**
 * ln(numerator / denominator) of two positive integers, as a double with an error below 1e-15.
 *
 *   ln(a / b) = 2 artanh z = 2 (z + z^3/3 + z^5/5 + ...),   z = (a - b) / (a + b)
 *
 * with the larger side halved until the ratio is at most 2, so that |z| <= 1/3. Written out because
 * engines differ in the last digits of their logarithm, while additions and products are the same
 * everywhere. The difference is taken in integers, so ratios next to 1 keep all their digits.
 */
export function logRatio(numerator: bigint, denominator: bigint): number {
  invariant(numerator > 0n && denominator > 0n, 'a logarithm is of a positive ratio');
  let [a, b] = [numerator, denominator];
  let doublings = 0;
  for (; a > 2n * b; doublings += 1) b *= 2n;
  for (; b > 2n * a; doublings -= 1) a *= 2n;
  const z = Number(a - b) / Number(a + b);
  const square = z * z;
  let sum = 0;
  let power = z;
  for (let k = 1; k <= TERMS_LAST; k += 2) {
    sum += power / k;
    power *= square;
  }
  return 2 * sum + doublings * LN_2;
}

/** (1/3)^37 / 37 is below 1e-19. */
const TERMS_LAST = 37;
