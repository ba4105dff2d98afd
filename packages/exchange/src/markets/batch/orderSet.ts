import { utf8ToBytes } from '@noble/hashes/utils.js';
import { createSha256 } from '#sha256';
import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { hashFromBytes, taggedHash } from '../../codec/hash.ts';
import { hexToBytes } from '../../codec/hex.ts';
import type { Commitment } from '../../orders/commitment.ts';
import type { OrderTable } from './orderTable.ts';

/**
 * The order-set root: SHA-256 over the tag, every order id in order of admission, and the count.
 *
 * Flat and streamed, because a bundle always carries all orders: nobody needs a path to one of
 * them, and a million ids hash at the speed of the hash.
 */
export class OrderSetHasher {
  readonly #hash = createSha256().update(utf8ToBytes('lawbook.orderSet.v1\0'));
  #count = 0;

  /** Adds the id of the next admitted order. */
  add(orderId: Uint8Array): void {
    this.#hash.update(orderId);
    this.#count += 1;
  }

  /** The root over what was added so far; more may be added afterwards. */
  root(): Hash {
    const tail = new ByteWriter(8).u64(BigInt(this.#count)).finish();
    return hashFromBytes(this.#hash.copy().update(tail).digest());
  }
}

/** The order-set root of a whole table. */
export function orderSetRoot(table: OrderTable): Hash {
  const hash = createSha256().update(utf8ToBytes('lawbook.orderSet.v1\0'));
  hash.update(table.orderIds.subarray(0, table.count * 32));
  hash.update(new ByteWriter(8).u64(BigInt(table.count)).finish());
  return hashFromBytes(hash.digest());
}

/** The commit-set root: owners and commitments in order of arrival, revealed or not. */
export function commitSetRoot(commitments: readonly Commitment[]): Hash {
  const out = new ByteWriter(4 + commitments.length * 52).u32(commitments.length);
  for (const { owner, commitment } of commitments) {
    out.fixed(hexToBytes(owner), 20).fixed(hexToBytes(commitment), 32);
  }
  return taggedHash('lawbook.commitSet.v1', out.finish());
}
