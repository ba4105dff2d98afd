import { join } from 'node:path';
import { genesisChain, HashChain } from './chain.ts';
import type { CloseMark } from './closeMark.ts';
import type { Disk } from './disk.ts';
import { JournalFault, journalCorrupt } from './journalFault.ts';
import { parseSegmentName, segmentName } from './segment.ts';
import { continueChain, SegmentReader } from './segmentReader.ts';

/** How far a scan or a read has come; sequences and counts stay far below 2^53. */
export interface JournalProgress {
  /** Last sequence seen. */
  readonly sequence: number;
  /** Number of the segment being read, from 1, and how many there are. */
  readonly segment: number;
  readonly segments: number;
}

/** Bytes at the end of the last segment that never became a durable frame. */
export interface TornTail {
  readonly path: string;
  /** Where the journal ends once the tail is cut off. */
  readonly offset: number;
  /** Bytes to cut. */
  readonly bytes: number;
  readonly reason: string;
}

/** A journal whose every byte was checked. */
export interface ScannedJournal {
  /** First sequences of the segments, in order. */
  readonly segments: readonly number[];
  /** Last sequence; 0 for an empty journal. */
  readonly sequence: number;
  /** The chain of the last segment, after the last record. */
  readonly chain: HashChain;
  /** Salt of the last segment and where its next frame goes; undefined without segments. */
  readonly tail?: { readonly salt: Uint8Array; readonly offset: number };
  readonly torn?: TornTail;
}

/** What to scan. */
export interface ScanOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly venueId: string;
  /** What the last clean close attested, if it is there. */
  readonly mark: CloseMark | undefined;
  readonly onProgress?: ((progress: JournalProgress) => void) | undefined;
}

/**
 * Reads a whole journal and checks checksums, hash chain, contiguity and the close mark.
 * It changes nothing; a torn tail is only described.
 *
 * @throws JournalFault JOURNAL_CORRUPT, JOURNAL_VENUE_MISMATCH, JOURNAL_UNAVAILABLE.
 */
export async function scanJournal(options: ScanOptions): Promise<ScannedJournal> {
  const segments: number[] = [];
  for (const name of await options.disk.list(options.directory)) {
    const firstSequence = parseSegmentName(name);
    if (firstSequence !== undefined) segments.push(firstSequence);
  }
  const scan = new Scan(options, segments);
  for (let index = 0; index < segments.length; index += 1) await scan.segment(index);
  scan.checkMarkIsReached();
  return scan.result();
}

/** The state that a scan carries from segment to segment. */
class Scan {
  readonly #options: ScanOptions;
  readonly #segments: readonly number[];
  readonly #genesis: Uint8Array;
  #chain: HashChain;
  #sequence = 0;
  #tail: { readonly salt: Uint8Array; readonly offset: number } | undefined;
  #torn: TornTail | undefined;

  constructor(options: ScanOptions, segments: readonly number[]) {
    this.#options = options;
    this.#segments = segments;
    this.#genesis = genesisChain(options.venueId);
    this.#chain = new HashChain(this.#genesis);
  }

  async segment(index: number): Promise<void> {
    const named = this.#segments[index] as number;
    const path = join(this.#options.directory, segmentName(named));
    if (named !== this.#sequence + 1) {
      const reason =
        `the segment is named for sequence ${named} where ${this.#sequence + 1} is due; ` +
        'a segment is missing, renamed or duplicated';
      throw journalCorrupt({ path, offset: 0, reason });
    }
    const reader = await SegmentReader.open(this.#options.disk, path);
    try {
      this.#checkHeader(reader, named);
      this.#chain = new HashChain(reader.header.chain);
      await this.#frames(reader, index);
    } finally {
      await reader.close();
    }
  }

  checkMarkIsReached(): void {
    const { mark, directory } = this.#options;
    if (mark === undefined || mark.sequence <= this.#sequence) return;
    const last = this.#segments.at(-1);
    throw journalCorrupt({
      path: last === undefined ? directory : join(directory, segmentName(last)),
      offset: this.#tail?.offset ?? 0,
      reason:
        `the journal ends at sequence ${this.#sequence}, but a clean close attested ` +
        `sequence ${mark.sequence}`,
    });
  }

  result(): ScannedJournal {
    return {
      segments: this.#segments,
      sequence: this.#sequence,
      chain: this.#chain,
      ...(this.#tail === undefined ? {} : { tail: this.#tail }),
      ...(this.#torn === undefined ? {} : { torn: this.#torn }),
    };
  }

  #checkHeader({ path, header }: SegmentReader, named: number): void {
    if (!Buffer.from(header.genesis).equals(this.#genesis)) {
      throw new JournalFault(
        'JOURNAL_VENUE_MISMATCH',
        `Journal ${path} belongs to another venue than ${this.#options.venueId}. ` +
          'Correct the venue id or the journal directory.',
        { fields: { path, venueId: this.#options.venueId } },
      );
    }
    if (header.firstSequence !== named) {
      const reason = `the header names sequence ${header.firstSequence}, the file name ${named}`;
      throw journalCorrupt({ path, offset: 0, reason });
    }
    if (!this.#chain.equals(header.chain)) {
      const reason = 'the header does not continue the hash chain of the segment before it';
      throw journalCorrupt({ path, offset: 0, reason });
    }
  }

  async #frames(reader: SegmentReader, index: number): Promise<void> {
    const { onProgress } = this.#options;
    const { path } = reader;
    for (;;) {
      const step = await reader.next();
      if (step.kind !== 'frame') {
        this.#tail = { salt: reader.header.salt, offset: step.offset };
        if (step.kind === 'bad') await this.#judgeBad(reader, index, step.offset, step.reason);
        return;
      }
      const reason =
        continueChain(step.frame, this.#sequence + 1, this.#chain) ?? this.#contradictsMark(step);
      if (reason !== undefined) throw journalCorrupt({ path, offset: step.offset, reason });
      this.#sequence += step.frame.payloads.length;
      onProgress?.({
        sequence: this.#sequence,
        segment: index + 1,
        segments: this.#segments.length,
      });
    }
  }

  /** A mark stands at the end of a frame, because a close drains whole groups. */
  #contradictsMark({ frame }: { frame: { payloads: readonly unknown[] } }): string | undefined {
    const { mark } = this.#options;
    if (mark === undefined || mark.sequence !== this.#sequence + frame.payloads.length) return;
    return this.#chain.equals(mark.chain)
      ? undefined
      : 'the hash chain differs from what a clean close attested';
  }

  /** Tells a torn write, which was never acknowledged, from damage to what was. */
  async #judgeBad(
    reader: SegmentReader,
    index: number,
    offset: number,
    reason: string,
  ): Promise<void> {
    const { path } = reader;
    if (index < this.#segments.length - 1) {
      throw journalCorrupt({ path, offset, reason: `${reason}, and a later segment follows` });
    }
    const later = await reader.findLaterFrame(offset);
    if (later !== undefined) {
      const detail = `${reason}, and a later frame follows at byte ${later}`;
      throw journalCorrupt({ path, offset, reason: detail });
    }
    this.#torn = { path, offset, bytes: (await reader.size()) - offset, reason };
  }
}
