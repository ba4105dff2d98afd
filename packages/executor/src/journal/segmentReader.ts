import type { HashChain } from './chain.ts';
import type { Disk, DiskFile } from './disk.ts';
import { readFully } from './disk.ts';
import type { Frame } from './frame.ts';
import { FRAME_PREFIX_BYTES, parseFrame, SALT_BYTES } from './frame.ts';
import { journalCorrupt, journalUnavailable } from './journalFault.ts';
import type { SegmentHeader } from './segment.ts';
import { parseSegmentHeader, SEGMENT_HEADER_BYTES } from './segment.ts';

/** What stands at the reader's position; `offset` is where it starts in the file. */
export type SegmentStep =
  | { readonly kind: 'frame'; readonly frame: Frame; readonly offset: number }
  | { readonly kind: 'end'; readonly offset: number }
  | { readonly kind: 'bad'; readonly reason: string; readonly offset: number };

/**
 * Walks the frames of one segment in bounded memory: a chunk, or one frame where that is larger.
 *
 * Payloads are views into a chunk that is never written again, so they stay valid for as long as
 * somebody keeps them; who keeps a few for long copies them, to let the chunk go.
 */
export class SegmentReader {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly #file: DiskFile;
  #chunk: Buffer = Buffer.alloc(0);
  /** Offset of the chunk's first unread byte in the file. */
  #offset = SEGMENT_HEADER_BYTES;

  private constructor(path: string, file: DiskFile, header: SegmentHeader) {
    this.path = path;
    this.#file = file;
    this.header = header;
  }

  /**
   * Opens a segment and checks its header.
   *
   * @throws JournalFault JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE.
   */
  static async open(disk: Disk, path: string): Promise<SegmentReader> {
    const file = await disk.open(path, 'read').catch((cause: unknown) => {
      throw journalUnavailable(path, 'open', cause);
    });
    try {
      const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
      const count = await readFully(file, bytes, 0);
      const header = parseSegmentHeader(bytes.subarray(0, count));
      if (typeof header === 'string') throw journalCorrupt({ path, offset: 0, reason: header });
      return new SegmentReader(path, file, header);
    } catch (cause) {
      await file.close();
      throw journalUnavailable(path, 'read', cause);
    }
  }

  /** The next frame, the end of the file, or why the bytes here are no frame. */
  async next(): Promise<SegmentStep> {
    const offset = this.#offset;
    let step = parseFrame(this.#chunk, this.header.salt);
    while (step.kind === 'short') {
      await this.#fill(step.bytes);
      if (this.#chunk.length === 0) return { kind: 'end', offset };
      if (this.#chunk.length < step.bytes) {
        return { kind: 'bad', reason: 'the frame is incomplete', offset };
      }
      step = parseFrame(this.#chunk, this.header.salt);
    }
    if (step.kind === 'bad') return { kind: 'bad', reason: step.reason, offset };
    this.#chunk = this.#chunk.subarray(step.frame.byteLength);
    this.#offset += step.frame.byteLength;
    return { kind: 'frame', frame: step.frame, offset };
  }

  /**
   * Where the first trace of a later frame stands behind a bad frame at `offset`; undefined when
   * there is none.
   *
   * A frame is written only after the one before it is durable, so a trace of a later frame proves
   * that the bad one had been acknowledged. The segment's random salt opens every frame body, and a
   * length field that lies cannot hide it. The bad frame's own salt is skipped.
   */
  async findLaterFrame(offset: number): Promise<number | undefined> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let position = offset + FRAME_PREFIX_BYTES + 1;
    for (;;) {
      const count = await this.#read(chunk, position);
      const found = chunk.subarray(0, count).indexOf(this.header.salt);
      if (found >= 0) return position + found - FRAME_PREFIX_BYTES;
      if (count < chunk.length) return undefined;
      position += count - (SALT_BYTES - 1);
    }
  }

  async size(): Promise<number> {
    return this.#file.size();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #fill(bytes: number): Promise<void> {
    const held = this.#chunk.length;
    // A length field that lies must not make us allocate beyond what the file can hold.
    const left = (await this.#file.size()) - this.#offset;
    const wanted = Math.max(held, Math.min(Math.max(bytes, CHUNK_BYTES), left));
    const grown = Buffer.allocUnsafeSlow(wanted);
    grown.set(this.#chunk, 0);
    const count = await this.#read(grown.subarray(held), this.#offset + held);
    this.#chunk = grown.subarray(0, held + count);
  }

  async #read(into: Uint8Array, position: number): Promise<number> {
    return readFully(this.#file, into, position).catch((cause: unknown) => {
      throw journalUnavailable(this.path, 'read', cause);
    });
  }
}

/**
 * Carries the chain over a frame and says what contradicts the journal so far; undefined when the
 * frame continues it. `expected` is the sequence its first record must have.
 */
export function continueChain(
  frame: Frame,
  expected: number,
  chain: HashChain,
): string | undefined {
  if (frame.firstSequence !== expected) {
    return `the frame starts at sequence ${frame.firstSequence} where ${expected} is due`;
  }
  chain.extend(frame.records);
  return chain.equals(frame.chain) ? undefined : 'the hash chain does not match the records';
}

// Large enough that the calls cost nothing beside the hashing, small beside a process's memory.
const CHUNK_BYTES = 1024 * 1024;
