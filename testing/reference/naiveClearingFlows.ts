/**
 * What orders and the pool would trade at given price deviations, in doubles, added up order by
 * order from the definitions of the clearing page: the judge of the search's own sums, which go
 * through sorted books and prefix sums. Minimum fills are left out, as the search does.
 */
import type { OrderTable } from '../../packages/exchange/src/markets/batch/orderTable.ts';
import {
  orderBandPpm,
  productUnits,
} from '../../packages/exchange/src/markets/batch/parameters.ts';
import type { BatchProblem } from '../../packages/exchange/src/markets/batch/solver.ts';

/** Where the flows are asked for: deviations and factors by asset, rows left out. */
export interface FlowPoint {
  readonly eta: ArrayLike<number>;
  readonly payFactors?: ArrayLike<number>;
  readonly receiveFactors?: ArrayLike<number>;
  readonly rampWidth?: number;
  readonly without?: ReadonlySet<number>;
}

/** USD at mid by asset: paid in, and gross out, fees included. */
export interface Flows {
  readonly paid: number[];
  readonly out: number[];
}

/** USD at mid of one ledger unit. */
export function usdOfUnit({ parameters, oracle }: BatchProblem, asset: number): number {
  const decimals = parameters.assets[asset]?.decimals ?? 0;
  return (Number(oracle.mids[asset]) * 1e-12) / 10 ** decimals;
}

/** C = gamma Sigma as numbers, row-major without the numeraire. */
export function riskOf({ parameters }: BatchProblem): number[] {
  return parameters.scaledCovariance.map((s) => Number(s) / 2 ** 80);
}

/** USD exposures before the batch: inventory less target, at mid. */
export function exposureOf(problem: BatchProblem): number[] {
  return problem.parameters.assets.map((asset, i) => {
    return Number((problem.inventory[i] as bigint) - asset.target) * usdOfUnit(problem, i);
  });
}

/** The flows of all orders that are not void: each fills clamp((1 - r / rho) / mu, 0, 1). */
export function naiveFlows(problem: BatchProblem, table: OrderTable, point: FlowPoint): Flows {
  const { parameters } = problem;
  const paid = parameters.assets.map(() => 0);
  const out = parameters.assets.map(() => 0);
  const keep = 1 - parameters.feeE7 / 1e7;
  for (let row = 0; row < table.count; row += 1) {
    if (table.canceled[row] === 1 || point.without?.has(row) === true) continue;
    const pay = table.pay[row] as number;
    const receive = table.receive[row] as number;
    const units = productUnits(parameters, receive).map(Number);
    const deviation = (i: number): number => 1 + (point.eta[i] as number);
    const midOf = (i: number): number => (units[i] as number) * usdOfUnit(problem, i);
    const mid = units.reduce((sum, _, i) => sum + midOf(i), 0);
    const worth = units.reduce((sum, _, i) => sum + midOf(i) * deviation(i), 0);
    const midRate = usdOfUnit(problem, pay) / mid;
    const rate = ((usdOfUnit(problem, pay) * deviation(pay)) / worth) * keep;
    const own = Number(table.limitNumerator[row]) / Number(table.limitDenominator[row]);
    const guarded = midRate * (1 - orderBandPpm(parameters, pay, receive) / 1e6);
    const ramp = (1 - Math.max(own, guarded) / rate) / (point.rampWidth ?? 1e-5);
    const fill = Math.min(1, Math.max(0, ramp)) * factorOf(point, pay, units);
    const spent = fill * Number(table.budget[row]);
    paid[pay] = (paid[pay] as number) + spent * usdOfUnit(problem, pay);
    const bought = (spent * rate) / keep;
    units.forEach((_, i) => {
      out[i] = (out[i] as number) + bought * midOf(i);
    });
  }
  return { paid, out };
}

/** Pay factor times the least receive factor over the assets of the product. */
function factorOf(point: FlowPoint, pay: number, units: readonly number[]): number {
  const receiving = units.map((n, i) => (n > 0 ? (point.receiveFactors?.[i] ?? 1) : 1));
  return (point.payFactors?.[pay] ?? 1) * Math.min(1, ...receiving);
}
