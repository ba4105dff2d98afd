/**
 * The clearing rules of one transition, restated for the laws: unit prices of products, and per
 * ordered pair what does not depend on the order. Nothing here is shared with the code that clears.
 *
 * Symbols: P price, w unit weight, K unit price of a product = sum of units * P * w, F fee scale,
 * phi fee, M ramp. Only ratios of unit prices occur, so their common scale never matters.
 */

import { at } from '../failures/invariant.ts';
import type { OrderTable } from '../markets/batch/orderTable.ts';
import {
  FEE_SCALE,
  productCount,
  productUnits,
  RAMP,
  RATION_SCALE,
  unitWeights,
} from '../markets/batch/parameters.ts';
import { PPM } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';
import { shapeFlaw } from './shape.ts';
import type { Violated } from './verdict.ts';

/** What all orders of one ordered pair share. Rates are net of the fee and in lowest terms. */
export interface PairRule {
  /** False when a unit price or the net rate is not positive: such a pair fills nothing. */
  readonly tradable: boolean;
  /** Product units per pay unit, net: rate / rateUnder = K_pay (F - phi) / (K_product F). */
  readonly rate: bigint;
  readonly rateUnder: bigint;
  /** rate * (M - 1) and rateUnder * M: an order is filled in full when the first side wins. */
  readonly rateFull: bigint;
  readonly rateUnderFull: bigint;
  /** Fraction of a budget that the protective band allows: cap / capUnder, 0 <= cap <= capUnder. */
  readonly cap: bigint;
  readonly capUnder: bigint;
  /** Fraction that rationing leaves, over RATION_SCALE^2; read where it is not one. */
  readonly ration: bigint;
  readonly isRationed: boolean;
  /** Fee in product units per pay unit: fee / feeUnder = K_pay phi / (K_product F). */
  readonly fee: bigint;
  readonly feeUnder: bigint;
  /** Assets of the product with units > 0, ascending, and those units. */
  readonly legs: readonly number[];
  readonly legUnits: readonly bigint[];
  /** The asset of a product that is one unit of one asset; -1 for a basket. */
  readonly single: number;
}

/** RATION_SCALE^2: a pay factor times a receive factor. */
export const RATION_SQUARED: bigint = RATION_SCALE * RATION_SCALE;

/** Restates the rules of a transition; `flaw` is set when its shape forbids any question. */
export function restateRules(transition: BatchTransition): RuleTable {
  return new RuleTable(transition, shapeFlaw(transition));
}

/** The restated rules. While `flaw` is set nothing else may be asked. */
export class RuleTable {
  readonly flaw: Violated | undefined;
  readonly assetCount: number;
  readonly productCount: number;
  readonly halted: boolean;
  /** 10^(D - decimals) by asset. */
  readonly weights: readonly bigint[];
  /** Unit prices by product: at the clearing prices and at the oracle's mids. */
  readonly unitPrices: readonly bigint[];
  readonly unitMids: readonly bigint[];
  readonly #transition: BatchTransition;
  readonly #legs: readonly Legs[];
  /** Overriding bands by slot; the first of a pair counts. A map: bundles may list any number. */
  readonly #bands = new Map<number, number>();
  readonly #pairs: (PairRule | undefined)[];

  constructor(transition: BatchTransition, flaw: Violated | undefined) {
    this.#transition = transition;
    this.flaw = flaw;
    const { parameters, solution, oracle } = transition;
    this.halted = transition.report.outcome.kind === 'halted';
    this.assetCount = flaw === undefined ? parameters.assets.length : 0;
    this.productCount = flaw === undefined ? productCount(parameters) : 0;
    this.weights = flaw === undefined ? unitWeights(parameters) : [];
    this.#legs = Array.from({ length: this.productCount }, (_, product) =>
      legsOf(productUnits(parameters, product)),
    );
    this.unitPrices = this.#unitPrices(solution.prices);
    this.unitMids = this.#unitPrices(oracle.mids);
    this.#pairs = new Array(this.assetCount * this.productCount);
    for (const { pay, receive, bandPpm } of flaw === undefined ? parameters.pairBands : []) {
      const slot = pay * this.productCount + receive;
      const inside = receive < this.productCount;
      if (inside && !this.#bands.has(slot)) this.#bands.set(slot, bandPpm);
    }
  }

  /** The rule of an ordered pair, worked out on first use. */
  pair(pay: number, receive: number): PairRule {
    const slot = pay * this.productCount + receive;
    const known = this.#pairs[slot];
    if (known !== undefined) return known;
    const rule = this.#pairRule(pay, receive);
    this.#pairs[slot] = rule;
    return rule;
  }

  #unitPrices(prices: readonly bigint[]): bigint[] {
    return this.#legs.map(({ units }) => unitPrice(units, prices, this.weights));
  }

  #pairRule(pay: number, receive: number): PairRule {
    const { parameters, solution } = this.#transition;
    const fee = BigInt(parameters.feeE7);
    const price = this.unitPrices[pay] as bigint;
    const productPrice = this.unitPrices[receive] as bigint;
    const grossUnder = productPrice * FEE_SCALE;
    const [rate, rateUnder] = lowestTerms(price * (FEE_SCALE - fee), grossUnder);
    const [feeRate, feeUnder] = lowestTerms(price * fee, grossUnder);
    const tradable = rate > 0n && rateUnder > 0n;
    const { legs, legUnits } = this.#legs[receive] as Legs;
    let receiveFactor = RATION_SCALE;
    for (const leg of legs) {
      const factor = solution.receiveFactors[leg] as bigint;
      if (factor < receiveFactor) receiveFactor = factor;
    }
    const ration = (solution.payFactors[pay] as bigint) * receiveFactor;
    const [cap, capUnder] = tradable ? this.#cap(pay, receive, { rate, rateUnder }) : [0n, 1n];
    return {
      tradable,
      rate,
      rateUnder,
      rateFull: rate * (RAMP - 1n),
      rateUnderFull: rateUnder * RAMP,
      cap,
      capUnder,
      ration,
      isRationed: ration !== RATION_SQUARED,
      fee: feeRate,
      feeUnder,
      legs,
      legUnits,
      single: receive < this.assetCount ? receive : -1,
    };
  }

  /**
   * eff = den * rate, req = num * rateUnder, with num / den = K_mid_pay (10^6 - band) /
   * (K_mid_product 10^6); the fraction is clamp((eff - req) M / eff, 0, 1).
   */
  #cap(
    pay: number,
    receive: number,
    net: { readonly rate: bigint; readonly rateUnder: bigint },
  ): readonly [bigint, bigint] {
    const band = BigInt(this.bandPpm(pay, receive));
    const eff = (this.unitMids[receive] as bigint) * PPM * net.rate;
    const req = (this.unitMids[pay] as bigint) * (PPM - band) * net.rateUnder;
    if (eff <= req) return [0n, 1n];
    if ((eff - req) * RAMP >= eff) return [1n, 1n];
    return lowestTerms((eff - req) * RAMP, eff);
  }

  /** The band of a pair: its override, or the widest of the assets involved. */
  bandPpm(pay: number, receive: number): number {
    const { assets } = this.#transition.parameters;
    const override = this.#bands.get(pay * this.productCount + receive);
    if (override !== undefined) return override;
    const { legs } = this.#legs[receive] as Legs;
    return legs.reduce(
      (widest, leg) => Math.max(widest, at(assets, leg).bandPpm),
      at(assets, pay).bandPpm,
    );
  }
}

/** A product by market asset index, and its assets with units > 0. */
interface Legs {
  readonly units: readonly bigint[];
  readonly legs: readonly number[];
  readonly legUnits: readonly bigint[];
}

function legsOf(units: readonly bigint[]): Legs {
  const legs = units.flatMap((n, i) => (n > 0n ? [i] : []));
  return { units, legs, legUnits: legs.map((i) => units[i] as bigint) };
}

/** K = sum of units_i * P_i * w_i. */
export function unitPrice(
  units: readonly bigint[],
  prices: readonly bigint[],
  weights: readonly bigint[],
): bigint {
  return units.reduce((sum, n, i) => {
    return n === 0n ? sum : sum + n * (prices[i] as bigint) * (weights[i] as bigint);
  }, 0n);
}

/**
 * What an order would spend at the clearing prices before rationing, and before its receipt and
 * minimum are looked at: the lesser of its own and the protective rule, rounded down.
 *
 * eff = den * rate, req = num * rateUnder. eff <= req: nothing. (eff - req) M >= eff, that is
 * eff (M - 1) >= req M: everything. Else floor(B (eff - req) M / eff).
 */
export function rampedSpend(rule: PairRule, orders: OrderTable, row: number): bigint {
  const denominator = orders.limitDenominator[row] as bigint;
  if (rule.cap === 0n || denominator === 0n) return 0n;
  const budget = orders.budget[row] as bigint;
  const numerator = orders.limitNumerator[row] as bigint;
  let spend = budget;
  if (numerator !== 0n && denominator * rule.rateFull < numerator * rule.rateUnderFull) {
    const eff = denominator * rule.rate;
    const req = numerator * rule.rateUnder;
    if (eff <= req) return 0n;
    // Bare division: floor of non-negative terms, in the loop over all rows.
    spend = (budget * (eff - req) * RAMP) / eff;
  }
  if (rule.cap === rule.capUnder) return spend;
  const capped = (budget * rule.cap) / rule.capUnder;
  if (capped < spend) spend = capped;
  return spend;
}

/** `rampedSpend` after rationing: floor(x * payFactor * least receiveFactor / RATION_SCALE^2). */
export function rationedSpend(rule: PairRule, orders: OrderTable, row: number): bigint {
  const spend = rampedSpend(rule, orders, row);
  return rule.isRationed ? (spend * rule.ration) / RATION_SQUARED : spend;
}

/**
 * Whether a spend may stand: it buys at least one unit, meets the limit to the last unit, and is at
 * least the order's minimum fill. `received` is floor(spend * rate / rateUnder).
 */
export function spendStands(
  transition: BatchTransition,
  row: number,
  fill: { readonly spend: bigint; readonly received: bigint },
): boolean {
  const { orders } = transition;
  if (fill.received === 0n) return false;
  const numerator = orders.limitNumerator[row] as bigint;
  if (
    numerator !== 0n &&
    fill.received * (orders.limitDenominator[row] as bigint) < fill.spend * numerator
  ) {
    return false;
  }
  const least = orders.minFillPpm[row] as number;
  // x >= ceil(m B / 10^6) for an integer x is x * 10^6 >= m B.
  return least === 0 || fill.spend * PPM >= BigInt(least) * (orders.budget[row] as bigint);
}

/** What a spend buys: floor(spend * rate / rateUnder) product units; nothing on a dead pair. */
export function receiptOf(rule: PairRule, spend: bigint): bigint {
  return rule.tradable ? (spend * rule.rate) / rule.rateUnder : 0n;
}

/** Whether a row takes no part: cancelled, or expired when the batch closed. */
export function isVoid({ orders, closedAtMs }: BatchTransition, row: number): boolean {
  return orders.canceled[row] !== 0 || (orders.expiresAtMs[row] as number) <= closedAtMs;
}

/** A fraction with the common factor removed: smaller operands for a million multiplications. */
function lowestTerms(numerator: bigint, denominator: bigint): readonly [bigint, bigint] {
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator];
  while (b > 0n) [a, b] = [b, a % b];
  return a > 1n && denominator > 0n ? [numerator / a, denominator / a] : [numerator, denominator];
}
