import type { Hash } from '../../codec/hash.ts';
import { ZERO_HASH } from '../../codec/hash.ts';
import { hexToBytes } from '../../codec/hex.ts';
import type { StateDiffList } from '../../diffs/stateDiff.ts';
import { netDiffs } from '../../diffs/stateDiff.ts';
import { at, invariant } from '../../failures/invariant.ts';
import type { AccountId } from '../../ledger/account.ts';
import type { AuthorisedOrder } from '../../orders/batchOrder.ts';
import type { Commitment } from '../../orders/commitment.ts';
import type { OrderNonceWindow } from '../../orders/orderNonces.ts';
import type { AuthorisedGrant } from '../../orders/signedTypes.ts';
import type { OracleSnapshot } from './oracleSnapshot.ts';
import { OrderSetHasher } from './orderSet.ts';
import { OrderTable } from './orderTable.ts';
import { PairBooks } from './pairBooks.ts';
import type { BatchParameters } from './parameters.ts';
import { AdmissionMode, productCount } from './parameters.ts';

/** Where a batch stands. `revealing` exists only with commit-reveal admission. */
export type BatchPhase = 'collecting' | 'revealing' | 'closed';

/** Evidence that an owner withdrew a row. */
export interface RowCancellation {
  readonly row: number;
  readonly authorisation: Uint8Array;
}

/** One batch while it fills: its orders, their books, and what the laws will ask about them. */
export class OpenBatch {
  readonly number: number;
  readonly table: OrderTable;
  readonly books: PairBooks;
  readonly admitted: OrderSetHasher = new OrderSetHasher();
  /** Nonce window of each owner before its first order here, in order of `table.owners`. */
  readonly nonceWindows: OrderNonceWindow[] = [];
  readonly cancellations: RowCancellation[] = [];
  readonly #commitments: Commitment[] = [];
  /** Places of the commitments still hidden, by owner and hash. */
  readonly #hidden = new Map<string, number>();
  /** Session grants that a reader needs to check the authorisations of this batch. */
  readonly grants: Map<Hash, AuthorisedGrant> = new Map();
  phase: BatchPhase = 'collecting';
  /** When the present phase began; the scheduler measures from here. */
  phaseSinceMs: number;
  /** Set when the batch closes. */
  closedAtMs = 0;

  constructor(parameters: BatchParameters, number: number, openedAtMs: number) {
    this.number = number;
    this.table = new OrderTable(parameters.marketId);
    this.books = new PairBooks(productCount(parameters));
    this.phaseSinceMs = openedAtMs;
  }

  /** Hidden orders in order of arrival, revealed or not. */
  get commitments(): readonly Commitment[] {
    return this.#commitments;
  }

  /** Adds an admitted order. `window` is the owner's nonce window before this order. */
  append(entry: AuthorisedOrder, window: OrderNonceWindow): number {
    const owners = this.table.owners.length;
    const row = this.table.append(entry);
    if (this.table.owners.length > owners) this.nonceWindows.push(window);
    this.admitted.add(hexToBytes(entry.orderId));
    this.books.insert(this.table, row);
    return row;
  }

  /** Withdraws a row on its owner's wish. */
  cancel(row: number, authorisation: Uint8Array): void {
    this.table.cancel(row);
    this.cancellations.push({ row, authorisation });
  }

  /** Stops collecting: rows that expired by now are void. Returns them. */
  close(timeMs: number): number[] {
    this.phase = 'closed';
    this.phaseSinceMs = timeMs;
    this.closedAtMs = timeMs;
    const expired: number[] = [];
    for (let row = 0; row < this.table.count; row += 1) {
      const late = (this.table.expiresAtMs[row] as number) <= timeMs;
      if (late && this.table.canceled[row] === 0) {
        this.table.cancel(row);
        expired.push(row);
      }
    }
    return expired;
  }

  /** Adds a commitment; an owner's hidden commitments are distinct. */
  commit(entry: Commitment): void {
    const place = this.#commitments.push(entry) - 1;
    if (entry.reveal !== undefined) return;
    const key = hiddenKey(entry.owner, entry.commitment);
    invariant(!this.#hidden.has(key), 'a hidden commitment is made once');
    this.#hidden.set(key, place);
  }

  /** The commitment of an owner that is still hidden and has this hash, by its place. */
  hiddenCommitment(owner: AccountId, commitment: Hash): number | undefined {
    return this.#hidden.get(hiddenKey(owner, commitment));
  }

  /** Marks a commitment as revealed by a row. */
  reveal(place: number, row: number, salt: Uint8Array): void {
    const hidden = at(this.#commitments, place);
    invariant(hidden.reveal === undefined, 'a commitment is revealed once');
    this.#hidden.delete(hiddenKey(hidden.owner, hidden.commitment));
    this.#commitments[place] = { ...hidden, reveal: { row, salt } };
  }
}

function hiddenKey(owner: AccountId, commitment: Hash): string {
  return `${owner}${commitment}`;
}

/** A batch market: its rules, its chain of reports and the batch that is filling. */
export interface BatchMarket {
  readonly marketId: number;
  parameters: BatchParameters;
  /** Rules to take effect when the present batch has cleared. */
  nextParameters: BatchParameters | undefined;
  /** Last mids that a batch cleared on: the reference of the fat-finger check. */
  reference: OracleSnapshot;
  batch: OpenBatch;
  parentReportHash: Hash;
  /** Why the market is halted; undefined while it is open. */
  haltReason: string | undefined;
  /** The epoch that collects batches now. */
  epoch: OpenEpoch;
}

/** Batches cleared since the last seal. */
export interface OpenEpoch {
  readonly number: number;
  readonly parentEpochHash: Hash;
  readonly firstBatch: number;
  batchCount: number;
  /** When the last of the batches closed, milliseconds since 1970; zero before the first. */
  lastClosedAtMs: number;
  /** Diffs of the batches so far, netted. */
  diffs: StateDiffList;
}

/** An epoch without batches. */
export function openEpoch(number: number, parentEpochHash: Hash, firstBatch: number): OpenEpoch {
  const [batchCount, lastClosedAtMs] = [0, 0];
  return { number, parentEpochHash, firstBatch, batchCount, lastClosedAtMs, diffs: netDiffs([]) };
}

/** Where a market begins: after these, or from the start. */
export interface MarketPast {
  readonly epochNumber: number;
  readonly batchNumber: number;
  readonly parentEpochHash: Hash;
  readonly parentReportHash: Hash;
}

const NO_PAST: MarketPast = {
  epochNumber: 0,
  batchNumber: 0,
  parentEpochHash: ZERO_HASH,
  parentReportHash: ZERO_HASH,
};

/** A market that has just been created. */
export function openMarket(
  parameters: BatchParameters,
  reference: OracleSnapshot,
  timeMs: number,
  past: MarketPast = NO_PAST,
): BatchMarket {
  const [epochNumber, batchNumber] = [past.epochNumber + 1, past.batchNumber + 1];
  return {
    marketId: parameters.marketId,
    parameters,
    nextParameters: undefined,
    reference,
    batch: new OpenBatch(parameters, batchNumber, timeMs),
    parentReportHash: past.parentReportHash,
    haltReason: undefined,
    epoch: openEpoch(epochNumber, past.parentEpochHash, batchNumber),
  };
}

/** The phase in which an order of this market may be admitted. */
export function admittingPhase(parameters: BatchParameters): BatchPhase {
  return parameters.admission === AdmissionMode.open ? 'collecting' : 'revealing';
}
