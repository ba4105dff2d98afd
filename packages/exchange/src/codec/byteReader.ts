import { Fault } from '../failures/fault.ts';
import type { Amount } from '../numbers/amount.ts';
import { AMOUNT_MAX, amount } from '../numbers/amount.ts';
import type { Price } from '../numbers/price.ts';
import { PRICE_MAX, price } from '../numbers/price.ts';

/** Why bytes are not the canonical encoding of what was expected; `offset` says where. */
export class DecodeError extends Fault {
  override readonly name = 'DecodeError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`, { code: 'DECODE_FAILED', fields: { offset } });
    this.offset = offset;
  }
}

/**
 * Reads the canonical encoding back. Every read is bounded, so hostile bytes end in a `DecodeError`
 * and never in a huge allocation: a count is believed only as far as bytes remain.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #base: number;
  #offset = 0;

  /** @param base where the bytes begin in the whole that errors speak of. */
  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = base;
  }

  /** Where the next byte is, in the whole. */
  get offset(): number {
    return this.#base + this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  i128(): bigint {
    const at = this.#take(16);
    return (this.#view.getBigInt64(at) << 64n) | this.#view.getBigUint64(at + 8);
  }

  amount(): Amount {
    const at = this.offset;
    const units = this.u64();
    if (units > AMOUNT_MAX) throw new DecodeError('an amount wider than 63 bits', at);
    return amount(units);
  }

  price(): Price {
    const at = this.offset;
    const scaled = this.u64();
    if (scaled === 0n || scaled > PRICE_MAX) throw new DecodeError('a price out of range', at);
    return price(scaled);
  }

  /** A u64 that stays a safe number: a sequence, a batch or epoch number. */
  natural(): number {
    const at = this.offset;
    const x = this.u64();
    if (x > BigInt(Number.MAX_SAFE_INTEGER)) throw new DecodeError('a number beyond 2^53', at);
    return Number(x);
  }

  /** A count of milliseconds since 1970. */
  timeMs(): number {
    return this.natural();
  }

  /** A copy of `width` bytes. */
  fixed(width: number): Uint8Array {
    const at = this.#take(width);
    return this.#bytes.slice(at, at + width);
  }

  bytes(): Uint8Array {
    return this.fixed(this.u32());
  }

  /** Bytes behind their length as a reader of their own, whose errors name places in the whole. */
  nested(): ByteReader {
    const length = this.u32();
    const base = this.offset;
    return new ByteReader(this.fixed(length), base);
  }

  text(): string {
    const at = this.offset;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes());
    } catch (cause) {
      if (cause instanceof DecodeError) throw cause;
      throw new DecodeError('text that is not UTF-8', at);
    }
  }

  /** A list count, refused when fewer than `bytesEachMin` bytes an element remain. */
  count(bytesEachMin: number): number {
    const at = this.offset;
    const n = this.u32();
    if (n * bytesEachMin > this.remaining) throw new DecodeError(`a count of ${n}`, at);
    return n;
  }

  /** A flag that must be 0 or 1: any other byte would be a second encoding of the same object. */
  flag(): boolean {
    const at = this.offset;
    const x = this.u8();
    if (x > 1) throw new DecodeError(`a flag of ${x}`, at);
    return x === 1;
  }

  /** Refuses trailing bytes. */
  end(): void {
    if (this.remaining !== 0)
      throw new DecodeError(`${this.remaining} bytes too many`, this.offset);
  }

  #take(width: number): number {
    const at = this.#offset;
    if (width > this.#bytes.length - at) {
      throw new DecodeError(`${width} bytes wanted, ${this.remaining} left`, this.offset);
    }
    this.#offset = at + width;
    return at;
  }
}
