import { at } from '../../failures/invariant.ts';
import { abs, divFloor, mulDivFloor } from '../../numbers/mulDiv.ts';
import { PRICE_SCALE } from '../../numbers/price.ts';
import type { PoolChange } from './allocation.ts';
import { poolChange } from './allocation.ts';
import type { OracleSnapshot } from './oracleSnapshot.ts';
import type { OrderTable } from './orderTable.ts';
import type { BatchParameters } from './parameters.ts';
import { COVARIANCE_BITS, decimalsMax, productCount, unitWeights } from './parameters.ts';
import type { PoolPosition } from './quoteTest.ts';
import { quoteResidualE12 } from './quoteTest.ts';
import type { BatchMeasures } from './report.ts';
import type { BatchFills, BatchSolution } from './solution.ts';
import { productLegs, unitPrices } from './unitPrices.ts';
import { Words } from './words.ts';

/** What the measures of a batch are computed from. `poolBefore` is inventory in ledger units. */
export interface MeasureInput {
  readonly parameters: BatchParameters;
  readonly oracle: OracleSnapshot;
  readonly table: OrderTable;
  readonly solution: BatchSolution;
  readonly fills: BatchFills;
  readonly poolBefore: readonly bigint[];
}

/** 10^6: USD amounts of measures are millionths. */
const USD_E6 = 1_000_000n;

/**
 * The measures of a batch, in integers, from its public record alone; O(orders + assets^2).
 * USD at the oracle mids. Costs and bounds are rounded up, amounts and gains down. Sums over the
 * fills that the caller already has may be handed over.
 */
export function measureBatch(
  input: MeasureInput,
  { trade, fees }: Pick<PoolChange, 'trade' | 'fees'> = poolChange(input, input.fills),
): BatchMeasures {
  const { parameters, oracle, table, solution, fills, poolBefore } = input;
  const position: PoolPosition = { parameters, oracle, inventory: poolBefore, trade, fees };
  const after = parameters.assets.map((a, i) => at(poolBefore, i) + at(trade, i) - a.target);
  const flows = sumFlows(table, fills, productCount(parameters));
  const feesUsd = floorUsd(parameters, worth(parameters, oracle.mids, fees));
  return {
    ordersFilled: flows.filled,
    ordersPartial: flows.partial,
    submittedUsdE6: floorUsd(parameters, flowWorth(input, flows.budgets)),
    filledUsdE6: floorUsd(parameters, flowWorth(input, flows.paid)),
    thetaE12: thetaBound(input, flows.budgets),
    residualE12: quoteResidualE12(position, solution.prices),
    inventoryRiskUsdE6: -halfRisk(input, after, -1n),
    priceTrackingE12: priceTracking(oracle.mids, solution.prices),
    poolGainUsdE6: halfRisk(input, trade, 1n) + feesUsd,
  };
}

/**
 * Whether the scaled covariance is symmetric and positive definite, exactly: every leading minor
 * is positive, found by fraction-free elimination (Bareiss), whose divisions leave no remainder.
 */
export function isPositiveDefinite(scaledCovariance: readonly bigint[]): boolean {
  const n = Math.round(Math.sqrt(scaledCovariance.length));
  if (n * n !== scaledCovariance.length) return false;
  const m = Array.from({ length: n }, (_, i) => scaledCovariance.slice(i * n, (i + 1) * n));
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < i; j += 1) if (m[i]?.[j] !== m[j]?.[i]) return false;
  }
  let previous = 1n;
  for (let k = 0; k < n; k += 1) {
    const top = at(m, k);
    const pivot = at(top, k);
    if (pivot <= 0n) return false;
    for (let i = k + 1; i < n; i += 1) {
      const row = at(m, i);
      const lead = at(row, k);
      for (let j = i; j < n; j += 1) {
        // The matrix stays symmetric, so m_ik m_kj = m_ki m_kj and the lower half is not needed.
        row[j] = divFloor(at(row, j) * pivot - lead * at(top, j), previous);
      }
    }
    for (let i = k + 1; i < n; i += 1) {
      for (let j = k + 1; j < i; j += 1) at(m, i)[j] = at(at(m, j), i);
    }
    previous = pivot;
  }
  return true;
}

/** Sums over rows per (pay asset, product), and counts of fills. */
interface Flows {
  readonly filled: number;
  readonly partial: number;
  readonly budgets: readonly bigint[];
  readonly paid: readonly bigint[];
}

function sumFlows(table: OrderTable, fills: BatchFills, products: number): Flows {
  const budgets = new Array<bigint>(products * products).fill(0n);
  const paid = new Array<bigint>(products * products).fill(0n);
  const budgetWords = new Words(table.budget);
  const paidWords = new Words(fills.paid);
  const quick = new Float64Array(2 * products * products);
  const add = (sums: bigint[], slot: number, units: number, exact: () => bigint): void => {
    const place = 2 * slot + (sums === paid ? 1 : 0);
    const sum = (quick[place] as number) + units;
    if (units >= 0 && sum < 4503599627370496) {
      quick[place] = sum;
    } else {
      sums[slot] = at(sums, slot) + exact();
    }
  };
  let filled = 0;
  let partial = 0;
  for (let row = 0; row < table.count; row += 1) {
    if (table.canceled[row] === 1) continue;
    const slot = (table.pay[row] as number) * products + (table.receive[row] as number);
    const budget = budgetWords.get(row);
    const spent = paidWords.get(row);
    add(budgets, slot, budget, () => table.budget[row] as bigint);
    if (spent === 0) continue;
    add(paid, slot, spent, () => fills.paid[row] as bigint);
    filled += 1;
    if (fills.paid[row] !== table.budget[row]) partial += 1;
  }
  const join = (sums: bigint[], which: number): bigint[] =>
    sums.map((sum, slot) => sum + BigInt(quick[2 * slot + which] as number));
  return { filled, partial, budgets: join(budgets, 0), paid: join(paid, 1) };
}

/** sum_i mid_i w_i units_i: USD times 10^12 * 10^D. */
function worth(
  parameters: BatchParameters,
  mids: readonly bigint[],
  units: readonly bigint[],
): bigint {
  const weights = unitWeights(parameters);
  return units.reduce((sum, u, i) => sum + u * at(mids, i) * at(weights, i), 0n);
}

/** USD times 10^12 * 10^D as millionths of a dollar, rounded down. */
function floorUsd(parameters: BatchParameters, scaled: bigint): bigint {
  const unit = PRICE_SCALE * 10n ** BigInt(decimalsMax(parameters));
  return divFloor(scaled * USD_E6, unit);
}

function flowWorth({ parameters, oracle }: MeasureInput, flows: readonly bigint[]): bigint {
  const mids = unitPrices(parameters, oracle.mids);
  const products = mids.length;
  let sum = 0n;
  flows.forEach((units, slot) => {
    if (units !== 0n) sum += units * at(mids, (slot - (slot % products)) / products);
  });
  return sum;
}

/**
 * Upper bound on theta times 10^12, rounded up:
 *   theta <= 1/2 max_i (O_i - I_i)^+ ||gamma Sigma||_inf
 * with O_i, I_i the USD at mid of submitted orders that sell and buy asset i (i >= 1), baskets by
 * their legs' shares at mid (rounded down), because 1 / lambda_min of the inverse is the largest
 * eigenvalue of gamma Sigma and no eigenvalue exceeds the largest absolute row sum.
 */
function thetaBound({ parameters, oracle }: MeasureInput, budgets: readonly bigint[]): bigint {
  const mids = unitPrices(parameters, oracle.mids);
  const weights = unitWeights(parameters);
  const products = mids.length;
  const excess = parameters.assets.map(() => 0n);
  budgets.forEach((units, slot) => {
    if (units === 0n) return;
    const receive = slot % products;
    const pay = (slot - receive) / products;
    const usd = units * at(mids, pay);
    excess[pay] = at(excess, pay) + usd;
    for (const leg of productLegs(parameters, receive)) {
      const share = leg.units * at(oracle.mids, leg.asset) * at(weights, leg.asset);
      excess[leg.asset] = at(excess, leg.asset) - mulDivFloor(usd, share, at(mids, receive));
    }
  });
  let most = 0n;
  for (const usd of excess.slice(1)) if (usd > most) most = usd;
  const n = parameters.assets.length - 1;
  let norm = 0n;
  for (let i = 0; i < n; i += 1) {
    const row = parameters.scaledCovariance.slice(i * n, (i + 1) * n);
    const sum = row.reduce((total, s) => total + abs(s), 0n);
    if (sum > norm) norm = sum;
  }
  // `most` is USD times 10^12 * 10^D, so the wanted factor 10^12 leaves 10^D to divide by.
  const scale = (2n << COVARIANCE_BITS) * 10n ** BigInt(decimalsMax(parameters));
  return -divFloor(-most * norm, scale);
}

/** sign * 1/2 x' gamma Sigma x for a position in ledger units, millionths of USD, rounded down. */
function halfRisk(
  { parameters, oracle }: MeasureInput,
  position: readonly bigint[],
  sign: 1n | -1n,
): bigint {
  const weights = unitWeights(parameters);
  const n = parameters.assets.length - 1;
  const usd = position.map((units, i) => units * at(oracle.mids, i) * at(weights, i));
  let sum = 0n;
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1) {
      sum += at(usd, i + 1) * at(parameters.scaledCovariance, i * n + j) * at(usd, j + 1);
    }
  }
  const unit = PRICE_SCALE * 10n ** BigInt(decimalsMax(parameters));
  return divFloor(sign * sum * USD_E6, (2n << COVARIANCE_BITS) * unit * unit);
}

function priceTracking(mids: readonly bigint[], prices: readonly bigint[]): bigint {
  return prices.reduce((sum, p, i) => {
    const mid = at(mids, i);
    return sum - divFloor(-abs(p - mid) * PRICE_SCALE, mid);
  }, 0n);
}
