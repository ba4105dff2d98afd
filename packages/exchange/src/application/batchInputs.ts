import { ByteWriter } from '../codec/byteWriter.ts';
import type { Hash } from '../codec/hash.ts';
import { taggedHash } from '../codec/hash.ts';
import { hexToBytes } from '../codec/hex.ts';
import { canonicalDiffs, diffRoot, netDiffs } from '../diffs/stateDiff.ts';
import { at, invariant } from '../failures/invariant.ts';
import { refuse } from '../failures/rejection.ts';
import type { Result } from '../failures/result.ts';
import { accepted } from '../failures/result.ts';
import type { Input } from '../inputs.ts';
import type { Settlement } from '../markets/batch/allocation.ts';
import type { BatchMarket } from '../markets/batch/batchMarket.ts';
import { openEpoch } from '../markets/batch/batchMarket.ts';
import { AdmissionMode } from '../markets/batch/parameters.ts';
import { checkOracle } from '../markets/batch/registration.ts';
import { reportHash } from '../markets/batch/report.ts';
import type { BatchTransition } from '../transition.ts';
import type { Applied, EpochRecord } from './applied.ts';
import { admitArrivals } from './baseLayerInputs.ts';
import { clearBatch, silentOwners } from './clearing.ts';
import type { ExchangeState } from './exchangeState.ts';
import { adoptParameters, unknownMarket } from './operatorInputs.ts';
import { stateRoot } from './stateRoot.ts';
import { takeWithdrawals } from './withdrawals.ts';

type Of<K extends Input['kind']> = Extract<Input, { kind: K }>;

/** Ends the collection of commitments and opens the reveal window. */
export function closeCollection(
  state: ExchangeState,
  input: Of<'closeCollection'>,
  timeMs: number,
): Result<Applied> {
  const market = state.markets.get(input.marketId);
  if (market === undefined) return unknownMarket(input.marketId);
  const { batch, parameters, marketId } = market;
  if (parameters.admission === AdmissionMode.open || batch.phase !== 'collecting') {
    return refuse('phaseMismatch', { field: 'marketId', actual: batch.phase });
  }
  batch.phase = 'revealing';
  batch.phaseSinceMs = timeMs;
  return accepted({ kind: 'collectionClosed', marketId, batchNumber: batch.number });
}

/** Closes a batch: no order enters or leaves any more, and expired rows are void. */
export function closeBatch(
  state: ExchangeState,
  input: Of<'closeBatch'>,
  timeMs: number,
): Result<Applied> {
  const market = state.markets.get(input.marketId);
  if (market === undefined) return unknownMarket(input.marketId);
  const { batch, parameters, marketId } = market;
  const from = parameters.admission === AdmissionMode.open ? 'collecting' : 'revealing';
  if (market.haltReason !== undefined) {
    return refuse('marketHalted', { field: 'marketId', actual: market.haltReason });
  }
  if (batch.phase !== from) {
    return refuse('phaseMismatch', { field: 'marketId', limit: from, actual: batch.phase });
  }
  const expired = batch.close(timeMs);
  for (const row of expired) release(state, market, row);
  return accepted({ kind: 'batchClosed', marketId, batchNumber: batch.number, expired });
}

/**
 * What a proposal means for a closed batch, without applying it.
 * Rejections: marketUnknown, parametersInvalid for a misshapen oracle, marketHalted,
 * phaseMismatch, amountOutOfRange for a proposal whose fills no amount can count.
 */
export function proposeClearing(
  state: ExchangeState,
  input: Of<'clearBatch'>,
  settled?: Settlement,
): Result<BatchTransition> {
  const market = state.markets.get(input.marketId);
  if (market === undefined) return unknownMarket(input.marketId);
  const fits = checkOracle(market.parameters, input.oracle);
  if (!fits.ok) return fits;
  if (market.haltReason !== undefined) {
    return refuse('marketHalted', { field: 'marketId', actual: market.haltReason });
  }
  if (market.batch.phase !== 'closed') {
    return refuse('phaseMismatch', {
      field: 'marketId',
      limit: 'closed',
      actual: market.batch.phase,
    });
  }
  const { oracle, proposal } = input;
  return clearBatch({
    domain: state.domain,
    market,
    ledger: state.ledger,
    oracle,
    proposal,
    settled,
  });
}

/**
 * Applies a transition that was proposed on this very state: balances move, the next batch opens.
 */
export function settleClearing(
  state: ExchangeState,
  transition: BatchTransition,
  timeMs: number,
): Applied {
  const market = state.markets.get(transition.parameters.marketId);
  invariant(market !== undefined, 'a transition belongs to a market');
  const { batch } = market;
  invariant(transition.orders === batch.table, 'a transition is applied to the batch it came from');
  releaseAll(state, market);
  const { diffs } = transition;
  const width = diffs.assets.length;
  diffs.assets.forEach((asset, column) => {
    const changes = diffs.accounts.map((account, row) => {
      return { account, change: diffs.changes[row * width + column] as bigint };
    });
    state.ledger.applyChanges(asset, changes);
  });
  const { epoch } = market;
  epoch.diffs = epoch.batchCount === 0 ? diffs : netDiffs([epoch.diffs, diffs]);
  epoch.batchCount += 1;
  epoch.lastClosedAtMs = transition.closedAtMs;
  market.parentReportHash = reportHash(transition.report);
  market.reference = transition.oracle;
  const next = market.nextParameters ?? market.parameters;
  adoptParameters(market, next, batch.number + 1, timeMs);
  return { kind: 'batchCleared', transition, epochNumber: epoch.number };
}

/**
 * Gives up a closed batch of a halted market: every hold and bond is released, no balance moves,
 * and the batch begins anew under its number, because the reports of a market count up one by one.
 * It leaves no report. For a batch that breaks a law even when nothing trades in it, which could
 * neither clear nor let go. The market stays halted.
 * Rejections: marketUnknown, phaseMismatch.
 */
export function voidBatch(
  state: ExchangeState,
  input: Of<'voidBatch'>,
  timeMs: number,
): Result<Applied> {
  const market = state.markets.get(input.marketId);
  if (market === undefined) return unknownMarket(input.marketId);
  const { batch, marketId, haltReason } = market;
  if (haltReason === undefined || batch.phase !== 'closed') {
    const limit = 'a halted market with a closed batch';
    const actual = haltReason === undefined ? 'not halted' : batch.phase;
    return refuse('phaseMismatch', { field: 'marketId', limit, actual });
  }
  releaseAll(state, market);
  adoptParameters(market, market.nextParameters ?? market.parameters, batch.number, timeMs);
  return accepted({ kind: 'batchVoided', marketId, batch });
}

/**
 * Seals the batches since the last seal as an epoch, together with the withdrawals that wait:
 * without a batch there is no epoch, and they wait on. Rejections: marketUnknown, phaseMismatch.
 */
export function sealEpoch(
  state: ExchangeState,
  input: Of<'sealEpoch'>,
  timeMs: number,
): Result<Applied> {
  const market = state.markets.get(input.marketId);
  if (market === undefined) return unknownMarket(input.marketId);
  const { epoch, marketId } = market;
  if (epoch.batchCount === 0) {
    return refuse('phaseMismatch', { field: 'marketId', limit: 'a cleared batch', actual: 'none' });
  }
  const lastBatch = epoch.firstBatch + epoch.batchCount - 1;
  const root = diffRoot(epoch.diffs);
  // Lists of assets that no base layer holds settle nowhere, so no withdrawal may go with them. The
  // market says which those are: a list that was read from a snapshot has no columns of zeros.
  const settles = market.parameters.assets.every(
    ({ assetId }) => at(state.assets, assetId).settles,
  );
  const { withdrawals, returned } = settles
    ? takeWithdrawals(state, epoch.lastClosedAtMs)
    : { withdrawals: [], returned: [] };
  const epochHash = chainEpoch({
    marketId,
    epochNumber: epoch.number,
    parentEpochHash: epoch.parentEpochHash,
    diffRoot: root,
    withdrawalIds: withdrawals.map(({ withdrawalId }) => withdrawalId),
  });
  admitArrivals(state, marketId);
  market.epoch = openEpoch(epoch.number + 1, epochHash, lastBatch + 1);
  const record: EpochRecord = {
    marketId,
    epochNumber: epoch.number,
    firstBatch: epoch.firstBatch,
    lastBatch,
    sealedAtMs: timeMs,
    // The same after a restart from a snapshot that was taken within the epoch.
    diffs: canonicalDiffs(epoch.diffs),
    diffRoot: root,
    parentEpochHash: epoch.parentEpochHash,
    epochHash,
    withdrawals,
    returned,
    stateRoot: stateRoot(state),
  };
  return accepted({ kind: 'epochSealed', epoch: record });
}

/** What the hash of an epoch is taken of. */
export interface EpochClaim {
  readonly marketId: number;
  readonly epochNumber: number;
  readonly parentEpochHash: Hash;
  readonly diffRoot: Hash;
  /** Ids of the withdrawals that the epoch pays, in order. */
  readonly withdrawalIds: readonly Hash[];
}

/**
 * Hash that chains an epoch's diff list and withdrawals to the epoch before it. Ids stand behind
 * all else, so that an epoch without any hashes as one did before there were withdrawals.
 */
export function chainEpoch(claim: EpochClaim): Hash {
  const { marketId, epochNumber, parentEpochHash, withdrawalIds } = claim;
  const out = new ByteWriter(76 + 32 * withdrawalIds.length)
    .fixed(hexToBytes(parentEpochHash), 32)
    .u32(marketId)
    .u64(BigInt(epochNumber))
    .fixed(hexToBytes(claim.diffRoot), 32);
  for (const id of withdrawalIds) out.fixed(hexToBytes(id), 32);
  return taggedHash('lawbook.epoch.v1', out.finish());
}

/** Releases what the live rows and the hidden commitments of a batch hold. */
function releaseAll(state: ExchangeState, market: BatchMarket): void {
  const { table } = market.batch;
  for (let row = 0; row < table.count; row += 1) {
    if (table.canceled[row] === 0) release(state, market, row);
  }
  const numeraire = at(market.parameters.assets, 0).assetId;
  for (const owner of silentOwners(market)) {
    state.ledger.releaseHold(owner, numeraire, market.parameters.bond);
  }
}

function release(state: ExchangeState, market: BatchMarket, row: number): void {
  const order = market.batch.table.order(row);
  const { assetId } = at(market.parameters.assets, order.pay);
  state.ledger.releaseHold(order.owner, assetId, order.budget);
}
