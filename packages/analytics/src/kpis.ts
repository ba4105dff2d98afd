import { at } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { decimalsMax, orderBandPpm, unitWeights } from '@lawbook/exchange/markets/batch/parameters';
import { unitPrices } from '@lawbook/exchange/markets/batch/unitPrices';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import { PPM, PRICE_SCALE } from '@lawbook/exchange/numbers/price';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { logRatio } from './logRatio.ts';
import type { Spread, WeightedCost } from './spread.ts';
import { spreadOf } from './spread.ts';

/**
 * Key figures of one or more batches, for people: plain numbers, USD at the oracle mids, basis
 * points. Nothing here is hashed or proved; the integers behind it are in the batch reports.
 */
export interface BatchKpis {
  /** Orders that took part. */
  readonly orders: number;
  readonly filledOrders: number;
  /** Filled over submitted notional; undefined without orders. */
  readonly fillRate: number | undefined;
  /** -10^4 ln(net rate / mid rate) over filled orders: positive is worse for the trader. */
  readonly costBps: Spread | undefined;
  /** The same before the fee: what the prices alone cost. */
  readonly impactBps: Spread | undefined;
  /** Inventories outside their bounds, summed over batches. */
  readonly boundViolations: number;
  /** Fills beyond a budget, a limit or a minimum, recomputed from the orders. */
  readonly limitViolations: number;
  /** The pool's mark-to-market gain, its fees not counted; beside every cost figure. */
  readonly lpGainUsd: number;
  readonly feesUsd: number;
  /** What filled orders received beyond their limits (market orders: beyond the band). */
  readonly surplusUsd: number;
  /** Upper bound on theta, the largest of the batches; below 1 the prices are unique. */
  readonly theta: number;
  /** Largest distance of a price from the pool's quote, relative to the mid. */
  readonly residual: number;
  readonly iterations: number;
  /** After the last batch. */
  readonly utilisation: readonly BoundUse[];
  readonly haltedBatches: number;
}

/** How much of the way from target to bound the inventory has gone; 1 is at the bound. */
export interface BoundUse {
  readonly asset: number;
  readonly lower: number;
  readonly upper: number;
}

/** The key figures of consecutive batches of one market, pooled. */
export function batchKpis(batches: readonly BatchTransition[]): BatchKpis {
  const tallies = batches.map(tally);
  const sum = (pick: (t: Tally) => number): number => tallies.reduce((s, t) => s + pick(t), 0);
  const most = (pick: (t: Tally) => number): number =>
    tallies.reduce((m, t) => Math.max(m, pick(t)), 0);
  const submitted = sum((t) => t.submittedUsd);
  const last = batches.at(-1);
  return {
    orders: sum((t) => t.orders),
    filledOrders: sum((t) => t.costs.length),
    fillRate: submitted === 0 ? undefined : sum((t) => t.filledUsd) / submitted,
    costBps: spreadOf(tallies.flatMap((t) => t.costs)),
    impactBps: spreadOf(tallies.flatMap((t) => t.impacts)),
    boundViolations: sum((t) => t.boundViolations),
    limitViolations: sum((t) => t.limitViolations),
    lpGainUsd: sum((t) => t.lpGainUsd),
    feesUsd: sum((t) => t.feesUsd),
    surplusUsd: sum((t) => t.surplusUsd),
    theta: most((t) => t.theta),
    residual: most((t) => t.residual),
    iterations: sum((t) => t.iterations),
    utilisation: last === undefined ? [] : boundUse(last),
    haltedBatches: sum((t) => (t.halted ? 1 : 0)),
  };
}

interface Tally {
  readonly orders: number;
  readonly submittedUsd: number;
  readonly filledUsd: number;
  readonly costs: readonly WeightedCost[];
  readonly impacts: readonly WeightedCost[];
  readonly boundViolations: number;
  readonly limitViolations: number;
  readonly lpGainUsd: number;
  readonly feesUsd: number;
  readonly surplusUsd: number;
  readonly theta: number;
  readonly residual: number;
  readonly iterations: number;
  readonly halted: boolean;
}

function tally(batch: BatchTransition): Tally {
  const { parameters, oracle, report } = batch;
  const fills = tallyFills(batch);
  const change = report.poolTrade.map((units, i) => units - at(report.fees, i));
  return {
    ...fills,
    boundViolations: parameters.assets.filter((asset, i) => {
      const after = at(report.poolAfter, i);
      return after < asset.inventoryMin || after > asset.inventoryMax;
    }).length,
    lpGainUsd: usdOf(parameters, assetWorth(parameters, oracle.mids, change)),
    feesUsd: usdOf(parameters, assetWorth(parameters, oracle.mids, report.fees)),
    theta: Number(report.measures.thetaE12) / 1e12,
    residual: Number(report.measures.residualE12) / 1e12,
    iterations: report.iterations,
    halted: report.outcome.kind === 'halted',
  };
}

type FillTally = Pick<
  Tally,
  'orders' | 'submittedUsd' | 'filledUsd' | 'costs' | 'impacts' | 'limitViolations' | 'surplusUsd'
>;

function tallyFills(batch: BatchTransition): FillTally {
  const { parameters, oracle, orders, fills, solution } = batch;
  const mids = unitPrices(parameters, oracle.mids);
  const prices = unitPrices(parameters, solution.prices);
  const costs: WeightedCost[] = [];
  const impacts: WeightedCost[] = [];
  let [submitted, filled, surplus] = [0n, 0n, 0n];
  let [taking, limitViolations] = [0, 0];
  for (let row = 0; row < orders.count; row += 1) {
    if (orders.canceled[row] === 1) continue;
    taking += 1;
    const pay = orders.pay[row] as number;
    const receive = orders.receive[row] as number;
    const [paid, received] = [fills.paid[row] as bigint, fills.received[row] as bigint];
    submitted += (orders.budget[row] as bigint) * at(mids, pay);
    if (breaksTerms(batch, row)) limitViolations += 1;
    if (paid === 0n) continue;
    const given = paid * at(mids, pay);
    const gained = received * at(mids, receive);
    filled += given;
    surplus += surplusOf(batch, row, { given, gained, unitMid: at(mids, receive) });
    const usd = usdOf(parameters, given);
    costs.push({ bps: -1e4 * logRatio(gained, given), usd });
    const moved = logRatio(
      at(prices, pay) * at(mids, receive),
      at(prices, receive) * at(mids, pay),
    );
    impacts.push({ bps: -1e4 * moved, usd });
  }
  return {
    orders: taking,
    submittedUsd: usdOf(parameters, submitted),
    filledUsd: usdOf(parameters, filled),
    costs,
    impacts,
    limitViolations,
    surplusUsd: usdOf(parameters, surplus),
  };
}

/** Whether a fill exceeds its budget, misses its limit, or is less than its minimum. */
function breaksTerms({ orders, fills }: BatchTransition, row: number): boolean {
  const [paid, received] = [fills.paid[row] as bigint, fills.received[row] as bigint];
  const budget = orders.budget[row] as bigint;
  const worse =
    received * (orders.limitDenominator[row] as bigint) <
    paid * (orders.limitNumerator[row] as bigint);
  const short = paid > 0n && paid * PPM < budget * BigInt(orders.minFillPpm[row] as number);
  return paid > budget || worse || short;
}

/** Received less the least that the order would have taken for what it paid, at mid, rounded up. */
function surplusOf(
  { parameters, orders, fills }: BatchTransition,
  row: number,
  worth: { readonly given: bigint; readonly gained: bigint; readonly unitMid: bigint },
): bigint {
  const { given, gained, unitMid } = worth;
  const [pay, receive] = [orders.pay[row] as number, orders.receive[row] as number];
  const band = BigInt(orderBandPpm(parameters, pay, receive));
  const byBand = mulDivFloor(given, PPM - band, PPM);
  const byLimit = mulDivFloor(
    (fills.paid[row] as bigint) * unitMid,
    orders.limitNumerator[row] as bigint,
    orders.limitDenominator[row] as bigint,
  );
  return byLimit > byBand ? gained - byLimit : gained - byBand;
}

function boundUse({ parameters, report }: BatchTransition): BoundUse[] {
  return parameters.assets.map(({ target, inventoryMin, inventoryMax }, asset) => {
    const after = at(report.poolAfter, asset);
    const part = (gone: bigint, room: bigint): number =>
      gone <= 0n ? 0 : room <= 0n ? 1 : Number(gone) / Number(room);
    return {
      asset,
      lower: part(target - after, target - inventoryMin),
      upper: part(after - target, inventoryMax - target),
    };
  });
}

/** Sum of mid * units over assets, in the scale of `unitPrices`. */
function assetWorth(
  parameters: BatchParameters,
  mids: readonly bigint[],
  units: readonly bigint[],
): bigint {
  const weights = unitWeights(parameters);
  return units.reduce((sum, count, i) => sum + count * at(mids, i) * at(weights, i), 0n);
}

/** A worth in the scale of `unitPrices` as dollars. */
function usdOf(parameters: BatchParameters, worth: bigint): number {
  return Number(worth) / (Number(PRICE_SCALE) * 10 ** decimalsMax(parameters));
}
