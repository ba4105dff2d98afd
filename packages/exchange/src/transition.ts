import type { Hash } from './codec/hash.ts';
import type { StateDiffList } from './diffs/stateDiff.ts';
import type { AccountId } from './ledger/account.ts';
import type { OracleSnapshot } from './markets/batch/oracleSnapshot.ts';
import type { OrderTable } from './markets/batch/orderTable.ts';
import type { BatchParameters } from './markets/batch/parameters.ts';
import type { BatchReport } from './markets/batch/report.ts';
import type { BatchFills, BatchSolution } from './markets/batch/solution.ts';
import type { BookEpochRecord } from './markets/book/bookEpoch.ts';
import type { BookEvent } from './markets/book/bookEvent.ts';
import type { Commitment } from './orders/commitment.ts';
import type { OrderNonceWindow } from './orders/orderNonces.ts';
import type { AuthorisedGrant } from './orders/signedTypes.ts';
import type { VenueDomain } from './orders/typedData.ts';

/**
 * Balances of every vault that a batch can touch: owners in the order of the order table, then
 * owners of commitments without an order, then the market's pool, then its fee vault.
 * A balance is available plus held.
 */
export interface VaultSheet {
  readonly accounts: readonly AccountId[];
  /** Row-major, one column per market asset, ledger units. */
  readonly balances: BigInt64Array;
}

/**
 * An epoch of a book, complete: the book before, every input with what the book reported, the
 * diffs, and what binds them. It stands alone: a bundle is its encoding.
 */
export interface BookTransition extends BookEpochRecord {
  readonly kind: 'book';
  readonly domain: VenueDomain;
  readonly events: readonly BookEvent[];
}

/** Why a row takes no part although it was admitted: its owner's signed wish. */
export interface Cancellation {
  readonly row: number;
  /** 65 bytes, like the authorisation of an order, over the digest of `CancelOrder`. */
  readonly authorisation: Uint8Array;
}

/**
 * One cleared batch, complete: before, input, executions, transfers, after.
 *
 * This is the one thing that laws judge. It stands alone: a bundle is its encoding, and a verifier
 * needs nothing else to judge it.
 */
export interface BatchTransition {
  readonly kind: 'batch';
  readonly domain: VenueDomain;
  readonly parameters: BatchParameters;
  readonly batchNumber: number;
  readonly parentReportHash: Hash;
  /** When the batch stopped collecting, by the sequencer's clock. */
  readonly closedAtMs: number;
  readonly oracle: OracleSnapshot;

  /** Every order admitted to the batch, in order of admission, the cancelled ones marked. */
  readonly orders: OrderTable;
  /** Running root over order ids, kept at admission, independently of the table. */
  readonly admittedRoot: Hash;
  /** Evidence for each cancelled row, ascending; a row may also be void because it expired. */
  readonly cancellations: readonly Cancellation[];
  /** Session grants that authorise orders of this batch. */
  readonly grants: readonly AuthorisedGrant[];
  readonly commitments: readonly Commitment[];
  /** Nonce window of each owner (order of `orders.owners`) before its first order of this batch. */
  readonly nonceWindows: readonly OrderNonceWindow[];

  readonly solution: BatchSolution;
  readonly fills: BatchFills;
  readonly before: VaultSheet;
  readonly after: VaultSheet;
  readonly diffs: StateDiffList;
  readonly report: BatchReport;
}
