import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { CHAIN_BYTES } from './chain.ts';
import type { Disk } from './disk.ts';
import { errnoOf } from './journalFault.ts';
import { readWhole, writeReplacing } from './wholeFile.ts';

/**
 * What a clean close attests: the journal reached this sequence with this link.
 *
 * A journal only grows, so an old mark stays true for ever and never has to be removed. Without it
 * a last segment that went missing, or damage to the last frame, could pass for a torn tail.
 */
export interface CloseMark {
  readonly sequence: number;
  readonly chain: Uint8Array;
}

/** File name of the mark inside a journal directory. */
export const CLOSE_MARK_NAME = 'journal.mark';

/** The mark, undefined when there is none, or `unreadable` when its own checksum fails. */
export async function readCloseMark(
  disk: Disk,
  directory: string,
): Promise<CloseMark | 'unreadable' | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readWhole(disk, join(directory, CLOSE_MARK_NAME));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
  const isWhole =
    bytes.length === MARK_BYTES &&
    bytes.subarray(0, MAGIC.length).equals(MAGIC) &&
    bytes.readUInt32BE(CRC_OFFSET) === crc32(bytes.subarray(0, CRC_OFFSET));
  if (!isWhole) return 'unreadable';
  const sequence = Number(bytes.readBigUInt64BE(SEQUENCE_OFFSET));
  if (!Number.isSafeInteger(sequence)) return 'unreadable';
  return {
    sequence,
    chain: new Uint8Array(bytes.subarray(CHAIN_OFFSET, CRC_OFFSET)),
  };
}

/** Replaces the mark durably. */
export async function writeCloseMark(
  disk: Disk,
  directory: string,
  mark: CloseMark,
): Promise<void> {
  const bytes = Buffer.alloc(MARK_BYTES);
  bytes.set(MAGIC, 0);
  bytes.writeBigUInt64BE(BigInt(mark.sequence), SEQUENCE_OFFSET);
  bytes.set(mark.chain, CHAIN_OFFSET);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, CRC_OFFSET)), CRC_OFFSET);
  await writeReplacing(disk, { directory, name: CLOSE_MARK_NAME, bytes });
}

const MAGIC = Buffer.from('LAWBOOKM', 'latin1');
const SEQUENCE_OFFSET = 8;
const CHAIN_OFFSET = 16;
const CRC_OFFSET: number = CHAIN_OFFSET + CHAIN_BYTES;
const MARK_BYTES: number = CRC_OFFSET + 4;
