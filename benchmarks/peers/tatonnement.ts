import type { MarketModel } from '../../packages/exchange/src/markets/batch/marketModel.ts';

/** How an iteration over prices ended. */
export interface TatonnementOutcome {
  readonly converged: boolean;
  /** Largest |e_i|: distance of a price from the pool's quote, relative to the mid. */
  readonly residual: number;
  /** Demand queries, the expensive part. */
  readonly queries: number;
}

/** A tenth of the quote tolerance, which the batch solver, too, may stop with. */
const GOAL = 1e-7;
const QUERIES_MAX = 5000;
const GROWTH = 1.2;
const SHRINK = 0.5;
const STEP_MIN = 1e-12;

/**
 * Tatonnement, the peer: an auctioneer calls prices, orders and the pool answer with what they
 * want, and each price moves with its own excess demand,
 *
 *   eta_i <- eta_i + step_i C_ii (v_pool,i - v_orders,i),   v_pool = - w - C^-1 eta,
 *
 * on the same demand query as the solver. C_ii starts each step at the depth of its own asset. Each
 * asset keeps its own step: a fifth longer while its excess keeps its sign, half as long when it
 * turns. One step for all with backtracking needed more queries on every size tried.
 */
export function tatonnement(model: MarketModel, eta: Float64Array): TatonnementOutcome {
  const n = model.assets - 1;
  const depth = Float64Array.from({ length: n }, (_, i) => model.covariance[i * n + i] as number);
  return adjust(model, eta, (e, excess) => {
    excess.set(e);
    model.applyInverseCovariance(excess);
    for (let i = 0; i < n; i += 1) excess[i] = (excess[i] as number) * (depth[i] as number);
  });
}

/**
 * The stronger cousin that knows the pool's quote: eta_i <- eta_i - step_i e_i, e_i the distance of
 * a price from the quote. Correlations are inside the quote, so it needs few queries while orders
 * are small against the pool's depth, and very many once they are not.
 */
export function quoteIteration(model: MarketModel, eta: Float64Array): TatonnementOutcome {
  return adjust(model, eta, (e, excess) => excess.set(e));
}

/** Moves every price against its excess with a step of its own. */
function adjust(
  model: MarketModel,
  eta: Float64Array,
  measure: (e: Float64Array, excess: Float64Array) => void,
): TatonnementOutcome {
  const n = model.assets - 1;
  const e = new Float64Array(n);
  const excess = new Float64Array(n);
  const before = new Float64Array(n);
  const steps = new Float64Array(n).fill(0.5);
  let residual = Number.POSITIVE_INFINITY;
  let queries = 0;
  while (queries < QUERIES_MAX) {
    model.evaluate(eta, false);
    residual = model.residual(eta, e);
    queries += 1;
    if (residual <= GOAL) break;
    measure(e, excess);
    for (let i = 0; i < n; i += 1) {
      const own = excess[i] as number;
      const turned = own * (before[i] as number) < 0;
      const step = (steps[i] as number) * (turned ? SHRINK : GROWTH);
      steps[i] = Math.min(1, Math.max(STEP_MIN, step));
      eta[i + 1] = (eta[i + 1] as number) - (steps[i] as number) * own;
      before[i] = own;
    }
  }
  return { converged: residual <= GOAL, residual, queries };
}
