import type { Hash } from '../codec/hash.ts';
import type { StateDiffList } from '../diffs/stateDiff.ts';
import type { AccountId } from '../ledger/account.ts';
import type { Asset } from '../ledger/asset.ts';
import type { Transfer } from '../ledger/ledger.ts';
import type { OpenBatch } from '../markets/batch/batchMarket.ts';
import type { BatchTransition } from '../transition.ts';

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
  | { readonly kind: 'epochSealed'; readonly epoch: EpochRecord };
