import { hash } from 'node:crypto';

/** Bytes of one link of the hash chain. */
export const CHAIN_BYTES = 32;

/** The link before the first record: SHA-256 of the format's name and the venue id. */
export function genesisChain(venueId: string): Uint8Array {
  return new Uint8Array(hash('sha256', Buffer.from(`lawbook.journal.v1${venueId}`), 'buffer'));
}

/**
 * The hash chain over payloads: chain_k = SHA-256(chain_{k-1} || payload_k).
 *
 * It does not know how records were grouped into frames, so two journals with the same payloads end
 * in the same link however their disks batched the writes.
 */
export class HashChain {
  #scratch: Buffer;
  #view: Buffer;

  constructor(start: Uint8Array) {
    this.#scratch = Buffer.allocUnsafe(1024);
    this.#view = this.#scratch.subarray(0, CHAIN_BYTES);
    this.#scratch.set(start, 0);
  }

  /** Appends one payload. */
  extend(payload: Uint8Array): void {
    const width = CHAIN_BYTES + payload.length;
    if (width > this.#scratch.length) {
      const grown = Buffer.allocUnsafe(Math.max(width, this.#scratch.length * 2));
      grown.set(this.#scratch.subarray(0, CHAIN_BYTES));
      this.#scratch = grown;
      this.#view = grown.subarray(0, width);
    } else if (this.#view.length !== width) {
      this.#view = this.#scratch.subarray(0, width);
    }
    this.#scratch.set(payload, CHAIN_BYTES);
    // A Latin-1 string costs a quarter of what a fresh Buffer for the digest does.
    this.#scratch.write(hash('sha256', this.#view, 'binary'), 0, CHAIN_BYTES, 'latin1');
  }

  /** Writes the current link to `into` at `offset`. */
  copyTo(into: Uint8Array, offset: number): void {
    into.set(this.#scratch.subarray(0, CHAIN_BYTES), offset);
  }

  /** A copy of the current link. */
  current(): Uint8Array {
    return new Uint8Array(this.#scratch.subarray(0, CHAIN_BYTES));
  }

  equals(link: Uint8Array): boolean {
    return this.#scratch.compare(link, 0, CHAIN_BYTES, 0, CHAIN_BYTES) === 0;
  }
}
