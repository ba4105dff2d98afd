import { join } from 'node:path';
import { HashChain } from '../../../packages/executor/src/journal/chain.ts';
import type { Disk } from '../../../packages/executor/src/journal/disk.ts';
import { readFully } from '../../../packages/executor/src/journal/disk.ts';
import { parseFrame } from '../../../packages/executor/src/journal/frame.ts';
import {
  parseSegmentName,
  SEGMENT_HEADER_BYTES,
  segmentName,
} from '../../../packages/executor/src/journal/segment.ts';
import {
  continueChain,
  SegmentReader,
} from '../../../packages/executor/src/journal/segmentReader.ts';

/** A record of the journal as it lies on the disk. */
export interface TailRecord {
  readonly sequence: number;
  /** A copy: nobody else writes to it. */
  readonly payload: Buffer;
}

/** Where the next frame is due. */
interface Place {
  /** First sequence of the segment, which names it. */
  readonly segment: number;
  readonly salt: Uint8Array;
  /** The chain up to here. */
  readonly chain: HashChain;
  offset: number;
}

/** Reads a growing journal on, from where it stopped, and checks the chain as it goes. */
export class JournalTail {
  readonly #disk: Disk;
  readonly #directory: string;
  #place: Place | undefined;
  #due = 1;

  constructor(place: { readonly disk: Disk; readonly directory: string }) {
    this.#disk = place.disk;
    this.#directory = place.directory;
  }

  /** The records up to a durable sequence, behind those read before; a sentence for a flaw. */
  async readTo(durable: number): Promise<readonly TailRecord[] | string> {
    const records: TailRecord[] = [];
    while (this.#due <= durable) {
      const place = await this.#here();
      if (typeof place === 'string') return place;
      const flaw = await this.#readSegment(place, durable, records);
      if (flaw !== undefined) return flaw;
    }
    return records;
  }

  /** The segment that holds the next record: the one at hand, or the one that begins with it. */
  async #here(): Promise<Place | string> {
    const names = await this.#disk.list(this.#directory);
    const segments = names.flatMap((name) => parseSegmentName(name) ?? []);
    const before = this.#place;
    if (before !== undefined && !segments.includes(this.#due)) return before;
    if (before?.segment === this.#due) return before;
    const path = join(this.#directory, segmentName(this.#due));
    const reader = await SegmentReader.open(this.#disk, path);
    const { chain, salt } = reader.header;
    await reader.close();
    if (before?.chain.equals(chain) === false) return `segment ${this.#due} breaks the chain`;
    const place = {
      segment: this.#due,
      salt,
      chain: new HashChain(chain),
      offset: SEGMENT_HEADER_BYTES,
    };
    this.#place = place;
    return place;
  }

  /** Reads frames of one segment up to its end, or to the durable one. */
  async #readSegment(
    place: Place,
    durable: number,
    records: TailRecord[],
  ): Promise<string | undefined> {
    const path = join(this.#directory, segmentName(place.segment));
    const file = await this.#disk.open(path, 'read');
    const size = await file.size();
    const bytes = Buffer.alloc(Math.max(0, size - place.offset));
    await readFully(file, bytes, place.offset);
    await file.close();
    let rest = bytes;
    while (this.#due <= durable && rest.length > 0) {
      const step = parseFrame(rest, place.salt);
      if (step.kind !== 'frame') return `${path} has no frame of ${this.#due} at ${place.offset}`;
      const { frame } = step;
      const flaw = continueChain(frame, this.#due, place.chain);
      if (flaw !== undefined) return `${path} at ${place.offset}: ${flaw}`;
      for (const payload of frame.payloads) {
        records.push({ sequence: this.#due, payload: Buffer.from(payload) });
        this.#due += 1;
      }
      place.offset += frame.byteLength;
      rest = rest.subarray(frame.byteLength);
    }
    if (this.#due > durable + 1) return `a frame reaches beyond ${durable}, which is durable`;
    const isOver = bytes.length === 0 && this.#due <= durable;
    return isOver ? `${path} ends before ${this.#due}, which is durable` : undefined;
  }
}
