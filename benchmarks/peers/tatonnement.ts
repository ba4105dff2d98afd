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
const STEP_FIRST = 1e-4;

/**
 * Tatonnement, the peer, by the rule of SPEEDEX (section 5 of its paper): an auctioneer calls
 * prices, orders and the pool answer with what they want, and each price moves with its own excess
 * demand over the asset's traded volume,
 *
 *   eta_i <- eta_i + step (v_pool,i - v_orders,i) / volume_i,   v_pool = - w - C^-1 eta.
 *
 * One step for all: 1.4 times longer after a call that lowered the norm of the normalised excess,
 * taken back and half as long otherwise. Same demand query as the solver.
 */
export function tatonnement(model: MarketModel, eta: Float64Array): TatonnementOutcome {
  const n = model.assets - 1;
  const e = new Float64Array(n);
  const excess = new Float64Array(n);
  const volume = new Float64Array(n);
  const kept = Float64Array.from(eta);
  const keptExcess = new Float64Array(n);
  let step = STEP_FIRST;
  let best = Number.POSITIVE_INFINITY;
  let residual = best;
  let queries = 0;
  while (queries < QUERIES_MAX) {
    model.evaluate(eta, false);
    residual = model.residual(eta, e);
    queries += 1;
    if (residual <= GOAL) break;
    const norm = normalisedExcess(model, { e, excess, volume });
    if (norm < best) {
      best = norm;
      kept.set(eta);
      keptExcess.set(excess);
      step *= 1.4;
    } else {
      step *= 0.5;
    }
    for (let i = 0; i < n; i += 1) {
      eta[i + 1] = (kept[i + 1] as number) - step * (keptExcess[i] as number);
    }
  }
  return { converged: residual <= GOAL, residual, queries };
}

/** Excess supply over traded volume by asset, and its norm. Volumes are those of the first call. */
function normalisedExcess(
  model: MarketModel,
  at: { readonly e: Float64Array; readonly excess: Float64Array; readonly volume: Float64Array },
): number {
  const { e, excess, volume } = at;
  excess.set(e);
  model.applyInverseCovariance(excess);
  let norm = 0;
  for (let i = 0; i < excess.length; i += 1) {
    if (volume[i] === 0) {
      volume[i] = (model.paid[i + 1] as number) + (model.out[i + 1] as number) + 1;
    }
    excess[i] = (excess[i] as number) / (volume[i] as number);
    norm += (excess[i] as number) ** 2;
  }
  return norm;
}

/**
 * Tatonnement that is told the pool's depth: eta_i <- eta_i - step_i C_ii (v_orders,i - v_pool,i),
 * each asset with a step of its own, a fifth longer while its excess keeps its sign and half as
 * long when it turns. A venue without a pool has no C to start from.
 */
export function depthTatonnement(model: MarketModel, eta: Float64Array): TatonnementOutcome {
  const n = model.assets - 1;
  const depth = Float64Array.from({ length: n }, (_, i) => model.covariance[i * n + i] as number);
  return adjust(model, eta, (e, excess) => {
    excess.set(e);
    model.applyInverseCovariance(excess);
    for (let i = 0; i < n; i += 1) excess[i] = (excess[i] as number) * (depth[i] as number);
  });
}

/**
 * The cousin that knows the pool's whole quote: eta_i <- eta_i - step_i e_i, e_i the distance of
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
