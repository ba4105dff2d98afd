import type { LadderView, LevelView } from '../schema/bookViews.ts';
import type { ChannelEvent } from '../schema/messages.ts';
import { crc32 } from './crc32.ts';

/** How many levels of each half the checksum of a ladder covers. */
export const CHECKSUM_LEVELS = 10;

type BookEvent = Extract<ChannelEvent, { kind: 'book' }>;

/** A ladder as a client holds it, best first. */
export interface Ladder extends Omit<LadderView, 'checksum'> {
  /** Of the last input that it stands for. */
  readonly inputSequence: number;
  /** Whether the market is open, postOnly, cancelOnly or halted. */
  readonly state: string;
}

/**
 * The ladder of one book, rebuilt from the events of the channel `book:M`: a whole one, then the
 * levels that change. After each event its checksum must be the one that the venue states.
 */
export class BookLadder {
  #ladder: Ladder | undefined;

  /** The ladder now; undefined before the first whole one and after one that did not add up. */
  get now(): Ladder | undefined {
    return this.#ladder;
  }

  /** Takes an event. @returns false when the ladder does not add up and a whole one is needed. */
  take(event: BookEvent): boolean {
    const { whole, inputSequence, state } = event;
    const before = whole ? { bids: [], asks: [] } : this.#ladder;
    if (before === undefined) return false;
    const bids = changed(before.bids, event.bids, (a, b) => comparePrices(b.price, a.price));
    const asks = changed(before.asks, event.asks, (a, b) => comparePrices(a.price, b.price));
    this.#ladder = { bids, asks, inputSequence, state };
    if (ladderChecksum(this.#ladder) === event.checksum) return true;
    this.#ladder = undefined;
    return false;
  }
}

/** CRC-32 of the texts price:size of the ten best bids, then asks, joined by commas. */
export function ladderChecksum({ bids, asks }: Pick<LadderView, 'bids' | 'asks'>): string {
  const best = [...bids.slice(0, CHECKSUM_LEVELS), ...asks.slice(0, CHECKSUM_LEVELS)];
  const text = best.map(({ price, size }) => `${price}:${size}`).join();
  return crc32(text, 0).toString(16).padStart(8, '0');
}

/** Compares prices as they are shown: decimals without a sign, all with equally many digits. */
export function comparePrices(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}

/** Levels with changes laid over them, in order; a change of size zero takes its level away. */
function changed(
  levels: readonly LevelView[],
  changes: readonly LevelView[],
  order: (a: LevelView, b: LevelView) => number,
): readonly LevelView[] {
  if (changes.length === 0) return levels;
  const sizes = new Map(levels.map(({ price, size }) => [price, size]));
  for (const { price, size } of changes) {
    if (/^[0.]+$/.test(size)) sizes.delete(price);
    else sizes.set(price, size);
  }
  return [...sizes].map(([price, size]) => ({ price, size })).sort(order);
}
