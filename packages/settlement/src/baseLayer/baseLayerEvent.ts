import type { AccountId } from '@lawbook/exchange/ledger/account';

/** Where a reader of events goes on: after this event. Stored as it is. */
export interface EventCursor {
  readonly blockNumber: bigint;
  /** Place of the event in its block. */
  readonly logIndex: number;
}

/** What happened on the base layer besides settling. Amounts are ledger units. */
export type BaseLayerEvent =
  | {
      readonly kind: 'deposited';
      readonly cursor: EventCursor;
      /** 1, 2, 3, ... over the whole contract, shards of others included. */
      readonly depositNumber: bigint;
      readonly shard: number;
      readonly owner: AccountId;
      readonly assetId: number;
      readonly units: bigint;
    }
  | {
      readonly kind: 'exitRequested';
      readonly cursor: EventCursor;
      readonly owner: AccountId;
      readonly dueBlock: bigint;
    }
  | { readonly kind: 'exitCanceled'; readonly cursor: EventCursor; readonly owner: AccountId }
  | {
      readonly kind: 'exitCompleted';
      readonly cursor: EventCursor;
      readonly owner: AccountId;
      readonly assetId: number;
      readonly units: bigint;
    };
