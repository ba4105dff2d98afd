import { at } from '../../failures/invariant.ts';
import type { MarketModel } from './marketModel.ts';
import type { RationSide } from './rationFactors.ts';
import { FACTOR_MIN, factorEffect } from './rationFactors.ts';
import type { PriceSearch } from './search.ts';
import { settlePrices } from './search.ts';

/** Gaps in the quotes, as relative prices, that the final equilibrium search closes. */
const QUOTE_GAP = 1e-8;
/** Share of the tight band within which the orders' trade meets a bound. */
const BOUND_GAP = 0.25;

/** A factor shrinks to no less than this share of itself in one step. */
const FACTOR_STEP = 0.2;
/** Keeps the system regular where two factors govern the same single pair. */
const REGULAR = 1e-4;

/** Planned trade of the pool by asset, USD: beyond a bound it stands for a rationing factor. */
export type PoolPlan = Float64Array;

/**
 * The pool under pro-rata rationing as a function of a plan u:
 *   trade v_i = u_i clipped to its bounds,  eta = - C (w + v),
 *   receive factor_i = 1 - (low_i - u_i) / kappa_i below the lower bound, pay factor alike above,
 * kappa_i the flow that the factor scales. The gap is the orders' trade less v.
 *
 * Bounds hold for the inventory after fees, so they are shifted by the fees of the last evaluation.
 */
export class RationedPool {
  readonly #search: PriceSearch;
  readonly #model: MarketModel;
  readonly #flow: Float64Array;
  readonly #frozen: Uint8Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #gap: Float64Array;
  #start: Float64Array = new Float64Array(0);

  constructor(search: PriceSearch) {
    const count = search.model.assets;
    this.#search = search;
    this.#model = search.model;
    this.#flow = new Float64Array(count);
    this.#frozen = new Uint8Array(count);
    this.#low = new Float64Array(count);
    this.#high = new Float64Array(count);
    this.#gap = new Float64Array(count);
  }

  /**
   * Lifts all rationing. An asset whose bounds leave a few units of room cannot be rationed to the
   * unit: it stays closed on both sides.
   */
  release(): void {
    this.#model.payFactors.fill(1);
    this.#model.receiveFactors.fill(1);
    this.#search.bounds.forEach(({ low, high, unit }, asset) => {
      if (high - low > 4 * unit) return;
      this.#frozen[asset] = 1;
      this.#model.payFactors[asset] = FACTOR_MIN;
      this.#model.receiveFactors[asset] = FACTOR_MIN;
    });
  }

  /** Whether no bound is passed, or so nearly reached that the integers' dust could pass it. */
  isWithinBounds(): boolean {
    return this.#search.bounds.every(({ low, high, zone }, asset) => {
      if (this.#frozen[asset] === 1) return true;
      const change = this.#model.change(asset);
      const lowHolds = change >= low + zone / 8 || this.#model.out[asset] === 0;
      return lowHolds && (change <= high - zone / 8 || this.#model.paid[asset] === 0);
    });
  }

  /** The plan that leaves the last evaluated trade as it is; also fixes the scale of factors. */
  planFromTrade(): PoolPlan {
    const model = this.#model;
    for (let i = 0; i < model.assets; i += 1) {
      const { unit } = at(this.#search.bounds, i);
      this.#flow[i] = (model.out[i] as number) + (model.paid[i] as number) + unit;
    }
    this.#start = Float64Array.from({ length: model.assets }, (_, i) => model.trade(i));
    return Float64Array.from(this.#start);
  }

  /** The scale of factors by asset, USD: a copy. */
  flows(): Float64Array {
    return Float64Array.from(this.#flow);
  }

  /** Takes over the scale of factors of an earlier plan. */
  adoptFlows(flows: Float64Array): void {
    this.#flow.set(flows);
  }

  /** The plan that `planFromTrade` answered last. */
  planFromStart(): PoolPlan {
    return Float64Array.from(this.#start);
  }

  /**
   * Shortens single components of a step so that no factor falls below a fifth of its present size:
   * two factors that both vanish would leave a pair without a slope to come back by.
   */
  limitStep(plan: PoolPlan, move: Float64Array): void {
    const { payFactors, receiveFactors } = this.#model;
    for (let i = 0; i < plan.length; i += 1) {
      const flow = this.#flow[i] as number;
      const receive = Math.max(FACTOR_MIN, (receiveFactors[i] as number) * FACTOR_STEP);
      const pay = Math.max(FACTOR_MIN, (payFactors[i] as number) * FACTOR_STEP);
      const least = (this.#low[i] as number) - flow * (1 - receive);
      const most = (this.#high[i] as number) + flow * (1 - pay);
      const wanted = (plan[i] as number) + (move[i] as number);
      move[i] = Math.min(Math.max(wanted, least), most) - (plan[i] as number);
    }
  }

  /** Applies a plan, evaluates the orders at it, and returns the size of the gap. */
  measure(plan: PoolPlan): number {
    this.#apply(plan);
    let sum = 0;
    for (let i = 0; i < plan.length; i += 1) {
      const relative = (this.#gap[i] as number) / (this.#flow[i] as number);
      sum += relative * relative;
    }
    return sum;
  }

  /** A copy of the gap of the last measured plan. */
  gap(): Float64Array {
    return Float64Array.from(this.#gap);
  }

  /** Whether gaps are within what the tight bands and the final search absorb. */
  isMet(plan: PoolPlan): boolean {
    const { bounds } = this.#search;
    const n = plan.length - 1;
    for (let i = 0; i <= n; i += 1) {
      const tight = this.#side(i, plan) !== undefined;
      const slack = Math.max(BOUND_GAP * at(bounds, i).zone, at(bounds, i).unit);
      if (tight && Math.abs(this.#gap[i] as number) > slack) return false;
      if (i === 0) continue;
      let quote = 0;
      for (let j = 0; j < n; j += 1) {
        const place = (i - 1) * n + j;
        quote += (this.#model.covariance[place] as number) * (this.#gap[j + 1] as number);
      }
      if (Math.abs(quote) > QUOTE_GAP) return false;
    }
    return true;
  }

  /** Derivative of the gap by the plan at the last measured plan, row-major. */
  jacobian(plan: PoolPlan, matrix: Float64Array): void {
    const count = plan.length;
    const column = new Float64Array(count);
    for (let j = 0; j < count; j += 1) {
      const side = this.#side(j, plan);
      column.fill(0);
      if (this.#frozen[j] === 1 || this.#isExhausted(j, plan)) {
        column[j] = -1;
      } else if (side !== undefined) {
        this.#factorColumn(j, side, column);
        column[j] = (column[j] as number) - REGULAR;
      } else {
        column[j] = -1;
        if (j > 0) this.#tradeColumn(j, column);
      }
      for (let i = 0; i < count; i += 1) matrix[i * count + j] = column[i] as number;
    }
    for (let i = 0; i < count; i += 1) {
      if (this.#frozen[i] === 0 && !this.#isExhausted(i, plan)) continue;
      matrix.fill(0, i * count, (i + 1) * count);
      matrix[i * count + i] = -1;
    }
  }

  /** Closes what is left with the exact quotes; whether all bounds are met at them. */
  finish(): boolean {
    if (!settlePrices(this.#search).converged) return false;
    return this.#search.bounds.every(({ low, high, zone, unit }, asset) => {
      if (this.#frozen[asset] === 1) return true;
      const change = this.#model.change(asset);
      const receive = this.#model.receiveFactors[asset] as number;
      const pay = this.#model.payFactors[asset] as number;
      const slack = Math.max(zone / 16, unit);
      if (receive > FACTOR_MIN && change < low + slack / 2) return false;
      if (pay > FACTOR_MIN && change > high - slack / 2) return false;
      if (receive < 1 && change > low + zone - slack) return false;
      return !(pay < 1 && change < high - zone + slack);
    });
  }

  #apply(plan: PoolPlan): void {
    const model = this.#model;
    const { eta, bounds } = this.#search;
    const n = plan.length - 1;
    for (let i = 0; i <= n; i += 1) {
      const fee = model.feeShare * (model.out[i] as number);
      this.#low[i] = at(bounds, i).lowTarget + fee;
      this.#high[i] = at(bounds, i).highTarget + fee;
      if (this.#frozen[i] === 1) continue;
      const flow = this.#flow[i] as number;
      const below = Math.max(0, (this.#low[i] as number) - (plan[i] as number));
      const above = Math.max(0, (plan[i] as number) - (this.#high[i] as number));
      model.receiveFactors[i] = Math.max(FACTOR_MIN, 1 - below / flow);
      model.payFactors[i] = Math.max(FACTOR_MIN, 1 - above / flow);
    }
    for (let i = 0; i < n; i += 1) {
      let risk = 0;
      for (let j = 0; j < n; j += 1) {
        const position = (model.exposure[j + 1] as number) + this.#planned(j + 1, plan);
        risk += (model.covariance[i * n + j] as number) * position;
      }
      eta[i + 1] = Math.max(-0.9, -risk);
    }
    model.evaluate(eta);
    for (let i = 0; i <= n; i += 1) {
      const missed = model.trade(i) - this.#planned(i, plan);
      this.#gap[i] = this.#frozen[i] === 1 || this.#isExhausted(i, plan) ? 0 : missed;
    }
  }

  /** v_i: the plan clipped to its bounds; a frozen asset trades nothing. */
  #planned(asset: number, plan: PoolPlan): number {
    if (this.#frozen[asset] === 1) return 0;
    const low = this.#low[asset] as number;
    return Math.min(Math.max(plan[asset] as number, low), this.#high[asset] as number);
  }

  #side(asset: number, plan: PoolPlan): RationSide | undefined {
    if ((plan[asset] as number) < (this.#low[asset] as number)) return 'receive';
    return (plan[asset] as number) > (this.#high[asset] as number) ? 'pay' : undefined;
  }

  /** Whether a factor is at its least and its bound still asks for less: nothing is left to do. */
  #isExhausted(asset: number, plan: PoolPlan): boolean {
    const model = this.#model;
    const side = this.#side(asset, plan);
    if (side === undefined) return false;
    const factors = side === 'pay' ? model.payFactors : model.receiveFactors;
    if ((factors[asset] as number) > FACTOR_MIN * 2) return false;
    const missed = model.trade(asset) - this.#planned(asset, plan);
    return side === 'receive' ? missed <= 0 : missed >= 0;
  }

  /** d gap / d u_j where the factor of asset j answers the plan. */
  #factorColumn(j: number, side: RationSide, column: Float64Array): void {
    const effect = factorEffect(this.#model, { asset: j, side });
    const scale = (side === 'pay' ? -1 : 1) / (this.#flow[j] as number);
    const keep = 1 - this.#model.feeShare;
    for (let i = 0; i < column.length; i += 1) {
      const trade = (effect.paid[i] as number) - keep * (effect.out[i] as number);
      column[i] = (column[i] as number) + trade * scale;
    }
  }

  /** Adds the orders' response to the quotes that a plan inside the bounds moves: - Dv C_j. */
  #tradeColumn(j: number, column: Float64Array): void {
    const model = this.#model;
    const n = column.length - 1;
    const keep = 1 - model.feeShare;
    for (let i = 0; i <= n; i += 1) {
      const row = i * (n + 1) + 1;
      let sum = 0;
      for (let k = 0; k < n; k += 1) {
        const slope =
          (model.paidSlope[row + k] as number) - keep * (model.outSlope[row + k] as number);
        sum += slope * (model.covariance[k * n + (j - 1)] as number);
      }
      column[i] = (column[i] as number) - sum;
    }
  }
}
