import { hash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { CHAIN_BYTES } from './chain.ts';
import type { Disk } from './disk.ts';
import { nodeDisk } from './disk.ts';
import { errnoOf, JournalFault } from './journalFault.ts';
import { readWhole, removeIfPresent, writeReplacing } from './wholeFile.ts';

/*
 * A snapshot file, big-endian:
 *
 *   magic 8 | version u32 | sequence u64 | chain 32 | body length u64 | SHA-256 of body 32 |
 *   crc u32 | body
 */

/** State as of a journal sequence. */
export interface Snapshot {
  /** The last record that the state includes. */
  readonly sequence: number;
  /** The journal's link after that record. */
  readonly chain: Uint8Array;
  /** Encoded state; opaque here. */
  readonly state: Uint8Array;
}

/** A snapshot file that was passed over. */
export interface SkippedSnapshot {
  readonly path: string;
  readonly reason: string;
}

/** The newest believable snapshot, if any, and what was passed over on the way to it. */
export interface LoadedSnapshot {
  readonly snapshot?: Snapshot;
  readonly skipped: readonly SkippedSnapshot[];
}

/** The part of a journal against which snapshots are checked. */
export interface ChainSource {
  readonly sequence: number;
  chainAt(sequence: number): Promise<Uint8Array>;
}

/** How to keep snapshots. */
export interface SnapshotOptions {
  /** Created when missing; may be the journal's directory. */
  readonly directory: string;
  /** Snapshots kept, 3 unless named. */
  readonly keepCount?: number;
  readonly disk?: Disk;
}

/**
 * Snapshots of state beside a journal. They only shorten a start: without any of them the journal
 * rebuilds the state, so a damaged one is passed over and reported, never trusted.
 */
export class SnapshotStore {
  readonly #directory: string;
  readonly #keepCount: number;
  readonly #disk: Disk;

  constructor({ directory, keepCount = 3, disk = nodeDisk }: SnapshotOptions) {
    invariant(Number.isSafeInteger(keepCount) && keepCount >= 1, 'at least one snapshot is kept');
    this.#directory = directory;
    this.#keepCount = keepCount;
    this.#disk = disk;
  }

  /**
   * Writes a snapshot durably and removes the oldest beyond those kept.
   *
   * @returns the path of the new file.
   * @throws JournalFault SNAPSHOT_UNAVAILABLE; the older snapshots are untouched then.
   */
  async save(snapshot: Snapshot): Promise<string> {
    const name = snapshotName(snapshot.sequence);
    const path = join(this.#directory, name);
    try {
      await this.#disk.makeDirectory(this.#directory);
      const bytes = encodeSnapshot(snapshot);
      await writeReplacing(this.#disk, { directory: this.#directory, name, bytes });
      await this.#prune();
      return path;
    } catch (cause) {
      const errno = errnoOf(cause);
      throw new JournalFault(
        'SNAPSHOT_UNAVAILABLE',
        `Snapshot ${path} could not be written (${errno}). The venue goes on; the next start ` +
          'replays more of the journal.',
        { fields: { errno, path }, cause },
      );
    }
  }

  /**
   * Loads the newest snapshot whose checksums hold and whose link the journal confirms.
   * A snapshot beyond the journal's end is passed over: the journal is the truth, and the report
   * tells the operator that it has lost records.
   *
   * @throws JournalFault JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE from reading the journal.
   */
  async loadLatest(journal: ChainSource): Promise<LoadedSnapshot> {
    const skipped: SkippedSnapshot[] = [];
    for (const name of (await this.#names()).reverse()) {
      const path = join(this.#directory, name);
      const read = await this.#read(path);
      const reason = typeof read === 'string' ? read : await contradiction(read, name, journal);
      if (typeof read !== 'string' && reason === undefined) return { snapshot: read, skipped };
      skipped.push({ path, reason: reason ?? 'unreadable' });
    }
    return { skipped };
  }

  async #read(path: string): Promise<Snapshot | string> {
    try {
      return parseSnapshot(await readWhole(this.#disk, path));
    } catch (cause) {
      return `the file cannot be read (${errnoOf(cause)})`;
    }
  }

  async #prune(): Promise<void> {
    const all = await this.#disk.list(this.#directory);
    const unfinished = all.filter((name) => /^snapshot-\d{20}\.snap\.tmp$/.test(name));
    const surplus = (await this.#names()).slice(0, -this.#keepCount);
    for (const name of [...surplus, ...unfinished]) {
      await removeIfPresent(this.#disk, join(this.#directory, name));
    }
  }

  async #names(): Promise<string[]> {
    try {
      const all = await this.#disk.list(this.#directory);
      return all.filter((name) => /^snapshot-\d{20}\.snap$/.test(name)).sort();
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') return [];
      throw cause;
    }
  }
}

/** File name of the snapshot at a sequence; names sort by sequence. */
export function snapshotName(sequence: number): string {
  return `snapshot-${String(sequence).padStart(20, '0')}.snap`;
}

async function contradiction(
  snapshot: Snapshot,
  name: string,
  journal: ChainSource,
): Promise<string | undefined> {
  if (snapshotName(snapshot.sequence) !== name) {
    return `the header names sequence ${snapshot.sequence}`;
  }
  if (snapshot.sequence > journal.sequence) {
    return `it lies beyond the journal, which ends at sequence ${journal.sequence}`;
  }
  const link = await journal.chainAt(snapshot.sequence);
  return Buffer.from(link).equals(snapshot.chain)
    ? undefined
    : 'its link differs from that of the journal at this sequence';
}

function encodeSnapshot({ sequence, chain, state }: Snapshot): Buffer {
  invariant(chain.length === CHAIN_BYTES, 'a link has 32 bytes');
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + state.length);
  bytes.set(MAGIC, 0);
  bytes.writeUInt32BE(VERSION, VERSION_OFFSET);
  bytes.writeBigUInt64BE(BigInt(sequence), SEQUENCE_OFFSET);
  bytes.set(chain, CHAIN_OFFSET);
  bytes.writeBigUInt64BE(BigInt(state.length), LENGTH_OFFSET);
  bytes.set(hash('sha256', state, 'buffer'), BODY_HASH_OFFSET);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, CRC_OFFSET)), CRC_OFFSET);
  bytes.set(state, HEADER_BYTES);
  return bytes;
}

function parseSnapshot(bytes: Buffer): Snapshot | string {
  if (bytes.length < HEADER_BYTES) return 'the header is incomplete';
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return 'the file is not a snapshot';
  if (bytes.readUInt32BE(CRC_OFFSET) !== crc32(bytes.subarray(0, CRC_OFFSET))) {
    return 'the CRC-32 of the header does not match';
  }
  const version = bytes.readUInt32BE(VERSION_OFFSET);
  if (version !== VERSION) return `it has format version ${version}, not ${VERSION}`;
  const state = bytes.subarray(HEADER_BYTES);
  if (bytes.readBigUInt64BE(LENGTH_OFFSET) !== BigInt(state.length)) {
    return 'the body does not have the length that the header names';
  }
  const digest = bytes.subarray(BODY_HASH_OFFSET, CRC_OFFSET);
  if (!hash('sha256', state, 'buffer').equals(digest)) return 'the SHA-256 of the body differs';
  const sequence = Number(bytes.readBigUInt64BE(SEQUENCE_OFFSET));
  if (!Number.isSafeInteger(sequence)) return 'the header names a sequence beyond 2^53';
  return {
    sequence,
    chain: new Uint8Array(bytes.subarray(CHAIN_OFFSET, LENGTH_OFFSET)),
    state,
  };
}

const MAGIC = Buffer.from('LAWBOOKS', 'latin1');
const VERSION = 1;
const VERSION_OFFSET = 8;
const SEQUENCE_OFFSET = 12;
const CHAIN_OFFSET = 20;
const LENGTH_OFFSET: number = CHAIN_OFFSET + CHAIN_BYTES;
const BODY_HASH_OFFSET: number = LENGTH_OFFSET + 8;
const CRC_OFFSET: number = BODY_HASH_OFFSET + 32;
const HEADER_BYTES: number = CRC_OFFSET + 4;
