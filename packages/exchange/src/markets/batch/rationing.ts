import { RAMP_WIDTH } from './demandCurves.ts';
import { factorLu, solveLu } from './linearAlgebra.ts';
import type { PoolPlan } from './poolPlan.ts';
import { RationedPool } from './poolPlan.ts';
import type { PriceSearch } from './search.ts';
import { settlePrices } from './search.ts';

const QUICK_STEPS = 20;
const STAGE_STEPS = 40;
const STAGES_MAX = 120;
const HALVINGS_MAX = 8;
/** A ramp to start from, and how much it narrows per stage; a failed stage takes the root. */
interface Road {
  readonly width: number;
  readonly narrowing: number;
}

const ROADS: readonly Road[] = [
  { width: 1e-2, narrowing: 0.3 },
  { width: 3e-3, narrowing: 0.7 },
  { width: 1e-1, narrowing: 0.5 },
];
const WIDE_RAMP_MAX = 3;
const NARROWING_LAST = 0.99;
/** A step may raise the measure above its last values' largest, so that kinks do not stop it. */
const MEMORY = 5;

/**
 * Pro-rata rationing: prices stay on the pool's quote, and one factor per asset and side keeps the
 * inventory inside its bounds. A factor below one leaves its bound tight.
 *
 * The unknowns are the pool's planned trades u, one per asset: inside the bounds a plan is the
 * trade and fixes the quotes; beyond a bound the trade stays at it and the excess becomes a factor.
 * So prices stay bounded whatever the orders want, and Newton works on orders' trade = plan. Where
 * it fails it starts again with a wide ramp, which smooths every kink, and narrows it.
 */
export function rationToBounds(search: PriceSearch): boolean {
  const pool = new RationedPool(search);
  pool.release();
  if (resume(search, pool)) return true;
  search.rationed = undefined;
  pool.release();
  if (!settlePrices(search).converged) return false;
  if (pool.isWithinBounds()) return true;
  const plan = pool.planFromTrade();
  if (solvePlan(search, pool, { plan, steps: QUICK_STEPS }) && pool.finish()) {
    search.rationed = { plan, flows: pool.flows() };
    return true;
  }
  // Markets many times the pool's size have several branches; another way in may follow another.
  return ROADS.some((road) => narrowRamp(search, pool, road));
}

/** Starts from the last solution: little has changed when one order was dropped. */
function resume(search: PriceSearch, pool: RationedPool): boolean {
  if (search.rationed === undefined) return false;
  pool.adoptFlows(search.rationed.flows);
  const { plan } = search.rationed;
  return solvePlan(search, pool, { plan, steps: QUICK_STEPS }) && pool.finish();
}

/** Follows the plan from a wide ramp to the true one. */
function narrowRamp(search: PriceSearch, pool: RationedPool, road: Road): boolean {
  const { curves } = search.model;
  curves.rampWidth = road.width;
  pool.release();
  settlePrices(search);
  let plan = pool.planFromTrade();
  let { width, narrowing } = road;
  let solved = false;
  for (let stage = 0; stage < STAGES_MAX; stage += 1) {
    curves.rampWidth = solved ? Math.max(RAMP_WIDTH, width * narrowing) : width;
    const trial = Float64Array.from(plan);
    if (solvePlan(search, pool, { plan: trial, steps: STAGE_STEPS })) {
      plan = trial;
      solved = true;
      width = curves.rampWidth;
      narrowing = Math.max(road.narrowing, narrowing * narrowing);
      if (width === RAMP_WIDTH) {
        search.rationed = { plan, flows: pool.flows() };
        return pool.finish();
      }
    } else if (solved) {
      narrowing = Math.sqrt(narrowing);
      if (narrowing > NARROWING_LAST) break;
    } else {
      width *= 3;
      if (width > WIDE_RAMP_MAX) break;
      plan = pool.planFromStart();
    }
  }
  curves.rampWidth = RAMP_WIDTH;
  return false;
}

/** Newton on a plan with a line search that remembers; the plan becomes the answer. */
function solvePlan(
  search: PriceSearch,
  pool: RationedPool,
  task: { readonly plan: PoolPlan; readonly steps: number },
): boolean {
  const { plan } = task;
  const n = plan.length;
  const matrix = new Float64Array(n * n);
  const order = new Int32Array(n);
  const start = new Float64Array(n);
  const recent: number[] = [];
  let measure = pool.measure(plan);
  for (let step = 0; step < task.steps; step += 1) {
    if (pool.isMet(plan)) return true;
    recent.push(measure);
    if (recent.length > MEMORY) recent.shift();
    const move = pool.gap();
    pool.jacobian(plan, matrix);
    for (let i = 0; i < n; i += 1) move[i] = -(move[i] as number);
    if (!factorLu(matrix, order, n)) return false;
    solveLu(matrix, order, move);
    start.set(plan);
    pool.limitStep(plan, move);
    let length = 1;
    for (let halving = 0; ; halving += 1) {
      for (let i = 0; i < n; i += 1) {
        plan[i] = (start[i] as number) + length * (move[i] as number);
      }
      measure = pool.measure(plan);
      const allowed = (1 - 0.01 * length) * Math.max(...recent);
      if (measure <= allowed || halving === HALVINGS_MAX) break;
      length /= 2;
    }
    search.iterations += 1;
  }
  return pool.isMet(plan);
}
