/** What follows from the fills of a batch, plainly: diffs, balances after and the report. */
import type { StateDiffList } from '../../packages/exchange/src/diffs/stateDiff.ts';
import { diffRoot } from '../../packages/exchange/src/diffs/stateDiff.ts';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { measureBatch } from '../../packages/exchange/src/markets/batch/measures.ts';
import { oracleHash } from '../../packages/exchange/src/markets/batch/oracleSnapshot.ts';
import { commitSetRoot, orderSetRoot } from '../../packages/exchange/src/markets/batch/orderSet.ts';
import {
  parameterHash,
  productUnits,
} from '../../packages/exchange/src/markets/batch/parameters.ts';
import type {
  BatchOutcome,
  BatchReport,
} from '../../packages/exchange/src/markets/batch/report.ts';
import { fillRoot } from '../../packages/exchange/src/markets/batch/report.ts';
import type {
  BatchFills,
  BatchSolution,
} from '../../packages/exchange/src/markets/batch/solution.ts';
import type { BatchTransition, VaultSheet } from '../../packages/exchange/src/transition.ts';
import type { NaivePoint } from '../reference/naiveClearing.ts';
import { naiveFee } from '../reference/naiveClearing.ts';

/** A transition before its results: what admission fixes. */
export type Admitted = Omit<BatchTransition, 'solution' | 'fills' | 'after' | 'diffs' | 'report'>;

/** Everything that results follow from. */
export interface Ingredients extends Admitted {
  readonly solution: BatchSolution;
  readonly fills: BatchFills;
  readonly outcome: BatchOutcome;
}

/** Nets fills into diffs, applies them and writes the report, plainly and without judging. */
export function assemble({ outcome, ...known }: Ingredients): BatchTransition {
  const diffs = netFills(known, outcome);
  const after = {
    accounts: known.before.accounts,
    balances: known.before.balances.map((b, k) => b + (diffs.changes[k] as bigint)),
  };
  const report = writeReport({ ...known, after, diffs, outcome });
  return { ...known, after, diffs, report };
}

/** The transition with its diffs, balances after and report worked out again. */
export function reassemble(
  transition: BatchTransition,
  changes: Partial<Ingredients>,
): BatchTransition {
  const { after: _, diffs: __, report, ...known } = transition;
  return assemble({ ...known, outcome: report.outcome, ...changes });
}

function netFills(known: Omit<Ingredients, 'outcome'>, outcome: BatchOutcome): StateDiffList {
  const { parameters, orders, fills, before, commitments } = known;
  const width = parameters.assets.length;
  const changes = before.balances.map(() => 0n);
  const orderNonces = new BigUint64Array(before.accounts.length);
  const move = (from: number, to: number, { asset, units }: { asset: number; units: bigint }) => {
    changes[from * width + asset] = (changes[from * width + asset] as bigint) - units;
    changes[to * width + asset] = (changes[to * width + asset] as bigint) + units;
  };
  const pool = before.accounts.length - 2;
  for (let row = 0; row < orders.count; row += 1) {
    const order = orders.order(row);
    const owner = before.accounts.indexOf(order.owner);
    if (order.orderNonce > (orderNonces[owner] as bigint)) orderNonces[owner] = order.orderNonce;
    move(owner, pool, { asset: order.pay, units: fills.paid[row] as bigint });
    const charged = feeUnits(known, row);
    productUnits(parameters, order.receive).forEach((n, asset) => {
      move(pool, owner, { asset, units: (fills.received[row] as bigint) * n });
      move(pool, pool + 1, { asset, units: charged * n });
    });
  }
  for (const { owner, reveal } of outcome.kind === 'cleared' ? commitments : []) {
    if (reveal !== undefined) continue;
    move(before.accounts.indexOf(owner), pool + 1, { asset: 0, units: parameters.bond });
  }
  const assets = parameters.assets.map(({ assetId }) => assetId);
  return { accounts: before.accounts, assets, changes, orderNonces };
}

function feeUnits(known: Omit<Ingredients, 'outcome'>, row: number): bigint {
  const { parameters, oracle, orders, solution, fills } = known;
  const order = { ...orders.order(row), active: true };
  const batch = { parameters, oracle, inventory: [], orders: [order] };
  const point: NaivePoint = {
    prices: [...solution.prices],
    payFactors: [],
    receiveFactors: [],
    blocked: new Set(),
  };
  return naiveFee(batch, point, { order, spend: fills.paid[row] as bigint });
}

function writeReport(
  known: Ingredients & { readonly after: VaultSheet; readonly diffs: StateDiffList },
): BatchReport {
  const { parameters, oracle, orders, solution, fills, before, after, diffs } = known;
  const width = parameters.assets.length;
  const pool = (before.accounts.length - 2) * width;
  const poolBefore = [...before.balances.subarray(pool, pool + width)];
  const poolAfter = [...after.balances.subarray(pool, pool + width)];
  const lost = known.outcome.kind === 'cleared' ? silentCount(known) * parameters.bond : 0n;
  const fees = [...diffs.changes.subarray(pool + width, pool + 2 * width)].map((change, i) =>
    i === 0 ? change - lost : change,
  );
  return {
    marketId: parameters.marketId,
    batchNumber: known.batchNumber,
    parentReportHash: known.parentReportHash,
    closedAtMs: known.closedAtMs,
    oracleHash: oracleHash(oracle),
    parameterHash: parameterHash(parameters),
    orderSetRoot: orderSetRoot(orders),
    orderCount: orders.count,
    commitSetRoot: commitSetRoot(known.commitments),
    fillRoot: fillRoot(fills, orders.count),
    diffRoot: diffRoot(diffs),
    outcome: known.outcome,
    prices: solution.prices,
    payFactors: solution.payFactors,
    receiveFactors: solution.receiveFactors,
    blocked: solution.blocked,
    poolBefore,
    poolAfter,
    poolTrade: poolAfter.map((units, i) => units - at(poolBefore, i) + at(fees, i)),
    fees,
    measures: measureBatch({ parameters, oracle, table: orders, solution, fills, poolBefore }),
    iterations: solution.iterations,
    stepNormE12: solution.stepNormE12,
  };
}

function silentCount({ commitments }: Pick<Admitted, 'commitments'>): bigint {
  return BigInt(commitments.filter(({ reveal }) => reveal === undefined).length);
}
