import { at } from '../../failures/invariant.ts';
import { divFloor } from '../../numbers/mulDiv.ts';
import { PPM } from '../../numbers/price.ts';
import type { PoolChange } from './allocation.ts';
import { naturalRowFill, termsOf } from './allocation.ts';
import type { FillRules, OrderTerms, PairRule } from './fillRules.ts';
import { feeUnits, minimumPaid, netReceived, rampedBudget } from './fillRules.ts';
import type { OrderTable } from './orderTable.ts';
import { FEE_SCALE, RAMP, RATION_SCALE, Scarcity, unitWeights } from './parameters.ts';
import type { PoolPosition } from './quoteTest.ts';
import { inventoryAfter, quoteMoves, quoteScale } from './quoteTest.ts';
import type { BatchSolution } from './solution.ts';

/** A final position of the pool with what led to it. */
export interface SettledBatch {
  readonly position: PoolPosition;
  readonly solution: BatchSolution;
  readonly change: PoolChange;
  readonly rules: FillRules;
  readonly table: OrderTable;
}

/** A fraction with a positive denominator. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const ONE: Fraction = { numerator: 1n, denominator: 1n };

/**
 * Whether a row that rules 1 and 2 would fill at the clearing prices may stay blocked: the local
 * counterfactual certificate of section 6, in integers. O(A^2) at most.
 *
 * Notation: row (s, product) with budget B, minimum m = minFillPpm / 10^6, x_m = ceil(m B);
 * g_m = floor(x_m K_s (F - fee) / (K_product F)) and h_m = floor(x_m K_s fee / (K_product F)) at
 * the clearing prices; `involved` = s and the legs of the product; N = 2^80 10^12 10^D.
 *
 * 1. Moved prices. The row's minimum is added to the pool's final position, and each price moves as
 *    far as the pool's quote does: change_s = + x_m, change_leg = - g_m units_leg,
 *      P'_i = P_i N - mid_i sum_j S_ij mid_j w_j change_j   for involved i >= 1,   P'_0 = P_0 N.
 *    (Prices and not quotes are moved, so that neither the tolerance of the quote test nor a
 *    scarcity premium counts as a move.) With K' formed from P' over the row's assets, the fraction
 *      f' = min over own and protective limit of clamp((eff' - req') M / eff', 0, 1),
 *    0 where eff' <= 0, eff' = den K'_s (F - fee), req' = num K'_product F.
 * 2. Shares. Under `proRata`, what rationing would leave if the row took part. For the pay side
 *      room_s = inventoryMax_s - after_s + paid_s,
 *      demand_s = ceil(paid_s RATION_SCALE / payFactor_s),
 *      wish_s = x_0, the row's ramp amount of rule 1 at the clearing prices,
 *      share_s = min(payFactor_s / RATION_SCALE, room_s / (demand_s + wish_s));
 *    for each leg, with out = received + fees of that asset,
 *      room = after - inventoryMin + out,
 *      demand = ceil(out RATION_SCALE / receiveFactor),
 *      wish = (g_0 + h_0) units, g_0 and h_0 of x_0, and its share alike.
 *    The share of the row is share_s times the least share of a leg.
 *    Under `scarcityPricing` all shares are 1.
 * 3. The block is lawful iff f' * share < m; or, under `scarcityPricing`, if the row's minimum
 *    alone would pass a bound: after_s + x_m > inventoryMax_s, or for a leg
 *    after - (g_m + h_m) units < inventoryMin.
 *
 * `paid`, `received`, `fees` and `after` are those of the final fills, in which the row is zero.
 */
export function blockIsCertified(batch: SettledBatch, row: number): boolean {
  const { table, rules, position } = batch;
  const pay = table.pay[row] as number;
  const rule = rules.pair(pay, table.receive[row] as number);
  const terms = termsOf(table, row);
  const minimum = { numerator: BigInt(terms.minFillPpm), denominator: PPM };
  const fraction = movedFraction(batch, { pay, rule, terms });
  if (position.parameters.scarcity === Scarcity.scarcityPricing) {
    return isLess(fraction, minimum) || passesBound(batch, { pay, rule, terms });
  }
  return isLess(times(fraction, shareOf(batch, { pay, rule, terms })), minimum);
}

/** Whether rules 1 and 2 would fill a row at the clearing prices. */
export function wouldFill(rules: FillRules, table: OrderTable, row: number): boolean {
  return naturalRowFill(rules, table, row).paid > 0n;
}

interface Candidate {
  readonly pay: number;
  readonly rule: PairRule;
  readonly terms: OrderTerms;
}

/** f' of step 1. */
function movedFraction(batch: SettledBatch, { pay, rule, terms }: Candidate): Fraction {
  const { parameters, oracle } = batch.position;
  const least = minimumPaid(terms);
  const change = parameters.assets.map(() => 0n);
  change[pay] = least;
  const bought = netReceived(rule, least);
  for (const { asset, units } of rule.legs) change[asset] = at(change, asset) - bought * units;
  const moves = quoteMoves(parameters, oracle.mids, change);
  const scale = quoteScale(parameters);
  const weights = unitWeights(parameters);
  const moved = (asset: number): bigint =>
    (at(batch.solution.prices, asset) * scale - at(moves, asset)) * at(weights, asset);
  const payPrice = moved(pay);
  const receivePrice = rule.legs.reduce((sum, leg) => sum + leg.units * moved(leg.asset), 0n);
  const fractionOf = (numerator: bigint, denominator: bigint): Fraction => {
    const effective = denominator * payPrice * rule.keep;
    if (effective <= 0n) return { numerator: 0n, denominator: 1n };
    const above = (effective - numerator * receivePrice * FEE_SCALE) * RAMP;
    if (above <= 0n) return { numerator: 0n, denominator: 1n };
    return above >= effective ? ONE : { numerator: above, denominator: effective };
  };
  return smaller(
    fractionOf(terms.limitNumerator, terms.limitDenominator),
    fractionOf(rule.protectiveNumerator, rule.protectiveDenominator),
  );
}

/** The share of step 2. */
function shareOf(batch: SettledBatch, { pay, rule, terms }: Candidate): Fraction {
  const { position, solution, change } = batch;
  const after = inventoryAfter(position);
  const wish = rampedBudget(rule, terms);
  const payAsset = at(position.parameters.assets, pay);
  const paid = at(change.paid, pay);
  const paying = share(at(solution.payFactors, pay), {
    room: payAsset.inventoryMax - at(after, pay) + paid,
    flow: paid,
    wish,
  });
  const units = netReceived(rule, wish) + feeUnits(rule, wish);
  let receiving = ONE;
  for (const leg of rule.legs) {
    const out = at(change.received, leg.asset) + at(change.fees, leg.asset);
    const room = at(after, leg.asset) - at(position.parameters.assets, leg.asset).inventoryMin;
    const factor = at(solution.receiveFactors, leg.asset);
    receiving = smaller(
      receiving,
      share(factor, { room: room + out, flow: out, wish: units * leg.units }),
    );
  }
  return times(paying, receiving);
}

function share(
  factor: bigint,
  at: { readonly room: bigint; readonly flow: bigint; readonly wish: bigint },
): Fraction {
  const now = { numerator: factor, denominator: RATION_SCALE };
  const demand = -divFloor(-at.flow * RATION_SCALE, factor);
  const wanted = demand + at.wish;
  if (wanted === 0n) return now;
  return smaller(now, { numerator: at.room, denominator: wanted });
}

function passesBound(batch: SettledBatch, { pay, rule, terms }: Candidate): boolean {
  const { parameters } = batch.position;
  const after = inventoryAfter(batch.position);
  const least = minimumPaid(terms);
  if (at(after, pay) + least > at(parameters.assets, pay).inventoryMax) return true;
  const units = netReceived(rule, least) + feeUnits(rule, least);
  return rule.legs.some(
    (leg) =>
      at(after, leg.asset) - units * leg.units < at(parameters.assets, leg.asset).inventoryMin,
  );
}

function times(a: Fraction, b: Fraction): Fraction {
  return {
    numerator: a.numerator * b.numerator,
    denominator: a.denominator * b.denominator,
  };
}

function smaller(a: Fraction, b: Fraction): Fraction {
  return isLess(b, a) ? b : a;
}

function isLess(a: Fraction, b: Fraction): boolean {
  return a.numerator * b.denominator < b.numerator * a.denominator;
}
