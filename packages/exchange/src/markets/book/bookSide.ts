import { invariant } from '../../failures/invariant.ts';
import type { OrderRows } from './orderRows.ts';
import { ROW, ROW_STRIDE } from './orderRows.ts';
import { lowest, NO_RANK, RankTrie } from './rankTrie.ts';

/** 32-bit integers of one level: first and last row, then as doubles the lots shown and hidden. */
const LEVEL_STRIDE = 8;
const LEVEL = { first: 0, last: 1, shown: 1, hidden: 2 } as const;
// Compiled in, where an imported or exported constant would be loaded and checked at each use.
const { first: LEVEL_FIRST, shown: LEVEL_SHOWN, hidden: LEVEL_HIDDEN, last: LEVEL_LAST } = LEVEL;
const { leaves: ROW_LEAVES, shown: ROW_SHOWN, previous: ROW_PREVIOUS, next: ROW_NEXT } = ROW;
const STRIDE = ROW_STRIDE;
const NONE = NO_RANK;

/**
 * One half of a book: queues of orders by rank, the lowest rank first.
 *
 * A rank is a price seen from the other side: the price itself for asks, NO_RANK less the price for
 * bids, so that both halves run the same code and better is always lower.
 *
 * Levels around the best price stand in a flat window with three bitmaps above them; the next best
 * level is at most five words away. Levels outside are in a trie. Where a level stands never
 * changes what the half answers, so the window moves when that pays, and not when it must: after
 * as many touches outside as it has levels, so that no order flow can make it move in vain.
 */
export class BookSide {
  /** The best rank, NO_RANK when empty. */
  best: number = NONE;
  readonly #rows: Int32Array;
  readonly #window: number;
  #levels: Int32Array;
  #sums: Float64Array;
  #bestLevel = 0;
  #base = 0;
  readonly #words: Int32Array;
  readonly #groups: Int32Array;
  #top = 0;
  readonly #far: RankTrie = new RankTrie();
  #farFree = 0;
  #farUntouched: number;
  #levelsInWindow = 0;
  #misses = 0;
  #recentred = 0;

  constructor(rows: OrderRows, windowLevels: number) {
    const isPowerOfTwo = (windowLevels & (windowLevels - 1)) === 0;
    invariant(isPowerOfTwo, 'a window is a power of two');
    invariant(windowLevels >= 64 && windowLevels <= 32_768, 'a window has three bitmaps');
    this.#rows = rows.integers;
    this.#window = windowLevels;
    this.#levels = new Int32Array(windowLevels * 2 * LEVEL_STRIDE);
    this.#sums = new Float64Array(this.#levels.buffer);
    this.#words = new Int32Array(windowLevels / 32);
    this.#groups = new Int32Array(32);
    this.#farUntouched = windowLevels;
  }

  /** The row at the head of the best level; 0 when empty. */
  get firstRow(): number {
    return this.best === NONE
      ? 0
      : (this.#levels[this.#bestLevel * LEVEL_STRIDE + LEVEL_FIRST] as number);
  }

  /** How often the window moved. */
  get recentred(): number {
    return this.#recentred;
  }

  /** Puts an order at the end of the queue of its rank. */
  append(row: number, rank: number): void {
    if (this.best === NONE && this.#isOutside(rank)) this.#base = this.#baseFor(rank);
    let level = rank - this.#base;
    if (level >>> 0 >= this.#window) level = this.#farLevel(rank);
    else if (this.#levels[level * LEVEL_STRIDE] === 0) this.#mark(level);
    this.#link(row, level);
    const hidden = this.#rows[row * STRIDE + ROW_LEAVES] as number;
    const shown = this.#rows[row * STRIDE + ROW_SHOWN] as number;
    this.#sums[level * 4 + LEVEL_SHOWN] = (this.#sums[level * 4 + LEVEL_SHOWN] as number) + shown;
    if (hidden !== shown) this.#hide(level, hidden - shown);
    if (rank < this.best) {
      this.best = rank;
      this.#bestLevel = level;
    }
    if (level >= this.#window) this.#missed();
  }

  /** Takes an order out of the queue of its rank. */
  remove(row: number, rank: number): void {
    const level = this.#levelAt(rank);
    const at = row * STRIDE;
    const shown = this.#rows[at + ROW_SHOWN] as number;
    const leaves = this.#rows[at + ROW_LEAVES] as number;
    this.#sums[level * 4 + LEVEL_SHOWN] = (this.#sums[level * 4 + LEVEL_SHOWN] as number) - shown;
    if (leaves !== shown) this.#hide(level, shown - leaves);
    this.#unlink(row, level);
    if (this.#levels[level * LEVEL_STRIDE] === 0) this.#drop(rank, level);
    if (level >= this.#window) this.#missed();
  }

  /** Takes lots off what shows at the best rank; the caller takes them off the row. */
  takeShown(lots: number): void {
    const place = this.#bestLevel * 4 + LEVEL_SHOWN;
    this.#sums[place] = (this.#sums[place] as number) - lots;
  }

  /** Changes the sums of a rank by what a row of it shows and hides more. */
  adjust(rank: number, shown: number, hidden: number): void {
    const level = this.#levelAt(rank);
    this.#sums[level * 4 + LEVEL_SHOWN] = (this.#sums[level * 4 + LEVEL_SHOWN] as number) + shown;
    if (hidden !== 0) this.#hide(level, hidden);
  }

  /** Moves an order of the best rank to the end of its queue and shows `lots` of what it hid. */
  refresh(row: number, lots: number): void {
    const level = this.#bestLevel;
    this.#unlink(row, level);
    this.#link(row, level);
    this.#sums[level * 4 + LEVEL_SHOWN] = (this.#sums[level * 4 + LEVEL_SHOWN] as number) + lots;
    this.#hide(level, -lots);
  }

  /** The best rank worse than `rank`, or NO_RANK. */
  next(rank: number): number {
    const from = rank + 1 - this.#base;
    const place = from < this.#window ? this.#markedFrom(Math.max(from, 0)) : -1;
    const near = place < 0 ? NONE : this.#base + place;
    if (this.#far.count === 0) return near;
    const far = this.#far.atOrAbove(rank + 1);
    return Math.min(far, near);
  }

  /** The first row in the queue of a rank that has orders. */
  firstRowAt(rank: number): number {
    return this.#levels[this.#levelAt(rank) * LEVEL_STRIDE + LEVEL_FIRST] as number;
  }

  /** Lots that show at a rank that has orders. */
  shownAt(rank: number): number {
    return this.#sums[this.#levelAt(rank) * 4 + LEVEL_SHOWN] as number;
  }

  /** Lots at a rank that has orders, hidden ones included. */
  lotsAt(rank: number): number {
    const level = this.#levelAt(rank) * 4;
    return (
      (this.#sums[level + LEVEL_SHOWN] as number) + (this.#sums[level + LEVEL_HIDDEN] as number)
    );
  }

  #isOutside(rank: number): boolean {
    return (rank - this.#base) >>> 0 >= this.#window;
  }

  #levelAt(rank: number): number {
    if (rank === this.best) return this.#bestLevel;
    const level = rank - this.#base;
    return level >>> 0 < this.#window ? level : this.#far.get(rank);
  }

  #hide(level: number, lots: number): void {
    this.#sums[level * 4 + LEVEL_HIDDEN] = (this.#sums[level * 4 + LEVEL_HIDDEN] as number) + lots;
  }

  #link(row: number, level: number): void {
    const levels = this.#levels;
    const at = level * LEVEL_STRIDE;
    const last = levels[at + LEVEL_LAST] as number;
    this.#rows[row * STRIDE + ROW_PREVIOUS] = last;
    this.#rows[row * STRIDE + ROW_NEXT] = 0;
    if (last === 0) levels[at + LEVEL_FIRST] = row;
    else this.#rows[last * STRIDE + ROW_NEXT] = row;
    levels[at + LEVEL_LAST] = row;
  }

  #unlink(row: number, level: number): void {
    const next = this.#rows[row * STRIDE + ROW_NEXT] as number;
    const previous = this.#rows[row * STRIDE + ROW_PREVIOUS] as number;
    const at = level * LEVEL_STRIDE;
    if (previous === 0) this.#levels[at + LEVEL_FIRST] = next;
    else this.#rows[previous * STRIDE + ROW_NEXT] = next;
    if (next === 0) this.#levels[at + LEVEL_LAST] = previous;
    else this.#rows[next * STRIDE + ROW_PREVIOUS] = previous;
  }

  /** Takes away a level that has become empty. */
  #drop(rank: number, level: number): void {
    if (level < this.#window) this.#unmark(level);
    else this.#freeFar(rank, level);
    if (rank !== this.best) return;
    this.best = this.next(rank);
    // `#levelAt` would answer the level remembered for the best.
    const place = this.best - this.#base;
    if (this.best === NONE) this.#bestLevel = 0;
    else this.#bestLevel = place >>> 0 < this.#window ? place : this.#far.get(this.best);
  }

  #mark(level: number): void {
    const word = level >>> 5;
    const group = level >>> 10;
    this.#words[word] = (this.#words[word] as number) | (1 << (level & 31));
    this.#groups[group] = (this.#groups[group] as number) | (1 << (word & 31));
    this.#top |= 1 << group;
    this.#levelsInWindow += 1;
  }

  #unmark(level: number): void {
    const word = level >>> 5;
    const group = level >>> 10;
    this.#levelsInWindow -= 1;
    const left = (this.#words[word] as number) & ~(1 << (level & 31));
    this.#words[word] = left;
    if (left !== 0) return;
    const words = (this.#groups[group] as number) & ~(1 << (word & 31));
    this.#groups[group] = words;
    if (words === 0) this.#top &= ~(1 << group);
  }

  /** The first marked level of the window at or after `from`, or -1. */
  #markedFrom(from: number): number {
    let word = from >>> 5;
    let bits = (this.#words[word] as number) & (-1 << (from & 31));
    if (bits !== 0) return (word << 5) + lowest(bits);
    let group = word >>> 5;
    bits = (this.#groups[group] as number) & (-2 << (word & 31));
    if (bits === 0) {
      bits = this.#top & (-2 << group);
      if (bits === 0) return -1;
      group = lowest(bits);
      bits = this.#groups[group] as number;
    }
    word = (group << 5) + lowest(bits);
    return (word << 5) + lowest(this.#words[word] as number);
  }

  /** The level of a rank outside the window, made if there is none. */
  #farLevel(rank: number): number {
    const found = this.#far.get(rank);
    if (found !== 0) return found;
    let level = this.#farFree;
    if (level !== 0) this.#farFree = this.#levels[level * LEVEL_STRIDE + LEVEL_LAST] as number;
    else {
      level = this.#farUntouched;
      this.#farUntouched += 1;
      if (level * LEVEL_STRIDE === this.#levels.length) this.#growLevels();
    }
    this.#levels[level * LEVEL_STRIDE + LEVEL_LAST] = 0;
    this.#far.insert(rank, level);
    return level;
  }

  #freeFar(rank: number, level: number): void {
    this.#far.remove(rank);
    this.#levels[level * LEVEL_STRIDE + LEVEL_LAST] = this.#farFree;
    this.#farFree = level;
  }

  #growLevels(): void {
    const levels = this.#levels;
    this.#levels = new Int32Array(levels.length * 2);
    this.#levels.set(levels);
    this.#sums = new Float64Array(this.#levels.buffer);
  }

  /** Where a window starts whose best rank has a quarter of it for better prices to come. */
  #baseFor(rank: number): number {
    const base = rank - this.#window / 4;
    return base < 0 ? 0 : Math.min(base, NONE - this.#window);
  }

  /**
   * Counts a touch outside while the best rank has left the first half of the window.
   *
   * Moving the window costs a few steps for each level in it, paid for by the touches counted here,
   * and for each level that it takes in, paid for when that level was put outside.
   */
  #missed(): void {
    if (this.best === NONE || (this.best - this.#base) >>> 0 < this.#window / 2) return;
    this.#misses += 1;
    if (this.#misses * 2 < this.#levelsInWindow + 16) return;
    this.#misses = 0;
    if (this.#baseFor(this.best) !== this.#base) this.#recentre(this.#baseFor(this.best));
  }

  /** Moves the window; every level goes outside first, then those inside the new window return. */
  #recentre(base: number): void {
    this.#recentred += 1;
    for (let place = this.#markedFrom(0); place >= 0; place = this.#markedFrom(place)) {
      this.#moveLevel(place, this.#farLevel(this.#base + place));
      this.#unmark(place);
    }
    this.#base = base;
    const end = base + this.#window;
    for (let rank = this.#far.atOrAbove(base); rank < end; rank = this.#far.atOrAbove(rank)) {
      const from = this.#far.get(rank);
      this.#moveLevel(from, rank - base);
      this.#mark(rank - base);
      this.#freeFar(rank, from);
    }
    this.#bestLevel = this.best - base;
  }

  #moveLevel(from: number, to: number): void {
    const levels = this.#levels;
    levels[to * LEVEL_STRIDE + LEVEL_FIRST] = levels[from * LEVEL_STRIDE + LEVEL_FIRST] as number;
    levels[to * LEVEL_STRIDE + LEVEL_LAST] = levels[from * LEVEL_STRIDE + LEVEL_LAST] as number;
    levels[from * LEVEL_STRIDE + LEVEL_FIRST] = 0;
    levels[from * LEVEL_STRIDE + LEVEL_LAST] = 0;
    for (const sum of [LEVEL.shown, LEVEL_HIDDEN]) {
      this.#sums[to * 4 + sum] = this.#sums[from * 4 + sum] as number;
      this.#sums[from * 4 + sum] = 0;
    }
  }
}
