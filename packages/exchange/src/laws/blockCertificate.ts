/**
 * The local counterfactual of a blocked order, in integers and without re-solving: if the order
 * took part with its own minimum, would its fill at the prices thus moved be below that minimum?
 */
import type { Scarcity as ScarcityMode } from '../markets/batch/parameters.ts';
import { FEE_SCALE, RAMP, RATION_SCALE, Scarcity } from '../markets/batch/parameters.ts';
import { divFloor, mulDivCeil } from '../numbers/mulDiv.ts';
import { PPM } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';
import type { FillTotals } from './fillTotals.ts';
import { covarianceAt, quoteScale } from './quotes.ts';
import type { PairRule, RuleTable } from './ruleTable.ts';
import { rampedSpend, receiptOf } from './ruleTable.ts';

/** What the certificate reads: a transition with what follows from it. */
export interface Counterfactual {
  readonly transition: BatchTransition;
  readonly rules: RuleTable;
  readonly totals: FillTotals;
}

/**
 * Whether a row may stay blocked. With B, m of the row, x_m = ceil(m B), g_m and h_m what x_m buys
 * and pays as fee at the clearing prices:
 *
 * 1. Prices move as far as the quotes of the pool do when x_m comes in and g_m goes out,
 *      P'_i N = P_i N - mid_i sum_j S_ij mid_j w_j change_j,   P'_0 = P_0,
 *    and f' is the lesser of the own and the protective fraction at P', within 0..1.
 * 2. `proRata`: f' shrinks by what rationing would leave with the row among those who wish.
 *    `scarcityPricing`: it does not.
 * 3. Certified when that is below m; with `scarcityPricing` also when x_m, g_m and h_m alone would
 *    pass a bound of the pool's inventory.
 *
 * @see docs/protocol/limitsAreRespected.md
 */
export function isCertified(at: Counterfactual, row: number): boolean {
  const { transition, rules } = at;
  const { orders, parameters } = transition;
  const rule = rules.pair(orders.pay[row] as number, orders.receive[row] as number);
  const mode: ScarcityMode = parameters.scarcity;
  const minimum = BigInt(orders.minFillPpm[row] as number);
  const least = mulDivCeil(minimum, orders.budget[row] as bigint, PPM);
  if (mode === Scarcity.scarcityPricing && passesBound(at, { row, rule, least })) return true;
  const share = mode === Scarcity.proRata ? shareOf(at, row, rule) : ONE;
  return movedFractions(at, { row, rule, least }).some(
    ({ numerator, denominator }) =>
      numerator * share.numerator * PPM < minimum * denominator * share.denominator,
  );
}

/** A fraction with a positive denominator. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const ONE: Fraction = { numerator: 1n, denominator: 1n };
const NONE: Fraction = { numerator: 0n, denominator: 1n };

interface Candidate {
  readonly row: number;
  readonly rule: PairRule;
  /** x_m. */
  readonly least: bigint;
}

/** The own and the protective fraction at the moved prices. */
function movedFractions(at: Counterfactual, candidate: Candidate): readonly Fraction[] {
  const { transition, rules } = at;
  const { orders, parameters } = transition;
  const { row, rule } = candidate;
  const pay = orders.pay[row] as number;
  const product = orders.receive[row] as number;
  const moved = movedPrices(at, candidate);
  const price = (moved.get(pay) as bigint) * (rules.weights[pay] as bigint);
  const productPrice = rule.legs.reduce((sum, leg, k) => {
    const worth = (moved.get(leg) as bigint) * (rules.weights[leg] as bigint);
    return sum + (rule.legUnits[k] as bigint) * worth;
  }, 0n);
  const net = price * (FEE_SCALE - BigInt(parameters.feeE7));
  const fractionOf = (numerator: bigint, denominator: bigint): Fraction => {
    // eff = den K'_s (F - phi), req = num K'_product F; clamp((eff - req) M / eff, 0, 1).
    const eff = denominator * net;
    const above = (eff - numerator * productPrice * FEE_SCALE) * RAMP;
    if (eff <= 0n || above <= 0n) return NONE;
    return above >= eff ? ONE : { numerator: above, denominator: eff };
  };
  const band = PPM - BigInt(rules.bandPpm(pay, product));
  return [
    fractionOf(orders.limitNumerator[row] as bigint, orders.limitDenominator[row] as bigint),
    fractionOf(
      (rules.unitMids[pay] as bigint) * (band > 0n ? band : 0n),
      (rules.unitMids[product] as bigint) * PPM,
    ),
  ];
}

/** P'_i N by asset that the row touches; exact. */
function movedPrices(
  { transition, rules }: Counterfactual,
  candidate: Candidate,
): Map<number, bigint> {
  const { orders, oracle, solution } = transition;
  const { row, rule, least } = candidate;
  const change = new Map<number, bigint>([[orders.pay[row] as number, least]]);
  const bought = receiptOf(rule, least);
  rule.legs.forEach((leg, k) => {
    change.set(leg, (change.get(leg) ?? 0n) - bought * (rule.legUnits[k] as bigint));
  });
  const scale = quoteScale(transition);
  const moved = new Map<number, bigint>();
  for (const i of change.keys()) {
    let risk = 0n;
    for (const [j, units] of change) {
      if (i === 0 || j === 0) continue;
      const exposure = (oracle.mids[j] as bigint) * units * (rules.weights[j] as bigint);
      risk += covarianceAt(transition, i, j) * exposure;
    }
    moved.set(i, (solution.prices[i] as bigint) * scale - (oracle.mids[i] as bigint) * risk);
  }
  return moved;
}

/**
 * What rationing would leave of the row: per side min(factor, room / (demand + wish)), pay side
 * times the least leg. Room is what the bound lets through in all, demand is what those who got
 * through asked for (rounded up), wish is what the row asks for before rationing.
 */
function shareOf(
  { transition, rules, totals }: Counterfactual,
  row: number,
  rule: PairRule,
): Fraction {
  const { orders, parameters, solution, after } = transition;
  const pool = (after.accounts.length - 2) * rules.assetCount;
  const pay = orders.pay[row] as number;
  const wish = rampedSpend(rule, orders, row);
  const bounds = parameters.assets[pay] as (typeof parameters.assets)[number];
  const paid = totals.paidIn[pay] as bigint;
  const paying = sideShare(solution.payFactors[pay] as bigint, {
    room: bounds.inventoryMax - (after.balances[pool + pay] as bigint) + paid,
    flow: paid,
    wish,
  });
  const units = receiptOf(rule, wish) + feeOf(rule, wish);
  let receiving = ONE;
  rule.legs.forEach((leg, k) => {
    const out = (totals.paidOut[leg] as bigint) + (totals.fees[leg] as bigint);
    const { inventoryMin } = parameters.assets[leg] as (typeof parameters.assets)[number];
    const share = sideShare(solution.receiveFactors[leg] as bigint, {
      room: (after.balances[pool + leg] as bigint) - inventoryMin + out,
      flow: out,
      wish: units * (rule.legUnits[k] as bigint),
    });
    if (isLess(share, receiving)) receiving = share;
  });
  return {
    numerator: paying.numerator * receiving.numerator,
    denominator: paying.denominator * receiving.denominator,
  };
}

function sideShare(
  factor: bigint,
  at: { readonly room: bigint; readonly flow: bigint; readonly wish: bigint },
): Fraction {
  // A factor below one unit of its scale is refused by L8; here it leaves nothing.
  if (factor < 1n) return NONE;
  const now = { numerator: factor, denominator: RATION_SCALE };
  const wanted = -divFloor(-at.flow * RATION_SCALE, factor) + at.wish;
  if (wanted <= 0n) return now;
  const left = { numerator: at.room, denominator: wanted };
  return isLess(left, now) ? left : now;
}

/** Whether the row's minimum alone would pass a bound of the final inventory. */
function passesBound({ transition, rules }: Counterfactual, candidate: Candidate): boolean {
  const { orders, parameters, after } = transition;
  const { row, rule, least } = candidate;
  const pool = (after.accounts.length - 2) * rules.assetCount;
  const pay = orders.pay[row] as number;
  const { inventoryMax } = parameters.assets[pay] as (typeof parameters.assets)[number];
  if ((after.balances[pool + pay] as bigint) + least > inventoryMax) return true;
  const units = receiptOf(rule, least) + feeOf(rule, least);
  return rule.legs.some((leg, k) => {
    const { inventoryMin } = parameters.assets[leg] as (typeof parameters.assets)[number];
    const out = units * (rule.legUnits[k] as bigint);
    return (after.balances[pool + leg] as bigint) - out < inventoryMin;
  });
}

/** floor(x K_s phi / (K_product F)). */
function feeOf(rule: PairRule, spend: bigint): bigint {
  return rule.feeUnder > 0n ? divFloor(spend * rule.fee, rule.feeUnder) : 0n;
}

function isLess(a: Fraction, b: Fraction): boolean {
  return a.numerator * b.denominator < b.numerator * a.denominator;
}
