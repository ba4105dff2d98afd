import { at } from '../../failures/invariant.ts';
import { factorLu, solveLu } from './linearAlgebra.ts';
import type { MarketModel } from './marketModel.ts';
import type { PriceSearch } from './search.ts';
import { settlePrices } from './search.ts';

/** The least factor that an integer factor can express: 1 / RATION_SCALE. */
const FACTOR_MIN = 1e-12;
const QUICK_ROUNDS = 8;
const STAGE_ROUNDS = 25;
const STAGES_MAX = 80;
const HALVINGS_MAX = 5;
/** Depth shrinks by this factor per stage at first; a failed stage takes its square root. */
const SHRINK_FIRST = 0.1;
const SHRINK_LAST = 0.97;
/** A depth below this share of half the inventory range is as good as the tight band alone. */
const DEPTH_MIN = 1e-7;
/** Stages end when the bound distance is within this share of the depth. */
const STAGE_SLACK = 0.04;

type Side = 'pay' | 'receive';

/** One factor that rations: receivers at a lower bound, payers at an upper bound. */
interface Factor {
  readonly asset: number;
  readonly side: Side;
}

/** Prices and factors to return to. */
interface SearchState {
  readonly eta: Float64Array;
  readonly payFactors: Float64Array;
  readonly receiveFactors: Float64Array;
}

/**
 * Pro-rata rationing: prices stay on the pool's quote, and one factor per asset and side keeps the
 * inventory inside its bounds. A factor below one leaves its bound tight.
 *
 * With W a depth inside the bound, a factor c in (0, 1) asks that the inventory stand at c W from
 * its bound: rationing begins at W and is complete at the bound itself. With W the tight band this
 * is the rule. The search tries that first and, where strong coupling defeats it, follows the
 * solution from a wide W down.
 */
export function rationToBounds(search: PriceSearch): boolean {
  closeFrozenAssets(search);
  if (!settlePrices(search).converged) return false;
  if (solveFactors(search, 0, QUICK_ROUNDS)) return true;
  search.model.payFactors.fill(1);
  search.model.receiveFactors.fill(1);
  closeFrozenAssets(search);
  return followDepth(search);
}

/** Follows the factors from rationing over half the inventory range to the tight band. */
function followDepth(search: PriceSearch): boolean {
  let depth = 1;
  let shrink = SHRINK_FIRST;
  let kept: SearchState | undefined;
  for (let stage = 0; stage < STAGES_MAX; stage += 1) {
    const trial = kept === undefined ? depth : depth * shrink;
    const next = trial < DEPTH_MIN ? 0 : trial;
    if (settlePrices(search).converged && solveFactors(search, next, STAGE_ROUNDS)) {
      if (next === 0) return true;
      kept = saveState(search);
      depth = next;
      shrink = Math.max(SHRINK_FIRST, shrink * shrink);
    } else if (kept === undefined) {
      if (depth > 1e4) return false;
      depth *= 10;
    } else {
      restoreState(search, kept);
      shrink = Math.sqrt(shrink);
      if (shrink > SHRINK_LAST) return false;
    }
  }
  return false;
}

/** An asset whose bounds leave a few units of room cannot be rationed to the unit: it is closed. */
function closeFrozenAssets({ model, bounds }: PriceSearch): void {
  bounds.forEach(({ low, high, unit }, asset) => {
    if (high - low > 4 * unit) return;
    model.payFactors[asset] = FACTOR_MIN;
    model.receiveFactors[asset] = FACTOR_MIN;
  });
}

function saveState({ model, eta }: PriceSearch): SearchState {
  return {
    eta: Float64Array.from(eta),
    payFactors: Float64Array.from(model.payFactors),
    receiveFactors: Float64Array.from(model.receiveFactors),
  };
}

function restoreState({ model, eta }: PriceSearch, kept: SearchState): void {
  eta.set(kept.eta);
  model.payFactors.set(kept.payFactors);
  model.receiveFactors.set(kept.receiveFactors);
}

function factorsOf(model: MarketModel, side: Side): Float64Array {
  return side === 'pay' ? model.payFactors : model.receiveFactors;
}

/** The rationing conditions of a search at one depth, and their measure. */
class Conditions {
  readonly #search: PriceSearch;
  readonly #depth: number;

  constructor(search: PriceSearch, depth: number) {
    this.#search = search;
    this.#depth = depth;
  }

  share({ asset, side }: Factor): number {
    return factorsOf(this.#search.model, side)[asset] as number;
  }

  /** W of an asset, USD. */
  width({ asset }: Factor): number {
    const { low, high, zone } = at(this.#search.bounds, asset);
    return 0.9 * zone + this.#depth * 0.5 * (high - low);
  }

  /** S: USD by which the inventory misses what the factor asks for; positive when it must fall. */
  missing(factor: Factor): number {
    const { model, bounds } = this.#search;
    const { low, high, zone } = at(bounds, factor.asset);
    const change = model.change(factor.asset);
    const wanted = this.width(factor) * this.share(factor) + 0.05 * zone;
    return factor.side === 'receive' ? low + wanted - change : change - (high - wanted);
  }

  slack(factor: Factor): number {
    return Math.max(STAGE_SLACK * this.width(factor), at(this.#search.bounds, factor.asset).unit);
  }

  isSettled(factor: Factor): boolean {
    const missing = this.missing(factor);
    const share = this.share(factor);
    const slack = this.slack(factor);
    if (share >= 1) return missing <= slack;
    if (share <= FACTOR_MIN) return missing >= -slack;
    return Math.abs(missing) <= slack;
  }

  /** Factors below one, and those that must fall. Frozen assets stay closed. */
  open(): Factor[] {
    const { model, bounds } = this.#search;
    const found: Factor[] = [];
    for (let asset = 0; asset < model.assets; asset += 1) {
      const { low, high, unit } = at(bounds, asset);
      if (high - low <= 4 * unit) continue;
      for (const side of ['receive', 'pay'] as const) {
        const factor: Factor = { asset, side };
        const flow = side === 'pay' ? model.paid[asset] : model.out[asset];
        if (flow === 0 && this.share(factor) === 1) continue;
        if (this.share(factor) < 1 || this.missing(factor) > this.slack(factor)) {
          found.push(factor);
        }
      }
    }
    return found;
  }

  /** Largest step, in units of a factor, that some condition still asks for. */
  distance(scales: ReadonlyMap<string, number>): number {
    let worst = 0;
    for (const factor of this.open()) {
      if (this.isSettled(factor)) continue;
      const scale = scales.get(`${factor.side}${factor.asset}`) ?? this.width(factor);
      const share = this.share(factor);
      const wanted = Math.min(1, Math.max(FACTOR_MIN, share - this.missing(factor) / scale));
      worst = Math.max(worst, Math.abs(wanted - share));
    }
    return worst;
  }
}

/** Damped semismooth Newton on all open factors at one depth, prices settled after every step. */
function solveFactors(search: PriceSearch, depth: number, rounds: number): boolean {
  const conditions = new Conditions(search, depth);
  for (let round = 0; round < rounds; round += 1) {
    const open = conditions.open();
    if (open.every((factor) => conditions.isSettled(factor))) return true;
    const step = newtonStep(search, conditions, open);
    if (step === undefined || !takeStep(search, conditions, step)) return false;
  }
  return false;
}

interface FactorStep {
  readonly factors: readonly Factor[];
  readonly moves: Float64Array;
  /** dS / dfactor of each factor itself, by side and asset: the scale of its condition. */
  readonly scales: ReadonlyMap<string, number>;
}

/** The Newton step, with factors that would leave their box sent to its edge. */
function newtonStep(
  search: PriceSearch,
  conditions: Conditions,
  factors: readonly Factor[],
): FactorStep | undefined {
  const m = factors.length;
  const responses = new PriceResponse(search.model);
  if (!responses.ready) return undefined;
  const slopes = new Float64Array(m * m);
  factors.forEach((factor, column) => {
    const effect = responses.changesBy(factor);
    factors.forEach(({ asset, side }, row) => {
      slopes[row * m + column] = (side === 'receive' ? -1 : 1) * (effect[asset] as number);
    });
    slopes[column * m + column] =
      (slopes[column * m + column] as number) + conditions.width(factor);
  });
  const matrix = Float64Array.from(slopes);
  const moves = new Float64Array(m);
  const scales = new Map<string, number>();
  factors.forEach((factor, row) => {
    const scale = Math.max(Math.abs(slopes[row * m + row] as number), conditions.width(factor));
    scales.set(`${factor.side}${factor.asset}`, scale);
    const share = conditions.share(factor);
    const wanted = share - conditions.missing(factor) / scale;
    if (wanted > FACTOR_MIN && wanted < 1) {
      moves[row] = -conditions.missing(factor);
    } else {
      matrix.fill(0, row * m, (row + 1) * m);
      matrix[row * m + row] = 1;
      moves[row] = Math.min(1, Math.max(FACTOR_MIN, wanted)) - share;
    }
  });
  const order = new Int32Array(m);
  if (!factorLu(matrix, order, m)) return undefined;
  solveLu(matrix, order, moves);
  return { factors, moves, scales };
}

/** Moves the factors, halving the step until the conditions are nearer to being met. */
function takeStep(search: PriceSearch, conditions: Conditions, step: FactorStep): boolean {
  const before = conditions.distance(step.scales);
  const kept = saveState(search);
  let length = 1;
  for (let halving = 0; ; halving += 1) {
    step.factors.forEach(({ asset, side }, k) => {
      const start = (side === 'pay' ? kept.payFactors : kept.receiveFactors)[asset] as number;
      const wanted = start + length * (step.moves[k] as number);
      factorsOf(search.model, side)[asset] = Math.min(1, Math.max(FACTOR_MIN, wanted));
    });
    const { converged } = settlePrices(search);
    if (converged && conditions.distance(step.scales) < (1 - 0.1 * length) * before) return true;
    if (halving === HALVINGS_MAX) return converged;
    length /= 2;
    search.eta.set(kept.eta);
  }
}

/** How the pool's changes respond to a factor once prices have followed. */
class PriceResponse {
  /** False when the price system is singular and nothing can be said. */
  readonly ready: boolean;
  readonly #model: MarketModel;
  readonly #jacobian: Float64Array;
  readonly #order: Int32Array;

  constructor(model: MarketModel) {
    const n = model.assets - 1;
    this.#model = model;
    this.#jacobian = new Float64Array(n * n);
    this.#order = new Int32Array(n);
    model.jacobian(this.#jacobian);
    this.ready = factorLu(this.#jacobian, this.#order, n);
  }

  /** dh / dfactor by asset: the direct effect, and the effect of the prices that follow. */
  changesBy(factor: Factor): Float64Array {
    const model = this.#model;
    const n = model.assets - 1;
    const [paid, out] = directEffect(model, factor);
    const follow = new Float64Array(n);
    for (let i = 0; i < n; i += 1) {
      let risk = 0;
      for (let j = 0; j < n; j += 1) {
        const trade = (paid[j + 1] as number) - (1 - model.feeShare) * (out[j + 1] as number);
        risk -= (model.covariance[i * n + j] as number) * trade;
      }
      follow[i] = risk;
    }
    solveLu(this.#jacobian, this.#order, follow);
    const effect = new Float64Array(model.assets);
    for (let asset = 0; asset < model.assets; asset += 1) {
      let sum = (paid[asset] as number) - (out[asset] as number);
      for (let j = 0; j < n; j += 1) {
        sum += model.changeSlope(asset, j + 1) * (follow[j] as number);
      }
      effect[asset] = sum;
    }
    return effect;
  }
}

/** Derivatives of `paid` and `out` by one factor at constant prices. */
function directEffect(model: MarketModel, factor: Factor): [Float64Array, Float64Array] {
  const paid = new Float64Array(model.assets);
  const out = new Float64Array(model.assets);
  const share = factorsOf(model, factor.side)[factor.asset] as number;
  for (let k = 0; k < model.curves.count; k += 1) {
    if (!governs(model, k, factor)) continue;
    const pay = model.curves.pay[k] as number;
    paid[pay] = (paid[pay] as number) + (model.pairPaid[k] as number) / share;
    const { assets, shares } = model.pairLegs(k);
    for (let leg = 0; leg < assets.length; leg += 1) {
      const asset = assets[leg] as number;
      const gross = ((shares[leg] as number) * (model.pairOut[k] as number)) / share;
      out[asset] = (out[asset] as number) + gross;
    }
  }
  return [paid, out];
}

/** Whether a factor scales pair k: it pays the asset, or the asset is its scarcest leg. */
function governs(model: MarketModel, k: number, { asset, side }: Factor): boolean {
  if (side === 'pay') return model.curves.pay[k] === asset;
  const { assets } = model.pairLegs(k);
  if (!assets.includes(asset)) return false;
  const own = model.receiveFactors[asset] as number;
  for (const other of assets) {
    const share = model.receiveFactors[other] as number;
    if (share < own || (share === own && other < asset)) return false;
  }
  return true;
}
