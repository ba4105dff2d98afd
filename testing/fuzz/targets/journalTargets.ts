import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DIRECTORY, openOn } from '../../../packages/executor/src/journal/fixtures/journals.ts';
import {
  FRAME_HEADER_BYTES,
  FRAME_PREFIX_BYTES,
  frameCrc,
  parseFrame,
} from '../../../packages/executor/src/journal/frame.ts';
import { JournalFault } from '../../../packages/executor/src/journal/journalFault.ts';
import {
  encodeSegmentHeader,
  parseSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from '../../../packages/executor/src/journal/segment.ts';
import { SimulatedDisk } from '../../../packages/executor/src/journal/simulatedDisk.ts';
import { SnapshotStore, snapshotName } from '../../../packages/executor/src/journal/snapshots.ts';
import { journalFrames, journalSegments, SALT, SEGMENT_PATH } from '../examples/journalSegment.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused, sentenceOf } from '../fuzzTarget.ts';

const CRC_BYTES = 4;
/** Where the length of the body stands in a snapshot file, its hash and its checksum. */
const BODY_LENGTH_AT = 52;
const BODY_HASH_AT = 60;
const SNAPSHOT_CRC_AT = 92;
const SNAPSHOT_HEADER_BYTES = 96;

const SEGMENTS: readonly Uint8Array[] = await journalSegments();

/**
 * What is read from a venue's own disk, raw and with the checksums mended: a checksum stops
 * accidents, so that without the mended form nothing behind it would ever be reached.
 */
export const JOURNAL_TARGETS: readonly FuzzTarget[] = [
  { name: 'journal-frame', form: 'bytes', examples: journalFrames, examine: examineFrame },
  {
    name: 'journal-frame-mended',
    form: 'bytes',
    examples: journalFrames,
    mend: mendFrame,
    examine: examineFrame,
  },
  {
    name: 'journal-header',
    form: 'bytes',
    examples: () => SEGMENTS.map((bytes) => bytes.slice(0, SEGMENT_HEADER_BYTES)),
    mend: mendHeader,
    examine: examineHeader,
  },
  {
    name: 'journal-open',
    form: 'bytes',
    examples: () => SEGMENTS,
    mend: mendHeader,
    examine: examineSegment,
  },
  {
    name: 'snapshot-file',
    form: 'bytes',
    examples: () => SNAPSHOTS,
    mend: mendSnapshot,
    examine: examineSnapshot,
  },
];

function examineFrame(bytes: Uint8Array): Examined {
  const parsed = parseFrame(Buffer.from(bytes), SALT);
  if (parsed.kind === 'bad') return refused(parsed.reason);
  if (parsed.kind === 'short') return refused('more bytes are needed');
  const { firstSequence, payloads, chain, byteLength } = parsed.frame;
  const again = Buffer.alloc(byteLength);
  again.writeUInt32BE(byteLength - FRAME_PREFIX_BYTES, 0);
  again.set(SALT, FRAME_PREFIX_BYTES);
  again.writeBigUInt64BE(BigInt(firstSequence), FRAME_PREFIX_BYTES + SALT.length);
  again.writeUInt32BE(payloads.length, FRAME_HEADER_BYTES - 4);
  let offset = FRAME_HEADER_BYTES;
  for (const payload of payloads) {
    offset = again.writeUInt32BE(payload.length, offset);
    again.set(payload, offset);
    offset += payload.length;
  }
  again.set(chain, offset);
  again.writeUInt32BE(frameCrc(again), 4);
  // A frame may be followed by others; what was read is its own bytes.
  return { kind: 'decoded', again: Buffer.concat([again, bytes.subarray(byteLength)]) };
}

/** Salt and CRC as a writer would place them, so that the layout behind them is reached. */
function mendFrame(bytes: Uint8Array): Uint8Array {
  const frame = Buffer.from(bytes);
  if (frame.length < FRAME_HEADER_BYTES) return bytes;
  const end = frame.readUInt32BE(0) + FRAME_PREFIX_BYTES;
  if (end > frame.length || end < FRAME_HEADER_BYTES) return bytes;
  frame.set(SALT, FRAME_PREFIX_BYTES);
  frame.writeUInt32BE(frameCrc(frame.subarray(0, end)), 4);
  return new Uint8Array(frame);
}

function mendHeader(bytes: Uint8Array): Uint8Array {
  return mendCrc(bytes, SEGMENT_HEADER_BYTES - CRC_BYTES);
}

function mendCrc(bytes: Uint8Array, crcAt: number): Uint8Array {
  if (bytes.length < crcAt + CRC_BYTES) return bytes;
  const mended = Buffer.from(bytes);
  mended.writeUInt32BE(crc32(mended.subarray(0, crcAt)), crcAt);
  return new Uint8Array(mended);
}

function examineHeader(bytes: Uint8Array): Examined {
  const header = parseSegmentHeader(Buffer.from(bytes));
  if (typeof header === 'string') return refused(header);
  return {
    kind: 'decoded',
    again: Buffer.concat([encodeSegmentHeader(header), bytes.subarray(SEGMENT_HEADER_BYTES)]),
  };
}

/** Opens a journal of that segment; what it takes, it takes again after a restart. */
async function examineSegment(bytes: Uint8Array): Promise<Examined> {
  const disk = new SimulatedDisk();
  disk.plant(SEGMENT_PATH, Buffer.from(bytes));
  try {
    const first = await recordsOf(disk);
    const second = await recordsOf(disk.copy());
    if (first !== second) return { kind: 'decoded', again: new Uint8Array(0) };
    return { kind: 'decoded' };
  } catch (cause) {
    if (cause instanceof JournalFault) return refused(sentenceOf(cause));
    throw cause;
  }
}

async function recordsOf(disk: SimulatedDisk): Promise<string> {
  const { journal } = await openOn(disk, { randomBytes: () => SALT });
  try {
    const digest = createHash('sha256');
    for await (const { sequence, payload } of journal.read(1))
      digest.update(`${sequence}`, 'utf8').update(payload);
    return `${journal.sequence} ${digest.digest('hex')}`;
  } finally {
    await journal.close();
  }
}

const CHAIN = new Uint8Array(32).fill(5);
const SNAPSHOTS: readonly Uint8Array[] = [await snapshotOf(1, 0), await snapshotOf(900, 70)];

async function snapshotOf(sequence: number, length: number): Promise<Uint8Array> {
  const disk = new SimulatedDisk();
  const store = new SnapshotStore({ directory: DIRECTORY, disk });
  const path = await store.save({ sequence, chain: CHAIN, state: new Uint8Array(length).fill(3) });
  return new Uint8Array(disk.bytesOf(path));
}

/** Length, hash and checksum as a writer would place them. */
function mendSnapshot(bytes: Uint8Array): Uint8Array {
  if (bytes.length < SNAPSHOT_HEADER_BYTES) return bytes;
  const mended = Buffer.from(bytes);
  const body = mended.subarray(SNAPSHOT_HEADER_BYTES);
  mended.writeBigUInt64BE(BigInt(body.length), BODY_LENGTH_AT);
  mended.set(createHash('sha256').update(body).digest(), BODY_HASH_AT);
  return mendCrc(mended, SNAPSHOT_CRC_AT);
}

/** A store with this one file: it is believed whole, or passed over with a reason. */
async function examineSnapshot(bytes: Uint8Array): Promise<Examined> {
  const disk = new SimulatedDisk();
  const named = bytes.length < 20 ? 0n : Buffer.from(bytes).readBigUInt64BE(12);
  disk.plant(`${DIRECTORY}/${snapshotName(Number(named))}`, Buffer.from(bytes));
  const store = new SnapshotStore({ directory: DIRECTORY, disk });
  const journal = { sequence: Number.MAX_SAFE_INTEGER, chainAt: async () => CHAIN };
  const { snapshot, skipped } = await store.loadLatest(journal);
  if (snapshot === undefined) return refused(skipped[0]?.reason ?? 'no snapshot by that name');
  const again = new SimulatedDisk();
  const path = await new SnapshotStore({ directory: DIRECTORY, disk: again }).save(snapshot);
  return { kind: 'decoded', again: new Uint8Array(again.bytesOf(path)) };
}
