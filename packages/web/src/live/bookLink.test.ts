// Goal: what the page shows of a book is the venue's book, or the page says that it is not and
// reads it anew. Method: a feed whose messages the test writes, with the checksums of a ladder
// beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ladderChecksum } from '@lawbook/api/client/bookLadder';
import type { ChannelFollower } from '@lawbook/api/client/feed';
import type { BookView, LevelView } from '@lawbook/api/schema/bookViews';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import { accepted } from '@lawbook/exchange/failures/result';
import { BookLink } from './bookLink.ts';
import { Live } from './live.ts';
import type { VenueLink } from './venueLink.ts';

const RULES = {
  marketId: '101',
  lotUnits: '1000000',
  tickUnits: '100',
  baseDecimals: 6,
  quoteDecimals: 6,
  state: 'open',
} as BookView;

const level = (price: string, lots: number): LevelView => {
  return { price: `${price}00000000`, size: `${lots}.000000` };
};

/** Frames come when the test says so. */
function stubFrames(): () => void {
  const waiting: (() => void)[] = [];
  Object.assign(globalThis, {
    requestAnimationFrame: (draw: () => void) => waiting.push(draw),
    cancelAnimationFrame: () => {},
  });
  return () => {
    for (const draw of waiting.splice(0)) draw();
  };
}

function open() {
  const frame = stubFrames();
  const followers = new Map<string, ChannelFollower>();
  const asked: string[] = [];
  const feed = {
    follow: (channel: string, follower: ChannelFollower) => {
      followers.set(channel, follower);
      return () => void followers.delete(channel);
    },
    resynchronise: (channel: string) => void asked.push(channel),
  };
  const connection = new Live<string>('open');
  const books = { trades: async () => accepted({ trades: [] }) };
  const book = new BookLink(RULES, { feed, connection, books } as unknown as VenueLink);
  const tell = (whole: boolean, bids: LevelView[], asks: LevelView[], checksum: string): void => {
    const head = { kind: 'book', marketId: '101', inputSequence: 1, state: 'open' } as const;
    const event: ChannelEvent = { ...head, whole, bids, asks, checksum };
    const follower = followers.get('book:101');
    if (whole) follower?.onSnapshot?.([event], 1);
    else follower?.onEvent(event, 2);
  };
  return { book, tell, asked, connection, frame, followers };
}

const BIDS = [level('1.1000', 5), level('1.0999', 7)];
const ASKS = [level('1.1002', 4)];
const RIGHT = ladderChecksum({ bids: BIDS, asks: ASKS });

test('a whole ladder that adds up is live, and its changes are told once a frame', () => {
  const { book, tell, frame } = open();
  assert.equal(book.sync.get().state, 'reading');
  tell(true, BIDS, ASKS, RIGHT);
  const next = level('1.1000', 6);
  tell(false, [next], [], ladderChecksum({ bids: [next, BIDS[1] as LevelView], asks: ASKS }));
  assert.equal(book.version.get(), 0);
  frame();
  assert.equal(book.version.get(), 1);
  assert.equal(book.ladder.bids[0]?.lots, 6);
  assert.deepEqual(book.sync.get(), {
    state: 'live',
    resyncs: 0,
    reason: undefined,
    atMs: undefined,
  });
});

test('a change that does not add up is followed by a whole ladder, and that is shown', () => {
  const { book, tell, asked } = open();
  tell(true, BIDS, ASKS, RIGHT);
  tell(false, [level('1.1000', 6)], [], RIGHT);
  assert.deepEqual(asked, ['book:101']);
  assert.equal(book.sync.get().state, 'resyncing');
  // What follows of the broken stream is not drawn.
  tell(false, [level('1.1000', 9)], [], '00000000');
  assert.equal(asked.length, 1);
  tell(true, BIDS, ASKS, RIGHT);
  const { state, resyncs, reason } = book.sync.get();
  assert.deepEqual([state, resyncs], ['live', 1]);
  assert.match(reason ?? '', /checksum/);
});

test('a connection that was lost makes the ladder be read anew', () => {
  const { book, tell, asked, connection } = open();
  tell(true, BIDS, ASKS, RIGHT);
  connection.set('waiting');
  assert.equal(book.sync.get().state, 'resyncing');
  connection.set('open');
  assert.deepEqual(asked, ['book:101']);
  tell(true, BIDS, ASKS, RIGHT);
  assert.equal(book.sync.get().resyncs, 1);
});

test('a venue whose whole ladders never add up is said to be wrong', () => {
  const { book, tell, asked } = open();
  for (let k = 0; k < 3; k += 1) tell(true, BIDS, ASKS, '00000000');
  assert.equal(book.sync.get().state, 'wrong');
  assert.equal(asked.length, 2);
});

test('a break that the feed finds is shown until the ladder stands again', () => {
  const { book, tell, followers } = open();
  tell(true, BIDS, ASKS, RIGHT);
  followers.get('book:101')?.onBreak?.('checksum');
  assert.equal(book.sync.get().state, 'resyncing');
  tell(true, BIDS, ASKS, RIGHT);
  assert.match(book.sync.get().reason ?? '', /changed/);
});
