import { ByteWriter } from '../codec/byteWriter.ts';
import type { Hash } from '../codec/hash.ts';
import { taggedHash } from '../codec/hash.ts';
import { hexToBytes } from '../codec/hex.ts';
import type { AccountId } from '../ledger/account.ts';
import type { BatchOrder } from './batchOrder.ts';
import { encodeOrder } from './orderCodec.ts';

/** Width of a commitment's salt. */
export const SALT_BYTES = 32;

/** A hidden order of a commit-reveal batch, in order of arrival. */
export interface Commitment {
  readonly owner: AccountId;
  readonly commitment: Hash;
  /** 65 bytes, like that of an order, over the digest of `CommitOrder`: it may cost a bond. */
  readonly authorisation: Uint8Array;
  /** Row of the order that revealed it, and its salt; undefined while hidden. */
  readonly reveal?: { readonly row: number; readonly salt: Uint8Array };
}

/** What a commitment hides. */
export interface CommitmentPreimage {
  readonly batchNumber: number;
  readonly order: BatchOrder;
  readonly salt: Uint8Array;
}

/** SHA-256(tag, batch, owner, length-framed canonical order bytes, salt). */
export function commitmentHash(preimage: CommitmentPreimage): Hash {
  const bytes = new ByteWriter(160)
    .u64(BigInt(preimage.batchNumber))
    .fixed(hexToBytes(preimage.order.owner), 20)
    .bytes(encodeOrder(preimage.order))
    .fixed(preimage.salt, SALT_BYTES)
    .finish();
  return taggedHash('lawbook.orderCommitment.v1', bytes);
}
