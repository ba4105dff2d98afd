import { at, invariant } from '@lawbook/exchange/failures/invariant';

/** One cost in basis points and the notional that it applies to. */
export interface WeightedCost {
  readonly bps: number;
  readonly usd: number;
}

/** How costs spread over orders, basis points: quantiles count orders, the mean weighs notional. */
export interface Spread {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly mean: number;
}

/** The spread of some costs; undefined of none. */
export function spreadOf(costs: readonly WeightedCost[]): Spread | undefined {
  if (costs.length === 0) return undefined;
  const sorted = costs.map(({ bps }) => bps).sort((a, b) => a - b);
  const notional = costs.reduce((sum, { usd }) => sum + usd, 0);
  const weighted = costs.reduce((sum, { bps, usd }) => sum + bps * usd, 0);
  return {
    p50: quantile(sorted, 50),
    p90: quantile(sorted, 90),
    p99: quantile(sorted, 99),
    mean: notional === 0 ? 0 : weighted / notional,
  };
}

/** The least entry that at least `percent` of all entries do not exceed: nearest rank. */
export function quantile(sorted: readonly number[], percent: number): number {
  invariant(sorted.length > 0, 'a quantile is of something');
  const rank = Math.ceil((sorted.length * percent) / 100);
  return at(sorted, Math.max(0, rank - 1));
}
