// Goal: owners trade on a book through HTTP and WebSocket, read what became of it, and epochs of
// books are sealed into bundles that a stranger judges.
// Method: a real venue behind real gateways on loopback, with the books of the demo world and small
// epochs; the answers are compared with what the orders must come to.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import { crc32 } from '@lawbook/api/client/crc32';
import type { BookAction, BookActionAnswer, BookOrderTerms } from '@lawbook/api/schema/bookActions';
import type { ServerMessage } from '@lawbook/api/schema/messages';
import { serverMessage } from '@lawbook/api/schema/messages';
import { decodeBookBundle } from '@lawbook/exchange/bookBundle';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import { judgeBookEpoch } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import { clientOrderId, NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import { BookSigning } from '@lawbook/exchange/orders/bookSigning';
import { recoverSigner, signDigest } from '@lawbook/exchange/orders/signature';
import { WebSocket as RawSocket } from 'ws';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';
import { demoBookInputs } from '../../demo/demoBookInputs.ts';

const marketId = String(DEMO_BOOK_ID);
type Name = 'alice' | 'bob';

describe('books', () => {
  let world: GatewayWorld;
  let orderNonce = 0n;
  before(async () => {
    world = await GatewayWorld.open();
    for (const input of demoBookInputs(world.venue.state.assets.length)) {
      assert.ok((await world.venue.execute(input)).ok, input.kind);
    }
  });
  after(() => world.close());

  /** A signed limit order for ten units. */
  const order = (name: Name, terms: Partial<BookOrder>): BookAction => {
    const { account: owner, secretKey } = world.account(name);
    orderNonce += 1n;
    const full: BookOrder = {
      ...{ owner, marketId: DEMO_BOOK_ID, clientOrderId: NO_CLIENT_ORDER_ID, side: 'buy' },
      ...{ type: 'limit', timeInForce: 'gtc', postOnly: false, selfTradePolicy: 'cancelResting' },
      ...{ priceTicks: 11_000, sizeLots: 10, displayLots: 0, trigger: 'none' },
      ...{ triggerSource: 'lastTrade', triggerTicks: 0, ocoWith: 0, goodUntilMs: 0 },
      ...{ orderNonce, expiresAtMs: Date.now() + 60_000 },
      ...terms,
    };
    const digest = new BookSigning(world.venue.signing.domain).orderDigest(full);
    const wire: BookOrderTerms = {
      ...full,
      marketId,
      ocoWith: String(full.ocoWith),
      orderNonce: String(full.orderNonce),
    };
    return { kind: 'order', ...wire, signature: bytesToHex(signDigest(digest, secretKey)) };
  };
  const send = async (...actions: BookAction[]): Promise<BookActionAnswer[]> => {
    const { body } = await world.send('POST', '/v1/book-actions', { actions });
    assert.ok(Array.isArray(body['answers']), JSON.stringify(body));
    return body['answers'] as BookActionAnswer[];
  };
  const accepted = (answer: BookActionAnswer | undefined) => {
    assert.equal(answer?.kind, 'accepted', JSON.stringify(answer));
    return answer as Extract<BookActionAnswer, { kind: 'accepted' }>;
  };
  const get = async (path: string): Promise<Record<string, unknown>> => {
    const { status, body } = await world.send('GET', path);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };

  test('a resting order shows in the depth, and a trade in trades, fills and candles', async () => {
    const alice = world.account('alice').account;
    const [placed] = await send(order('alice', { side: 'sell', sizeLots: 30 }));
    const { sequence } = accepted(placed);
    const depth = await get(`/v1/books/${marketId}/depth?atLeast=${sequence}`);
    assert.deepEqual(depth['asks'], [{ price: '1.100000000000', size: '30.000000' }]);
    const text = '1.100000000000:30.000000';
    assert.equal(Number.parseInt(String(depth['checksum']), 16), crc32(text, 0));
    const [taken] = await send(order('bob', { timeInForce: 'ioc', priceTicks: 11_010 }));
    const { executions, sequence: later } = accepted(taken);
    assert.deepEqual(
      executions.map(({ execType }) => execType),
      ['new', 'trade'],
    );
    assert.equal(executions[1]?.lastPrice, '1.100000000000');
    assert.equal(executions[1]?.fee, '0.002200');
    const { trades } = await get(`/v1/books/${marketId}/trades?atLeast=${later}`);
    assert.equal((trades as { size: string }[])[0]?.size, '10.000000');
    const { fills } = await get(`/v1/books/${marketId}/fills?owner=${alice}`);
    assert.equal((fills as { role: string }[])[0]?.role, 'maker');
    const { candles } = await get(`/v1/books/${marketId}/candles`);
    assert.equal((candles as { volume: string }[])[0]?.volume, '10.000000');
    const { orders } = await get(`/v1/books/${marketId}/orders?owner=${alice}&open=true`);
    const [open] = orders as { status: string; leavesSize: string }[];
    assert.equal(open?.status, 'partiallyFilled');
    assert.equal(open?.leavesSize, '20.000000');
  });

  test('an order sent again is answered as before, by client id or by its terms', async () => {
    const id = clientOrderId(`0x${'0'.repeat(31)}7`);
    const [first] = await send(order('alice', { priceTicks: 10_900, clientOrderId: id }));
    const [again] = await send(order('alice', { priceTicks: 10_900, clientOrderId: id }));
    assert.equal(accepted(again).repeated, true);
    assert.equal(accepted(again).orderId, accepted(first).orderId);
    const [other] = await send(order('alice', { priceTicks: 10_800, clientOrderId: id }));
    assert.ok(other?.kind === 'rejected');
    const { code, field, limit, actual } = other.rejection;
    assert.deepEqual([code, field, actual], ['clientOrderIdUsed', 'priceTicks', '10800']);
    assert.equal(limit, `10900 as order ${accepted(first).orderId} has it`);
    const plain = order('bob', { timeInForce: 'ioc', priceTicks: 1_000 });
    const [one] = await send(plain);
    const [two] = await send(plain);
    assert.deepEqual(accepted(two), { ...accepted(one), executions: [], repeated: true });
  });

  test('a session cancels by client id, amends and cancels all without signatures', async () => {
    const owner = world.account('alice').account;
    const session = await world.sessionClient('alice', ['trade']);
    const peer = await Peer.open(world.url);
    peer.socket.send(JSON.stringify(await authentication(session)));
    await peer.next((message) => message.op === 'authenticated');
    const named = { owner, marketId, orderId: '0', clientOrderId: `0x${'0'.repeat(31)}7` };
    const fresh = (): object => {
      orderNonce += 1n;
      return { orderNonce: String(orderNonce), expiresAtMs: Date.now() + 60_000 };
    };
    const actions = [
      { kind: 'amend', ...named, ...fresh(), priceTicks: 0, sizeLots: 5 },
      { kind: 'cancel', ...named },
      { kind: 'cancel', ...named },
      { kind: 'heartbeat', owner, marketId, ...fresh(), deadlineMs: 0 },
      { kind: 'cancelAll', owner, marketId, ...fresh() },
    ];
    peer.socket.send(JSON.stringify({ op: 'book', id: 'x', actions }));
    const { answers } = await peer.next((message) => message.op === 'bookAnswers');
    const codes = answers.map((answer: BookActionAnswer) =>
      answer.kind === 'accepted' ? answer.executions[0]?.execType : answer.rejection.code,
    );
    assert.deepEqual(codes, ['replaced', 'canceled', 'orderUnknown', undefined, 'canceled']);
    peer.socket.terminate();
  });

  test('a feed leads on from its snapshot, without a gap or a crossed book', async (t) => {
    const peer = await Peer.open(world.url);
    t.after(() => peer.socket.terminate());
    for (const channel of [`book:${marketId}`, `trades:${marketId}`, `quotes:${marketId}`]) {
      peer.socket.send(JSON.stringify({ op: 'subscribe', id: channel, channel }));
      await peer.next((message) => message.op === 'subscribed' && message.id === channel);
    }
    for (let k = 0; k < 30; k += 1) {
      const side = k % 2 === 0 ? 'buy' : 'sell';
      const priceTicks = 11_000 + ((k * 7) % 11) - 5;
      accepted((await send(order(k % 3 === 0 ? 'bob' : 'alice', { side, priceTicks })))[0]);
    }
    const events = (await peer.after(`book:${marketId}`, 30)) as BookEvent[];
    const ladder = { bids: new Map<string, string>(), asks: new Map<string, string>() };
    const [begin] = peer.messages.flatMap((message) => {
      return message.op === 'subscribed' && message.id === `book:${marketId}`
        ? (message.snapshot ?? [])
        : [];
    });
    for (const event of [begin as BookEvent, ...events]) {
      for (const half of ['bids', 'asks'] as const) {
        for (const { price, size } of event[half]) {
          if (Number(size) === 0) ladder[half].delete(price);
          else ladder[half].set(price, size);
        }
      }
      const bids = [...ladder.bids].sort((a, b) => Number(b[0]) - Number(a[0]));
      const asks = [...ladder.asks].sort((a, b) => Number(a[0]) - Number(b[0]));
      const [bid, ask] = [bids[0]?.[0] ?? '0', asks[0]?.[0] ?? '9'];
      assert.ok(Number(bid) < Number(ask), `${bid} < ${ask}`);
      const text = [...bids.slice(0, 10), ...asks.slice(0, 10)].map((level) => level.join(':'));
      assert.equal(Number.parseInt(event.checksum, 16), crc32(text.join(), 0));
    }
    assert.ok(peer.messages.some((m) => m.op === 'event' && m.event.kind === 'trade'));
    assert.ok(peer.messages.some((m) => m.op === 'event' && m.event.kind === 'quote'));
  });

  test('a good-till-date order ends before the next input, which is taken', async () => {
    const goodUntilMs = Date.now() + 50;
    const terms = { timeInForce: 'gtd', goodUntilMs, priceTicks: 9_000 } as const;
    const { orderId } = accepted((await send(order('bob', terms)))[0]);
    let status = 'new';
    while (status === 'new') {
      accepted((await send(order('alice', { timeInForce: 'ioc', priceTicks: 1_000 })))[0]);
      const record = await world.venue.books.order(DEMO_BOOK_ID, Number(orderId));
      status = record?.status ?? 'gone';
    }
    assert.equal(status, 'expired');
  });

  test('an epoch is sealed into a bundle with every event of it', async () => {
    const market = world.venue.state.books.get(DEMO_BOOK_ID);
    const count = market?.eventCount ?? 0;
    const sealed = await world.venue.execute({ kind: 'sealEpoch', marketId: DEMO_BOOK_ID });
    assert.ok(sealed.ok);
    const { epochs } = await get(`/v1/books/${marketId}/epochs?atLeast=${sealed.value.sequence}`);
    const [epoch] = epochs as { epochNumber: number; eventCount: number; epochHash: string }[];
    assert.equal(epoch?.eventCount, count);
    const bytes = await fetch(`${world.url}/v1/markets/${marketId}/epochs/1/bundle`);
    const bundle = decodeBookBundle(new Uint8Array(await bytes.arrayBuffer()));
    assert.equal(bundle.events.length, count);
    assert.equal(bundle.epochHash, epoch?.epochHash);
    const { verdicts, holds } = judgeBookEpoch(bundle, {
      authority: 'recover',
      recover: recoverSigner,
    });
    assert.ok(holds, JSON.stringify(verdicts.filter(({ verdict }) => verdict.kind !== 'holds')));
  });
});

type BookEvent = Extract<Extract<ServerMessage, { op: 'event' }>['event'], { kind: 'book' }>;

type Session = Awaited<ReturnType<GatewayWorld['sessionClient']>>;

async function authentication({ signer }: Session): Promise<object> {
  assert.equal(signer?.kind, 'session');
  const request = { method: 'GET', path: '/v1/ws', body: new Uint8Array() };
  const proof = await signer.authorise(request as never, Date.now());
  return { op: 'authenticate', id: 'a', sessionId: signer.sessionId, ...proof };
}

/** A connection that keeps every message and checks its form. */
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

  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it waits for.
  async next(fits: (message: ServerMessage) => boolean): Promise<any> {
    for (;;) {
      const found = this.messages.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The first events of a channel, which count from the snapshot without a gap. */
  async after(channel: string, count: number): Promise<unknown[]> {
    for (;;) {
      const events = this.messages.flatMap((message) => {
        return message.op === 'event' && message.channel === channel ? [message] : [];
      });
      if (events.length >= count) {
        const first = at(events, 0).sequence;
        for (const [k, { sequence }] of events.entries()) assert.equal(sequence, first + k);
        return events.map(({ event }) => event);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
