import type { AssetBounds } from './bounds.ts';
import type { EquilibriumOutcome } from './equilibrium.ts';
import { findEquilibrium } from './equilibrium.ts';
import type { MarketModel } from './marketModel.ts';

/** A pool's plan under rationing, and the flows that turn its excess into factors. USD by asset. */
export interface RationedPlan {
  readonly plan: Float64Array;
  readonly flows: Float64Array;
}

/** One running search for prices: the model, its bounds, and the prices found so far. */
export interface PriceSearch {
  readonly model: MarketModel;
  readonly bounds: readonly AssetBounds[];
  /** Price deviations: the start point, then the answer. */
  readonly eta: Float64Array;
  /** The last rationed solution, to start the next from. */
  rationed: RationedPlan | undefined;
  iterations: number;
  stepNorm: number;
}

/** Finds the equilibrium at the present controls and books its Newton steps. */
export function settlePrices(search: PriceSearch): EquilibriumOutcome {
  const found = findEquilibrium(search.model, search.eta);
  search.iterations += found.iterations;
  search.stepNorm = found.stepNorm;
  return found;
}

/**
 * Finds a root of a monotone function inside [low, high] by the Illinois rule with bisection mixed
 * in, so that a function of steps cannot stall it. Stops when |f| <= slack.
 *
 * @returns whether it got there; the last call of `f` was at the returned point.
 */
export function bracketRoot(
  f: (x: number) => number,
  bracket: { low: number; high: number; fLow: number; fHigh: number },
  limits: { readonly slack: number; readonly rounds: number },
): { readonly x: number; readonly found: boolean } {
  let { low, high, fLow, fHigh } = bracket;
  let x = low;
  for (let round = 0; round < limits.rounds; round += 1) {
    const secant = low - (fLow * (high - low)) / (fHigh - fLow);
    const inside = secant > low && secant < high;
    x = round % 3 === 2 || !inside ? (low + high) / 2 : secant;
    const fx = f(x);
    if (Math.abs(fx) <= limits.slack) return { x, found: true };
    if (fx > 0 === fHigh > 0) {
      high = x;
      fHigh = fx;
      fLow /= 2;
    } else {
      low = x;
      fLow = fx;
      fHigh /= 2;
    }
  }
  return { x, found: false };
}
