import type { Hash } from '@lawbook/exchange/codec/hash';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import { isVoid } from '@lawbook/exchange/laws/ruleTable';
import { shapeFlaw } from '@lawbook/exchange/laws/shape';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { encodeOracle } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import type { SignedWithdrawal } from '@lawbook/exchange/orders/signedTypes';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { ProofFault } from '../../proofFault.ts';
import type {
  CircuitShape,
  DiffList,
  Hex,
  HexAccount,
  HexHash,
  ListBatch,
  SignedWithdrawal as ListedWithdrawal,
  OrderBook,
  OrderRow,
} from './diffList.ts';
import { VENUE_ROWS } from './diffList.ts';
import { GrantBook } from './grantBook.ts';

/** An epoch as it is settled: its batches, and the withdrawals that are paid with it. */
export interface SettledEpoch {
  readonly epochNumber: number;
  /** At least one; all of one market and one domain. */
  readonly batches: readonly BatchTransition[];
  readonly withdrawals: readonly SignedWithdrawal[];
}

/** Where an epoch stands in the chain of lists of a shard. */
export interface ListPlace {
  readonly shard: number;
  readonly listNumber: bigint;
  readonly previousListHash: Hash;
  readonly shape: CircuitShape;
  /** Commitment to the parameters of each batch; see parameterVector.ts. */
  readonly parameterCommitments: readonly bigint[];
}

/** A list with its orders and what the chain knows of its place besides. */
export interface ListCut {
  readonly list: DiffList;
  readonly book: OrderBook;
  /** Chain and contract, to which signatures and the list hash are bound. */
  readonly domain: VenueDomain;
  readonly firstBatchNumber: bigint;
}

/**
 * The list that settles an epoch, as the contract takes it. It says what the batches claim and
 * judges nothing: laws and contract do.
 *
 * @throws ProofFault PROOF_STATEMENT_UNFIT for an epoch that is malformed, larger than the circuit,
 * or holds what no contract can settle: an order that pays by a session secret, a forfeited bond.
 */
export function cutDiffList(epoch: SettledEpoch, place: ListPlace): ListCut {
  const first = fittingEpoch(epoch, place);
  const { parameters, domain, batchNumber } = first;
  const owners = ownersOf(epoch.batches);
  const book = new GrantBook(epoch.batches);
  const rows = epoch.batches.flatMap((batch) => rowsOf(batch, owners, book));
  const grants = book.used();
  return {
    list: {
      shard: place.shard,
      number: place.listNumber,
      previousListHash: place.previousListHash as HexHash,
      marketId: parameters.marketId,
      epochNumber: BigInt(epoch.epochNumber),
      batches: epoch.batches.map((batch, k) => listBatch(batch, k, place)),
      poolBefore: packColumns(poolOf(first), place.shape),
      owners: owners as HexAccount[],
      changes: changesOf(epoch.batches, owners, place.shape),
      withdrawals: epoch.withdrawals.map(listWithdrawal),
    },
    book: {
      rows: rows.map(({ grantId, ...row }) => ({ ...row, grant: book.placeOf(grantId) })),
      grants,
    },
    domain,
    firstBatchNumber: BigInt(batchNumber),
  };
}

/** Checks what cutting relies on and returns the first batch. */
function fittingEpoch(epoch: SettledEpoch, place: ListPlace): BatchTransition {
  const { batches } = epoch;
  const { shape } = place;
  const [first] = batches;
  if (first === undefined) throw unfit('it has no batch');
  for (const [k, batch] of batches.entries()) refuseMalformed(batch, first, k);
  if (batches.length > shape.batches) throw tooLarge('batches', shape.batches, batches.length);
  const width = first.parameters.assets.length;
  if (width > 3 * shape.assetWords) throw tooLarge('assets', 3 * shape.assetWords, width);
  const rows = batches.reduce((sum, { orders }) => sum + orders.count, 0);
  if (rows > shape.orders) throw tooLarge('orders', shape.orders, rows);
  const vaults = ownersOf(batches).length + VENUE_ROWS;
  if (vaults > shape.vaults) throw tooLarge('vault rows', shape.vaults, vaults);
  if (place.parameterCommitments.length !== batches.length) {
    throw unfit('each batch has one parameter commitment');
  }
  return first;
}

function refuseMalformed(batch: BatchTransition, first: BatchTransition, k: number): void {
  const flaw = shapeFlaw(batch);
  if (flaw !== undefined) throw unfit(flaw.rule);
  const { parameters, domain, batchNumber } = batch;
  const columns = parameters.assets.map(({ assetId }) => assetId).join(' ');
  const continues =
    parameters.marketId === first.parameters.marketId &&
    columns === first.parameters.assets.map(({ assetId }) => assetId).join(' ') &&
    domain.chainId === first.domain.chainId &&
    domain.address === first.domain.address &&
    batchNumber === first.batchNumber + k;
  if (!continues) throw unfit('its batches are of one market and one domain, in a row');
}

/** Owners of orders, ascending. Lower-case hex sorts as the addresses do. */
function ownersOf(batches: readonly BatchTransition[]): AccountId[] {
  return [...new Set(batches.flatMap(({ orders }) => orders.owners))].sort();
}

function listBatch(batch: BatchTransition, k: number, place: ListPlace): ListBatch {
  const { closedAtMs, orders, report, oracle, solution } = batch;
  return {
    closedAtMs: BigInt(closedAtMs),
    orderCount: orders.count,
    isHalted: report.outcome.kind === 'halted',
    parameters: at(place.parameterCommitments, k),
    oracle: bytesToHex(encodeOracle(oracle)) as Hex,
    prices: packColumns(solution.prices, place.shape),
  };
}

/** A row before the place of its grant is known. */
type PlainRow = Omit<OrderRow, 'grant'> & { readonly grantId: Hash | undefined };

function rowsOf(batch: BatchTransition, owners: readonly AccountId[], book: GrantBook): PlainRow[] {
  const { orders, fills, closedAtMs } = batch;
  const vaultOf = new Map(owners.map((owner, k) => [owner, k + VENUE_ROWS]));
  const cancels = new Map(batch.cancellations.map((cancel) => [cancel.row, cancel.authorisation]));
  return Array.from({ length: orders.count }, (_, row) => {
    const order = orders.order(row);
    const { owner, receive, expiresAtMs, ...terms } = order;
    const paid = fills.paid[row] as bigint;
    const isCanceled = expiresAtMs > closedAtMs && orders.canceled[row] !== 0;
    const isSigned = paid !== 0n || isCanceled;
    const signature = isCanceled ? cancels.get(row) : orders.authorisation(row);
    const wish = { order, orderId: orders.orderId(row), signature, isCanceled };
    const signed = isSigned ? book.authority(wish, batch) : UNSIGNED;
    return {
      ...signed,
      order: {
        ...terms,
        owner: owner as HexAccount,
        product: receive,
        expiresAtMs: BigInt(expiresAtMs),
      },
      vault: vaultOf.get(owner) as number,
      isVoid: isVoid(batch, row),
      paid,
      received: fills.received[row] as bigint,
    };
  });
}

const UNSIGNED: { readonly signature: Hex; readonly grantId: undefined } = {
  signature: '0x',
  grantId: undefined,
};

/** The pool's row of the first sheet: it stands before the fee vault's, which is the last. */
function poolOf({ before, parameters }: BatchTransition): bigint[] {
  const width = parameters.assets.length;
  const from = before.balances.length - VENUE_ROWS * width;
  const pool = [...before.balances.subarray(from, from + width)];
  if (pool.some((units) => units < 0n)) throw unfit('its pool starts with no less than nothing');
  return pool;
}

/** Net changes by vault row, in columns of the market. */
function changesOf(
  batches: readonly BatchTransition[],
  owners: readonly AccountId[],
  shape: CircuitShape,
): bigint[] {
  const { parameters } = at(batches, 0);
  const { marketId, assets } = parameters;
  const columnOf = new Map(assets.map(({ assetId }, column) => [assetId, column]));
  const pool = systemAccount(SystemRole.pool, marketId);
  const fees = systemAccount(SystemRole.fees, marketId);
  const sums = new Map([pool, fees, ...owners].map((owner) => [owner, assets.map(() => 0n)]));
  for (const { diffs } of batches) {
    diffs.changes.forEach((change, k) => {
      if (change === 0n) return;
      const place = k % diffs.assets.length;
      const account = at(diffs.accounts, (k - place) / diffs.assets.length);
      const sum = sums.get(account);
      const column = columnOf.get(at(diffs.assets, place));
      if (sum === undefined) throw unfit(`no order of it moves the vault ${account}`);
      if (column === undefined) throw unfit('it moves an asset of another market');
      sum[column] = (sum[column] as bigint) + change;
    });
  }
  return [...sums.values()].flatMap((sum) => packColumns(sum.map(twosComplement), shape));
}

function twosComplement(change: bigint): bigint {
  if (BigInt.asIntN(64, change) !== change) throw unfit('a net change has 63 bits and a sign');
  return BigInt.asUintN(64, change);
}

/** Columns as limbs of 64 bits, three to a word, the first lowest. */
function packColumns(columns: readonly bigint[], { assetWords }: CircuitShape): bigint[] {
  const words = new Array<bigint>(assetWords).fill(0n);
  columns.forEach((units, column) => {
    const word = Math.floor(column / 3);
    words[word] = (words[word] as bigint) | (units << BigInt(64 * (column % 3)));
  });
  return words;
}

function listWithdrawal({ withdrawal, signature }: SignedWithdrawal): ListedWithdrawal {
  const { owner, to, expiresAtMs, ...terms } = withdrawal;
  return {
    withdrawal: {
      ...terms,
      owner: owner as HexAccount,
      to: to as HexAccount,
      expiresAtMs: BigInt(expiresAtMs),
    },
    signature: bytesToHex(signature) as Hex,
  };
}

function tooLarge(what: string, most: number, actual: number): ProofFault {
  return unfit(`at most ${most} ${what}, not ${actual}`);
}

function unfit(reason: string): ProofFault {
  return new ProofFault('PROOF_STATEMENT_UNFIT', `The epoch does not fit the circuit: ${reason}.`);
}
