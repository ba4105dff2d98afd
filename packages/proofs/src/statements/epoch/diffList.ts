import type { Hash } from '@lawbook/exchange/codec/hash';
import type { AccountId } from '@lawbook/exchange/ledger/account';

/**
 * What an operator hands to `BaseLayer.settle`, field by field as in contracts/src/Lists.sol: a
 * contract's encoder takes these records as they are. Numbers have at most 32 bits there.
 */
export interface DiffList {
  readonly shard: number;
  /** 1, 2, 3, ... within the shard. */
  readonly number: bigint;
  readonly previousListHash: HexHash;
  readonly marketId: number;
  readonly epochNumber: bigint;
  readonly batches: readonly ListBatch[];
  /** What the laws took the pool to hold before the epoch, three columns to a word. */
  readonly poolBefore: readonly bigint[];
  /** Users that have a vault row, ascending. Rows 0 and 1 are the market's pool and fees. */
  readonly owners: readonly HexAccount[];
  /** Signed changes by vault row, three columns to a word, in two's complement of 64 bits. */
  readonly changes: readonly bigint[];
  readonly withdrawals: readonly SignedWithdrawal[];
}

/** Bytes behind 0x, two digits each. */
export type Hex = `0x${string}`;

/** A hash or digest in the form that encoders take. */
export type HexHash = Hash & Hex;

/** An address in the form that encoders take. */
export type HexAccount = AccountId & Hex;

/** One batch of a list: `Batch` of the contract. */
export interface ListBatch {
  readonly closedAtMs: bigint;
  readonly orderCount: number;
  /** A halted batch trades nothing. */
  readonly isHalted: boolean;
  /** Commitment to the parameters that it cleared under. */
  readonly parameters: bigint;
  /** The oracle snapshot in the exchange's canonical encoding. */
  readonly oracle: Hex;
  /** Clearing prices, three columns to a word. */
  readonly prices: readonly bigint[];
}

/** What a list pays out of a vault. */
export interface SignedWithdrawal {
  readonly withdrawal: ListWithdrawal;
  readonly signature: Hex;
}

/** A wish to take ledger units out of a vault: `Withdrawal` of the contract. */
export interface ListWithdrawal {
  readonly owner: HexAccount;
  readonly to: HexAccount;
  readonly shard: number;
  readonly assetId: number;
  readonly units: bigint;
  readonly orderNonce: bigint;
  readonly expiresAtMs: bigint;
}

/** Every admitted order of a list, batch after batch in order of admission. */
export interface OrderBook {
  readonly rows: readonly OrderRow[];
  /** Grants that a row points to, each once, ascending by grant id. */
  readonly grants: readonly SignedGrant[];
}

/** A row of the order table: the signed terms and what came of them. */
export interface OrderRow {
  readonly order: ListOrder;
  /** Vault row of the owner. */
  readonly vault: number;
  /** Zero for a signature of the owner, else one more than the place of the grant. */
  readonly grant: number;
  /** A void row takes no part: it had expired by the close, or its signature is of a cancel. */
  readonly isVoid: boolean;
  readonly paid: bigint;
  readonly received: bigint;
  /** Empty where the contract reads none: rows that pay nothing and were not cancelled. */
  readonly signature: Hex;
}

/** The terms of an order; `product` is what the exchange calls `receive`. */
export interface ListOrder {
  readonly owner: HexAccount;
  readonly marketId: number;
  readonly pay: number;
  readonly product: number;
  readonly budget: bigint;
  readonly limitNumerator: bigint;
  readonly limitDenominator: bigint;
  readonly minFillPpm: number;
  readonly orderNonce: bigint;
  readonly expiresAtMs: bigint;
}

/** Permission of an owner for a delegated key, with the owner's signature. */
export interface SignedGrant {
  readonly grant: {
    readonly owner: HexAccount;
    readonly delegate: HexAccount;
    readonly scopes: number;
    readonly expiresAtMs: bigint;
    readonly orderNonce: bigint;
  };
  readonly signature: Hex;
}

/** Most batches, orders and vault rows that a circuit takes, and words of assets per row. */
export interface CircuitShape {
  readonly batches: number;
  readonly orders: number;
  readonly vaults: number;
  /** Words of three assets. */
  readonly assetWords: number;
}

/** Vault rows before the owners: the market's pool, its fees. */
export const VENUE_ROWS = 2;
