/**
 * The measures of a report, restated from the transition for L0.
 *
 * USD is taken at the oracle mids: a position of u_i ledger units is worth u_i mid_i w_i on a scale
 * of 10^12 * 10^D. Costs and bounds round up, amounts and gains round down.
 */
import type { BatchParameters } from '../markets/batch/parameters.ts';
import {
  COVARIANCE_BITS,
  decimalsMax,
  productUnits,
  Scarcity,
} from '../markets/batch/parameters.ts';
import type { BatchMeasures } from '../markets/batch/report.ts';
import { abs, divFloor, mulDivFloor } from '../numbers/mulDiv.ts';
import { PRICE_SCALE } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';
import { ExactSums } from './exactSums.ts';
import type { FillTotals } from './fillTotals.ts';
import { exposures, quoteScale, scaledQuotes } from './quotes.ts';
import type { RuleTable } from './ruleTable.ts';
import { isVoid } from './ruleTable.ts';
import { tightBounds } from './tightBounds.ts';

/** 10^6: amounts are in millionths of a dollar. */
const USD_E6 = 1_000_000n;

/** Recomputes every measure. The mids of all products must be positive. */
export function restateMeasures(
  transition: BatchTransition,
  rules: RuleTable,
  totals: FillTotals,
): BatchMeasures {
  const flows = sumFlows(transition, rules);
  const worth = (sums: ExactSums): bigint =>
    sums.used().reduce((usd, slot) => {
      const pay = (slot - (slot % rules.productCount)) / rules.productCount;
      return usd + sums.at(slot) * (rules.unitMids[pay] as bigint);
    }, 0n);
  const fees = usdOf(totals.fees, rules).reduce((sum, usd) => sum + usd, 0n);
  const { parameters } = transition;
  const final = exposures(transition, rules, totals.poolTrade);
  const traded = usdOf(totals.poolTrade, rules);
  const usd = unitUsd(parameters);
  const riskScale = (2n << COVARIANCE_BITS) * usd * usd;
  return {
    ordersFilled: flows.filled,
    ordersPartial: flows.partial,
    submittedUsdE6: divFloor(worth(flows.budgets) * USD_E6, usd),
    filledUsdE6: divFloor(worth(flows.paid) * USD_E6, usd),
    thetaE12: thetaBound(transition, rules, flows.budgets),
    residualE12: residual(transition, scaledQuotes(transition, final)),
    inventoryRiskUsdE6: divCeil(quadratic(parameters, final) * USD_E6, riskScale),
    priceTrackingE12: priceTracking(transition),
    poolGainUsdE6:
      divFloor(quadratic(parameters, traded) * USD_E6, riskScale) + divFloor(fees * USD_E6, usd),
  };
}

interface Flows {
  readonly filled: number;
  readonly partial: number;
  /** By pay * productCount + product; rows that take part only. */
  readonly budgets: ExactSums;
  readonly paid: ExactSums;
}

function sumFlows(transition: BatchTransition, rules: RuleTable): Flows {
  const { orders, fills } = transition;
  const budgets = new ExactSums(rules.assetCount * rules.productCount);
  const paid = new ExactSums(rules.assetCount * rules.productCount);
  let filled = 0;
  let partial = 0;
  for (let row = 0; row < orders.count; row += 1) {
    if (isVoid(transition, row)) continue;
    const slot = (orders.pay[row] as number) * rules.productCount + (orders.receive[row] as number);
    const budget = orders.budget[row] as bigint;
    const spent = fills.paid[row] as bigint;
    budgets.add(slot, budget);
    if (spent === 0n) continue;
    paid.add(slot, spent);
    filled += 1;
    if (spent !== budget) partial += 1;
  }
  return { filled, partial, budgets, paid };
}

/** u_i mid_i w_i by asset. */
function usdOf(units: readonly bigint[], rules: RuleTable): bigint[] {
  return units.map((u, i) => u * (rules.unitMids[i] as bigint));
}

/** One dollar on the scale of `usdOf`. */
function unitUsd(parameters: BatchParameters): bigint {
  return PRICE_SCALE * 10n ** BigInt(decimalsMax(parameters));
}

/** x' S x over the assets besides the numeraire. */
function quadratic(parameters: BatchParameters, x: readonly bigint[]): bigint {
  const n = parameters.assets.length - 1;
  return parameters.scaledCovariance.reduce((sum, s, k) => {
    const j = k % n;
    return sum + s * (x[(k - j) / n + 1] as bigint) * (x[j + 1] as bigint);
  }, 0n);
}

/**
 * theta <= 1/2 max_i (O_i - I_i)^+ ||gamma Sigma||, O_i and I_i the USD of submitted orders that
 * sell and buy asset i >= 1, the norm the largest absolute row sum. Baskets count by legs, each
 * leg's share of a pair rounded down; the result is rounded up.
 */
function thetaBound(transition: BatchTransition, rules: RuleTable, budgets: ExactSums): bigint {
  const { parameters } = transition;
  const excess = new Array<bigint>(rules.assetCount).fill(0n);
  for (const slot of budgets.used()) {
    const product = slot % rules.productCount;
    const pay = (slot - product) / rules.productCount;
    const usd = budgets.at(slot) * (rules.unitMids[pay] as bigint);
    excess[pay] = (excess[pay] as bigint) + usd;
    productUnits(parameters, product).forEach((units, leg) => {
      if (units === 0n) return;
      const share = units * (rules.unitMids[leg] as bigint);
      const bought = mulDivFloor(usd, share, rules.unitMids[product] as bigint);
      excess[leg] = (excess[leg] as bigint) - bought;
    });
  }
  let most = 0n;
  for (const usd of excess.slice(1)) if (usd > most) most = usd;
  const n = rules.assetCount - 1;
  let norm = 0n;
  for (let i = 0; i < n; i += 1) {
    const row = parameters.scaledCovariance.slice(i * n, (i + 1) * n);
    const sum = row.reduce((total, s) => total + abs(s), 0n);
    if (sum > norm) norm = sum;
  }
  return divCeil(most * norm, (2n << COVARIANCE_BITS) * 10n ** BigInt(decimalsMax(parameters)));
}

function priceTracking({ oracle, solution }: BatchTransition): bigint {
  return solution.prices.reduce((sum, price, i) => {
    const mid = oracle.mids[i] as bigint;
    return sum + divCeil(abs(price - mid) * PRICE_SCALE, mid);
  }, 0n);
}

/**
 * max_i |sigma P_i N - Q_i| / (mid_i N), rounded up. With `scarcityPricing` a deviation that a
 * tight bound explains does not count, and while a numeraire bound is tight sigma is the sum of Q_i
 * over the sum of P_i N of the assets at no bound, if that lies on the side of one that the bound
 * allows. In every other case sigma is 1.
 */
function residual(transition: BatchTransition, quotes: readonly bigint[]): bigint {
  const { parameters, solution, oracle } = transition;
  const scale = quoteScale(transition);
  const priced = parameters.scarcity === Scarcity.scarcityPricing;
  const { lower, upper } = tightBounds(transition);
  const sigma = priced ? commonFactor(transition, quotes) : ONE;
  let worst = 0n;
  for (let i = 1; i < quotes.length; i += 1) {
    const price = solution.prices[i] as bigint;
    const miss = sigma.numerator * price * scale - (quotes[i] as bigint) * sigma.denominator;
    const explained = priced && ((lower[i] && miss >= 0n) || (upper[i] && miss <= 0n));
    if (explained) continue;
    const mid = (oracle.mids[i] as bigint) * scale * sigma.denominator;
    const ratio = divCeil(abs(miss) * PRICE_SCALE, mid);
    if (ratio > worst) worst = ratio;
  }
  return worst;
}

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const ONE: Fraction = { numerator: 1n, denominator: 1n };

function commonFactor(transition: BatchTransition, quotes: readonly bigint[]): Fraction {
  const { lower, upper } = tightBounds(transition);
  if (!lower[0] && !upper[0]) return ONE;
  const scale = quoteScale(transition);
  let numerator = 0n;
  let denominator = 0n;
  for (let i = 1; i < quotes.length; i += 1) {
    if (lower[i] || upper[i]) continue;
    numerator += quotes[i] as bigint;
    denominator += (transition.solution.prices[i] as bigint) * scale;
  }
  if (denominator === 0n || numerator <= 0n) return ONE;
  const fits = numerator > denominator ? lower[0] : numerator === denominator || upper[0];
  return fits ? { numerator, denominator } : ONE;
}

/** ceil(a / divisor) for any sign of a. */
function divCeil(a: bigint, divisor: bigint): bigint {
  return -divFloor(-a, divisor);
}
