import { crc32 } from 'node:zlib';
import { CHAIN_BYTES } from './chain.ts';
import { SALT_BYTES } from './frame.ts';

/*
 * Header of a segment file, big-endian:
 *
 *   magic 8 | version u32 | first sequence u64 | genesis 32 | chain before the first record 32 |
 *   salt 8 | crc u32
 *
 * It is written to a temporary name, synced and renamed before the first frame, so a segment under
 * its own name always has a whole header: a damaged one is corruption, never a torn write.
 */

/** Bytes of a segment header. */
export const SEGMENT_HEADER_BYTES: number = 8 + 4 + 8 + CHAIN_BYTES * 2 + SALT_BYTES + 4;

/** What a segment says about itself. */
export interface SegmentHeader {
  readonly firstSequence: number;
  /** The chain's first link, which names the venue. */
  readonly genesis: Uint8Array;
  /** The link before the first record of this segment, which seeds the chain within it. */
  readonly chain: Uint8Array;
  readonly salt: Uint8Array;
}

/** File name of the segment that starts at a sequence; names sort by sequence. */
export function segmentName(firstSequence: number): string {
  return `journal-${String(firstSequence).padStart(20, '0')}.seg`;
}

/** First sequence in a segment's file name; undefined for any other file. */
export function parseSegmentName(name: string): number | undefined {
  const digits = /^journal-(\d{20})\.seg$/.exec(name)?.[1];
  const sequence = Number(digits ?? Number.NaN);
  // Beyond 2^53 two names would read as one sequence: such a file is none of ours.
  return Number.isSafeInteger(sequence) ? sequence : undefined;
}

/** Whether a file is a segment whose creation was interrupted; it holds no record. */
export function isUnfinishedSegment(name: string): boolean {
  return /^journal-\d{20}\.seg\.tmp$/.test(name);
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.set(MAGIC, 0);
  bytes.writeUInt32BE(VERSION, VERSION_OFFSET);
  bytes.writeBigUInt64BE(BigInt(header.firstSequence), SEQUENCE_OFFSET);
  bytes.set(header.genesis, GENESIS_OFFSET);
  bytes.set(header.chain, CHAIN_OFFSET);
  bytes.set(header.salt, SALT_OFFSET);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, CRC_OFFSET)), CRC_OFFSET);
  return bytes;
}

/** Reads a header back; a string is the reason why it cannot be believed. */
export function parseSegmentHeader(bytes: Buffer): SegmentHeader | string {
  if (bytes.length < SEGMENT_HEADER_BYTES) return 'the segment header is incomplete';
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return 'the file is not a journal segment';
  if (bytes.readUInt32BE(CRC_OFFSET) !== crc32(bytes.subarray(0, CRC_OFFSET))) {
    return 'the CRC-32 of the segment header does not match';
  }
  const version = bytes.readUInt32BE(VERSION_OFFSET);
  if (version !== VERSION) return `the segment has format version ${version}, not ${VERSION}`;
  const firstSequence = Number(bytes.readBigUInt64BE(SEQUENCE_OFFSET));
  if (!Number.isSafeInteger(firstSequence)) return 'the sequence lies beyond 2^53';
  return {
    firstSequence,
    genesis: new Uint8Array(bytes.subarray(GENESIS_OFFSET, CHAIN_OFFSET)),
    chain: new Uint8Array(bytes.subarray(CHAIN_OFFSET, SALT_OFFSET)),
    salt: new Uint8Array(bytes.subarray(SALT_OFFSET, CRC_OFFSET)),
  };
}

const MAGIC = Buffer.from('LAWBOOKJ', 'latin1');
const VERSION = 2;
const VERSION_OFFSET = 8;
const SEQUENCE_OFFSET = 12;
const GENESIS_OFFSET = 20;
const CHAIN_OFFSET: number = GENESIS_OFFSET + CHAIN_BYTES;
const SALT_OFFSET: number = CHAIN_OFFSET + CHAIN_BYTES;
const CRC_OFFSET: number = SALT_OFFSET + SALT_BYTES;
