import type { Hash } from 'node:crypto';
import { createHash, hash } from 'node:crypto';

/** Bytes of one link of the hash chain. */
export const CHAIN_BYTES = 32;

/** The link before the first record: SHA-256 of the format's name and the venue id. */
export function genesisChain(venueId: string): Uint8Array {
  return new Uint8Array(hash('sha256', Buffer.from(`lawbook.journal.v2${venueId}`), 'buffer'));
}

/**
 * The hash chain within one segment:
 * chain_k = SHA-256(seed || record_{s} || ... || record_k), a record being its length and payload.
 *
 * s is the first sequence of the segment and the seed is the link before it, so that a segment can
 * be checked from its own start. One running hash takes many records in one call; it does not see
 * where a call or a frame ends, so the links do not depend on how records were grouped.
 */
export class HashChain {
  #running: Hash;
  #link: Uint8Array | undefined;
  #recordBytes = 0;

  constructor(seed: Uint8Array) {
    this.#link = seed;
    this.#running = createHash('sha256').update(seed);
  }

  /** Bytes of records since the seed; below 2^53 because a segment is a file. */
  get recordBytes(): number {
    return this.#recordBytes;
  }

  /** Appends bytes of records as they lie in a frame. Only a link between whole records counts. */
  extend(records: Uint8Array): void {
    this.#running.update(records);
    this.#recordBytes += records.length;
    this.#link = undefined;
  }

  /** The current link; the seed while there is no record. Not to be written to. */
  current(): Uint8Array {
    this.#link ??= this.#running.copy().digest();
    return this.#link;
  }

  /** A chain that goes on from here by itself. */
  copy(): HashChain {
    const twin = new HashChain(this.current());
    twin.#running = this.#running.copy();
    twin.#recordBytes = this.#recordBytes;
    return twin;
  }

  equals(link: Uint8Array): boolean {
    return Buffer.compare(this.current(), link) === 0;
  }
}
