import { invariant } from '../../failures/invariant.ts';
import { cholesky, solveCholesky } from './linearAlgebra.ts';
import type { MarketModel } from './marketModel.ts';

const ROUNDS_MAX = 60;

/**
 * What the pool would trade at given prices: the v that solves, for i >= 1,
 *   (1 + eta_i) sigma - 1 + (C (w + v))_i - N_i beyond_i(v) = 0,
 * beyond_i the distance of v_i - fee_i past the wall of asset i.
 *
 * The gap between the orders' trade and this one is the gradient of the convex function that the
 * market minimises, walls included; that is what makes its line search trustworthy.
 */
export class PoolResponse {
  /** M = C + N over the walls touched: the pool's price per USD traded. */
  readonly matrix: Float64Array;
  readonly #model: MarketModel;
  readonly #trade: Float64Array;
  readonly #touched: Uint8Array;
  readonly #right: Float64Array;
  #factor: Float64Array | undefined;

  constructor(model: MarketModel) {
    const n = model.assets - 1;
    this.#model = model;
    this.matrix = new Float64Array(n * n);
    this.#trade = new Float64Array(n);
    this.#touched = new Uint8Array(n);
    this.#right = new Float64Array(n);
  }

  /** Writes the orders' trade less the pool's at the last evaluated prices into `gap`. */
  gap(eta: Float64Array, gap: Float64Array): void {
    const model = this.#model;
    const n = gap.length;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      this.#solve(eta);
      if (!this.#retouch(round)) break;
    }
    for (let i = 0; i < n; i += 1) gap[i] = model.trade(i + 1) - (this.#trade[i] as number);
  }

  /** Solves for the trade with the walls touched now: linear. */
  #solve(eta: Float64Array): void {
    const model = this.#model;
    const right = this.#right;
    const n = right.length;
    const { covariance, exposure, numeraireMultiple: sigma } = model;
    if (this.#factor === undefined) {
      this.matrix.set(covariance);
      for (let i = 0; i < n; i += 1) {
        if (this.#touched[i] === 0) continue;
        const place = i * n + i;
        this.matrix[place] = (this.matrix[place] as number) + (model.stiffness[i + 1] as number);
      }
      this.#factor = cholesky(this.matrix, n);
    }
    invariant(this.#factor !== undefined, 'a definite matrix stays so with a larger diagonal');
    for (let i = 0; i < n; i += 1) {
      let sum = -((eta[i + 1] as number) * sigma + (sigma - 1));
      for (let j = 0; j < n; j += 1) {
        sum -= (covariance[i * n + j] as number) * (exposure[j + 1] as number);
      }
      if (this.#touched[i] !== 0) sum += (model.stiffness[i + 1] as number) * this.#wall(i);
      right[i] = sum;
    }
    this.#trade.set(right);
    solveCholesky(this.#factor, this.#trade, n);
  }

  /** Trade at which the touched wall of an asset begins. */
  #wall(i: number): number {
    const model = this.#model;
    const fee = model.trade(i + 1) - model.change(i + 1);
    const wall = this.#touched[i] === 1 ? model.wallLow[i + 1] : model.wallHigh[i + 1];
    return (wall as number) + fee;
  }

  /** Sets which walls the trade touches (1 low, 2 high); whether that changed. */
  #retouch(round: number): boolean {
    const model = this.#model;
    let changed = false;
    for (let i = 0; i < this.#touched.length; i += 1) {
      if (model.stiffness[i + 1] === 0) continue;
      const fee = model.trade(i + 1) - model.change(i + 1);
      const change = (this.#trade[i] as number) - fee;
      const low = change < (model.wallLow[i + 1] as number);
      const high = change > (model.wallHigh[i + 1] as number);
      const touched = low ? 1 : high ? 2 : 0;
      if (touched === this.#touched[i]) continue;
      this.#touched[i] = touched;
      changed = true;
      // One at a time in the end, so that walls cannot take turns for ever.
      if (round > 20) break;
    }
    if (changed) this.#factor = undefined;
    return changed;
  }
}
