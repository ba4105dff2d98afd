import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Hash } from 'viem';
import type { BlockReference, ChainBlock, Passage } from './chainTracker.ts';

/** What a change of the head undid and what it brought. */
export interface Reorg {
  /** The last block that both branches share. */
  readonly commonAncestor: BlockReference;
  /** No longer canonical, highest first; empty when the chain only grew. */
  readonly dropped: readonly ChainBlock[];
  /** Canonical since, lowest first; empty when the chain only shrank. */
  readonly adopted: readonly ChainBlock[];
}

/** Canonical blocks that a ring keeps unless it is told otherwise. */
export const RING_BLOCKS = 512;

/**
 * The last blocks of a chain and of the branches that were left, linked by parent hashes.
 *
 * Pure: it never chooses a head, it is told. Blocks that were dropped stay as long as their height
 * stays, so that a cursor on an old branch still finds its way. At most `limit` canonical blocks,
 * and twice as many with all branches together; beyond that the lowest heights go. Between two
 * changes of the head, attached blocks may fill it to three times the limit.
 */
export class HeaderRing {
  readonly #limit: number;
  readonly #byHash = new Map<Hash, ChainBlock>();
  readonly #byHeight = new Map<bigint, ChainBlock[]>();
  readonly #canonical = new Map<bigint, ChainBlock>();
  #head: ChainBlock | undefined;
  /** The block below the lowest one: known by its reference only. */
  #base: BlockReference = { number: -1n, hash: '0x' };

  /** `limit`: canonical blocks at most, from 2; a count under 2^53. */
  constructor(limit: number = RING_BLOCKS) {
    invariant(Number.isSafeInteger(limit) && limit >= 2, 'a ring keeps at least two blocks');
    this.#limit = limit;
  }

  /** The canonical head; undefined before the first block. */
  head(): ChainBlock | undefined {
    return this.#head;
  }

  /** The canonical block just below the ring, which ends every way down. */
  base(): BlockReference | undefined {
    return this.#head === undefined ? undefined : this.#base;
  }

  /** Blocks of all branches together. */
  size(): number {
    return this.#byHash.size;
  }

  /** Whether every canonical slot is taken, so that another block pushes the lowest one out. */
  isFull(): boolean {
    return this.#canonical.size >= this.#limit;
  }

  /** Whether a block of this hash could be the parent of one that is attached. */
  reaches(hash: Hash): boolean {
    return this.#byHash.has(hash) || (this.#head !== undefined && this.#base.hash === hash);
  }

  /** A block of any branch. */
  blockOf(hash: Hash): ChainBlock | undefined {
    return this.#byHash.get(hash);
  }

  /** The canonical block of this height. */
  blockAt(number: bigint): ChainBlock | undefined {
    return this.#canonical.get(number);
  }

  /** Whether a block is canonical; undefined for what the ring never saw or has forgotten. */
  isCanonical({ number, hash }: BlockReference): boolean | undefined {
    const canonical = this.#canonical.get(number);
    if (canonical !== undefined) return canonical.hash === hash;
    if (this.#head === undefined) return undefined;
    if (number === this.#base.number) return this.#base.hash === hash;
    // Above a head that was taken back: dropped if it was here, unheard of otherwise.
    return this.#byHash.has(hash) ? false : undefined;
  }

  /** What happened between a block and the head. Walks only what it returns. */
  passageFrom(cursor: BlockReference): Passage {
    const head = this.#head;
    if (head === undefined) return { kind: 'unknown' };
    if (cursor.hash === head.hash && cursor.number === head.number) return STANDSTILL;
    const dropped: ChainBlock[] = [];
    let place: BlockReference = cursor;
    while (this.isCanonical(place) !== true) {
      const block = this.#byHash.get(place.hash);
      if (block === undefined || block.number !== place.number) return { kind: 'unknown' };
      dropped.push(block);
      place = { number: block.number - 1n, hash: block.parentHash };
    }
    return { kind: 'known', dropped, adopted: this.#canonicalAbove(place.number) };
  }

  /**
   * Keeps a block beside the canonical chain, whatever its branch.
   * @returns false when its parent is not here, or when side branches have filled the ring.
   */
  attach(block: ChainBlock): boolean {
    if (this.#byHash.has(block.hash)) return true;
    if (this.#byHash.size >= 3 * this.#limit) return false;
    const parent = this.#byHash.get(block.parentHash);
    const parentNumber = parent?.number ?? this.#baseNumberOf(block.parentHash);
    if (parentNumber === undefined || block.number !== parentNumber + 1n) return false;
    this.#keep(block);
    return true;
  }

  /**
   * Adds the parent of the lowest canonical block.
   * @returns false when it is not that parent, or when the ring is full.
   */
  prepend(block: ChainBlock): boolean {
    if (this.#head === undefined || this.isFull()) return false;
    if (block.hash !== this.#base.hash || block.number !== this.#base.number) return false;
    this.#keep(block);
    this.#canonical.set(block.number, block);
    this.#base = { number: block.number - 1n, hash: block.parentHash };
    return true;
  }

  /** Makes an attached block the head, whatever its height, and says what that changed. */
  follow(hash: Hash): Reorg {
    const head = this.#byHash.get(hash);
    const before = this.#head;
    invariant(head !== undefined, 'only an attached block becomes the head');
    invariant(before !== undefined, 'a ring that has blocks has a head');
    const adopted: ChainBlock[] = [];
    let ancestor: BlockReference = head;
    while (this.isCanonical(ancestor) !== true) {
      const block = this.#byHash.get(ancestor.hash);
      invariant(block !== undefined, 'every attached block leads down to the canonical chain');
      adopted.push(block);
      ancestor = { number: block.number - 1n, hash: block.parentHash };
    }
    const dropped: ChainBlock[] = [];
    for (let number = before.number; number > ancestor.number; number -= 1n) {
      const block = this.#canonical.get(number);
      if (block !== undefined) dropped.push(block);
      this.#canonical.delete(number);
    }
    adopted.reverse();
    for (const block of adopted) this.#canonical.set(block.number, block);
    this.#head = head;
    this.#forgetLowest();
    return { commonAncestor: ancestor, dropped, adopted };
  }

  /** Forgets everything and begins again: older cursors become unknown. */
  restart(head: ChainBlock): void {
    this.#byHash.clear();
    this.#byHeight.clear();
    this.#canonical.clear();
    this.#keep(head);
    this.#canonical.set(head.number, head);
    this.#head = head;
    this.#base = { number: head.number - 1n, hash: head.parentHash };
  }

  #baseNumberOf(hash: Hash): bigint | undefined {
    return this.#head !== undefined && this.#base.hash === hash ? this.#base.number : undefined;
  }

  #keep(block: ChainBlock): void {
    this.#byHash.set(block.hash, block);
    const heightMates = this.#byHeight.get(block.number);
    if (heightMates === undefined) this.#byHeight.set(block.number, [block]);
    else heightMates.push(block);
  }

  #canonicalAbove(number: bigint): ChainBlock[] {
    const blocks: ChainBlock[] = [];
    for (let next = number + 1n; ; next += 1n) {
      const block = this.#canonical.get(next);
      if (block === undefined) return blocks;
      blocks.push(block);
    }
  }

  /** Gives up the lowest heights, with their side branches, until both bounds hold. */
  #forgetLowest(): void {
    while (this.#canonical.size > this.#limit || this.#byHash.size > 2 * this.#limit) {
      const number = this.#base.number + 1n;
      const lowest = this.#canonical.get(number);
      // The head itself stays, even where side branches alone fill the ring.
      if (lowest === undefined || lowest === this.#head) return;
      for (const block of this.#byHeight.get(number) ?? []) this.#byHash.delete(block.hash);
      this.#byHeight.delete(number);
      this.#canonical.delete(number);
      this.#base = { number, hash: lowest.hash };
      this.#forgetStranded(number + 1n);
    }
  }

  /** Gives up what no longer leads down to the canonical chain: every kept block does. */
  #forgetStranded(from: bigint): void {
    for (let number = from; ; number += 1n) {
      const heightMates = this.#byHeight.get(number);
      if (heightMates === undefined) return;
      const kept = heightMates.filter((block) => this.reaches(block.parentHash));
      if (kept.length === heightMates.length) return;
      for (const block of heightMates) if (!kept.includes(block)) this.#byHash.delete(block.hash);
      if (kept.length > 0) this.#byHeight.set(number, kept);
      else this.#byHeight.delete(number);
    }
  }
}

const STANDSTILL: Passage = { kind: 'known', dropped: [], adopted: [] };
