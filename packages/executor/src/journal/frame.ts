import { crc32 } from 'node:zlib';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { CHAIN_BYTES, type HashChain } from './chain.ts';

/*
 * One frame is one group commit. All integers are big-endian:
 *
 *   length u32 | crc u32 | body of `length` bytes
 *   body: salt 8 | first sequence u64 | count u32 | count x (length u32, payload) | chain 32
 *
 * The CRC-32 (zlib's polynomial) covers records and link first, then the length field, then the
 * rest of the body, so that it can be carried along before salt and count are known. The salt is
 * drawn at random for each segment and stored in its header, so payload bytes chosen by a stranger,
 * and blocks left over from an older file, cannot look like a frame of this segment.
 */

/** Bytes before the body: length and CRC. */
export const FRAME_PREFIX_BYTES = 8;

/** Bytes of the salt that opens every body. */
export const SALT_BYTES = 8;

/** Bytes from the start of a frame to its first record. */
export const FRAME_HEADER_BYTES: number = FRAME_PREFIX_BYTES + SALT_BYTES + 8 + 4;

/** Bytes of each record beside its payload. */
export const RECORD_PREFIX_BYTES = 4;

const LENGTH_BYTES = 4;
const SEQUENCE_OFFSET = FRAME_PREFIX_BYTES + SALT_BYTES;
const COUNT_OFFSET = SEQUENCE_OFFSET + 8;
const FRAME_BYTES_MIN = FRAME_HEADER_BYTES + RECORD_PREFIX_BYTES + CHAIN_BYTES;

/** The largest frame that the format admits; readers allocate at most this for one frame. */
export const FRAME_BYTES_MAX: number = 256 * 1024 * 1024;

/** Collects the records of one group in their final layout while the group before it syncs. */
export class FrameBuilder {
  readonly firstSequence: number;
  #bytes: Buffer;
  #length = FRAME_HEADER_BYTES;
  #count = 0;
  /** Where the bytes start that neither the chain nor the checksum has taken in. */
  #absorbed = FRAME_HEADER_BYTES;
  #crc = 0;

  constructor(firstSequence: number, capacity: number) {
    this.firstSequence = firstSequence;
    this.#bytes = Buffer.allocUnsafe(Math.max(capacity, FRAME_BYTES_MIN));
  }

  /** Records so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the frame if it were sealed now. */
  get byteLength(): number {
    return this.#length + CHAIN_BYTES;
  }

  /** Bytes of the payloads alone. */
  get payloadBytes(): number {
    return this.#length - FRAME_HEADER_BYTES - this.#count * RECORD_PREFIX_BYTES;
  }

  /**
   * Copies one payload into the frame; the caller may reuse its bytes at once.
   *
   * Chain and checksum follow in portions: large enough that the calls cost little, and early, so
   * that the work is done while the group before is on its way to the disk.
   */
  add(payload: Uint8Array, chain: HashChain): void {
    const start = this.#length;
    const end = start + RECORD_PREFIX_BYTES + payload.length;
    if (end + CHAIN_BYTES > this.#bytes.length) this.#grow(end + CHAIN_BYTES);
    const bytes = this.#bytes;
    const { length } = payload;
    // Once per record: plain stores are compiled in place, writeUInt32BE is a call with checks.
    bytes[start] = length >>> 24;
    bytes[start + 1] = length >>> 16;
    bytes[start + 2] = length >>> 8;
    bytes[start + 3] = length;
    bytes.set(payload, start + RECORD_PREFIX_BYTES);
    this.#length = end;
    this.#count += 1;
    if (end - this.#absorbed >= PORTION_BYTES) this.#absorb(chain);
  }

  /** Places the link after the last record. Called once, when no record may join any more. */
  finish(chain: HashChain): void {
    if (this.#absorbed < this.#length) this.#absorb(chain);
    const link = chain.current();
    this.#bytes.set(link, this.#length);
    this.#crc = crc32(link, this.#crc);
  }

  /** The whole frame, salted for the segment that receives it. The bytes stay the builder's. */
  seal(salt: Uint8Array): Buffer {
    invariant(this.#count > 0, 'a frame holds at least one record');
    const frame = this.#bytes.subarray(0, this.byteLength);
    frame.writeUInt32BE(frame.length - FRAME_PREFIX_BYTES, 0);
    frame.set(salt, FRAME_PREFIX_BYTES);
    frame.writeBigUInt64BE(BigInt(this.firstSequence), SEQUENCE_OFFSET);
    frame.writeUInt32BE(this.#count, COUNT_OFFSET);
    frame.writeUInt32BE(headCrc(frame, this.#crc), LENGTH_BYTES);
    return frame;
  }

  /** A copy of the link after the last record. */
  chain(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(this.#length, this.byteLength));
  }

  /** Empties the builder for another group, keeping its memory. */
  static reuse(spent: FrameBuilder, firstSequence: number): FrameBuilder {
    const fresh = new FrameBuilder(firstSequence, 0);
    fresh.#bytes = spent.#bytes;
    return fresh;
  }

  #absorb(chain: HashChain): void {
    const portion = this.#bytes.subarray(this.#absorbed, this.#length);
    chain.extend(portion);
    this.#crc = crc32(portion, this.#crc);
    this.#absorbed = this.#length;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** A frame whose checksum and layout hold; payloads are views into the bytes it was parsed from. */
export interface Frame {
  readonly firstSequence: number;
  readonly payloads: readonly Buffer[];
  /** The payloads with their lengths, one behind the other: what the hash chain takes in. */
  readonly records: Buffer;
  readonly chain: Buffer;
  readonly byteLength: number;
}

/** What the bytes at one offset are. */
export type FrameParse =
  | { readonly kind: 'frame'; readonly frame: Frame }
  /** More bytes are needed to tell: `bytes` in all, counted from the start of the frame. */
  | { readonly kind: 'short'; readonly bytes: number }
  | { readonly kind: 'bad'; readonly reason: string };

/** Parses the frame at the start of `bytes`, which may reach beyond it. */
export function parseFrame(bytes: Buffer, salt: Uint8Array): FrameParse {
  if (bytes.length < FRAME_PREFIX_BYTES) return { kind: 'short', bytes: FRAME_PREFIX_BYTES };
  const byteLength = bytes.readUInt32BE(0) + FRAME_PREFIX_BYTES;
  if (byteLength < FRAME_BYTES_MIN || byteLength > FRAME_BYTES_MAX) {
    return { kind: 'bad', reason: `a frame of ${byteLength} bytes is outside the format` };
  }
  if (bytes.length < byteLength) return { kind: 'short', bytes: byteLength };
  const frame = bytes.subarray(0, byteLength);
  if (frameCrc(frame) !== frame.readUInt32BE(LENGTH_BYTES)) {
    return { kind: 'bad', reason: 'the CRC-32 of the frame does not match' };
  }
  if (frame.compare(salt, 0, SALT_BYTES, FRAME_PREFIX_BYTES, SEQUENCE_OFFSET) !== 0) {
    return { kind: 'bad', reason: 'the frame carries the salt of another segment' };
  }
  return parseRecords(frame);
}

function parseRecords(frame: Buffer): FrameParse {
  const firstSequence = Number(frame.readBigUInt64BE(SEQUENCE_OFFSET));
  const count = frame.readUInt32BE(COUNT_OFFSET);
  const chainOffset = frame.length - CHAIN_BYTES;
  const payloads: Buffer[] = [];
  let offset = FRAME_HEADER_BYTES;
  while (offset + RECORD_PREFIX_BYTES <= chainOffset && payloads.length < count) {
    const start = offset + RECORD_PREFIX_BYTES;
    const end = start + frame.readUInt32BE(offset);
    if (end > chainOffset) break;
    payloads.push(frame.subarray(start, end));
    offset = end;
  }
  if (offset !== chainOffset || payloads.length !== count || count === 0) {
    return { kind: 'bad', reason: 'the records do not fill the frame' };
  }
  if (!Number.isSafeInteger(firstSequence + count)) {
    return { kind: 'bad', reason: 'the sequence lies beyond 2^53' };
  }
  const records = frame.subarray(FRAME_HEADER_BYTES, chainOffset);
  const chain = frame.subarray(chainOffset);
  const byteLength = frame.length;
  return { kind: 'frame', frame: { firstSequence, payloads, records, chain, byteLength } };
}

/** The checksum that a whole frame should carry. */
export function frameCrc(frame: Buffer): number {
  return headCrc(frame, crc32(frame.subarray(FRAME_HEADER_BYTES)));
}

/** Completes the checksum of records and link with the fields before them. */
function headCrc(frame: Buffer, crc: number): number {
  const withLength = crc32(frame.subarray(0, LENGTH_BYTES), crc);
  return crc32(frame.subarray(FRAME_PREFIX_BYTES, FRAME_HEADER_BYTES), withLength);
}

// About two microseconds of calls for some ten of hashing.
const PORTION_BYTES = 8192;
