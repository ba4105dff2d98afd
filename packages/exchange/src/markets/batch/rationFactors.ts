import { at } from '../../failures/invariant.ts';
import type { AssetBounds } from './bounds.ts';
import { factorLu, solveLu } from './linearAlgebra.ts';
import type { MarketModel } from './marketModel.ts';

/** The least factor that an integer factor can express: 1 / RATION_SCALE. */
export const FACTOR_MIN = 1e-12;

/** Who is rationed: payers at an upper bound, receivers at a lower one. */
export type RationSide = 'pay' | 'receive';

/** One rationing factor of a market. */
export interface RationFactor {
  readonly asset: number;
  readonly side: RationSide;
}

const ROUNDS_MAX = 30;

/** The model's factors of one side. */
export function sideFactors(model: MarketModel, side: RationSide): Float64Array {
  return side === 'pay' ? model.payFactors : model.receiveFactors;
}

/** Derivatives of the model's `paid` and `out` by one factor, at the last evaluated prices. */
export function factorEffect(
  model: MarketModel,
  factor: RationFactor,
): { readonly paid: Float64Array; readonly out: Float64Array } {
  const paid = new Float64Array(model.assets);
  const out = new Float64Array(model.assets);
  const share = sideFactors(model, factor.side)[factor.asset] as number;
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
  return { paid, out };
}

/**
 * Moves the factors so that at fixed prices every rationed inventory stands in the middle of its
 * tight band: rounding prices to their grid may have moved it out. Prices are not touched, so the
 * quotes stay within their tolerance.
 *
 * @returns whether all bounds are met.
 */
export function alignFactors(
  model: MarketModel,
  bounds: readonly AssetBounds[],
  eta: Float64Array,
): boolean {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    model.evaluate(eta, false);
    const open = misplaced(model, bounds);
    if (open.every(({ settled }) => settled)) return true;
    if (!alignStep(model, open)) return false;
  }
  return false;
}

interface OpenFactor extends RationFactor {
  /** USD by which the inventory misses its target; positive when the factor must fall. */
  readonly missing: number;
  readonly settled: boolean;
}

/** Factors below one and those whose bound is passed, with what they miss. */
function misplaced(model: MarketModel, bounds: readonly AssetBounds[]): OpenFactor[] {
  const found: OpenFactor[] = [];
  for (let asset = 0; asset < model.assets; asset += 1) {
    const { low, high, zone, lowTarget, highTarget, unit } = at(bounds, asset);
    if (high - low <= 4 * unit) continue;
    const change = model.change(asset);
    for (const side of ['receive', 'pay'] as const) {
      const share = sideFactors(model, side)[asset] as number;
      const missing = side === 'receive' ? lowTarget - change : change - highTarget;
      const passed = missing > 0.4 * zone;
      if (share === 1 && !passed) continue;
      const slack = Math.max(zone / 8, unit);
      const exhausted = share <= FACTOR_MIN && missing >= 0;
      found.push({ asset, side, missing, settled: exhausted || Math.abs(missing) <= slack });
    }
  }
  return found;
}

/** One Newton step of all open factors at constant prices; false when the system is singular. */
function alignStep(model: MarketModel, open: readonly OpenFactor[]): boolean {
  const m = open.length;
  const matrix = new Float64Array(m * m);
  const move = new Float64Array(m);
  open.forEach((factor, column) => {
    const { paid, out } = factorEffect(model, factor);
    open.forEach(({ asset, side }, row) => {
      const change = (paid[asset] as number) - (out[asset] as number);
      matrix[row * m + column] = side === 'receive' ? -change : change;
    });
    move[column] = -factor.missing;
  });
  const order = new Int32Array(m);
  if (!factorLu(matrix, order, m)) return false;
  solveLu(matrix, order, move);
  open.forEach(({ asset, side }, k) => {
    const factors = sideFactors(model, side);
    const wanted = (factors[asset] as number) + (move[k] as number);
    factors[asset] = Math.min(1, Math.max(FACTOR_MIN, wanted));
  });
  return true;
}

/** Whether a factor scales pair k: it pays the asset, or the asset is its scarcest leg. */
function governs(model: MarketModel, k: number, { asset, side }: RationFactor): boolean {
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
