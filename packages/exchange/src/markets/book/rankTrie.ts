import { invariant } from '../../failures/invariant.ts';

/** Ranks lie in 0..NO_RANK - 1: 30 bits, six steps of five. */
export const NO_RANK = 1_073_741_824;

const DEPTH = 6;

/**
 * Levels by rank for ranks far from the best price: a trie of 32-way nodes with a bitmap each.
 *
 * Every question costs six steps, wherever ranks lie and however many there are, so no order flow
 * can make it slow; memory is at most six nodes a level and is reused.
 */
export class RankTrie {
  #children: Int32Array = new Int32Array(32 * 64);
  #masks: Int32Array = new Int32Array(64);
  /** Nodes in use are 1..; node 1 is the root. Free ones are linked by their first child. */
  #untouched = 2;
  #free = 0;
  #count = 0;
  readonly #path: Int32Array = new Int32Array(DEPTH);

  /** Levels in the trie. */
  get count(): number {
    return this.#count;
  }

  /** The level of a rank, or 0. */
  get(rank: number): number {
    let node = 1;
    for (let shift = 25; shift >= 0; shift -= 5) {
      const digit = (rank >>> shift) & 31;
      if ((((this.#masks[node] as number) >>> digit) & 1) === 0) return 0;
      node = this.#children[node * 32 + digit] as number;
    }
    return node;
  }

  /** Adds a level, which is not 0, under a rank that has none. */
  insert(rank: number, level: number): void {
    let node = 1;
    for (let shift = 25; shift > 0; shift -= 5) {
      const digit = (rank >>> shift) & 31;
      const mask = this.#masks[node] as number;
      if (((mask >>> digit) & 1) === 0) {
        const child = this.#take();
        this.#masks[node] = mask | (1 << digit);
        this.#children[node * 32 + digit] = child;
        node = child;
      } else node = this.#children[node * 32 + digit] as number;
    }
    const digit = rank & 31;
    const mask = this.#masks[node] as number;
    invariant(((mask >>> digit) & 1) === 0, 'a rank has one level');
    this.#masks[node] = mask | (1 << digit);
    this.#children[node * 32 + digit] = level;
    this.#count += 1;
  }

  /** Removes the level of a rank that has one, and the nodes that this empties. */
  remove(rank: number): void {
    this.#descend(rank);
    let depth = DEPTH - 1;
    for (let shift = 0; ; shift += 5, depth -= 1) {
      const node = this.#path[depth] as number;
      const mask = (this.#masks[node] as number) & ~(1 << ((rank >>> shift) & 31));
      this.#masks[node] = mask;
      if (mask !== 0 || depth === 0) break;
      this.#children[node * 32] = this.#free;
      this.#free = node;
    }
    this.#count -= 1;
  }

  /** The least rank at or above `from` that has a level, or NO_RANK. */
  atOrAbove(from: number): number {
    if (from >= NO_RANK) return NO_RANK;
    let node = 1;
    let depth = 0;
    while (depth < DEPTH) {
      this.#path[depth] = node;
      const digit = (from >>> (25 - depth * 5)) & 31;
      if ((((this.#masks[node] as number) >>> digit) & 1) === 0) break;
      node = this.#children[node * 32 + digit] as number;
      depth += 1;
    }
    if (depth === DEPTH) return from;
    // Climb to the nearest node with a later branch, then follow first branches down.
    for (; depth >= 0; depth -= 1) {
      const shift = 25 - depth * 5;
      const later =
        (this.#masks[this.#path[depth] as number] as number) & (-2 << ((from >>> shift) & 31));
      if (later !== 0) return this.#first(depth, ((from >>> shift) & ~31) | lowest(later));
    }
    return NO_RANK;
  }

  /** The least rank whose leading digits, down to `depth`, are `prefix`. */
  #first(depth: number, prefix: number): number {
    let node = this.#path[depth] as number;
    let rank = prefix;
    for (let k = depth; k < DEPTH - 1; k += 1) {
      node = this.#children[node * 32 + (rank & 31)] as number;
      rank = (rank << 5) | lowest(this.#masks[node] as number);
    }
    return rank;
  }

  #descend(rank: number): void {
    let node = 1;
    for (let depth = 0; depth < DEPTH; depth += 1) {
      this.#path[depth] = node;
      const digit = (rank >>> (25 - depth * 5)) & 31;
      invariant((((this.#masks[node] as number) >>> digit) & 1) !== 0, 'a removed rank is there');
      node = this.#children[node * 32 + digit] as number;
    }
  }

  #take(): number {
    const node = this.#free;
    if (node !== 0) {
      this.#free = this.#children[node * 32] as number;
      this.#masks[node] = 0;
      return node;
    }
    if (this.#untouched === this.#masks.length) this.#grow();
    this.#untouched += 1;
    return this.#untouched - 1;
  }

  #grow(): void {
    const [children, masks] = [this.#children, this.#masks];
    this.#children = new Int32Array(children.length * 2);
    this.#masks = new Int32Array(masks.length * 2);
    this.#children.set(children);
    this.#masks.set(masks);
  }
}

/** The place of the lowest bit of a word that has one. */
export function lowest(word: number): number {
  return 31 - Math.clz32(word & -word);
}
