import { at, invariant } from '../../failures/invariant.ts';
import { PPM, PRICE_SCALE } from '../../numbers/price.ts';
import { cholesky, factorLu, solveCholesky, solveLu } from './linearAlgebra.ts';
import type { BatchProblem } from './marketModel.ts';
import type { OrderTable } from './orderTable.ts';
import {
  COVARIANCE_BITS,
  decimalsMax,
  FEE_SCALE,
  orderBandPpm,
  unitWeights,
} from './parameters.ts';
import { productLegs, unitPrices } from './unitPrices.ts';

const RAMP_WIDTH = 1e-5;
const OUTER_MAX = 200;
const INNER_MAX = 200;
const BISECTIONS = 60;

/** One order as the potential sees it: USD notional, what it moves, where it starts to trade. */
interface PotentialOrder {
  readonly notional: number;
  readonly pay: number;
  readonly legs: readonly number[];
  readonly shares: readonly number[];
  /** Least net rate over the net rate at mid. */
  readonly limit: number;
  /** Offset of the linearised argument: becomes exact at the point of linearisation. */
  offset: number;
}

/**
 * A second, independent search for open markets: no bounds, no minimum fills, no books.
 *
 * It minimises the convex potential of the fixed-notional market,
 *   1/2 eta' C^-1 eta + w' eta + sum_k N_k Huber_mu(a_k' eta - l_k),
 *   a_k = e_pay - sum omega_i e_i,
 * order by order, and then books the difference between true and fixed-notional flows at the
 * minimum into w and l, until nothing changes. The fixed point is the equilibrium of the true
 * market. Cost: orders times steps; for tests and start points, not for closing a batch.
 *
 * @returns price deviations p / mid - 1 by asset.
 */
export function crossCheckPrices(problem: BatchProblem, table: OrderTable): Float64Array {
  const potential = new Potential(problem, table);
  const eta = new Float64Array(problem.parameters.assets.length);
  for (let round = 0; round < OUTER_MAX; round += 1) {
    const before = Float64Array.from(eta);
    potential.linearise(eta);
    potential.minimise(eta);
    let moved = 0;
    eta.forEach((deviation, i) => {
      moved = Math.max(moved, Math.abs(deviation - (before[i] as number)));
    });
    if (moved < 1e-14) break;
  }
  return eta;
}

class Potential {
  readonly #n: number;
  readonly #orders: PotentialOrder[] = [];
  readonly #feeShare: number;
  readonly #exposure: Float64Array;
  readonly #correction: Float64Array;
  /** C^-1, dense. */
  readonly #precision: Float64Array;

  constructor(problem: BatchProblem, table: OrderTable) {
    const { parameters, oracle, inventory } = problem;
    const n = parameters.assets.length - 1;
    this.#n = n;
    this.#feeShare = parameters.feeE7 / Number(FEE_SCALE);
    const weights = unitWeights(parameters);
    const scale = Number(PRICE_SCALE) * Number(10n ** BigInt(decimalsMax(parameters)));
    const mids = unitPrices(parameters, oracle.mids);
    const usd = (product: number): number => Number(at(mids, product)) / scale;
    this.#exposure = Float64Array.from(
      parameters.assets,
      (asset, i) => Number(at(inventory, i) - asset.target) * usd(i),
    );
    this.#correction = new Float64Array(n + 1);
    this.#precision = inverse(parameters.scaledCovariance, n);
    for (let row = 0; row < table.count; row += 1) {
      if (table.canceled[row] === 1) continue;
      const pay = table.pay[row] as number;
      const receive = table.receive[row] as number;
      const legs = productLegs(parameters, receive);
      const midRate = (usd(pay) / usd(receive)) * (1 - this.#feeShare);
      const band = BigInt(orderBandPpm(parameters, pay, receive));
      const own =
        Number(table.limitNumerator[row] as bigint) / Number(table.limitDenominator[row] as bigint);
      const protective = (usd(pay) / usd(receive)) * (Number(PPM - band) / Number(PPM));
      this.#orders.push({
        notional: Number(table.budget[row] as bigint) * usd(pay),
        pay,
        legs: legs.map((leg) => leg.asset),
        shares: legs.map((leg) => {
          const worth = leg.units * at(oracle.mids, leg.asset) * at(weights, leg.asset);
          return Number(worth) / Number(at(mids, receive));
        }),
        limit: Math.max(own, protective) / midRate,
        offset: 0,
      });
    }
  }

  /** Makes arguments and flows exact at eta. */
  linearise(eta: Float64Array): void {
    this.#correction.fill(0);
    for (const order of this.#orders) {
      const relative = relativeRate(order, eta);
      const argument = 1 - order.limit / relative;
      order.offset = argument - linearArgument(order, eta);
      const fill = clampUnit(argument / RAMP_WIDTH) * order.notional;
      const net = fill * relative * (1 - this.#feeShare);
      // True flows less fixed-notional flows; the payment is the same in both.
      order.legs.forEach((asset, leg) => {
        const share = order.shares[leg] as number;
        this.#correction[asset] = (this.#correction[asset] as number) - share * (net - fill);
      });
    }
  }

  /** Newton with exact line minima on the convex potential. */
  minimise(eta: Float64Array): void {
    const n = this.#n;
    const gradient = new Float64Array(n);
    const hessian = new Float64Array(n * n);
    const order = new Int32Array(n);
    for (let step = 0; step < INNER_MAX; step += 1) {
      this.#gradient(eta, gradient, hessian);
      const d = Float64Array.from(gradient, (g) => -g);
      invariant(factorLu(hessian, order, n), 'the Hessian of a convex potential is regular');
      solveLu(hessian, order, d);
      const tau = this.#lineMinimum(eta, d);
      let moved = 0;
      for (let i = 0; i < n; i += 1) {
        const move = tau * (d[i] as number);
        eta[i + 1] = (eta[i + 1] as number) + move;
        moved = Math.max(moved, Math.abs(move));
      }
      if (moved < 1e-15) return;
    }
  }

  #lineMinimum(eta: Float64Array, d: Float64Array): number {
    const n = this.#n;
    const gradient = new Float64Array(n);
    const trial = Float64Array.from(eta);
    const slope = (tau: number): number => {
      for (let i = 0; i < n; i += 1) {
        trial[i + 1] = (eta[i + 1] as number) + tau * (d[i] as number);
      }
      this.#gradient(trial, gradient, undefined);
      return gradient.reduce((sum, g, i) => sum + g * (d[i] as number), 0);
    };
    if (slope(1) <= 0) return 1;
    let low = 0;
    let high = 1;
    for (let round = 0; round < BISECTIONS; round += 1) {
      const middle = (low + high) / 2;
      if (slope(middle) > 0) high = middle;
      else low = middle;
    }
    return (low + high) / 2;
  }

  #gradient(eta: Float64Array, gradient: Float64Array, hessian: Float64Array | undefined): void {
    const n = this.#n;
    for (let i = 0; i < n; i += 1) {
      let sum = (this.#exposure[i + 1] as number) + (this.#correction[i + 1] as number);
      for (let j = 0; j < n; j += 1) {
        sum += (this.#precision[i * n + j] as number) * (eta[j + 1] as number);
      }
      gradient[i] = sum;
    }
    hessian?.set(this.#precision);
    for (const order of this.#orders) {
      const argument = (linearArgument(order, eta) + order.offset) / RAMP_WIDTH;
      if (argument <= 0) continue;
      addFlow(gradient, order, Math.min(1, argument) * order.notional);
      if (argument < 1 && hessian !== undefined) {
        addCurvature(hessian, order, { n, weight: order.notional / RAMP_WIDTH });
      }
    }
  }
}

/** t = (1 + eta_pay) / sum omega_i (1 + eta_i). */
function relativeRate(order: PotentialOrder, eta: Float64Array): number {
  let level = 0;
  order.legs.forEach((asset, leg) => {
    level += (order.shares[leg] as number) * (1 + (eta[asset] as number));
  });
  return (1 + (eta[order.pay] as number)) / level;
}

/** a' eta. */
function linearArgument(order: PotentialOrder, eta: Float64Array): number {
  let sum = eta[order.pay] as number;
  order.legs.forEach((asset, leg) => {
    sum -= (order.shares[leg] as number) * (eta[asset] as number);
  });
  return sum;
}

function addFlow(gradient: Float64Array, order: PotentialOrder, flow: number): void {
  const add = (asset: number, amount: number): void => {
    if (asset > 0) gradient[asset - 1] = (gradient[asset - 1] as number) + amount;
  };
  add(order.pay, flow);
  order.legs.forEach((asset, leg) => {
    add(asset, -(order.shares[leg] as number) * flow);
  });
}

function addCurvature(
  hessian: Float64Array,
  order: PotentialOrder,
  at: { readonly n: number; readonly weight: number },
): void {
  const assets = [order.pay, ...order.legs];
  const parts = [1, ...order.shares.map((share) => -share)];
  assets.forEach((i, k) => {
    assets.forEach((j, l) => {
      if (i === 0 || j === 0) return;
      const place = (i - 1) * at.n + (j - 1);
      const curvature = at.weight * (parts[k] as number) * (parts[l] as number);
      hessian[place] = (hessian[place] as number) + curvature;
    });
  });
}

function inverse(scaledCovariance: readonly bigint[], n: number): Float64Array {
  const binary = Number(1n << COVARIANCE_BITS);
  const factor = cholesky(
    Float64Array.from(scaledCovariance, (s) => Number(s) / binary),
    n,
  );
  invariant(factor !== undefined, 'the covariance of a market is positive definite');
  const result = new Float64Array(n * n);
  for (let j = 0; j < n; j += 1) {
    const column = new Float64Array(n);
    column[j] = 1;
    solveCholesky(factor, column, n);
    for (let i = 0; i < n; i += 1) result[i * n + j] = column[i] as number;
  }
  return result;
}

function clampUnit(x: number): number {
  return Math.min(1, Math.max(0, x));
}
