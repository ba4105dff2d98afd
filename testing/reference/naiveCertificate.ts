/**
 * The certificate of a blocked order as its page writes it, with a fraction for every quotient and
 * nothing kept between questions. The judge of the law's own, which multiplies everything out.
 */
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import {
  COVARIANCE_BITS,
  decimalsMax,
  FEE_SCALE,
  orderBandPpm,
  productUnits,
  RAMP,
  RATION_SCALE,
  unitWeights,
} from '../../packages/exchange/src/markets/batch/parameters.ts';
import { PPM, PRICE_SCALE } from '../../packages/exchange/src/numbers/price.ts';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';

/** A fraction with a positive denominator. */
export type Ratio = readonly [numerator: bigint, denominator: bigint];

const ONE: Ratio = [1n, 1n];

/** What a block of a row rests on, and whether it is certified. */
export interface NaiveCertificate {
  /** Unit prices of what is paid and of the product, after the row's minimum moved the quotes. */
  readonly moved: { readonly pay: bigint; readonly product: bigint };
  /** The least fraction that the row would fill at them. */
  readonly fraction: Ratio;
  /** What rationing would leave of it. */
  readonly share: Ratio;
  readonly passesBound: boolean;
  readonly isCertified: boolean;
}

/** Writes the certificate of one row out. */
export function naiveCertificate(transition: BatchTransition, row: number): NaiveCertificate {
  const { parameters, orders, solution, oracle } = transition;
  const { pay, receive, budget, minFillPpm } = orders.order(row);
  const { limitNumerator, limitDenominator } = orders.order(row);
  const least = ceilOf([BigInt(minFillPpm) * budget, PPM]);
  const moved = movedPrices(transition, row, least);
  const unit = (prices: readonly bigint[], product: number): bigint =>
    unitPriceOf(transition, prices, product);
  const band = PPM - BigInt(orderBandPpm(parameters, pay, receive));
  const kept = band > 0n ? band : 0n;
  const protection: Ratio = [unit(oracle.mids, pay) * kept, unit(oracle.mids, receive) * PPM];
  const limits: readonly Ratio[] = [[limitNumerator, limitDenominator], protection];
  const fractionsAt = (prices: readonly bigint[]): Ratio[] =>
    limits.map((limit) =>
      fractionOf(transition, limit, [unit(prices, pay), unit(prices, receive)]),
    );
  const fraction = leastOf(fractionsAt(moved));
  const wish = floorOf(times([budget, 1n], leastOf(fractionsAt(solution.prices))));
  const isPriced = parameters.scarcity === 'scarcityPricing';
  const share = isPriced ? ONE : shareOf(transition, row, wish);
  const passesBound = boundIsPassed(transition, row, least);
  const isBelow = isLess(times(fraction, share), [BigInt(minFillPpm), PPM]);
  return {
    moved: { pay: unit(moved, pay), product: unit(moved, receive) },
    fraction,
    share,
    passesBound,
    isCertified: isBelow || (isPriced && passesBound),
  };
}

/** P' N by asset, once the row's minimum came in and what it buys went out. */
function movedPrices(transition: BatchTransition, row: number, least: bigint): bigint[] {
  const { parameters, orders, oracle, solution } = transition;
  const { pay, receive } = orders.order(row);
  const bought = boughtBy(transition, row, least).received;
  const weights = unitWeights(parameters);
  const units = productUnits(parameters, receive);
  const change = parameters.assets.map((_, i) => (i === pay ? least : 0n) - bought * at(units, i));
  const width = parameters.assets.length - 1;
  const scale = (1n << COVARIANCE_BITS) * PRICE_SCALE * 10n ** BigInt(decimalsMax(parameters));
  return solution.prices.map((price, i) => {
    if (i === 0) return price * scale;
    const risk = change.reduce((sum, moved, j) => {
      if (j === 0) return sum;
      const covariance = at(parameters.scaledCovariance, (i - 1) * width + (j - 1));
      return sum + covariance * at(oracle.mids, j) * at(weights, j) * moved;
    }, 0n);
    return price * scale - at(oracle.mids, i) * risk;
  });
}

function unitPriceOf(
  { parameters }: BatchTransition,
  prices: readonly bigint[],
  product: number,
): bigint {
  const weights = unitWeights(parameters);
  return productUnits(parameters, product).reduce(
    (sum, units, i) => sum + units * at(prices, i) * at(weights, i),
    0n,
  );
}

/** clamp((eff - req) M / eff, 0, 1). */
function fractionOf(
  { parameters }: BatchTransition,
  [numerator, denominator]: Ratio,
  [pay, product]: readonly [bigint, bigint],
): Ratio {
  const eff = denominator * pay * (FEE_SCALE - BigInt(parameters.feeE7));
  const req = numerator * product * FEE_SCALE;
  if (eff <= 0n || eff <= req) return [0n, 1n];
  return leastOf([ONE, [(eff - req) * RAMP, eff]]);
}

/** What a spend buys and pays as fee at the clearing prices, product units rounded down. */
function boughtBy(
  transition: BatchTransition,
  row: number,
  spend: bigint,
): { readonly received: bigint; readonly fee: bigint } {
  const { parameters, orders, solution } = transition;
  const { pay, receive } = orders.order(row);
  const worth = spend * unitPriceOf(transition, solution.prices, pay);
  const under = unitPriceOf(transition, solution.prices, receive) * FEE_SCALE;
  const fee = BigInt(parameters.feeE7);
  return {
    received: floorOf([worth * (FEE_SCALE - fee), under]),
    fee: floorOf([worth * fee, under]),
  };
}

/** The pay side's share times the least share of a leg. */
function shareOf(transition: BatchTransition, row: number, wish: bigint): Ratio {
  const { parameters, orders, solution } = transition;
  const { pay, receive } = orders.order(row);
  const { paidIn, out } = flowsOf(transition);
  const bought = boughtBy(transition, row, wish);
  const paying = sideShare(at(solution.payFactors, pay), {
    room: at(parameters.assets, pay).inventoryMax - poolAfter(transition, pay) + at(paidIn, pay),
    flow: at(paidIn, pay),
    wish,
  });
  const receiving = productUnits(parameters, receive).flatMap((units, leg) => {
    if (units === 0n) return [];
    const { inventoryMin } = at(parameters.assets, leg);
    const flow = at(out, leg);
    const room = poolAfter(transition, leg) - inventoryMin + flow;
    const legWish = (bought.received + bought.fee) * units;
    return [sideShare(at(solution.receiveFactors, leg), { room, flow, wish: legWish })];
  });
  return times(paying, leastOf(receiving));
}

function sideShare(
  factor: bigint,
  { room, flow, wish }: { readonly room: bigint; readonly flow: bigint; readonly wish: bigint },
): Ratio {
  if (factor === 0n) return [0n, 1n];
  const demand = ceilOf([flow * RATION_SCALE, factor]);
  const now: Ratio = [factor, RATION_SCALE];
  return demand + wish === 0n ? now : leastOf([now, [room, demand + wish]]);
}

/** What came in and what went out as receipts and fees, by asset. */
function flowsOf(transition: BatchTransition): {
  readonly paidIn: readonly bigint[];
  readonly out: readonly bigint[];
} {
  const { parameters, orders, fills } = transition;
  const paidIn = parameters.assets.map(() => 0n);
  const out = parameters.assets.map(() => 0n);
  for (let row = 0; row < orders.count; row += 1) {
    const { pay, receive } = orders.order(row);
    const paid = fills.paid[row] as bigint;
    paidIn[pay] = at(paidIn, pay) + paid;
    const { fee } = boughtBy(transition, row, paid);
    productUnits(parameters, receive).forEach((units, leg) => {
      out[leg] = at(out, leg) + ((fills.received[row] as bigint) + fee) * units;
    });
  }
  return { paidIn, out };
}

function boundIsPassed(transition: BatchTransition, row: number, least: bigint): boolean {
  const { parameters, orders } = transition;
  const { pay, receive } = orders.order(row);
  if (poolAfter(transition, pay) + least > at(parameters.assets, pay).inventoryMax) return true;
  const { received, fee } = boughtBy(transition, row, least);
  return productUnits(parameters, receive).some((units, leg) => {
    if (units === 0n) return false;
    const left = poolAfter(transition, leg) - (received + fee) * units;
    return left < at(parameters.assets, leg).inventoryMin;
  });
}

/** The pool's units of an asset after the batch. */
export function poolAfter({ after, parameters }: BatchTransition, asset: number): bigint {
  return after.balances[(after.accounts.length - 2) * parameters.assets.length + asset] as bigint;
}

function floorOf([numerator, denominator]: Ratio): bigint {
  const quotient = numerator / denominator;
  return quotient * denominator > numerator ? quotient - 1n : quotient;
}

function ceilOf([numerator, denominator]: Ratio): bigint {
  return -floorOf([-numerator, denominator]);
}

function times(a: Ratio, b: Ratio): Ratio {
  return [a[0] * b[0], a[1] * b[1]];
}

function isLess(a: Ratio, b: Ratio): boolean {
  return a[0] * b[1] < b[0] * a[1];
}

function leastOf(ratios: readonly Ratio[]): Ratio {
  return ratios.reduce((least, ratio) => (isLess(ratio, least) ? ratio : least));
}
