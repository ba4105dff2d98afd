import { invariant } from '../failures/invariant.ts';

const U64_MAX = (1n << 64n) - 1n;

/**
 * Writes the canonical encoding: fixed-width big-endian integers, byte strings behind a 32-bit
 * length, lists behind a 32-bit count. There is one encoding per object and hashes are taken of it.
 */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(x: number): this {
    invariant(Number.isInteger(x) && x >= 0 && x <= 0xff, 'u8 takes 0..255');
    const at = this.#reserve(1);
    this.#view.setUint8(at, x);
    return this;
  }

  u16(x: number): this {
    invariant(Number.isInteger(x) && x >= 0 && x <= 0xffff, 'u16 takes 0..65535');
    const at = this.#reserve(2);
    this.#view.setUint16(at, x);
    return this;
  }

  u32(x: number): this {
    invariant(Number.isInteger(x) && x >= 0 && x <= 0xffffffff, 'u32 takes 0..2^32-1');
    const at = this.#reserve(4);
    this.#view.setUint32(at, x);
    return this;
  }

  u64(x: bigint): this {
    invariant(x >= 0n && x <= U64_MAX, 'u64 takes 0..2^64-1');
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, x);
    return this;
  }

  i64(x: bigint): this {
    invariant(x >= -(1n << 63n) && x < 1n << 63n, 'i64 takes -2^63..2^63-1');
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, x);
    return this;
  }

  /** Two's complement, 128 bits. */
  i128(x: bigint): this {
    invariant(x >= -(1n << 127n) && x < 1n << 127n, 'i128 takes -2^127..2^127-1');
    const at = this.#reserve(16);
    this.#view.setBigInt64(at, x >> 64n);
    this.#view.setBigUint64(at + 8, BigInt.asUintN(64, x));
    return this;
  }

  /** A count of milliseconds since 1970, as u64. */
  timeMs(x: number): this {
    invariant(Number.isSafeInteger(x) && x >= 0, 'a time is a safe non-negative integer');
    return this.u64(BigInt(x));
  }

  /** Bytes of a width that the format fixes. */
  fixed(bytes: Uint8Array, width: number): this {
    invariant(bytes.length === width, `a field of ${width} bytes has ${width} bytes`);
    const at = this.#reserve(width);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Bytes behind their 32-bit length. */
  bytes(bytes: Uint8Array): this {
    this.u32(bytes.length);
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** UTF-8 behind its 32-bit length. */
  text(text: string): this {
    return this.bytes(new TextEncoder().encode(text));
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room. Call it first: it may replace the buffer and its view. */
  #reserve(width: number): number {
    const at = this.#length;
    const needed = at + width;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }
}
