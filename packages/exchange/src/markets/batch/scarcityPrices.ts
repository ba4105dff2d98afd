import { at } from '../../failures/invariant.ts';
import type { PriceSearch } from './search.ts';
import { bracketRoot, settlePrices } from './search.ts';

/** Premium that the first, soft wall charges for the largest excess. */
const FIRST_PREMIUM = 1e-3;
const STIFFENING = 30;
const STAGES_MAX = 24;
/** A wall this stiff that still gives way stands where no order can be moved: no premium helps. */
const STIFFNESS_MAX = 1e60;
const NUMERAIRE_PREMIUM_MAX = 4;
const BRACKET_ROUNDS = 90;

/**
 * Scarcity pricing: at an inventory bound the price leaves the quote, upwards at a lower bound and
 * downwards at an upper one, until orders drop out (E4); the numeraire's reserve scales all quotes
 * by one multiple (E5).
 *
 * A bound is a wall inside its tight band: a premium proportional to the excess beyond it. The
 * market with walls keeps its convexity, so the same Newton finds it; walls are stiffened until the
 * excess stays inside the tight band.
 */
export function priceToBounds(search: PriceSearch): boolean {
  raiseWalls(search);
  search.model.numeraireMultiple = 1;
  if (!settleWalls(search)) return false;
  return settleReserve(search);
}

function raiseWalls({ model, bounds }: PriceSearch): void {
  bounds.forEach(({ low, high, zone }, asset) => {
    model.wallLow[asset] = low + 0.75 * zone;
    model.wallHigh[asset] = high - 0.75 * zone;
    model.stiffness[asset] = 0;
    model.wallDepth[asset] = zone;
  });
}

/** Stiffens walls until every excess beyond one is at most two thirds of its tight band. */
function settleWalls(search: PriceSearch): boolean {
  const { model, bounds } = search;
  for (let stage = 0; stage < STAGES_MAX; stage += 1) {
    if (!settlePrices(search).converged) return false;
    let stiffened = false;
    for (let asset = 1; asset < model.assets; asset += 1) {
      const { zone } = at(bounds, asset);
      const change = model.change(asset);
      const below = (model.wallLow[asset] as number) - change;
      const above = change - (model.wallHigh[asset] as number);
      const beyond = Math.max(below, above);
      if (beyond <= 0.66 * zone) continue;
      const now = model.stiffness[asset] as number;
      if (now > STIFFNESS_MAX) continue;
      model.stiffness[asset] = now === 0 ? FIRST_PREMIUM / beyond : now * STIFFENING;
      stiffened = true;
    }
    if (!stiffened) return true;
  }
  return true;
}

/** Finds the multiple 1 + lambda that keeps the numeraire inside its bounds. */
function settleReserve(search: PriceSearch): boolean {
  const { model, bounds } = search;
  const { low, high, lowTarget, highTarget, zone, slack } = at(bounds, 0);
  const change = model.change(0);
  const under = change < low + zone / 8;
  if (!under && change <= high - zone / 8) return true;
  const target = under ? lowTarget : highTarget;
  let converged = true;
  const missAt = (multiple: number): number => {
    model.numeraireMultiple = multiple;
    converged = settleWalls(search) && converged;
    return model.change(0) - target;
  };
  let step = 1e-4;
  let near = 1;
  let fNear = change - target;
  for (;;) {
    const far = under ? 1 + step : 1 / (1 + step);
    const fFar = missAt(far);
    if (Math.abs(fFar) <= slack) return converged;
    if (fFar > 0 === under) {
      const ends = under
        ? { low: near, high: far, fLow: fNear, fHigh: fFar }
        : { low: far, high: near, fLow: fFar, fHigh: fNear };
      const { found } = bracketRoot(missAt, ends, { slack, rounds: BRACKET_ROUNDS });
      return found && converged;
    }
    if (step > NUMERAIRE_PREMIUM_MAX) return false;
    near = far;
    fNear = fFar;
    step *= 4;
  }
}
