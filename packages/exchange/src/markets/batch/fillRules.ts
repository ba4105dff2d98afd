import { invariant } from '../../failures/invariant.ts';
import { mulDivCeil, mulDivFloor } from '../../numbers/mulDiv.ts';
import { PPM } from '../../numbers/price.ts';
import type { OracleSnapshot } from './oracleSnapshot.ts';
import type { BatchParameters } from './parameters.ts';
import { FEE_SCALE, orderBandPpm, RAMP, RATION_SCALE } from './parameters.ts';
import type { BatchSolution } from './solution.ts';
import type { Leg } from './unitPrices.ts';
import { productLegs, unitPrices } from './unitPrices.ts';

/** Everything that the integer rules need to know of one ordered pair (pay asset, product). */
export interface PairRule {
  /** Unit prices K of the pay asset and of the product at the clearing prices. */
  readonly payPrice: bigint;
  readonly receivePrice: bigint;
  /** F - fee. */
  readonly keep: bigint;
  readonly feeE7: bigint;
  /** The protective limit: least net units received per unit paid, from the oracle mids. */
  readonly protectiveNumerator: bigint;
  readonly protectiveDenominator: bigint;
  /** payFactor * least receiveFactor over the legs, over RATION_SCALE^2. */
  readonly ration: bigint;
  readonly legs: readonly Leg[];
}

/** What the rules read of an order. */
export interface OrderTerms {
  readonly budget: bigint;
  readonly limitNumerator: bigint;
  readonly limitDenominator: bigint;
  readonly minFillPpm: number;
}

/** What one order pays and receives: ledger units of the pay asset, units of the product. */
export interface RowFill {
  readonly paid: bigint;
  readonly received: bigint;
}

/** RATION_SCALE squared: the denominator of `PairRule.ration`. */
export const RATION_SQUARED: bigint = RATION_SCALE * RATION_SCALE;

const NOTHING: RowFill = { paid: 0n, received: 0n };

/** Builds and keeps the rules of all ordered pairs of one cleared batch. */
export class FillRules {
  readonly parameters: BatchParameters;
  readonly #prices: bigint[];
  readonly #mids: bigint[];
  readonly #solution: BatchSolution;
  readonly #legs: readonly (readonly Leg[])[];
  readonly #rules = new Map<number, PairRule>();

  constructor(parameters: BatchParameters, oracle: OracleSnapshot, solution: BatchSolution) {
    this.parameters = parameters;
    this.#prices = unitPrices(parameters, solution.prices);
    this.#mids = unitPrices(parameters, oracle.mids);
    this.#solution = solution;
    this.#legs = this.#prices.map((_, product) => productLegs(parameters, product));
  }

  /** The rule of one ordered pair. */
  pair(pay: number, receive: number): PairRule {
    const key = pay * this.#prices.length + receive;
    const known = this.#rules.get(key);
    if (known !== undefined) return known;
    const rule = this.#build(pay, receive);
    this.#rules.set(key, rule);
    return rule;
  }

  #build(pay: number, receive: number): PairRule {
    const { payFactors, receiveFactors } = this.#solution;
    const legs = this.#legs[receive] as readonly Leg[];
    const band = BigInt(orderBandPpm(this.parameters, pay, receive));
    let least = RATION_SCALE;
    for (const { asset } of legs) {
      const factor = receiveFactors[asset] as bigint;
      if (factor < least) least = factor;
    }
    const feeE7 = BigInt(this.parameters.feeE7);
    return {
      payPrice: this.#prices[pay] as bigint,
      receivePrice: this.#prices[receive] as bigint,
      keep: FEE_SCALE - feeE7,
      feeE7,
      protectiveNumerator: (this.#mids[pay] as bigint) * (band < PPM ? PPM - band : 0n),
      protectiveDenominator: (this.#mids[receive] as bigint) * PPM,
      ration: (payFactors[pay] as bigint) * least,
      legs,
    };
  }
}

/**
 * Rule 1 for one limit: eff = den K_s (F - fee), req = num K_b F;
 * 0 if eff <= req, the budget if (eff - req) M >= eff, else floor(B (eff - req) M / eff).
 */
export function rampAmount(
  rule: PairRule,
  limit: { readonly budget: bigint; readonly numerator: bigint; readonly denominator: bigint },
): bigint {
  const effective = limit.denominator * rule.payPrice * rule.keep;
  const required = limit.numerator * rule.receivePrice * FEE_SCALE;
  if (effective <= required) return 0n;
  const above = (effective - required) * RAMP;
  return above >= effective ? limit.budget : mulDivFloor(limit.budget, above, effective);
}

/** The smaller of the ramp amounts of the order's own limit and of the protective limit. */
export function rampedBudget(rule: PairRule, terms: OrderTerms): bigint {
  const own = rampAmount(rule, {
    budget: terms.budget,
    numerator: terms.limitNumerator,
    denominator: terms.limitDenominator,
  });
  if (own === 0n) return 0n;
  const guarded = rampAmount(rule, {
    budget: terms.budget,
    numerator: rule.protectiveNumerator,
    denominator: rule.protectiveDenominator,
  });
  if (guarded < own) return guarded;
  return own;
}

/** Rule 1 with rationing: floor(x0 payFactor receiveFactor / RATION_SCALE^2). */
export function rationedAmount(rule: PairRule, terms: OrderTerms): bigint {
  const ramped = rampedBudget(rule, terms);
  return rule.ration === RATION_SQUARED ? ramped : mulDivFloor(ramped, rule.ration, RATION_SQUARED);
}

/** g = floor(x K_s (F - fee) / (K_b F)): net product units for x ledger units paid. */
export function netReceived(rule: PairRule, paid: bigint): bigint {
  return mulDivFloor(paid, rule.payPrice * rule.keep, rule.receivePrice * FEE_SCALE);
}

/** floor(x K_s fee / (K_b F)): the fee in product units; its legs move to the fee vault. */
export function feeUnits(rule: PairRule, paid: bigint): bigint {
  return mulDivFloor(paid, rule.payPrice * rule.feeE7, rule.receivePrice * FEE_SCALE);
}

/** ceil(m B): the least that an order with a minimum fill pays if it pays anything. */
export function minimumPaid(terms: OrderTerms): bigint {
  return mulDivCeil(terms.budget, BigInt(terms.minFillPpm), PPM);
}

/** Rule 2: nothing unless something is received, the limit holds to the unit and m is reached. */
export function settleAmount(rule: PairRule, terms: OrderTerms, paid: bigint): RowFill {
  invariant(paid <= terms.budget, 'a fill never exceeds the budget');
  const received = netReceived(rule, paid);
  if (received === 0n) return NOTHING;
  if (received * terms.limitDenominator < paid * terms.limitNumerator) return NOTHING;
  return paid < minimumPaid(terms) ? NOTHING : { paid, received };
}

/** Rules 1 and 2 for one order that is neither cancelled nor blocked. */
export function naturalFill(rule: PairRule, terms: OrderTerms): RowFill {
  return settleAmount(rule, terms, rationedAmount(rule, terms));
}
