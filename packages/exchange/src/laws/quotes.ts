/**
 * The pool's linear quote, exactly. With N = 2^80 * 10^12 * 10^D,
 *
 *   E_j   = mid_j (pre_j + z_j - target_j) w_j          exposure, USD * 10^12 * 10^D
 *   Q_i   = mid_i (N - sum_j S_ij E_j)                  quote * N
 *
 * over the assets besides the numeraire, S the covariance scaled by 2^80. Nothing is divided: all
 * comparisons are multiplied out by N.
 */
import { COVARIANCE_BITS, decimalsMax } from '../markets/batch/parameters.ts';
import { PRICE_SCALE } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';
import type { RuleTable } from './ruleTable.ts';

/** N: the scale of quotes. */
export function quoteScale({ parameters }: BatchTransition): bigint {
  return (1n << COVARIANCE_BITS) * PRICE_SCALE * 10n ** BigInt(decimalsMax(parameters));
}

/** E_j by asset for a trade z before fees; the numeraire's is zero. */
export function exposures(
  transition: BatchTransition,
  rules: RuleTable,
  poolTrade: readonly bigint[],
): bigint[] {
  const { parameters, oracle, before } = transition;
  const pool = (before.accounts.length - 2) * rules.assetCount;
  return parameters.assets.map((asset, j) => {
    if (j === 0) return 0n;
    const position = (before.balances[pool + j] as bigint) + (poolTrade[j] as bigint);
    return (oracle.mids[j] as bigint) * (position - asset.target) * (rules.weights[j] as bigint);
  });
}

/** S_ij for market asset indices i, j >= 1. */
export function covarianceAt({ parameters }: BatchTransition, i: number, j: number): bigint {
  return parameters.scaledCovariance[(i - 1) * (parameters.assets.length - 1) + j - 1] as bigint;
}

/** Q_i by asset; the numeraire's is PRICE_SCALE * N. */
export function scaledQuotes(transition: BatchTransition, exposure: readonly bigint[]): bigint[] {
  const scale = quoteScale(transition);
  return transition.oracle.mids.map((mid, i) => {
    if (i === 0) return PRICE_SCALE * scale;
    const risk = exposure.reduce(
      (sum, e, j) => (e === 0n ? sum : sum + covarianceAt(transition, i, j) * e),
      0n,
    );
    return mid * (scale - risk);
  });
}
