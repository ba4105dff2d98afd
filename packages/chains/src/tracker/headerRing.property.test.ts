// Goal: the ring answers as a model does that keeps every block and walks every path anew.
// Method: random histories of growth, forks of depth 1 to 20, returns to old branches, roll-backs
// and repeated blocks; after each step every cursor ever held is compared with the model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import fc from 'fast-check';
import { numberToHex, padHex } from 'viem';
import type { BlockReference, ChainBlock } from './chainTracker.ts';
import { HeaderRing } from './headerRing.ts';

type Step =
  | { readonly kind: 'grow'; readonly count: number }
  | { readonly kind: 'fork'; readonly depth: number; readonly count: number }
  | { readonly kind: 'return'; readonly pick: number }
  | { readonly kind: 'repeat'; readonly pick: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('grow' as const), count: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    kind: fc.constant('fork' as const),
    depth: fc.integer({ min: 1, max: 20 }),
    count: fc.integer({ min: 0, max: 21 }),
  }),
  fc.record({ kind: fc.constant('return' as const), pick: fc.nat(1_000) }),
  fc.record({ kind: fc.constant('repeat' as const), pick: fc.nat(1_000) }),
);

test('the ring agrees with a model that keeps every block', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new RingWorld(10_000);
      for (const each of steps) {
        world.apply(each);
        world.compareEverything();
      }
    }),
    { numRuns: 150 },
  );
});

test('a small ring says unknown instead of something wrong, and keeps its bound', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 2, max: 40 }),
      (steps, limit) => {
        const world = new RingWorld(limit);
        for (const each of steps) {
          world.apply(each);
          world.compareKnown();
          assert.ok(world.ring.size() <= 3 * limit, 'the ring stays within its bound');
        }
      },
    ),
    { numRuns: 300 },
  );
});

/** The ring beside a model: a map of all blocks, and paths that are walked each time. */
class RingWorld {
  readonly ring: HeaderRing;
  readonly #all = new Map<string, ChainBlock>();
  readonly #order: ChainBlock[] = [];
  #head: ChainBlock;

  constructor(limit: number) {
    this.ring = new HeaderRing(limit);
    this.#head = this.#mint(undefined);
    this.ring.restart(this.#head);
  }

  apply(each: Step): void {
    if (each.kind === 'grow') this.#grow(this.#head, each.count);
    else if (each.kind === 'fork') this.#grow(this.#ancestor(each.depth), each.count);
    else if (each.kind === 'return') this.#moveTo(this.#pick(each.pick));
    else this.ring.attach(this.#pick(each.pick));
  }

  compareEverything(): void {
    for (const cursor of this.#order) {
      const expected = this.#modelPassage(cursor);
      const told = this.ring.passageFrom(cursor);
      assert.deepEqual(told, { kind: 'known', ...expected });
      assert.equal(this.ring.isCanonical(cursor), expected.dropped.length === 0);
    }
    assert.equal(this.ring.head(), this.#head);
  }

  compareKnown(): void {
    for (const cursor of this.#order) {
      const told = this.ring.passageFrom(cursor);
      const expected = this.#modelPassage(cursor);
      if (told.kind === 'known') assert.deepEqual(told, { kind: 'known', ...expected });
      const canonical = this.ring.isCanonical(cursor);
      if (canonical !== undefined) assert.equal(canonical, expected.dropped.length === 0);
    }
    assert.equal(this.ring.head(), this.#head);
    const floor = this.ring.base()?.number ?? 0n;
    for (const block of this.#path(this.#head)) {
      if (block.number > floor) assert.equal(this.ring.blockAt(block.number), block);
    }
    const above = this.#head.number + 1n;
    assert.equal(this.ring.blockAt(above), undefined);
  }

  #grow(from: ChainBlock, count: number): void {
    let tip = from;
    for (let k = 0; k < count; k += 1) tip = this.#mint(tip);
    this.#moveTo(tip);
  }

  /** As the tracker does: connect through known parents, else begin again. */
  #moveTo(tip: ChainBlock): void {
    const path: ChainBlock[] = [];
    for (let block = tip; ; block = at([this.#all.get(block.parentHash) ?? block], 0)) {
      path.push(block);
      if (this.ring.reaches(block.parentHash) || block.number === 0n) break;
    }
    const before = this.#head;
    if (path.reverse().every((block) => this.ring.attach(block))) {
      const reorg = this.ring.follow(tip.hash);
      const undone = this.#path(before).filter((block) => !this.#path(tip).includes(block));
      assert.deepEqual(reorg.dropped, undone);
    } else {
      this.ring.restart(tip);
    }
    this.#head = tip;
  }

  /** From a block down to the first one, highest first. */
  #path(block: ChainBlock): ChainBlock[] {
    const path: ChainBlock[] = [];
    let place: ChainBlock | undefined = block;
    while (place !== undefined) {
      path.push(place);
      place = this.#all.get(place.parentHash);
    }
    return path;
  }

  #modelPassage(cursor: BlockReference): { dropped: ChainBlock[]; adopted: ChainBlock[] } {
    const old = this.#path(at([this.#all.get(cursor.hash) ?? this.#head], 0));
    const now = this.#path(this.#head);
    const shared = new Set(now);
    const reached = new Set(old);
    return {
      dropped: old.filter((block) => !shared.has(block)),
      adopted: now.filter((block) => !reached.has(block)).reverse(),
    };
  }

  #ancestor(depth: number): ChainBlock {
    const path = this.#path(this.#head);
    return at(path, Math.min(depth, path.length - 1));
  }

  #pick(pick: number): ChainBlock {
    return at(this.#order, pick % this.#order.length);
  }

  #mint(parent: ChainBlock | undefined): ChainBlock {
    const block: ChainBlock = {
      number: parent === undefined ? 0n : parent.number + 1n,
      hash: padHex(numberToHex(this.#order.length + 1), { size: 32 }),
      parentHash: parent?.hash ?? padHex('0x', { size: 32 }),
      timestamp: 0n,
      baseFeePerGas: undefined,
      transactions: [],
    };
    this.#all.set(block.hash, block);
    this.#order.push(block);
    return block;
  }
}
