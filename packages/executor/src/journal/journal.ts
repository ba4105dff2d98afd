import { InvariantViolation, invariant } from '@lawbook/exchange/failures/invariant';
import { HashChain } from './chain.ts';
import { writeCloseMark } from './closeMark.ts';
import type { Disk, DiskFile } from './disk.ts';
import { FrameBuilder, RECORD_PREFIX_BYTES, SALT_BYTES } from './frame.ts';
import { JournalFault, journalUnavailable } from './journalFault.ts';
import type { FrameInJournal } from './readFrames.ts';
import { readFrames } from './readFrames.ts';
import type { JournalProgress } from './scan.ts';
import { createSegment } from './segmentFile.ts';

/** Bounds of a journal; records are counts, all else bytes, all far below 2^53. */
export interface JournalLimits {
  /**
   * What the records of one segment come to at most, each with the four bytes of its length; the
   * next segment begins at the record that would exceed it. Frames add 60 bytes each, which do not
   * count: where a segment begins, and so the hash chain, must not depend on grouping.
   */
  readonly segmentBytesMax: number;
  /** What one write and one sync carry at most. */
  readonly groupRecordsMax: number;
  readonly groupBytesMax: number;
  /** What waits for the disk at most, the group being synced included; beyond it append refuses. */
  readonly pendingRecordsMax: number;
  readonly pendingBytesMax: number;
  readonly recordBytesMax: number;
}

/** A record that was taken. */
export interface Appended {
  readonly sequence: number;
  /**
   * Resolves once the record is durable, in the order of sequences. Records of one group share the
   * promise. Rejects with JOURNAL_UNAVAILABLE: the record was not acknowledged, and whether it is
   * on the disk shows after the restart.
   */
  readonly durable: Promise<void>;
}

/** A group that became durable. */
export interface SyncedGroup {
  readonly records: number;
  /** Bytes of its frame. */
  readonly bytes: number;
  /** Milliseconds of its write and sync, the start of a segment included. */
  readonly ms: number;
}

/** One durable record. Sequences count from 1 and stay below 2^53. */
export interface JournalRecord {
  readonly sequence: number;
  /** A view into a chunk of the file; copy it to keep it for long. */
  readonly payload: Uint8Array;
}

/** The journal's own account of itself. */
export interface JournalHealth {
  readonly state: 'open' | 'failed' | 'closed';
  /** Last durable sequence. */
  readonly sequence: number;
  readonly pendingRecords: number;
  readonly pendingBytes: number;
  readonly segments: number;
  /** Groups synced since opening. */
  readonly groups: number;
  /** What ended a failed journal. */
  readonly failure?: JournalFault;
}

/** What to read. */
export interface ReadOptions {
  /** Last sequence wanted; what is durable when reading starts unless named. */
  readonly toSequence?: number;
  readonly onProgress?: (progress: JournalProgress) => void;
}

/** What `openJournal` hands over. */
export interface JournalParts {
  readonly disk: Disk;
  readonly directory: string;
  readonly genesis: Uint8Array;
  readonly limits: JournalLimits;
  readonly segments: readonly number[];
  readonly sequence: number;
  /** The chain of the last segment, after the last record; the journal carries it on. */
  readonly chain: HashChain;
  readonly tail: {
    readonly file: DiskFile;
    readonly path: string;
    readonly offset: number;
    readonly salt: Uint8Array;
  };
  /** Draws the salt of a new segment. */
  readonly salts: (count: number) => Uint8Array;
  /** Milliseconds on a steady clock. */
  readonly stopwatch: () => number;
  readonly release: () => Promise<void>;
  readonly onGroup: ((group: SyncedGroup) => void) | undefined;
}

/**
 * An append-only sequence of opaque payloads on disk; opened by `openJournal`.
 *
 * Appends of one turn of the event loop form a group; while a group is being written and synced in
 * the thread pool, the next accumulates. One group is one frame and one sync. A failed write or
 * sync ends the journal: the kernel may have dropped the pages it could not write, so a second sync
 * that succeeds would prove nothing.
 */
export class Journal {
  readonly #parts: JournalParts;
  readonly #limits: JournalLimits;
  readonly #segments: number[];
  /** Runs over appended records, durable or not, of the segment that takes the next one. */
  #chain: HashChain;
  /** Bytes of all records in that segment. */
  #segmentRecordBytes: number;
  readonly #groups: Group[] = [];
  #state: JournalHealth['state'] = 'open';
  #failure: JournalFault | undefined;
  #file: DiskFile;
  #path: string;
  #salt: Uint8Array;
  #offset: number;
  #durableSequence: number;
  #durableChain: Uint8Array;
  #nextSequence: number;
  #pendingRecords = 0;
  #pendingBytes = 0;
  #committing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #spare: FrameBuilder | undefined;
  #groupCount = 0;

  constructor(parts: JournalParts) {
    this.#parts = parts;
    this.#limits = parts.limits;
    this.#segments = [...parts.segments];
    this.#chain = parts.chain;
    this.#segmentRecordBytes = parts.chain.recordBytes;
    this.#file = parts.tail.file;
    this.#path = parts.tail.path;
    this.#salt = parts.tail.salt;
    this.#offset = parts.tail.offset;
    this.#durableSequence = parts.sequence;
    this.#durableChain = parts.chain.current();
    this.#nextSequence = parts.sequence + 1;
  }

  /** Last durable sequence; 0 while there is none. */
  get sequence(): number {
    return this.#durableSequence;
  }

  /** A copy of the link after the last durable record. */
  get chain(): Uint8Array {
    return new Uint8Array(this.#durableChain);
  }

  /**
   * Takes a copy of a payload and gives it the next sequence; it is durable once the promise in
   * the answer resolves.
   *
   * @throws JournalFault JOURNAL_BUSY while the queue is full, JOURNAL_CLOSED,
   * JOURNAL_RECORD_TOO_LARGE, JOURNAL_UNAVAILABLE once the disk has failed: nothing was taken.
   */
  append(payload: Uint8Array): Appended {
    const refusal = this.refusal(payload.length);
    if (refusal !== undefined) throw refusal;
    const group = this.#openGroup(payload.length);
    const sequence = this.#nextSequence;
    group.builder.add(payload, this.#chain);
    this.#segmentRecordBytes += RECORD_PREFIX_BYTES + payload.length;
    this.#nextSequence += 1;
    this.#pendingRecords += 1;
    this.#pendingBytes += payload.length;
    this.#committing ??= this.#commitGroups();
    return { sequence, durable: group.durable.promise };
  }

  /**
   * Streams durable records in order, from `fromSequence` to what is durable when reading starts.
   * Appends may go on meanwhile. Everything read is checked again.
   *
   * @throws JournalFault JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE.
   */
  async *read(fromSequence: number, options: ReadOptions = {}): AsyncGenerator<JournalRecord> {
    invariant(Number.isSafeInteger(fromSequence) && fromSequence >= 1, 'sequences count from 1');
    const to = Math.min(options.toSequence ?? this.#durableSequence, this.#durableSequence);
    for await (const { frame, segment } of this.#frames(fromSequence, to)) {
      let sequence = frame.firstSequence;
      for (const payload of frame.payloads) {
        if (sequence >= fromSequence && sequence <= to) yield { sequence, payload };
        sequence += 1;
      }
      const segments = this.#segments.length;
      options.onProgress?.({ sequence: Math.min(sequence - 1, to), segment, segments });
    }
  }

  /**
   * The link after a durable record, read back from disk; snapshots carry it.
   * Sequence 0 has the genesis link.
   *
   * @throws JournalFault JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE.
   */
  async chainAt(sequence: number): Promise<Uint8Array> {
    invariant(
      Number.isSafeInteger(sequence) && sequence >= 0 && sequence <= this.#durableSequence,
      'a link is asked for a durable sequence',
    );
    if (sequence === this.#durableSequence) return this.chain;
    let link = this.#parts.genesis;
    for await (const { frame, chainBefore } of this.#frames(sequence, sequence)) {
      invariant(chainBefore !== undefined, 'the frame of the last sequence comes with its chain');
      const payloads = frame.payloads.slice(0, sequence - frame.firstSequence + 1);
      const bytes = payloads.reduce((sum, { length }) => sum + RECORD_PREFIX_BYTES + length, 0);
      chainBefore.extend(frame.records.subarray(0, bytes));
      link = chainBefore.current();
    }
    return link;
  }

  /** A consistent account at this moment; costs nothing, so a probe may ask for it at will. */
  health(): JournalHealth {
    return {
      state: this.#state,
      sequence: this.#durableSequence,
      pendingRecords: this.#pendingRecords,
      pendingBytes: this.#pendingBytes,
      segments: this.#segments.length,
      groups: this.#groupCount,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  /**
   * Refuses further appends, makes the pending ones durable, attests the end and unlocks.
   * Every call returns the same promise. A failed journal is only unlocked.
   *
   * @throws JournalFault JOURNAL_UNAVAILABLE when the end could not be attested; the journal is
   * unlocked all the same and no acknowledged record is at risk.
   */
  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  async #closeOnce(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closed';
    await this.#committing;
    this.#state = 'closed';
    const { disk, directory, release } = this.#parts;
    try {
      if (this.#failure === undefined) {
        const mark = { sequence: this.#durableSequence, chain: this.#durableChain };
        await attempt(directory, 'mark', writeCloseMark(disk, directory, mark));
      }
    } finally {
      await attempt(this.#path, 'close', this.#file.close());
      await attempt(directory, 'unlock', release());
    }
  }

  /** The fault with which `append` would refuse a payload of so many bytes now, if it would. */
  refusal(bytes: number): JournalFault | undefined {
    const limits = this.#limits;
    if (this.#failure !== undefined) return this.#failure;
    if (this.#state !== 'open') {
      return new JournalFault('JOURNAL_CLOSED', 'The journal was closed; open it again.');
    }
    if (bytes > limits.recordBytesMax) {
      return new JournalFault(
        'JOURNAL_RECORD_TOO_LARGE',
        `A record of ${bytes} bytes exceeds ${limits.recordBytesMax}. Split it.`,
        { fields: { bytes, recordBytesMax: limits.recordBytesMax } },
      );
    }
    // An empty queue takes any record, so that a small bound can never refuse for ever.
    const isFull =
      this.#pendingRecords >= limits.pendingRecordsMax ||
      (this.#pendingRecords > 0 && this.#pendingBytes + bytes > limits.pendingBytesMax);
    if (!isFull) return undefined;
    return new JournalFault(
      'JOURNAL_BUSY',
      `${this.#pendingRecords} records wait for the disk. Append again once some are durable.`,
      { fields: { pendingRecords: this.#pendingRecords, pendingBytes: this.#pendingBytes } },
    );
  }

  #frames(from: number, to: number): AsyncGenerator<FrameInJournal> {
    const { disk, directory } = this.#parts;
    return readFrames({ disk, directory, segments: this.#segments, from, to });
  }

  /** The group that takes a payload of this size: the last one while it has room. */
  #openGroup(bytes: number): Group {
    const limits = this.#limits;
    const width = RECORD_PREFIX_BYTES + bytes;
    const held = this.#segmentRecordBytes;
    const opensSegment = held > 0 && held + width > limits.segmentBytesMax;
    const last = this.#groups.at(-1);
    if (last !== undefined) {
      const grown = last.builder.byteLength + width;
      const hasRoom = last.builder.count < limits.groupRecordsMax;
      if (!opensSegment && hasRoom && grown <= limits.groupBytesMax) return last;
      last.builder.finish(this.#chain);
      last.isFinished = true;
    }
    if (opensSegment) {
      this.#chain = new HashChain(this.#chain.current());
      this.#segmentRecordBytes = 0;
    }
    const builder =
      this.#spare === undefined
        ? new FrameBuilder(this.#nextSequence, BUILDER_BYTES)
        : FrameBuilder.reuse(this.#spare, this.#nextSequence);
    this.#spare = undefined;
    const durable = Promise.withResolvers<void>();
    const group: Group = { builder, durable, opensSegment, isFinished: false };
    this.#groups.push(group);
    return group;
  }

  /** Commits group after group until none waits. Never rejects but for a broken invariant. */
  async #commitGroups(): Promise<void> {
    // The rest of this turn's appends join the first group.
    await undefined;
    let group = this.#groups.shift();
    while (group !== undefined && this.#failure === undefined) {
      if (!group.isFinished) group.builder.finish(this.#chain);
      let ms: number;
      try {
        ms = await this.#commit(group);
      } catch (cause) {
        if (cause instanceof InvariantViolation) throw cause;
        await this.#fail(cause, group);
        break;
      }
      this.#acknowledge(group);
      const { count: records, byteLength: bytes } = group.builder;
      this.#parts.onGroup?.({ records, bytes, ms });
      group = this.#groups.shift();
    }
    this.#committing = undefined;
  }

  /** Makes a group durable and returns the milliseconds that it took. */
  async #commit({ builder, opensSegment }: Group): Promise<number> {
    const { stopwatch } = this.#parts;
    const startedAt = stopwatch();
    if (opensSegment) await this.#rotate(builder.firstSequence);
    const frame = builder.seal(this.#salt);
    await attempt(this.#path, 'write', this.#file.writeDurably(frame, this.#offset));
    this.#offset += frame.length;
    this.#groupCount += 1;
    return stopwatch() - startedAt;
  }

  async #rotate(firstSequence: number): Promise<void> {
    const { disk, directory, genesis, salts } = this.#parts;
    const salt = salts(SALT_BYTES);
    const header = { firstSequence, genesis, chain: this.#durableChain, salt };
    const next = await createSegment(disk, directory, header);
    const full = { file: this.#file, path: this.#path };
    this.#file = next.file;
    this.#path = next.path;
    this.#offset = next.offset;
    this.#salt = salt;
    this.#segments.push(firstSequence);
    await attempt(full.path, 'close', full.file.close());
  }

  #acknowledge(group: Group): void {
    const { builder, durable } = group;
    invariant(builder.firstSequence === this.#durableSequence + 1, 'groups commit in order');
    this.#durableSequence += builder.count;
    this.#durableChain = builder.chain();
    this.#pendingRecords -= builder.count;
    this.#pendingBytes -= builder.payloadBytes;
    this.#spare = builder;
    durable.resolve();
  }

  async #fail(cause: unknown, group: Group): Promise<void> {
    const failure = journalUnavailable(this.#path, 'write', cause);
    this.#failure = failure;
    this.#state = 'failed';
    try {
      // The refused records should not come back after a restart. This is an attempt on a disk that
      // has just failed; when it fails too, recovery cuts off what is torn and keeps what is whole.
      await this.#file.truncate(this.#offset);
    } catch (truncateCause) {
      this.#failure = new JournalFault('JOURNAL_UNAVAILABLE', failure.message, {
        fields: { ...failure.fields, tailKept: true },
        cause: new AggregateError([failure.cause, truncateCause]),
      });
    }
    for (const refused of [group, ...this.#groups.splice(0)]) {
      refused.durable.reject(this.#failure);
    }
    this.#pendingRecords = 0;
    this.#pendingBytes = 0;
  }
}

/** Records that become durable together, and the promise that they share. */
interface Group {
  readonly builder: FrameBuilder;
  readonly durable: PromiseWithResolvers<void>;
  /** Whether the segment before it is full. */
  readonly opensSegment: boolean;
  /** Whether the link after its last record is in place, because a later group has begun. */
  isFinished: boolean;
}

// Room for a handful of orders; a busy venue's builders grow once and are reused.
const BUILDER_BYTES = 4096;

async function attempt<T>(path: string, action: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (cause) {
    throw journalUnavailable(path, action, cause);
  }
}
