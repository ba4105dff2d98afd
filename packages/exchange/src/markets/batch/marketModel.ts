import { at, invariant } from '../../failures/invariant.ts';
import { PPM, PRICE_SCALE } from '../../numbers/price.ts';
import { DemandCurves } from './demandCurves.ts';
import { cholesky, solveCholesky } from './linearAlgebra.ts';
import type { OracleSnapshot } from './oracleSnapshot.ts';
import type { OrderTable } from './orderTable.ts';
import type { PairBooks } from './pairBooks.ts';
import type { BatchParameters } from './parameters.ts';
import {
  COVARIANCE_BITS,
  decimalsMax,
  FEE_SCALE,
  orderBandPpm,
  unitWeights,
} from './parameters.ts';
import { productLegs, unitPrices } from './unitPrices.ts';

/** What is cleared: the rules of the market, the mids and the pool's inventory in ledger units. */
export interface BatchProblem {
  readonly parameters: BatchParameters;
  readonly oracle: OracleSnapshot;
  readonly inventory: readonly bigint[];
}

/** Brings an inventory that is right to a twentieth of a wall's depth to the accepted residual. */
const WALL_EASE = 5e5;

/** A product of a pair in the search: its legs' shares of its mid price. */
interface FloatLegs {
  readonly assets: readonly number[];
  readonly shares: readonly number[];
}

/**
 * The market in doubles, as the search sees it: orders' flows and their derivatives at prices.
 *
 * Key: eta_i = p_i / pi_i - 1 (eta_0 = 0); for a pair (s, b) with legs omega,
 *   t = (1 + eta_s) / sum omega_i (1 + eta_i),  rho = t * rate at mid * (1 - phi)
 *   paid_s += c X,  out_i += c omega_i X t   (X in USD at mid; c the rationing of the pair)
 *   v = paid - (1 - phi) out is the pool's trade, h = paid - out its change after fees
 *   e_i = (1 + eta_i) sigma - 1 + (C (w + v))_i - premium_i(h_i),  C = gamma Sigma
 * All flows are USD at mid. `offset` arrays carry the difference between the integer allocation
 * and this model, so that the search can be repeated with the integers' own dust.
 */
export class MarketModel {
  readonly assets: number;
  readonly curves: DemandCurves;
  readonly covariance: Float64Array;
  readonly feeShare: number;
  /** USD at mid of one ledger unit. */
  readonly unitUsd: Float64Array;
  /** USD exposure before the batch. */
  readonly exposure: Float64Array;
  /** Controls of the search: see `scarcity.ts`. */
  readonly payFactors: Float64Array;
  readonly receiveFactors: Float64Array;
  /**
   * Change at which an asset's bound is approached, USD, and the premium per USD beyond it: a
   * finite wall that stands for the bound while the price answers scarcity. Zero where unused.
   */
  readonly wallLow: Float64Array;
  readonly wallHigh: Float64Array;
  readonly stiffness: Float64Array;
  /** Depth of a wall, USD: how precisely the change of an asset beyond its wall matters. */
  readonly wallDepth: Float64Array;
  /** 1 + lambda of the numeraire reserve. */
  numeraireMultiple = 1;
  readonly tradeOffset: Float64Array;
  readonly changeOffset: Float64Array;
  /** Results of the last `evaluate`. */
  readonly paid: Float64Array;
  readonly out: Float64Array;
  readonly paidSlope: Float64Array;
  readonly outSlope: Float64Array;
  /** By pair: USD paid and USD gross received, after rationing. */
  readonly pairPaid: Float64Array;
  readonly pairOut: Float64Array;
  readonly #factor: Float64Array;
  /** C^-1. */
  readonly #precision: Float64Array;
  readonly #tradeSlopes: Float64Array;
  readonly #position: Float64Array;
  readonly #midRate: Float64Array;
  readonly #legs: readonly FloatLegs[];

  constructor(problem: BatchProblem, books: PairBooks, table: OrderTable) {
    const { parameters, oracle, inventory } = problem;
    const count = parameters.assets.length;
    invariant(oracle.mids.length === count, 'the oracle quotes every asset of the market');
    invariant(inventory.length === count, 'the pool has an inventory of every asset');
    const mids = unitPrices(parameters, oracle.mids);
    this.assets = count;
    this.feeShare = parameters.feeE7 / Number(FEE_SCALE);
    this.#legs = mids.map((mid, product) => floatLegs(problem, { mid, product }));
    this.curves = new DemandCurves(books, table, (pay, receive) => {
      const band = Number(PPM - BigInt(orderBandPpm(parameters, pay, receive))) / Number(PPM);
      const mid = Number(at(mids, pay)) / Number(at(mids, receive));
      return { protective: mid * Math.max(0, band), expected: mid * (1 - this.feeShare) };
    });
    const scale = Number(PRICE_SCALE) * Number(10n ** BigInt(decimalsMax(parameters)));
    this.unitUsd = Float64Array.from({ length: count }, (_, i) => Number(at(mids, i)) / scale);
    this.exposure = Float64Array.from(
      { length: count },
      (_, i) => Number(at(inventory, i) - at(parameters.assets, i).target) * this.usd(i),
    );
    const binary = Number(1n << COVARIANCE_BITS);
    this.covariance = Float64Array.from(parameters.scaledCovariance, (s) => Number(s) / binary);
    const factor = cholesky(this.covariance, count - 1);
    invariant(factor !== undefined, 'the covariance of a market is positive definite');
    this.#factor = factor;
    this.#precision = inverse(factor, count - 1);
    this.payFactors = new Float64Array(count).fill(1);
    this.receiveFactors = new Float64Array(count).fill(1);
    this.wallLow = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.wallHigh = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    this.stiffness = new Float64Array(count);
    this.wallDepth = new Float64Array(count);
    this.#tradeSlopes = new Float64Array((count - 1) * (count - 1));
    this.#position = new Float64Array(count);
    this.tradeOffset = new Float64Array(count);
    this.changeOffset = new Float64Array(count);
    this.paid = new Float64Array(count);
    this.out = new Float64Array(count);
    this.paidSlope = new Float64Array(count * count);
    this.outSlope = new Float64Array(count * count);
    this.pairPaid = new Float64Array(this.curves.count);
    this.pairOut = new Float64Array(this.curves.count);
    this.#midRate = Float64Array.from({ length: this.curves.count }, (_, k) => {
      const pay = Number(at(mids, this.curves.pay[k] as number));
      return (pay / Number(at(mids, this.curves.receive[k] as number))) * (1 - this.feeShare);
    });
  }

  /** USD at mid of one ledger unit of an asset. */
  usd(asset: number): number {
    return this.unitUsd[asset] as number;
  }

  /** Legs of the product that pair k receives. */
  pairLegs(k: number): FloatLegs {
    return this.#legs[this.curves.receive[k] as number] as FloatLegs;
  }

  /** Net units received per unit paid by pair k at the price deviations eta. */
  netRate(k: number, eta: Float64Array): number {
    const up = 1 + (eta[this.curves.pay[k] as number] as number);
    const level = this.#level(this.curves.receive[k] as number, eta);
    return (up / level) * (this.#midRate[k] as number);
  }

  /** Rationing of pair k: pay factor times the least receive factor over the legs. */
  rationing(k: number): number {
    const receive = this.curves.receive[k] as number;
    let least = receive < this.assets ? (this.receiveFactors[receive] as number) : 1;
    if (receive >= this.assets) {
      for (const asset of this.pairLegs(k).assets) {
        least = Math.min(least, this.receiveFactors[asset] as number);
      }
    }
    return least * (this.payFactors[this.curves.pay[k] as number] as number);
  }

  /** Computes flows and, unless told otherwise, their derivatives at eta. */
  evaluate(eta: Float64Array, slopes = true): void {
    this.paid.fill(0);
    this.out.fill(0);
    if (slopes) {
      this.paidSlope.fill(0);
      this.outSlope.fill(0);
    }
    const { curves, paid, out, assets: count } = this;
    for (let k = 0; k < curves.count; k += 1) {
      const pay = curves.pay[k] as number;
      const receive = curves.receive[k] as number;
      const up = 1 + (eta[pay] as number);
      const level = receive < count ? 1 + (eta[receive] as number) : this.#level(receive, eta);
      const t = up / level;
      curves.query(k, t * (this.#midRate[k] as number));
      const unit = this.rationing(k) * (this.unitUsd[pay] as number);
      const flow = curves.amount * unit;
      this.pairPaid[k] = flow;
      this.pairOut[k] = flow * t;
      paid[pay] = (paid[pay] as number) + flow;
      if (receive < count) {
        out[receive] = (out[receive] as number) + flow * t;
        if (slopes) this.#addPairSlopes(pay, receive, up, level, flow, curves.slope * unit);
      } else {
        this.#addLegs(receive, flow * t);
        if (slopes) this.#addSlopes({ pay, receive, up, level }, flow, curves.slope * unit);
      }
    }
  }

  /** The pool's trade in one asset at the last evaluated prices, USD at mid. */
  trade(asset: number): number {
    const received = (1 - this.feeShare) * (this.out[asset] as number);
    return (this.paid[asset] as number) - received + (this.tradeOffset[asset] as number);
  }

  /** The pool's change of one asset after fees at the last evaluated prices, USD at mid. */
  change(asset: number): number {
    return (
      (this.paid[asset] as number) -
      (this.out[asset] as number) +
      (this.changeOffset[asset] as number)
    );
  }

  /** How far the change of an asset lies beyond its wall: positive below, negative above. */
  beyondWall(asset: number): number {
    if (this.stiffness[asset] === 0) return 0;
    const change = this.change(asset);
    const below = (this.wallLow[asset] as number) - change;
    if (below > 0) return below;
    return Math.min(0, (this.wallHigh[asset] as number) - change);
  }

  /**
   * Writes e_1 .. e_{A-1} at the last evaluated prices; returns the largest |e_i|. At a wall, where
   * the price may leave the quote and only the inventory must be met, e_i counts by the inventory
   * it stands for: a stiff wall magnifies the last digits of a price.
   */
  residual(eta: Float64Array, e: Float64Array): number {
    const n = this.assets - 1;
    const position = this.#position;
    for (let j = 1; j <= n; j += 1) position[j] = (this.exposure[j] as number) + this.trade(j);
    let worst = 0;
    for (let i = 0; i < n; i += 1) {
      let risk = 0;
      for (let j = 0; j < n; j += 1) {
        risk += (this.covariance[i * n + j] as number) * (position[j + 1] as number);
      }
      const level = (eta[i + 1] as number) * this.numeraireMultiple + (this.numeraireMultiple - 1);
      const stiffness = this.stiffness[i + 1] as number;
      const beyond = this.beyondWall(i + 1);
      e[i] = level + risk - stiffness * beyond;
      const weight =
        1 + (beyond === 0 ? 0 : stiffness * (this.wallDepth[i + 1] as number) * WALL_EASE);
      worst = Math.max(worst, Math.abs(e[i] as number) / weight);
    }
    return worst;
  }

  /** Writes Dv, the derivatives of the non-numeraire trades, at the last evaluated prices. */
  tradeSlopes(target: Float64Array): void {
    const n = this.assets - 1;
    const keep = 1 - this.feeShare;
    const { paidSlope, outSlope } = this;
    for (let i = 0; i < n; i += 1) {
      const from = (i + 1) * this.assets + 1;
      const to = i * n;
      for (let j = 0; j < n; j += 1) {
        target[to + j] = (paidSlope[from + j] as number) - keep * (outSlope[from + j] as number);
      }
    }
  }

  /** Writes the gradient's Jacobian sigma C^-1 + Dv at the last evaluated prices. */
  gradientJacobian(target: Float64Array): void {
    this.tradeSlopes(target);
    const sigma = this.numeraireMultiple;
    const precision = this.#precision;
    for (let place = 0; place < target.length; place += 1) {
      target[place] = (target[place] as number) + sigma * (precision[place] as number);
    }
  }

  /** Writes sigma I + M Dv at the last evaluated prices. */
  walledJacobian(target: Float64Array, matrix: Float64Array): void {
    const n = this.assets - 1;
    const slopes = this.#tradeSlopes;
    this.tradeSlopes(slopes);
    target.fill(0);
    for (let i = 0; i < n; i += 1) {
      const row = i * n;
      for (let k = 0; k < n; k += 1) {
        const c = matrix[row + k] as number;
        const from = k * n;
        for (let j = 0; j < n; j += 1) {
          target[row + j] = (target[row + j] as number) + c * (slopes[from + j] as number);
        }
      }
      target[row + i] = (target[row + i] as number) + this.numeraireMultiple;
    }
  }

  /** Overwrites d with C^-1 d. */
  applyInverseCovariance(d: Float64Array): void {
    solveCholesky(this.#factor, d, this.assets - 1);
  }

  /** Whether any asset has a wall. */
  get isWalled(): boolean {
    return this.stiffness.some((stiffness) => stiffness > 0);
  }

  /** sum omega_i (1 + eta_i) of a basket. */
  #level(receive: number, eta: Float64Array): number {
    const { assets, shares } = this.#legs[receive] as FloatLegs;
    let level = 0;
    for (let leg = 0; leg < assets.length; leg += 1) {
      level += (shares[leg] as number) * (1 + (eta[assets[leg] as number] as number));
    }
    return level;
  }

  #addLegs(receive: number, gross: number): void {
    const { assets, shares } = this.#legs[receive] as FloatLegs;
    for (let leg = 0; leg < assets.length; leg += 1) {
      const asset = assets[leg] as number;
      this.out[asset] = (this.out[asset] as number) + (shares[leg] as number) * gross;
    }
  }

  /** The four derivatives of a plain pair; scalars and not an object, as this runs per pair. */
  #addPairSlopes(
    pay: number,
    receive: number,
    up: number,
    level: number,
    flow: number,
    slope: number,
  ): void {
    const { assets: count, paidSlope, outSlope } = this;
    const turn = (slope + flow) / level;
    const own = pay * count + pay;
    const cross = pay * count + receive;
    const back = receive * count + pay;
    const self = receive * count + receive;
    paidSlope[own] = (paidSlope[own] as number) + slope / up;
    paidSlope[cross] = (paidSlope[cross] as number) - slope / level;
    outSlope[back] = (outSlope[back] as number) + turn;
    outSlope[self] = (outSlope[self] as number) - (turn * up) / level;
  }

  #addSlopes(
    at: { pay: number; receive: number; up: number; level: number },
    flow: number,
    slope: number,
  ): void {
    const { pay, receive, up, level } = at;
    const { assets, shares } = this.#legs[receive] as FloatLegs;
    const count = this.assets;
    const turn = (up / level) * (slope + flow);
    const own = pay * count + pay;
    this.paidSlope[own] = (this.paidSlope[own] as number) + slope / up;
    for (let leg = 0; leg < assets.length; leg += 1) {
      const asset = assets[leg] as number;
      const share = shares[leg] as number;
      const by = pay * count + asset;
      this.paidSlope[by] = (this.paidSlope[by] as number) - (slope * share) / level;
      const row = asset * count;
      this.outSlope[row + pay] = (this.outSlope[row + pay] as number) + (share * turn) / up;
      for (let other = 0; other < assets.length; other += 1) {
        const place = row + (assets[other] as number);
        this.outSlope[place] =
          (this.outSlope[place] as number) - (share * (shares[other] as number) * turn) / level;
      }
    }
  }
}

/** The inverse of L L', column by column. */
function inverse(lower: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n * n);
  const column = new Float64Array(n);
  for (let j = 0; j < n; j += 1) {
    column.fill(0);
    column[j] = 1;
    solveCholesky(lower, column, n);
    for (let i = 0; i < n; i += 1) result[i * n + j] = column[i] as number;
  }
  return result;
}

function floatLegs(
  problem: BatchProblem,
  at: { readonly mid: bigint; readonly product: number },
): FloatLegs {
  const { parameters, oracle } = problem;
  const weights = unitWeights(parameters);
  const legs = productLegs(parameters, at.product);
  return {
    assets: legs.map((leg) => leg.asset),
    shares: legs.map(({ asset, units }) => {
      const worth = units * (oracle.mids[asset] as bigint) * (weights[asset] as bigint);
      return Number(worth) / Number(at.mid);
    }),
  };
}
