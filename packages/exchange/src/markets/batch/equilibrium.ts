import { RAMP_WIDTH } from './demandCurves.ts';
import { factorLu, solveLu } from './linearAlgebra.ts';
import type { MarketModel } from './marketModel.ts';
import { PoolResponse } from './poolResponse.ts';

/** Residual at which the search stops, in units of a relative price: far below the tolerance. */
export const RESIDUAL_GOAL = 1e-12;
/** Residual with which the search may stop when doubles allow no more: a tenth of the tolerance. */
export const RESIDUAL_ACCEPTED = 1e-7;

const NEWTON_STEPS_MAX = 80;
const SEARCH_EVALUATIONS_MAX = 24;
const IDLE_STEPS_MAX = 4;
const SWEEPS_MAX = 60;
const BISECTIONS_MAX = 60;

/** How the search for one equilibrium ended. */
export interface EquilibriumOutcome {
  readonly converged: boolean;
  /** Largest |e_i|. */
  readonly residual: number;
  /** Newton steps, those of wider ramps included. */
  readonly iterations: number;
  /** Largest |change of eta_i| of the last step. */
  readonly stepNorm: number;
}

/**
 * Finds the price deviations at which the pool's quotes equal the prices, for the model's current
 * controls. `eta` is the start point and becomes the answer.
 *
 * Newton's method on a strongly monotone map; a step is shortened by the slope of the projected
 * map (see `searchLine`). Where that fails the ramp is widened and narrowed again, and as the last
 * resort coordinates are bisected in turn.
 */
export function findEquilibrium(model: MarketModel, eta: Float64Array): EquilibriumOutcome {
  const first = newton(model, eta);
  if (first.converged) return first;
  let { iterations } = first;
  for (const width of [1e-2, 1e-3, 3e-4, 1e-4, 3e-5, RAMP_WIDTH]) {
    model.curves.rampWidth = width;
    iterations += newton(model, eta).iterations;
  }
  const narrowed = newton(model, eta);
  iterations += narrowed.iterations;
  if (narrowed.converged) return { ...narrowed, iterations };
  bisectCoordinates(model, eta);
  const last = newton(model, eta);
  return { ...last, iterations: iterations + last.iterations };
}

/** Damped semismooth Newton; leaves the model evaluated at `eta`. */
function newton(model: MarketModel, eta: Float64Array): EquilibriumOutcome {
  const n = model.assets - 1;
  const e = new Float64Array(n);
  const best = { residual: Number.POSITIVE_INFINITY, idle: 0, eta: new Float64Array(eta) };
  const steps = model.isWalled ? new WalledSteps(model) : new OpenSteps(model);
  model.evaluate(eta);
  let residual = model.residual(eta, e);
  let stepNorm = 0;
  let iterations = 0;
  while (residual > RESIDUAL_GOAL && iterations < NEWTON_STEPS_MAX) {
    best.idle = residual < best.residual * 0.5 ? 0 : best.idle + 1;
    if (residual < best.residual) {
      best.residual = residual;
      best.eta.set(eta);
    }
    if (best.idle > IDLE_STEPS_MAX && best.residual < RESIDUAL_ACCEPTED) break;
    const d = steps.direction(eta, e);
    if (d === undefined) break;
    keepPricesPositive(eta, d);
    stepNorm = searchLine(model, steps, { eta, e, d, residual });
    residual = model.residual(eta, e);
    iterations += 1;
  }
  if (residual > best.residual) {
    eta.set(best.eta);
    model.evaluate(eta);
    residual = model.residual(eta, e);
  }
  return { converged: residual <= RESIDUAL_ACCEPTED, residual, iterations, stepNorm };
}

/** How a Newton step is made, and what its line search measures. */
interface Steps {
  /** The Newton direction at the last evaluated prices; undefined where the system is singular. */
  direction(eta: Float64Array, e: Float64Array): Float64Array | undefined;
  /** Slope along d of the function that the market minimises, at the last evaluated prices. */
  slope(d: Float64Array, eta: Float64Array, e: Float64Array): number;
  /** Whether a halved residual alone is reason to accept a step. */
  readonly trustsResidual: boolean;
}

/** Steps without walls: gradient g = C^-1 e, Newton system (sigma C^-1 + Dv) d = - g. */
class OpenSteps implements Steps {
  readonly trustsResidual = true;
  readonly #model: MarketModel;
  readonly #d: Float64Array;
  readonly #gradient: Float64Array;
  readonly #jacobian: Float64Array;
  readonly #order: Int32Array;

  constructor(model: MarketModel) {
    const n = model.assets - 1;
    this.#model = model;
    this.#d = new Float64Array(n);
    this.#gradient = new Float64Array(n);
    this.#jacobian = new Float64Array(n * n);
    this.#order = new Int32Array(n);
  }

  direction(_eta: Float64Array, e: Float64Array): Float64Array | undefined {
    const d = this.#d;
    this.#model.gradientJacobian(this.#jacobian);
    for (let i = 0; i < d.length; i += 1) d[i] = -(e[i] as number);
    this.#model.applyInverseCovariance(d);
    if (!factorLu(this.#jacobian, this.#order, d.length)) return undefined;
    solveLu(this.#jacobian, this.#order, d);
    return d;
  }

  slope(d: Float64Array, _eta: Float64Array, e: Float64Array): number {
    this.#gradient.set(e);
    this.#model.applyInverseCovariance(this.#gradient);
    return dot(d, this.#gradient);
  }
}

/** Steps of a market with walls: gradient gap g, Newton system (sigma I + M Dv) d = - M g. */
class WalledSteps implements Steps {
  readonly trustsResidual = false;
  readonly #model: MarketModel;
  readonly #response: PoolResponse;
  readonly #d: Float64Array;
  readonly #gap: Float64Array;
  readonly #jacobian: Float64Array;
  readonly #order: Int32Array;

  constructor(model: MarketModel) {
    const n = model.assets - 1;
    this.#model = model;
    this.#response = new PoolResponse(model);
    this.#d = new Float64Array(n);
    this.#gap = new Float64Array(n);
    this.#jacobian = new Float64Array(n * n);
    this.#order = new Int32Array(n);
  }

  direction(eta: Float64Array): Float64Array | undefined {
    const d = this.#d;
    const n = d.length;
    this.#response.gap(eta, this.#gap);
    const { matrix } = this.#response;
    this.#model.walledJacobian(this.#jacobian, matrix);
    for (let i = 0; i < n; i += 1) {
      let sum = 0;
      for (let j = 0; j < n; j += 1) {
        sum -= (matrix[i * n + j] as number) * (this.#gap[j] as number);
      }
      d[i] = sum;
    }
    if (!factorLu(this.#jacobian, this.#order, n)) return undefined;
    solveLu(this.#jacobian, this.#order, d);
    return d;
  }

  slope(d: Float64Array, eta: Float64Array): number {
    this.#response.gap(eta, this.#gap);
    return dot(d, this.#gap);
  }
}

interface LineSearch {
  readonly eta: Float64Array;
  readonly e: Float64Array;
  readonly d: Float64Array;
  readonly residual: number;
}

/**
 * Moves eta along d to where the slope of the minimised function along d has nearly vanished.
 *
 * The slope rises along d because the map is strongly monotone; for the fixed-notional market it
 * belongs to a convex potential, so its root is the exact line minimum and kinks cannot trap the
 * search as they can when a norm of e is the measure. Returns the largest |change of eta_i|.
 */
function searchLine(model: MarketModel, steps: Steps, line: LineSearch): number {
  const { eta, e, d, residual } = line;
  const start = new Float64Array(eta);
  // Without walls the slope is a function of e alone and is rarely asked for: e is kept instead.
  const kept = steps.trustsResidual ? Float64Array.from(e) : undefined;
  const slopeBefore = kept === undefined ? steps.slope(d, eta, e) : 0;
  const moveTo = (tau: number): number => {
    for (let i = 0; i < d.length; i += 1) {
      eta[i + 1] = (start[i + 1] as number) + tau * (d[i] as number);
    }
    model.evaluate(eta);
    return model.residual(eta, e);
  };
  let tau = 1;
  if (moveTo(1) > 0.5 * residual || !steps.trustsResidual) {
    let low = 0;
    let high = 1;
    const slopeStart = kept === undefined ? slopeBefore : steps.slope(d, eta, kept);
    let slopeLow = slopeStart;
    let slopeHigh = steps.slope(d, eta, e);
    const goal = 0.25 * Math.abs(slopeStart);
    for (let left = SEARCH_EVALUATIONS_MAX; slopeHigh > goal && left > 0; left -= 1) {
      const secant = low + ((high - low) * -slopeLow) / (slopeHigh - slopeLow);
      const guard = 0.1 * (high - low);
      tau = left % 3 === 0 ? (low + high) / 2 : clamp(secant, low + guard, high - guard);
      moveTo(tau);
      const slope = steps.slope(d, eta, e);
      if (Math.abs(slope) <= goal) break;
      if (slope > 0) {
        high = tau;
        slopeHigh = slope;
      } else {
        low = tau;
        slopeLow = slope;
      }
    }
  }
  let moved = 0;
  for (const component of d) moved = Math.max(moved, tau * Math.abs(component));
  return moved;
}

/** Shortens d so that no price falls below half or rises above twice its present level. */
function keepPricesPositive(eta: Float64Array, d: Float64Array): void {
  let scale = 1;
  for (let i = 0; i < d.length; i += 1) {
    const level = 1 + (eta[i + 1] as number);
    const step = d[i] as number;
    if (step < -0.5 * level) scale = Math.min(scale, (-0.5 * level) / step);
    if (step > level) scale = Math.min(scale, level / step);
  }
  if (scale < 1) for (let i = 0; i < d.length; i += 1) d[i] = (d[i] as number) * scale;
}

/** Sweeps over assets, each time bisecting one e_i, which rises with its own eta_i. */
function bisectCoordinates(model: MarketModel, eta: Float64Array): void {
  const n = model.assets - 1;
  const e = new Float64Array(n);
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep += 1) {
    for (let i = 0; i < n; i += 1) {
      let low = -0.5;
      let high = 1;
      for (let left = BISECTIONS_MAX; left > 0; left -= 1) {
        const middle = (low + high) / 2;
        eta[i + 1] = middle;
        model.evaluate(eta, false);
        model.residual(eta, e);
        if ((e[i] as number) > 0) high = middle;
        else low = middle;
      }
    }
    model.evaluate(eta);
    if (model.residual(eta, e) <= RESIDUAL_ACCEPTED) return;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}
