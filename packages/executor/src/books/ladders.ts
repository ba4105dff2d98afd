import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import { NO_RANK } from '@lawbook/exchange/markets/book/rankTrie';
import type { Ladder, LadderLevel } from './bookRecords.ts';

/** Levels of each half that readers are told of; deeper ones come into view as these go. */
export const LADDER_LEVELS = 100;

/** What shows of a book: the best levels of both halves, hidden lots of icebergs left out. */
export function ladderOf({ engine }: BookMarket): Ladder {
  const { bids, asks } = engine.book.core;
  return {
    bids: levelsOf(bids, (rank) => NO_RANK - rank),
    asks: levelsOf(asks, (rank) => rank),
  };
}

/** What leads from one ladder to another: each level that differs, with the lots it has then. */
export function ladderChanges(before: Ladder, now: Ladder): Ladder {
  return {
    bids: halfChanges(before.bids, now.bids),
    asks: halfChanges(before.asks, now.asks),
  };
}

/** A ladder with changes laid over it, best first again. */
export function applyChanges(ladder: Ladder, changes: Ladder): Ladder {
  return {
    bids: applyHalf(ladder.bids, changes.bids, (a, b) => b[0] - a[0]),
    asks: applyHalf(ladder.asks, changes.asks, (a, b) => a[0] - b[0]),
  };
}

type Side = BookMarket['engine']['book']['core']['bids'];

function levelsOf(side: Side, priceOf: (rank: number) => number): LadderLevel[] {
  const levels: LadderLevel[] = [];
  let rank = side.best;
  while (rank !== NO_RANK && levels.length < LADDER_LEVELS) {
    levels.push([priceOf(rank), side.shownAt(rank)]);
    rank = side.next(rank);
  }
  return levels;
}

function halfChanges(
  before: readonly LadderLevel[],
  now: readonly LadderLevel[],
): readonly LadderLevel[] {
  const was = new Map(before);
  const changed = now.filter(([price, lots]) => was.get(price) !== lots);
  for (const [price] of now) was.delete(price);
  return [...[...was.keys()].map((price) => [price, 0] as const), ...changed];
}

function applyHalf(
  half: readonly LadderLevel[],
  changes: readonly LadderLevel[],
  order: (a: LadderLevel, b: LadderLevel) => number,
): readonly LadderLevel[] {
  if (changes.length === 0) return half;
  const levels = new Map(half);
  for (const [price, lots] of changes) {
    if (lots === 0) levels.delete(price);
    else levels.set(price, lots);
  }
  return [...levels].sort(order);
}
