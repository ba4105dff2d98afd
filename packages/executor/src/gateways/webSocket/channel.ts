import { crc32 } from 'node:zlib';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import { invariant } from '@lawbook/exchange/failures/invariant';

/** One event of a channel as it is sent. */
export interface ChannelEntry {
  readonly sequence: number;
  readonly checksum: string;
  readonly event: ChannelEvent;
  /** The whole frame, built once for all readers. */
  readonly frame: string;
}

/** Takes the frames of a channel. */
export interface ChannelReader {
  send(frame: string): void;
}

/**
 * One feed: contiguous sequences from 1, a rolling checksum, a ring of recent events and readers.
 *
 * checksum_n = CRC-32 of the concatenation of the texts of the events 1..n, where the text of an
 * event is exactly what stands behind `"event":` in its frame; checksum_0 = 0. A reader keeps it by
 * crc32(text_n, checksum_(n-1)).
 */
export class Channel {
  readonly name: string;
  /** Names this run of the channel; sequences of another run do not continue it. */
  readonly feed: string;
  readonly readers: Set<ChannelReader> = new Set();
  /** When the channel was last asked for, to choose which one makes room. */
  lastUse = 0;
  readonly #ring: (ChannelEntry | undefined)[];
  #sequence = 0;
  #checksum = 0;
  /** Checksum just before the oldest event of the ring. */
  #baseChecksum = '00000000';

  constructor(name: string, feed: string, ringSize: number) {
    invariant(ringSize > 0, 'a channel keeps at least one event');
    this.name = name;
    this.feed = feed;
    this.#ring = Array.from({ length: ringSize }, () => undefined);
  }

  /** Sequence of the last event; zero before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Checksum after the last event. */
  get checksum(): string {
    return checksumText(this.#checksum);
  }

  /** Sequence of the oldest event that is still kept. */
  get oldest(): number {
    return Math.max(1, this.#sequence - this.#ring.length + 1);
  }

  /** Appends an event and sends it to every reader. */
  publish(event: ChannelEvent): ChannelEntry {
    const text = JSON.stringify(event);
    this.#sequence += 1;
    this.#checksum = crc32(text, this.#checksum);
    const sequence = this.#sequence;
    const checksum = this.checksum;
    const head = `{"op":"event","channel":"${this.name}","sequence":${sequence}`;
    const frame = `${head},"checksum":"${checksum}","event":${text}}`;
    const entry: ChannelEntry = { sequence, checksum, event, frame };
    const place = (sequence - 1) % this.#ring.length;
    const evicted = this.#ring[place];
    if (evicted !== undefined) this.#baseChecksum = evicted.checksum;
    this.#ring[place] = entry;
    for (const reader of this.readers) reader.send(frame);
    return entry;
  }

  /** Events from a sequence on; undefined when some are no longer kept, or not yet there. */
  since(from: number): readonly ChannelEntry[] | undefined {
    if (from < this.oldest || from > this.#sequence + 1) return undefined;
    return Array.from({ length: this.#sequence + 1 - from }, (_, k) => this.#entry(from + k));
  }

  /** The checksum after a sequence that the ring reaches, or just before it. */
  checksumAfter(sequence: number): string {
    if (sequence === this.#sequence) return this.checksum;
    if (sequence === this.oldest - 1) return this.#baseChecksum;
    return this.#entry(sequence).checksum;
  }

  #entry(sequence: number): ChannelEntry {
    const entry = this.#ring[(sequence - 1) % this.#ring.length];
    invariant(entry?.sequence === sequence, 'the ring holds the latest events');
    return entry;
  }
}

/** A checksum as eight hex digits. */
export function checksumText(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}
