import { concatBytes } from '@noble/hashes/utils.js';
import { sha256 } from '#sha256';
import type { Hash } from '../codec/hash.ts';
import { hashFromBytes } from '../codec/hash.ts';
import { at } from '../failures/invariant.ts';

/**
 * A binary Merkle tree over numbered leaves that only grows, updated along the touched paths.
 *
 * Leaf hash = SHA-256(0x00 || leaf bytes), node hash = SHA-256(0x01 || left || right): the prefixes
 * keep a node from posing as a leaf. A missing right child is the hash of its level's empty
 * subtree.
 * @see RFC 6962 section 2.1 for the prefixes
 */
export class AccountTree {
  /** levels[0] holds leaf hashes; the last level holds the root. */
  readonly #levels: Uint8Array[][] = [[]];

  /** Leaves so far. */
  get size(): number {
    return at(this.#levels, 0).length;
  }

  /** Sets leaves by number and refreshes their paths; numbers beyond the end must be contiguous. */
  update(leaves: readonly { readonly number: number; readonly bytes: Uint8Array }[]): void {
    let dirty = new Set<number>();
    for (const { number, bytes } of leaves) {
      at(this.#levels, 0)[number] = sha256(concatBytes(LEAF, bytes));
      dirty.add(number);
    }
    for (let level = 0; at(this.#levels, level).length > 1; level += 1) {
      const below = at(this.#levels, level);
      if (level + 1 === this.#levels.length) this.#levels.push([]);
      const nodes = at(this.#levels, level + 1);
      const parents = new Set<number>();
      for (const child of dirty) parents.add(child >> 1);
      for (const parent of parents) {
        const left = at(below, parent * 2);
        const right = below[parent * 2 + 1] ?? emptySubtree(level);
        nodes[parent] = sha256(concatBytes(NODE, left, right));
      }
      dirty = parents;
    }
  }

  /** The root; of the empty tree, the empty leaf's hash. */
  root(): Hash {
    const top = at(this.#levels, this.#levels.length - 1);
    return hashFromBytes(top[0] ?? emptySubtree(0));
  }

  /** Siblings from the leaf to the root, for a reader who holds only the root. */
  path(number: number): Uint8Array[] {
    const siblings: Uint8Array[] = [];
    let position = number;
    for (let level = 0; level + 1 < this.#levels.length; level += 1) {
      siblings.push(at(this.#levels, level)[position ^ 1] ?? emptySubtree(level));
      position >>= 1;
    }
    return siblings;
  }
}

/** Whether leaf bytes stand at a number under a root. */
export function verifyPath(leaf: {
  readonly bytes: Uint8Array;
  readonly number: number;
  readonly path: readonly Uint8Array[];
  readonly root: Hash;
}): boolean {
  let hash = sha256(concatBytes(LEAF, leaf.bytes));
  let position = leaf.number;
  for (const sibling of leaf.path) {
    const pair = (position & 1) === 0 ? [hash, sibling] : [sibling, hash];
    hash = sha256(concatBytes(NODE, ...pair));
    position >>= 1;
  }
  return position === 0 && hashFromBytes(hash) === leaf.root;
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const EMPTY: Uint8Array[] = [sha256(LEAF)];

function emptySubtree(level: number): Uint8Array {
  for (let k = EMPTY.length; k <= level; k += 1) {
    const below = at(EMPTY, k - 1);
    EMPTY.push(sha256(concatBytes(NODE, below, below)));
  }
  return at(EMPTY, level);
}
