// Goal: a followed ladder is the venue's at every step or says that it is not, and trades are told
// once each, in order, whatever the connection lost.
// Method: a feed that the test speaks for, and a naive ladder beside the rebuilt one under random
// changes; a venue's list of trades that the test holds.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accepted } from '@lawbook/exchange/failures/result';
import fc from 'fast-check';
import type { LevelView, TradeView } from '../schema/bookViews.ts';
import type { ChannelEvent } from '../schema/messages.ts';
import { ladderChecksum } from './bookLadder.ts';
import { ClientFault } from './clientFault.ts';
import { FollowedBook } from './followedBook.ts';
import type { ChannelFollower } from './followedChannel.ts';
import { FollowedTrades } from './followedTrades.ts';

/** A feed of one channel, in the hands of the test. */
class HandFeed {
  follower: ChannelFollower | undefined;
  resynchronised = 0;
  stopped = false;

  follow(_: string, follower: ChannelFollower): () => void {
    this.follower = follower;
    return () => {
      this.stopped = true;
    };
  }

  resynchronise(): void {
    this.resynchronised += 1;
  }

  snapshot(...events: ChannelEvent[]): void {
    this.follower?.onSnapshot?.(events, 0);
  }

  event(event: ChannelEvent): void {
    this.follower?.onEvent(event, 0);
  }
}

type Levels = Map<number, number>;

const level = ([price, size]: readonly [number, number]): LevelView => ({
  price: `${price}.000000000000`,
  size: `${size}.00`,
});

const ladderOf = (bids: Levels, asks: Levels): { bids: LevelView[]; asks: LevelView[] } => ({
  bids: [...bids].sort((a, b) => b[0] - a[0]).map(level),
  asks: [...asks].sort((a, b) => a[0] - b[0]).map(level),
});

function bookEvent(
  levels: { bids: LevelView[]; asks: LevelView[] },
  whole: boolean,
  checksum: string,
): ChannelEvent {
  const head = { kind: 'book', marketId: '7', inputSequence: 1, state: 'open' } as const;
  return { ...head, ...levels, whole, checksum };
}

/** Prices with one to three digits, so that order by text alone would be wrong. */
const changes = fc.array(
  fc.record({
    side: fc.constantFrom('bids' as const, 'asks' as const),
    price: fc.integer({ min: 1, max: 120 }),
    size: fc.integer({ min: 0, max: 5 }),
  }),
  { maxLength: 60 },
);

describe('a followed book', () => {
  test('is the ladder of the venue after every change', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const feed = new HandFeed();
        const followed = new FollowedBook(feed, '7', { onLadder: () => {} });
        const naive = { bids: new Map([[9, 1]]), asks: new Map([[100, 1]]) };
        const start = ladderOf(naive.bids, naive.asks);
        feed.snapshot(bookEvent(start, true, ladderChecksum(start)));
        for (const { side, price, size } of list) {
          if (size === 0) naive[side].delete(price);
          else naive[side].set(price, size);
          const change = { bids: [], asks: [], [side]: [level([price, size])] };
          const now = ladderOf(naive.bids, naive.asks);
          feed.event(bookEvent(change, false, ladderChecksum(now)));
          assert.deepEqual({ bids: followed.ladder?.bids, asks: followed.ladder?.asks }, now);
        }
        assert.equal(followed.resyncs, 0);
      }),
    );
  });

  test('a ladder that does not add up is dropped, asked for anew and reported', () => {
    const feed = new HandFeed();
    const reasons: string[] = [];
    const followed = new FollowedBook(feed, '7', {
      onLadder: () => {},
      onResync: (reason) => void reasons.push(reason),
    });
    const start = ladderOf(new Map([[9, 1]]), new Map());
    const whole = bookEvent(start, true, ladderChecksum(start));
    feed.snapshot(whole);
    const change = { bids: [level([9, 2])], asks: [] };
    feed.event(bookEvent(change, false, '00000000'));
    assert.equal(followed.ladder, undefined);
    assert.equal(feed.resynchronised, 1);
    // Changes to a ladder that is not known are left out.
    feed.event(bookEvent(change, false, ladderChecksum(change)));
    assert.equal(followed.ladder, undefined);
    feed.snapshot(whole);
    assert.deepEqual(bidsOf(followed), start.bids);
    feed.follower?.onBreak?.('checksum');
    feed.snapshot(whole);
    // A connection that was away for too long begins anew without a break.
    feed.snapshot(whole);
    assert.deepEqual(reasons, ['ladder', 'checksum', 'gap']);
    assert.equal(followed.resyncs, 3);
    followed.stop();
    assert.equal(feed.stopped, true);
  });
});

function bidsOf({ ladder }: FollowedBook): readonly LevelView[] | undefined {
  return ladder?.bids;
}

const trade = (tradeNumber: number): TradeView => ({
  ...{ tradeNumber, price: '1.0', size: '1', takerSide: 'buy', sequence: tradeNumber },
  time: '2026-01-01T00:00:00.000Z',
});

/** A venue with trades 1 to `count`, of which reads are answered when told. */
class TradeShelf {
  count: number;
  isAway = false;

  constructor(count: number) {
    this.count = count;
  }

  trades(marketId: string, page: { limit?: number; before?: number } = {}) {
    if (this.isAway) return Promise.reject(new ClientFault('VENUE_UNREACHABLE'));
    const before = page.before ?? this.count + 1;
    const first = Math.max(1, before - (page.limit ?? 50));
    const trades: TradeView[] = [];
    for (let k = before - 1; k >= first; k -= 1) trades.push(trade(k));
    const asOf = { sequence: this.count, time: '2026-01-01T00:00:00.000Z' };
    return Promise.resolve(accepted({ marketId, trades, asOf }));
  }
}

/** Lets promises that are due settle. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('followed trades', () => {
  const stage = (after?: number) => {
    const feed = new HandFeed();
    const reader = new TradeShelf(0);
    const told: number[] = [];
    const gaps: string[] = [];
    const options = { feed, reader, marketId: '7', ...(after !== undefined && { after }) };
    const tape = new FollowedTrades(options, {
      onTrade: ({ tradeNumber }) => void told.push(tradeNumber),
      onGap: (first, last) => void gaps.push(`${first}..${last}`),
    });
    const event = (k: number): void =>
      feed.event({ kind: 'trade', marketId: '7', trade: trade(k) });
    return { feed, reader, told, gaps, tape, event };
  };

  test('those missed are read from the venue, over pages, before those that wait', async () => {
    const { feed, reader, told, gaps, tape, event } = stage(2);
    reader.count = 450;
    feed.snapshot();
    event(451);
    event(452);
    await settle();
    assert.deepEqual(
      told,
      Array.from({ length: 450 }, (_, k) => k + 3),
    );
    assert.deepEqual(gaps, []);
    assert.equal(tape.last, 452);
  });

  test('a number that is skipped is fetched, and one told before is not told again', async () => {
    const { feed, reader, told, gaps, event } = stage();
    feed.snapshot();
    event(5);
    event(5);
    reader.count = 8;
    event(8);
    await settle();
    event(4);
    event(9);
    assert.deepEqual(told, [5, 6, 7, 8, 9]);
    assert.deepEqual(gaps, []);
  });

  test('what cannot be fetched is told as a gap', async () => {
    const { feed, reader, told, gaps, tape, event } = stage(1);
    reader.isAway = true;
    feed.snapshot();
    event(4);
    await settle();
    assert.deepEqual([told, gaps], [[4], ['2..3']]);
    await tape.stop();
    event(5);
    assert.deepEqual(told, [4]);
  });
});
