import { diffRoot, type StateDiffList } from '../diffs/stateDiff.ts';
import { at, invariant } from '../failures/invariant.ts';
import { refuse } from '../failures/rejection.ts';
import type { Result } from '../failures/result.ts';
import { accepted } from '../failures/result.ts';
import type { AccountId } from '../ledger/account.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PoolChange, Settlement } from '../markets/batch/allocation.ts';
import { noFills, poolChange, settle } from '../markets/batch/allocation.ts';
import type { BatchMarket } from '../markets/batch/batchMarket.ts';
import { measureBatch } from '../markets/batch/measures.ts';
import type { OracleSnapshot } from '../markets/batch/oracleSnapshot.ts';
import { oracleHash } from '../markets/batch/oracleSnapshot.ts';
import { commitSetRoot } from '../markets/batch/orderSet.ts';
import type { BatchParameters } from '../markets/batch/parameters.ts';
import { parameterHash, RATION_SCALE } from '../markets/batch/parameters.ts';
import type { BatchReport } from '../markets/batch/report.ts';
import { fillRoot } from '../markets/batch/report.ts';
import type { BatchProposal, BatchSolution } from '../markets/batch/solution.ts';
import { productLegs } from '../markets/batch/unitPrices.ts';
import { AMOUNT_MAX } from '../numbers/amount.ts';
import type { VenueDomain } from '../orders/typedData.ts';
import type { BatchTransition, VaultSheet } from '../transition.ts';

/** Everything that clearing a closed batch reads. */
export interface ClearingInputs {
  readonly domain: VenueDomain;
  readonly market: BatchMarket;
  readonly ledger: Ledger;
  readonly oracle: OracleSnapshot;
  readonly proposal: BatchProposal;
  /** Fills and sums that the search has already settled; what they claim, the laws judge. */
  readonly settled?: Settlement | undefined;
}

/**
 * Works out, in integers, everything that a proposal means for a closed batch: fills, balances
 * before and after, the diff list and the report. Changes nothing: the laws judge the result first.
 * Rejection: amountOutOfRange for fills that do not fit their columns.
 */
export function clearBatch(inputs: ClearingInputs): Result<BatchTransition> {
  const { domain, market, ledger, oracle, proposal } = inputs;
  const { parameters, batch, parentReportHash } = market;
  invariant(batch.phase === 'closed', 'only a closed batch is cleared');
  const solution = solutionOf(parameters, proposal);
  const settlement = settlementOf(inputs, solution);
  if (settlement === undefined) {
    return refuse('amountOutOfRange', { field: 'proposal', limit: AMOUNT_MAX });
  }
  const accounts = sheetAccounts(market);
  const before = readSheet(parameters, ledger, accounts);
  const diffs = fillDiffs(inputs, settlement, accounts);
  const after = {
    accounts,
    balances: before.balances.map((b, k) => b + (diffs.changes[k] as bigint)),
  };
  const unsigned = {
    kind: 'batch' as const,
    domain,
    parameters,
    batchNumber: batch.number,
    parentReportHash,
    closedAtMs: batch.closedAtMs,
    oracle,
    orders: batch.table,
    admittedRoot: batch.admitted.root(),
    cancellations: [...batch.cancellations].sort((a, b) => a.row - b.row),
    grants: [...batch.grants.values()],
    commitments: batch.commitments,
    nonceWindows: batch.nonceWindows,
    solution,
    fills: settlement.fills,
    before,
    after,
    diffs,
  };
  return accepted({ ...unsigned, report: buildReport(unsigned, settlement.change, proposal) });
}

function solutionOf(parameters: BatchParameters, proposal: BatchProposal): BatchSolution {
  if (proposal.kind === 'cleared') return proposal.solution;
  const whole = parameters.assets.map(() => RATION_SCALE);
  return {
    prices: proposal.prices,
    payFactors: whole,
    receiveFactors: whole,
    blocked: [],
    iterations: 0,
    stepNormE12: 0n,
  };
}

function settlementOf(inputs: ClearingInputs, solution: BatchSolution): Settlement | undefined {
  const { market, oracle, proposal, settled } = inputs;
  if (settled !== undefined) return settled;
  const { table } = market.batch;
  const input = { parameters: market.parameters, oracle, table, solution };
  if (proposal.kind === 'cleared') return settle(input);
  const fills = noFills(table.count);
  return { fills, change: poolChange(input, fills) };
}

/** Owners of orders, then owners of commitments only, then pool, then fee vault. */
function sheetAccounts(market: BatchMarket): AccountId[] {
  const accounts = new Set(market.batch.table.owners);
  for (const { owner } of market.batch.commitments) accounts.add(owner);
  const pool = systemAccount(SystemRole.pool, market.marketId);
  return [...accounts, pool, systemAccount(SystemRole.fees, market.marketId)];
}

function readSheet(
  parameters: BatchParameters,
  ledger: Ledger,
  accounts: readonly AccountId[],
): VaultSheet {
  const width = parameters.assets.length;
  const balances = new BigInt64Array(accounts.length * width);
  accounts.forEach((account, row) => {
    parameters.assets.forEach((asset, column) => {
      balances[row * width + column] = ledger.total(account, asset.assetId);
    });
  });
  return { accounts, balances };
}

/** One diff per vault: netted fills, the pool's trade and fees, forfeited bonds. */
function fillDiffs(
  { market, proposal }: ClearingInputs,
  { fills, change }: Settlement,
  accounts: readonly AccountId[],
): StateDiffList {
  const { parameters, batch } = market;
  // A halted batch ends as if it had not been: silence in it costs nobody a bond.
  const forfeiting = proposal.kind === 'cleared' && parameters.bond > 0n;
  const { table } = batch;
  const width = parameters.assets.length;
  const changes = new BigInt64Array(accounts.length * width);
  const orderNonces = new BigUint64Array(accounts.length);
  const add = (slot: number, units: bigint): void => {
    changes[slot] = (changes[slot] as bigint) + units;
  };
  const legs = Array.from({ length: width + parameters.baskets.length }, (_, product) =>
    productLegs(parameters, product),
  );
  for (let row = 0; row < table.count; row += 1) {
    const owner = table.ownerIndex[row] as number;
    const orderNonce = table.orderNonce[row] as bigint;
    if (orderNonce > (orderNonces[owner] as bigint)) orderNonces[owner] = orderNonce;
    const paid = fills.paid[row] as bigint;
    if (paid === 0n) continue;
    const received = fills.received[row] as bigint;
    add(owner * width + (table.pay[row] as number), -paid);
    for (const { asset, units } of at(legs, table.receive[row] as number)) {
      add(owner * width + asset, received * units);
    }
  }
  const pool = (accounts.length - 2) * width;
  const { trade, fees } = change;
  for (let i = 0; i < width; i += 1) {
    add(pool + i, at(trade, i) - at(fees, i));
    add(pool + width + i, at(fees, i));
  }
  if (forfeiting) {
    const { bond } = parameters;
    const rows = new Map(accounts.map((account, row) => [account, row]));
    for (const owner of silentOwners(market)) {
      add((rows.get(owner) as number) * width, -bond);
      add(pool + width, bond);
    }
  }
  return {
    accounts,
    assets: parameters.assets.map((asset) => asset.assetId),
    changes,
    orderNonces,
  };
}

/** Owner of each commitment that stayed hidden, once a commitment. */
export function silentOwners(market: BatchMarket): AccountId[] {
  return market.batch.commitments
    .filter((commitment) => commitment.reveal === undefined)
    .map(({ owner }) => owner);
}

function buildReport(
  transition: Omit<BatchTransition, 'report'>,
  change: PoolChange,
  proposal: BatchProposal,
): BatchReport {
  const { parameters, oracle, orders, solution, fills, before, after, diffs } = transition;
  const width = parameters.assets.length;
  const pool = (before.accounts.length - 2) * width;
  const slice = (list: BigInt64Array, from: number): bigint[] => [
    ...list.subarray(from, from + width),
  ];
  const poolBefore = slice(before.balances, pool);
  return {
    marketId: parameters.marketId,
    batchNumber: transition.batchNumber,
    parentReportHash: transition.parentReportHash,
    closedAtMs: transition.closedAtMs,
    oracleHash: oracleHash(oracle),
    parameterHash: parameterHash(parameters),
    // The running root of admission: hashing a million ids again would only repeat what L1 does.
    orderSetRoot: transition.admittedRoot,
    orderCount: orders.count,
    commitSetRoot: commitSetRoot(transition.commitments),
    fillRoot: fillRoot(fills, orders.count),
    diffRoot: diffRoot(diffs),
    outcome:
      proposal.kind === 'cleared'
        ? { kind: 'cleared' }
        : { kind: 'halted', reason: proposal.reason },
    prices: solution.prices,
    payFactors: solution.payFactors,
    receiveFactors: solution.receiveFactors,
    blocked: solution.blocked,
    poolBefore,
    poolAfter: slice(after.balances, pool),
    poolTrade: change.trade,
    fees: change.fees,
    measures: measureBatch(
      { parameters, oracle, table: orders, solution, fills, poolBefore },
      change,
    ),
    iterations: solution.iterations,
    stepNormE12: solution.stepNormE12,
  };
}
