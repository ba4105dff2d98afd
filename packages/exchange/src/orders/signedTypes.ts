import type { Hash } from '../codec/hash.ts';
import { hashFromBytes } from '../codec/hash.ts';
import { hexToBytes } from '../codec/hex.ts';
import type { AccountId } from '../ledger/account.ts';
import type { AssetId } from '../ledger/asset.ts';
import type { Amount } from '../numbers/amount.ts';
import type { BatchOrder } from './batchOrder.ts';
import type { TypedStruct, VenueDomain } from './typedData.ts';
import { domainSeparator, StructHasher } from './typedData.ts';

/** EIP-712 type of a batch order. Field names are those of `BatchOrder`. */
export const BATCH_ORDER_TYPE: TypedStruct = {
  name: 'BatchOrder',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'marketId', type: 'uint32' },
    { name: 'pay', type: 'uint16' },
    { name: 'receive', type: 'uint16' },
    { name: 'budget', type: 'uint64' },
    { name: 'limitNumerator', type: 'uint64' },
    { name: 'limitDenominator', type: 'uint64' },
    { name: 'minFillPpm', type: 'uint32' },
    { name: 'orderNonce', type: 'uint64' },
    { name: 'expiresAtMs', type: 'uint64' },
  ],
};

/** EIP-712 type of a cancel: idempotent, so it needs no nonce of its own. */
export const CANCEL_TYPE: TypedStruct = {
  name: 'CancelOrder',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'orderId', type: 'bytes32' },
  ],
};

/**
 * EIP-712 type of a commitment to a hidden order. It names its batch: bundles publish it, and sent
 * again in a later batch it would cost its owner another bond.
 */
export const COMMIT_TYPE: TypedStruct = {
  name: 'CommitOrder',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'marketId', type: 'uint32' },
    { name: 'batchNumber', type: 'uint64' },
    { name: 'commitment', type: 'bytes32' },
  ],
};

/** EIP-712 type of a session grant. */
export const SESSION_GRANT_TYPE: TypedStruct = {
  name: 'SessionGrant',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'delegate', type: 'address' },
    { name: 'scopes', type: 'uint8' },
    { name: 'expiresAtMs', type: 'uint64' },
    { name: 'orderNonce', type: 'uint64' },
  ],
};

/** EIP-712 type of a withdrawal. @see contracts/src/SignedTypes.sol */
export const WITHDRAWAL_TYPE: TypedStruct = {
  name: 'Withdrawal',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'shard', type: 'uint32' },
    { name: 'assetId', type: 'uint16' },
    { name: 'units', type: 'uint64' },
    { name: 'orderNonce', type: 'uint64' },
    { name: 'expiresAtMs', type: 'uint64' },
  ],
};

/** What a session may do; a grant carries the bitwise or of these. */
export const Scope = { read: 1, trade: 2, withdraw: 4 } as const;
export type Scope = (typeof Scope)[keyof typeof Scope];

/** Permission by an owner for a delegated key, or (zero delegate) for a session secret. */
export interface SessionGrant {
  readonly owner: AccountId;
  /** The key that may sign orders for the owner; the zero address for a session with a secret. */
  readonly delegate: AccountId;
  readonly scopes: number;
  readonly expiresAtMs: number;
  readonly orderNonce: bigint;
}

/** What an owner signs to commit to a hidden order. */
export interface CommitTerms {
  readonly owner: AccountId;
  readonly marketId: number;
  /** The one batch for which the commitment counts. */
  readonly batchNumber: number;
  readonly commitment: Hash;
}

/** A grant with its owner's signature and its id. */
export interface AuthorisedGrant {
  readonly grant: SessionGrant;
  readonly grantId: Hash;
  readonly signature: Uint8Array;
}

/** A wish to take ledger units out to the base layer. */
export interface Withdrawal {
  readonly owner: AccountId;
  /** Who may claim the tokens on the chain. */
  readonly to: AccountId;
  /** The shard of the base layer whose vault is debited. */
  readonly shard: number;
  readonly assetId: AssetId;
  readonly units: Amount;
  /** Of the owner's lane of withdrawals, which is apart from that of orders. */
  readonly orderNonce: bigint;
  /** No epoch whose last batch closes at this time or later pays it, milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** A withdrawal with its owner's signature: what the contract asks for. */
export interface SignedWithdrawal {
  readonly withdrawal: Withdrawal;
  /** 65 bytes by the owner itself: r, s, v. No delegate takes money out. */
  readonly signature: Uint8Array;
}

/** The delegate of a session that is kept by a secret. */
export const NO_DELEGATE: AccountId = `0x${'00'.repeat(20)}` as AccountId;

/** Computes the digests that users sign at one venue. */
export class Signing {
  readonly domain: VenueDomain;
  readonly #order: StructHasher;
  readonly #cancel: StructHasher;
  readonly #commit: StructHasher;
  readonly #grant: StructHasher;
  readonly #withdrawal: StructHasher;

  constructor(domain: VenueDomain) {
    this.domain = domain;
    const separator = domainSeparator(domain);
    this.#order = new StructHasher(separator, BATCH_ORDER_TYPE);
    this.#cancel = new StructHasher(separator, CANCEL_TYPE);
    this.#commit = new StructHasher(separator, COMMIT_TYPE);
    this.#grant = new StructHasher(separator, SESSION_GRANT_TYPE);
    this.#withdrawal = new StructHasher(separator, WITHDRAWAL_TYPE);
  }

  /** EIP-712 digest of an order: its order id. */
  orderDigest(order: BatchOrder): Uint8Array {
    return this.#order
      .address(0, order.owner)
      .safe(1, order.marketId)
      .safe(2, order.pay)
      .safe(3, order.receive)
      .uint64(4, order.budget)
      .uint64(5, order.limitNumerator)
      .uint64(6, order.limitDenominator)
      .safe(7, order.minFillPpm)
      .uint64(8, order.orderNonce)
      .safe(9, order.expiresAtMs)
      .digest();
  }

  /** The order id of an order. */
  orderId(order: BatchOrder): Hash {
    return hashFromBytes(this.orderDigest(order));
  }

  /** EIP-712 digest of a cancel. */
  cancelDigest(owner: AccountId, orderId: Hash): Uint8Array {
    return this.#cancel.address(0, owner).bytes32(1, hexToBytes(orderId)).digest();
  }

  /** EIP-712 digest of a commitment. */
  commitDigest({ owner, marketId, batchNumber, commitment }: CommitTerms): Uint8Array {
    const fields = this.#commit.address(0, owner).safe(1, marketId).safe(2, batchNumber);
    return fields.bytes32(3, hexToBytes(commitment)).digest();
  }

  /** The grant id of a session grant. */
  grantId(grant: SessionGrant): Hash {
    return hashFromBytes(this.grantDigest(grant));
  }

  /** EIP-712 digest of a session grant: its grant id. */
  grantDigest(grant: SessionGrant): Uint8Array {
    return this.#grant
      .address(0, grant.owner)
      .address(1, grant.delegate)
      .safe(2, grant.scopes)
      .safe(3, grant.expiresAtMs)
      .uint64(4, grant.orderNonce)
      .digest();
  }

  /** EIP-712 digest of a withdrawal: its id. */
  withdrawalDigest(withdrawal: Withdrawal): Uint8Array {
    return this.#withdrawal
      .address(0, withdrawal.owner)
      .address(1, withdrawal.to)
      .safe(2, withdrawal.shard)
      .safe(3, withdrawal.assetId)
      .uint64(4, withdrawal.units)
      .uint64(5, withdrawal.orderNonce)
      .safe(6, withdrawal.expiresAtMs)
      .digest();
  }

  /** The id of a withdrawal. */
  withdrawalId(withdrawal: Withdrawal): Hash {
    return hashFromBytes(this.withdrawalDigest(withdrawal));
  }
}
