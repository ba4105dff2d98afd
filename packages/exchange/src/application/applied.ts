import type { Hash } from '../codec/hash.ts';
import type { StateDiffList } from '../diffs/stateDiff.ts';
import type { AccountId } from '../ledger/account.ts';
import type { Asset } from '../ledger/asset.ts';
import type { Transfer } from '../ledger/ledger.ts';
import type { OpenBatch } from '../markets/batch/batchMarket.ts';
import type { BookEpochRecord } from '../markets/book/bookEpoch.ts';
import type { BookEvent } from '../markets/book/bookEvent.ts';
import type { ExecutionReport } from '../markets/book/executionReport.ts';
import type { Withdrawal } from '../orders/signedTypes.ts';
import type { BatchTransition } from '../transition.ts';
import type { PendingWithdrawal } from './baseLayerBook.ts';

/** A withdrawal that was given back, and why. */
export interface ReturnedWithdrawal {
  readonly withdrawalId: Hash;
  readonly withdrawal: Withdrawal;
  readonly reason: 'expired' | 'ownerIsExiting';
}

/** A sealed epoch: the unit that is proved and settled. */
export interface EpochRecord {
  readonly marketId: number;
  readonly epochNumber: number;
  readonly firstBatch: number;
  readonly lastBatch: number;
  readonly sealedAtMs: number;
  /** One diff per vault over all batches of the epoch. */
  readonly diffs: StateDiffList;
  readonly diffRoot: Hash;
  /** Hash of the epoch before: the diff lists of a market form a chain. */
  readonly parentEpochHash: Hash;
  readonly epochHash: Hash;
  /** What the base layer pays out with this epoch, in the order of the requests. */
  readonly withdrawals: readonly PendingWithdrawal[];
  /** Withdrawals that expired before the epoch could take them, given back to their owners. */
  readonly returned: readonly ReturnedWithdrawal[];
  /** Root of the whole exchange right after the seal. */
  readonly stateRoot: Hash;
}

/** What an input did. */
export type Applied =
  | { readonly kind: 'assetRegistered'; readonly asset: Asset }
  | { readonly kind: 'marketCreated'; readonly marketId: number }
  | { readonly kind: 'parametersSet'; readonly marketId: number; readonly fromBatch: number }
  | { readonly kind: 'credited'; readonly transfer: Transfer }
  | {
      readonly kind: 'orderAdmitted';
      readonly marketId: number;
      readonly batchNumber: number;
      readonly row: number;
      readonly orderId: Hash;
    }
  | {
      readonly kind: 'orderCanceled';
      readonly marketId: number;
      readonly batchNumber: number;
      readonly row: number;
      readonly orderId: Hash;
    }
  | { readonly kind: 'sessionOpened'; readonly grantId: Hash; readonly owner: AccountId }
  | { readonly kind: 'sessionRevoked'; readonly grantId: Hash }
  | { readonly kind: 'orderCommitted'; readonly marketId: number; readonly batchNumber: number }
  | { readonly kind: 'collectionClosed'; readonly marketId: number; readonly batchNumber: number }
  | {
      readonly kind: 'batchClosed';
      readonly marketId: number;
      readonly batchNumber: number;
      readonly expired: readonly number[];
    }
  | {
      readonly kind: 'batchCleared';
      readonly transition: BatchTransition;
      /** The epoch that the batch belongs to. */
      readonly epochNumber: number;
    }
  | {
      readonly kind: 'batchVoided';
      readonly marketId: number;
      /** The batch as it closed; the next one has its number. */
      readonly batch: OpenBatch;
    }
  | { readonly kind: 'marketHalted'; readonly marketId: number; readonly reason: string }
  | { readonly kind: 'marketResumed'; readonly marketId: number }
  | { readonly kind: 'epochSealed'; readonly epoch: EpochRecord }
  | {
      readonly kind: 'deposited';
      readonly depositNumber: number;
      /** The account that the base layer credited. */
      readonly account: AccountId;
      /** Goes to the market's arrivals where a pool waits for its epoch to be sealed. */
      readonly transfer: Transfer;
    }
  | {
      readonly kind: 'withdrawalRequested';
      readonly withdrawalId: Hash;
      readonly withdrawal: Withdrawal;
    }
  | {
      readonly kind: 'exitNoticed';
      readonly owner: AccountId;
      readonly dueBlock: bigint;
      readonly returned: readonly ReturnedWithdrawal[];
    }
  | { readonly kind: 'exitWithdrawn'; readonly owner: AccountId }
  | { readonly kind: 'exitPaid'; readonly exitNumber: number; readonly transfer: Transfer }
  | { readonly kind: 'vaultRestored'; readonly account: AccountId }
  | {
      readonly kind: 'countsRestored';
      readonly depositNumber: number;
      readonly exitNumber: number;
    }
  | {
      readonly kind: 'crossingSkipped';
      readonly crossing: 'deposit' | 'exit';
      readonly number: number;
    }
  | { readonly kind: 'bookMarketCreated'; readonly marketId: number }
  | {
      /** What an input did to the book of a market. */
      readonly kind: 'bookApplied';
      readonly marketId: number;
      /** The epoch that the event belongs to. */
      readonly epochNumber: number;
      /** The input and the reports of the book: feeds and bundles are made of these. */
      readonly event: BookEvent;
      /** The same, order by order, for the owners. */
      readonly executions: readonly ExecutionReport[];
      /** Id of the order that was submitted or named; 0 for inputs about no one order. */
      readonly orderId: number;
    }
  | {
      readonly kind: 'bookEpochSealed';
      readonly epoch: BookEpochRecord;
      /** Root of the whole exchange right after the seal. */
      readonly stateRoot: Hash;
    };
