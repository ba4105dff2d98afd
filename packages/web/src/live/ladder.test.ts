// Goal: the ladder on the page is the venue's, or the page knows that it is not. Method: random
// changes to a ladder and to a plain map beside it, and checksums that are off by one level.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BookScale } from '@lawbook/api/client/bookScale';
import { crc32 } from '@lawbook/api/client/crc32';
import type { LadderView, LevelView } from '@lawbook/api/schema/bookViews';
import fc from 'fast-check';
import { bandsOf, Ladder } from './ladder.ts';

const SCALE = new BookScale({
  lotUnits: 1_000_000n,
  tickUnits: 100n,
  baseDecimals: 6,
  quoteDecimals: 6,
});
const level = (ticks: number, lots: number): LevelView => {
  return { price: `${(ticks / 10_000).toFixed(4)}00000000`, size: `${lots}.000000` };
};

function viewOf(bids: readonly LevelView[], asks: readonly LevelView[], whole: Sides): LadderView {
  const half = (side: ReadonlyMap<number, number>, sign: 1 | -1): LevelView[] =>
    [...side]
      .sort(([a], [b]) => sign * (a - b))
      .slice(0, 10)
      .map(([ticks, lots]) => level(ticks, lots));
  const best = [...half(whole.bids, -1), ...half(whole.asks, 1)];
  const text = best.map(({ price, size }) => `${price}:${size}`).join();
  return { bids, asks, checksum: crc32(text, 0).toString(16).padStart(8, '0') };
}

interface Sides {
  readonly bids: Map<number, number>;
  readonly asks: Map<number, number>;
}

test('follows any changes, and its checksum is the venue’s after each', () => {
  const change = fc.record({
    side: fc.constantFrom('bids' as const, 'asks' as const),
    ticks: fc.integer({ min: 1, max: 60 }),
    lots: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
      const whole: Sides = { bids: new Map(), asks: new Map() };
      const ladder = new Ladder(SCALE);
      assert.ok(ladder.reset(viewOf([], [], whole)));
      for (const { side, ticks, lots } of changes) {
        if (lots === 0) whole[side].delete(ticks);
        else whole[side].set(ticks, lots);
        const told = [level(ticks, lots)];
        const view = viewOf(side === 'bids' ? told : [], side === 'asks' ? told : [], whole);
        assert.ok(ladder.change(view));
      }
      const plain = (side: ReadonlyMap<number, number>, sign: 1 | -1): number[][] =>
        [...side].sort(([a], [b]) => sign * (a - b));
      const drawn = ladder.bids.map(({ ticks, lots }) => [ticks, lots]);
      assert.deepEqual(drawn, plain(whole.bids, -1));
      const asks = ladder.asks.map(({ ticks, lots }) => [ticks, lots]);
      assert.deepEqual(asks, plain(whole.asks, 1));
    }),
  );
});

test('notices a change that it missed', () => {
  const ladder = new Ladder(SCALE);
  const whole: Sides = { bids: new Map([[100, 5]]), asks: new Map([[102, 1]]) };
  assert.ok(ladder.reset(viewOf([level(100, 5)], [level(102, 1)], whole)));
  whole.bids.set(99, 7);
  whole.bids.set(98, 1);
  assert.equal(ladder.change(viewOf([level(98, 1)], [], whole)), false);
});

test('bands round away from the other half and count the depth before them', () => {
  const ladder = new Ladder(SCALE);
  const rungs = [level(109, 1), level(104, 2), level(101, 4)];
  const asks = [level(111, 1), level(119, 2), level(120, 4), level(121, 8)];
  const view = { bids: rungs, asks, checksum: '0' };
  ladder.reset(view);
  assert.deepEqual(bandsOf(ladder.bids, 'bids', { step: 5, most: 9 }), [
    { ticks: 105, lots: 1, depth: 1 },
    { ticks: 100, lots: 6, depth: 7 },
  ]);
  assert.deepEqual(bandsOf(ladder.asks, 'asks', { step: 10, most: 1 }), [
    { ticks: 120, lots: 7, depth: 7 },
  ]);
});
