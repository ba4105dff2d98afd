// Goal: feeds of books survive what networks and clients do: a cut connection goes on or says that
// it begins anew, a slow reader is told and dropped, and noise is answered and changes nothing.
// Method: a real venue behind real gateways; the client's feed over sockets that the test cuts, and
// raw sockets that say what no client would.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import { Feed } from '@lawbook/api/client/feed';
import type { ResyncReason } from '@lawbook/api/client/followedBook';
import { FollowedBook } from '@lawbook/api/client/followedBook';
import { FollowedTrades } from '@lawbook/api/client/followedTrades';
import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { unwrap } from '@lawbook/api/client/transport';
import type { BookAction, BookActionAnswer } from '@lawbook/api/schema/bookActions';
import type { QueuedOrderView } from '@lawbook/api/schema/bookViews';
import type { ChannelEvent, ServerMessage } from '@lawbook/api/schema/messages';
import { CLOSE_CODES, serverMessage } from '@lawbook/api/schema/messages';
import type { Result } from '@lawbook/exchange/failures/result';
import { WebSocket as RawSocket } from 'ws';
import type { WorldChoice } from '../../../../../testing/gateways/gatewayWorld.ts';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';
import { demoBookInputs } from '../../demo/demoBookInputs.ts';
import { GATEWAY_PRESETS } from '../gatewayOptions.ts';

const marketId = String(DEMO_BOOK_ID);

async function openWorld(options: Partial<typeof GATEWAY_PRESETS.webSocket> = {}) {
  const webSocket = { ...GATEWAY_PRESETS.webSocket, ...options };
  const choice: WorldChoice = { options: { webSocket } };
  const world = await GatewayWorld.open(choice);
  for (const input of demoBookInputs(world.venue.state.assets.length)) {
    assert.ok((await world.venue.execute(input)).ok, input.kind);
  }
  return world;
}

function accepted(result: Result<BookActionAnswer>): number {
  const answer = unwrap(result);
  assert.ok(answer.kind === 'accepted', JSON.stringify(answer));
  return answer.sequence;
}

/** A connection of the test's own that keeps what it is told. */
class Peer {
  readonly socket: RawSocket;
  readonly messages: ServerMessage[] = [];
  #wake: () => void = () => {};

  constructor(url: string) {
    this.socket = new RawSocket(`${url.replace('http', 'ws')}/v1/ws`);
    this.socket.on('message', (bytes) => {
      this.messages.push(serverMessage.parse(JSON.parse(bytes.toString())));
      this.#wake();
    });
  }

  static async open(url: string): Promise<Peer> {
    const peer = new Peer(url);
    await once(peer.socket, 'open');
    return peer;
  }

  async next<Op extends ServerMessage['op']>(
    op: Op,
    skip = 0,
  ): Promise<Extract<ServerMessage, { op: Op }>> {
    for (;;) {
      const found = this.messages.filter((message) => message.op === op)[skip];
      if (found !== undefined) return found as Extract<ServerMessage, { op: Op }>;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A client that follows a book over a connection that the test cuts. */
class Follower {
  readonly feed: Feed;
  readonly book: FollowedBook;
  readonly reasons: ResyncReason[] = [];
  readonly trades: number[] = [];
  /** While true no connection comes about. */
  isAway = false;
  readonly #tape: FollowedTrades;
  #socket: WebSocket | undefined;
  #wake: () => void = () => {};

  constructor(baseUrl: string, client: LawbookClient) {
    this.feed = new Feed({
      baseUrl,
      backoff: { firstMs: 1, mostMs: 2 },
      openSocket: (url) => {
        this.#socket = new WebSocket(this.isAway ? 'ws://127.0.0.1:1' : url);
        return this.#socket;
      },
    });
    this.book = new FollowedBook(this.feed, marketId, {
      onLadder: () => this.#wake(),
      onResync: (reason) => {
        this.reasons.push(reason);
        this.#wake();
      },
    });
    const options = { feed: this.feed, reader: client.books, marketId, after: 0 };
    this.#tape = new FollowedTrades(options, {
      onTrade: ({ tradeNumber }) => {
        this.trades.push(tradeNumber);
        this.#wake();
      },
    });
  }

  cut(): void {
    this.#socket?.close();
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    this.book.stop();
    await this.#tape.stop();
    this.feed.close();
  }
}

describe('feeds of books over a network that fails', () => {
  let world: GatewayWorld;
  before(async () => {
    world = await openWorld({ ringSize: 8 });
  });
  after(() => world.close());

  test('a cut connection goes on, or says that its ladder begins anew', async () => {
    const [alice, bob] = [world.client('alice'), world.client('bob')];
    const follower = new Follower(world.url, alice);
    let sequence = 0;
    const trade = async (count: number): Promise<void> => {
      for (let k = 0; k < count; k += 1) {
        const order = { marketId, size: String(2 + (k % 3)), price: `1.1${k % 5}` } as const;
        accepted(await alice.books.placeOrder({ ...order, side: 'sell' }));
        const buy = { marketId, side: 'buy', size: '1', price: '1.2' } as const;
        sequence = accepted(await bob.books.placeOrder(buy));
      }
    };
    const caughtUp = (): Promise<void> =>
      follower.until(() => (follower.book.ladder?.inputSequence ?? 0) >= sequence);
    await follower.until(() => follower.book.ladder !== undefined);
    await trade(2);
    await caughtUp();
    follower.cut();
    await trade(1);
    await caughtUp();
    assert.deepEqual(follower.reasons, [], 'a short absence is caught up');
    // More happens than the venue keeps for those who are away.
    follower.isAway = true;
    follower.cut();
    await trade(12);
    follower.isAway = false;
    await follower.until(() => follower.reasons.length > 0);
    await trade(1);
    await caughtUp();
    assert.deepEqual(follower.reasons, ['gap']);
    assert.equal(follower.book.resyncs, 1);
    const depth = unwrap(await alice.books.depth(marketId, { levels: 100 }));
    assert.deepEqual(follower.book.ladder?.asks, depth.asks);
    const last = unwrap(await alice.books.trades(marketId)).trades[0]?.tradeNumber ?? 0;
    await follower.until(() => follower.trades.length >= last);
    const every = Array.from({ length: last }, (_, k) => k + 1);
    assert.deepEqual(follower.trades, every, 'no trade is lost or told twice');
    await follower.close();
    accepted(await alice.books.cancelAll(marketId));
  });

  test('the queue of a book leads on from its snapshot, order by order', async () => {
    const [alice, bob] = [world.client('alice'), world.client('bob')];
    const feed = new Feed({ baseUrl: world.url });
    const queue = new Map<string, QueuedOrderView>();
    let inputSequence = 0;
    let wake = (): void => {};
    const take = (event: ChannelEvent): void => {
      if (event.kind !== 'queue') return;
      if (event.whole) queue.clear();
      for (const order of event.orders) {
        if (order.requeued || order.side === undefined) queue.delete(order.orderId);
        if (order.side !== undefined) queue.set(order.orderId, order);
      }
      ({ inputSequence } = event);
      wake();
    };
    const snapshot = new Promise<void>((resolve) => {
      feed.follow(`queue:${marketId}`, {
        onSnapshot: (events) => {
          events.forEach(take);
          resolve();
        },
        onEvent: take,
      });
    });
    await snapshot;
    const place = async (size: string, displaySize?: string): Promise<string> => {
      const order = { marketId, side: 'sell', price: '1.2', size } as const;
      const shown = displaySize === undefined ? {} : { displaySize };
      const answer = unwrap(await alice.books.placeOrder({ ...order, ...shown }));
      assert.ok(answer.kind === 'accepted');
      return answer.orderId;
    };
    const iceberg = await place('9', '2');
    const plain = await place('5');
    const buy = { marketId, side: 'buy', size: '4', price: '1.2', timeInForce: 'ioc' } as const;
    unwrap(await bob.books.cancelAll(marketId));
    const below = unwrap(await alice.books.depth(marketId)).asks.filter(({ price }) => {
      return Number(price) < 1.2;
    });
    assert.deepEqual(below, [], 'nothing stands before these two');
    const sequence = accepted(await bob.books.placeOrder(buy));
    while (inputSequence < sequence) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    // The iceberg's first tranche traded, its next one stands behind the plain order.
    assert.deepEqual(
      [...queue.values()].map(({ orderId, size }) => [orderId, size]),
      [
        [plain, '3.000000'],
        [iceberg, '2.000000'],
      ],
    );
    feed.close();
    accepted(await alice.books.cancelAll(marketId));
  });

  test('noise is answered by name and changes nothing', async () => {
    const peer = await Peer.open(world.url);
    const { sequence } = world.venue.state;
    const owner = world.account('alice').account;
    const action = { kind: 'cancelAll', owner, marketId, orderNonce: '1', expiresAtMs: 1 };
    const frames: readonly (readonly [unknown, string, string | undefined])[] = [
      ['{"op":"book"', 'malformedRequest', undefined],
      [Buffer.from([0, 1, 2, 255]), 'unsupportedMediaType', 'frame'],
      [{ op: 'book', id: 'a', actions: [] }, 'malformedRequest', 'message.actions'],
      [{ op: 'book', id: 'b', actions: [{ kind: 'dance' }] }, 'malformedRequest', undefined],
      [{ op: 'book', id: 'c', actions: [{ ...action, extra: 1 }] }, 'malformedRequest', undefined],
      [
        { op: 'book', id: 'd', actions: [{ ...action, marketId: 101 }] },
        'malformedRequest',
        undefined,
      ],
      [{ op: 'subscribe', id: 'e', channel: 'book:0' }, 'malformedRequest', 'message.channel'],
      [{ op: 'subscribe', id: 'f', channel: 'book:999' }, 'notFound', 'channel'],
      [{ op: 'subscribe', id: 'g', channel: 'book:1' }, 'notFound', 'channel'],
    ];
    for (const [k, [frame, code, field]] of frames.entries()) {
      const text =
        typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame);
      peer.socket.send(text);
      const { rejection } = await peer.next('rejected', k);
      assert.equal(rejection.code, code, String(text));
      if (field !== undefined) assert.equal(rejection.field, field);
    }
    peer.socket.send(JSON.stringify({ op: 'ping', id: 'alive' }));
    await peer.next('pong');
    assert.equal(world.venue.state.sequence, sequence);
    peer.socket.terminate();
  });

  test('an action its owner did not sign is rejected beside others that are taken', async () => {
    const alice = world.client('alice');
    const bob = world.client('bob');
    const order = { marketId, side: 'buy', size: '5', price: '1.01' } as const;
    const good = unwrap(await alice.books.orderAction(order));
    const forged = { ...unwrap(await bob.books.orderAction(order)), owner: good.owner };
    const nobody = { ...good, marketId: '999' } as BookAction;
    const wide = await alice.books.cancelAction({ marketId, orderId: String(2n ** 60n) });
    assert.ok(!wide.ok && wide.rejection.field === 'orderId');
    const cancel = unwrap(await alice.books.cancelAction({ marketId, orderId: '1' }));
    const long = { ...cancel, orderId: String(2n ** 60n) } as BookAction;
    const peer = await Peer.open(world.url);
    const actions = [forged, good, nobody, long];
    peer.socket.send(JSON.stringify({ op: 'book', id: 'mixed', actions }));
    const { answers } = await peer.next('bookAnswers');
    const codes = answers.map((answer) =>
      answer.kind === 'accepted' ? 'accepted' : answer.rejection.code,
    );
    assert.deepEqual(codes, ['signatureInvalid', 'accepted', 'marketUnknown', 'orderUnknown']);
    peer.socket.terminate();
  });
});

test('a slow reader of a book is told, then dropped, and holds up nobody', async (t) => {
  const world = await openWorld({ warnBytes: 50_000, dropBytes: 400_000, closeGraceMs: 5000 });
  t.after(() => world.close());
  const alice = world.client('alice');
  const [slow, quick] = [await Peer.open(world.url), await Peer.open(world.url)];
  t.after(() => quick.socket.terminate());
  for (const { socket } of [slow, quick]) {
    socket.send(JSON.stringify({ op: 'subscribe', id: '1', channel: `book:${marketId}` }));
  }
  await slow.next('subscribed');
  await quick.next('subscribed');
  slow.socket.pause();
  const ended = once(slow.socket, 'close');
  const place = { marketId, side: 'sell', size: '5', price: '1.3' } as const;
  const sequence = accepted(await alice.books.placeOrder(place));
  await world.venue.waitFor(sequence, 5_000, new AbortController().signal);
  const news = {
    ...({ marketId: DEMO_BOOK_ID, sequence, timeMs: 0, state: 'open', trades: [] } as const),
    ...{ executions: [], orders: [], queue: [] },
    changes: { bids: [], asks: Array.from({ length: 90 }, (_, k) => [20_000 + k, 1] as const) },
  };
  // The system's own buffers take some megabytes before the server notices that nobody reads.
  for (let k = 0; k < 4_000; k += 1) {
    world.venue.tell({ kind: 'book', news });
    if (k % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  slow.socket.resume();
  const [code, reason] = (await ended) as [number, Buffer];
  assert.deepEqual([code, String(reason)], [CLOSE_CODES.slowConsumer, 'slowConsumer']);
  assert.equal((await slow.next('warning')).limitBytes, 400_000);
  quick.socket.send(JSON.stringify({ op: 'ping', id: 'alive' }));
  await quick.next('pong');
  assert.ok(quick.messages.filter(({ op }) => op === 'event').length > 1000);
});
