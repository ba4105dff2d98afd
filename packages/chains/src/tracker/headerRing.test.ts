// Goal: the ring's edges: its lowest block, its bound, heads that move down.
// Method: small chains written out block by block.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { numberToHex, padHex } from 'viem';
import type { ChainBlock } from './chainTracker.ts';
import { HeaderRing } from './headerRing.ts';

test('a cursor on the block just below the ring is still answered', () => {
  const blocks = chainOf(5);
  const ring = ringOf(blocks, 3);
  assert.equal(ring.base()?.hash, at(blocks, 1).hash);
  assert.deepEqual(ring.passageFrom(at(blocks, 1)), {
    kind: 'known',
    dropped: [],
    adopted: blocks.slice(2),
  });
  assert.deepEqual(ring.passageFrom(at(blocks, 0)), { kind: 'unknown' });
});

test('a whole ring can be exchanged above the block below it', () => {
  const blocks = chainOf(4);
  const ring = ringOf(blocks, 3);
  const rivals = extend(at(blocks, 0), 4, 'b');
  for (const rival of rivals) assert.ok(ring.attach(rival));
  const { commonAncestor, dropped, adopted } = ring.follow(at(rivals, 3).hash);
  assert.equal(commonAncestor.hash, at(blocks, 0).hash);
  assert.deepEqual(dropped, [at(blocks, 3), at(blocks, 2), at(blocks, 1)]);
  assert.deepEqual(adopted, rivals);
});

test('a head that moves down keeps the way back', () => {
  const blocks = chainOf(6);
  const ring = ringOf(blocks, 10);
  ring.follow(at(blocks, 2).hash);
  assert.equal(ring.isCanonical(at(blocks, 5)), false);
  const passage = ring.passageFrom(at(blocks, 5));
  assert.deepEqual(passage, {
    kind: 'known',
    dropped: [at(blocks, 5), at(blocks, 4), at(blocks, 3)],
    adopted: [],
  });
});

test('a block whose parent is missing, or whose height is wrong, is not attached', () => {
  const blocks = chainOf(3);
  const ring = ringOf(blocks, 10);
  const orphan = at(extend(at(extend(at(blocks, 2), 1, 'c'), 0), 1, 'c'), 0);
  assert.equal(ring.attach(orphan), false);
  const skipping = { ...at(extend(at(blocks, 2), 1, 'd'), 0), number: 9n };
  assert.equal(ring.attach(skipping), false);
});

test('history grows downwards until the ring is full', () => {
  const blocks = chainOf(6);
  const ring = new HeaderRing(3);
  ring.restart(at(blocks, 5));
  assert.equal(ring.prepend(at(blocks, 3)), false);
  assert.equal(ring.prepend(at(blocks, 4)), true);
  assert.equal(ring.prepend(at(blocks, 3)), true);
  assert.equal(ring.prepend(at(blocks, 2)), false);
  assert.equal(ring.isCanonical(at(blocks, 2)), true);
  assert.equal(ring.isCanonical(at(blocks, 1)), undefined);
});

test('a reference with a known hash and another height is unknown', () => {
  const blocks = chainOf(3);
  const ring = ringOf(blocks, 10);
  const rivals = extend(at(blocks, 0), 3, 'b');
  for (const rival of rivals) ring.attach(rival);
  ring.follow(at(rivals, 2).hash);
  const twisted = { number: 1n, hash: at(blocks, 2).hash };
  assert.deepEqual(ring.passageFrom(twisted), { kind: 'unknown' });
});

function ringOf(blocks: readonly ChainBlock[], limit: number): HeaderRing {
  const ring = new HeaderRing(limit);
  ring.restart(at(blocks, 0));
  for (const block of blocks.slice(1)) {
    ring.attach(block);
    ring.follow(block.hash);
  }
  return ring;
}

function chainOf(count: number): ChainBlock[] {
  const first = blockOn(undefined, 'a');
  return [first, ...extend(first, count - 1, 'a')];
}

function extend(from: ChainBlock, count: number, branch: string): ChainBlock[] {
  const blocks: ChainBlock[] = [];
  let tip = from;
  for (let k = 0; k < count; k += 1) {
    tip = blockOn(tip, branch);
    blocks.push(tip);
  }
  return blocks;
}

function blockOn(parent: ChainBlock | undefined, branch: string): ChainBlock {
  const number = parent === undefined ? 0n : parent.number + 1n;
  return {
    number,
    hash: padHex(`0x${branch}${numberToHex(number, { size: 2 }).slice(2)}`, { size: 32 }),
    parentHash: parent?.hash ?? padHex('0x', { size: 32 }),
    timestamp: number,
    baseFeePerGas: undefined,
    transactions: [],
  };
}
