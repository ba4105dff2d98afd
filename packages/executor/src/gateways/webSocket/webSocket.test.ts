// Goal: the WebSocket answers requests, feeds contiguous channels, and ends connections that break
// its bounds with a code and a reason.
// Method: plain WebSocket clients against a real venue; bounds made small where they are tested.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { crc32 } from '@lawbook/api/client/crc32';
import { unwrap } from '@lawbook/api/client/transport';
import type { ClientMessage, ServerMessage } from '@lawbook/api/schema/messages';
import { CLOSE_CODES, serverMessage } from '@lawbook/api/schema/messages';
import { WebSocket as RawSocket } from 'ws';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';
import { GATEWAY_PRESETS } from '../gatewayOptions.ts';

const BUY = { pay: 'USD', receive: 'EUR', amount: '10', ttlMs: 600_000 } as const;
const BOUNDS = GATEWAY_PRESETS.webSocket;

/** A connection that keeps every message and checks its form. */
class Peer {
  readonly socket: RawSocket;
  readonly messages: ServerMessage[] = [];
  readonly frames: string[] = [];
  #wake: () => void = () => {};

  constructor(url: string, options: object = {}) {
    this.socket = new RawSocket(`${url.replace('http', 'ws')}/v1/ws`, options);
    this.socket.on('message', (bytes) => {
      const text = bytes.toString();
      this.frames.push(text);
      this.messages.push(serverMessage.parse(JSON.parse(text)));
      this.#wake();
    });
  }

  static async open(url: string, options: object = {}): Promise<Peer> {
    const peer = new Peer(url, options);
    await once(peer.socket, 'open');
    return peer;
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first message, from `start` on, that fits. */
  async next<O extends ServerMessage['op']>(
    op: O,
    start = 0,
  ): Promise<Extract<ServerMessage, { op: O }>> {
    for (;;) {
      const found = this.messages.slice(start).find((message) => message.op === op);
      if (found !== undefined) return found as Extract<ServerMessage, { op: O }>;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async closed(): Promise<{ code: number; reason: string }> {
    const [code, reason] = (await once(this.socket, 'close')) as [number, Buffer];
    return { code, reason: reason.toString() };
  }
}

describe('the WebSocket', () => {
  test('follows a channel from a snapshot without a gap', async (t) => {
    const world = await GatewayWorld.open({ parameters: { batchIntervalMs: 50 } });
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    t.after(() => peer.socket.terminate());
    peer.send({ op: 'subscribe', id: 'a', channel: 'batches:1' });
    const subscribed = await peer.next('subscribed');
    assert.equal(subscribed.sequence, 0);
    assert.deepEqual(subscribed.snapshot, []);
    for (let k = 1; k <= 2; k += 1) {
      unwrap(await world.client('alice').placeOrder(BUY));
      await world.clearBatch();
    }
    const later = await Peer.open(world.url);
    t.after(() => later.socket.terminate());
    later.send({ op: 'subscribe', id: 'b', channel: 'batches:1' });
    const snapshot = await later.next('subscribed');
    assert.equal(snapshot.sequence, 2);
    const [last] = snapshot.snapshot ?? [];
    assert.equal(last?.kind === 'batch' && last.batch.batchNumber, 2);
    const events = peer.messages.filter(({ op }) => op === 'event');
    assert.equal(events.length, 2);
    let checksum = 0;
    for (const [k, frame] of peer.frames
      .filter((text) => text.includes('"op":"event"'))
      .entries()) {
      checksum = crc32(frame.slice(frame.indexOf('"event":') + 8, -1), checksum);
      const message = JSON.parse(frame) as { sequence: number; checksum: string };
      assert.equal(message.sequence, k + 1);
      assert.equal(Number.parseInt(message.checksum, 16), checksum);
    }
    assert.equal(Number.parseInt(snapshot.checksum, 16), checksum);
  });

  test('catches up from a sequence that the ring still holds, or says so', async (t) => {
    const webSocket = { ...BOUNDS, ringSize: 2 };
    const world = await GatewayWorld.open({ options: { webSocket } });
    t.after(() => world.close());
    const owner = world.account('alice').account;
    const channel = `orders:${owner}`;
    const peer = await Peer.open(world.url);
    t.after(() => peer.socket.terminate());
    peer.send({ op: 'subscribe', id: 'a', channel });
    const { feed } = await peer.next('subscribed');
    for (let k = 0; k < 3; k += 1) unwrap(await world.client('alice').placeOrder(BUY));
    const late = await Peer.open(world.url);
    t.after(() => late.socket.terminate());
    late.send({ op: 'subscribe', id: 'near', channel, from: 2, feed });
    const near = await late.next('subscribed');
    assert.equal(near.resumed, true);
    assert.equal(near.sequence, 1);
    const event = await late.next('event');
    assert.equal(event.sequence, 2);
    const far = await Peer.open(world.url);
    t.after(() => far.socket.terminate());
    far.send({ op: 'subscribe', id: 'far', channel, from: 1, feed });
    const anew = await far.next('subscribed');
    assert.equal(anew.resumed, false);
    assert.equal(anew.snapshot?.length, 3);
    const other = await Peer.open(world.url);
    t.after(() => other.socket.terminate());
    other.send({ op: 'subscribe', id: 'x', channel, from: 4, feed: 'another run' });
    assert.equal((await other.next('subscribed')).resumed, false);
  });

  test('takes orders and cancels, signed or by a session that authenticated once', async (t) => {
    const world = await GatewayWorld.open();
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    t.after(() => peer.socket.terminate());
    const session = await world.sessionClient('alice', ['trade']);
    const alice = world.client('alice');
    const signed = unwrap(await alice.createOrder(BUY));
    peer.send({ op: 'submit', id: 'signed', orders: [signed] });
    const first = await peer.next('answers');
    assert.equal(first.id, 'signed');
    assert.equal(first.answers[0]?.kind, 'accepted');

    const { signature, ...bare } = unwrap(await alice.createOrder(BUY));
    assert.ok(signature);
    const start = peer.messages.length;
    peer.send({ op: 'submit', id: 'bare', orders: [bare] });
    const refused = await peer.next('answers', start);
    const [answer] = refused.answers;
    assert.equal(answer?.kind === 'rejected' && answer.rejection.code, 'unauthenticated');

    assert.equal(session.signer?.kind, 'session');
    if (session.signer?.kind !== 'session') return;
    const request = { method: 'GET', path: '/v1/ws', body: new Uint8Array() };
    const proof = await session.signer.authorise(request, Date.now());
    const { sessionId } = session.signer;
    peer.send({ op: 'authenticate', id: 'who', sessionId, ...proof });
    assert.equal((await peer.next('authenticated')).owner, world.account('alice').account);
    const before = peer.messages.length;
    peer.send({ op: 'submit', id: 'again', orders: [bare] });
    const accepted = (await peer.next('answers', before)).answers[0];
    assert.equal(accepted?.kind, 'accepted');
    peer.send({ op: 'cancel', id: 'undo', orderId: accepted?.orderId ?? '' });
    assert.equal((await peer.next('canceled')).cancel.orderId, accepted?.orderId);
  });

  test('a wrong proof of a session is refused', async (t) => {
    const world = await GatewayWorld.open();
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    t.after(() => peer.socket.terminate());
    const hash = `0x${'00'.repeat(32)}`;
    peer.send({ op: 'authenticate', id: 'x', sessionId: hash, timestampMs: Date.now(), mac: hash });
    assert.equal((await peer.next('rejected')).rejection.code, 'unauthenticated');
  });

  test('broken messages are refused one by one and the connection stays', async (t) => {
    const world = await GatewayWorld.open();
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    t.after(() => peer.socket.terminate());
    const broken: [string, string, string | undefined][] = [
      ['{', 'malformedRequest', undefined],
      ['[]', 'malformedRequest', undefined],
      ['{"op":"dance","id":"1"}', 'malformedRequest', '1'],
      ['{"op":"subscribe","id":"2","channel":"weather"}', 'malformedRequest', '2'],
      ['{"op":"subscribe","id":"3","channel":"batches:99"}', 'notFound', '3'],
      ['{"op":"submit","id":"4","orders":[]}', 'malformedRequest', '4'],
      ['{"op":"cancel","id":"5","orderId":"0x1"}', 'malformedRequest', '5'],
      [`${'['.repeat(30)}${']'.repeat(30)}`, 'bodyTooLarge', undefined],
    ];
    for (const [text, code, id] of broken) {
      const start = peer.messages.length;
      peer.socket.send(text);
      const refused = await peer.next('rejected', start);
      assert.equal(refused.rejection.code, code, text);
      assert.equal(refused.id, id, text);
    }
    const start = peer.messages.length;
    peer.socket.send(Buffer.from([1, 2, 3]), { binary: true });
    assert.equal((await peer.next('rejected', start)).rejection.code, 'unsupportedMediaType');
    peer.send({ op: 'ping', id: 'still here' });
    assert.equal((await peer.next('pong')).id, 'still here');
  });

  test('an unsubscribed channel is silent', async (t) => {
    const world = await GatewayWorld.open();
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    t.after(() => peer.socket.terminate());
    const channel = `orders:${world.account('alice').account}`;
    peer.send({ op: 'subscribe', id: '1', channel });
    await peer.next('subscribed');
    peer.send({ op: 'unsubscribe', id: '2', channel });
    await peer.next('unsubscribed');
    unwrap(await world.client('alice').placeOrder(BUY));
    peer.send({ op: 'ping', id: '3' });
    await peer.next('pong');
    assert.ok(peer.messages.every(({ op }) => op !== 'event'));
  });
});

describe('bounds of the WebSocket', () => {
  const open = (webSocket: Partial<typeof BOUNDS>): Promise<GatewayWorld> =>
    GatewayWorld.open({ options: { webSocket: { ...BOUNDS, ...webSocket } } });

  test('a frame that is too large ends the connection', async (t) => {
    const world = await open({ frameBytesMax: 100 });
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    peer.socket.send('x'.repeat(101));
    assert.equal((await peer.closed()).code, 1009);
  });

  test('too many messages end the connection with a reason', async (t) => {
    const world = await open({ messages: { ratePerSecond: 0.01, burst: 3 } });
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    for (let k = 0; k < 4; k += 1) peer.send({ op: 'ping', id: String(k) });
    assert.deepEqual(await peer.closed(), {
      code: CLOSE_CODES.rateExceeded,
      reason: 'rateExceeded',
    });
    assert.equal((await peer.next('rejected')).rejection.code, 'rateLimited');
  });

  test('more connections than allowed are refused before the upgrade', async (t) => {
    const world = await open({ connectionsPerAddressMax: 1 });
    t.after(() => world.close());
    const first = await Peer.open(world.url);
    const second = new RawSocket(`${world.url.replace('http', 'ws')}/v1/ws`);
    const [failure] = (await once(second, 'error')) as [Error];
    assert.match(failure.message, /429/);
    first.socket.close();
    await first.closed();
  });

  test('an upgrade elsewhere is refused', async (t) => {
    const world = await open({});
    t.after(() => world.close());
    const socket = new RawSocket(`${world.url.replace('http', 'ws')}/elsewhere`);
    const [failure] = (await once(socket, 'error')) as [Error];
    assert.match(failure.message, /404/);
  });

  test('more channels than one connection may follow are refused', async (t) => {
    const world = await open({ channelsPerConnectionMax: 1 });
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    t.after(() => peer.socket.terminate());
    peer.send({ op: 'subscribe', id: '1', channel: 'batches:1' });
    await peer.next('subscribed');
    peer.send({ op: 'subscribe', id: '2', channel: 'epochs:1' });
    assert.equal((await peer.next('rejected')).rejection.code, 'rateLimited');
  });

  test('a client that does not answer pings is dropped with a reason', async (t) => {
    const world = await open({ heartbeatMs: 20 });
    t.after(() => world.close());
    const peer = await Peer.open(world.url, { autoPong: false });
    assert.deepEqual(await peer.closed(), {
      code: CLOSE_CODES.heartbeatMissed,
      reason: 'heartbeatMissed',
    });
  });

  test('a slow consumer is warned, then dropped with a reason, and holds up nobody', async (t) => {
    const world = await open({ warnBytes: 50_000, dropBytes: 400_000, closeGraceMs: 5000 });
    t.after(() => world.close());
    const slow = await Peer.open(world.url);
    const quick = await Peer.open(world.url);
    t.after(() => quick.socket.terminate());
    for (const peer of [slow, quick]) {
      peer.send({ op: 'subscribe', id: '1', channel: 'oracle:1' });
      await peer.next('subscribed');
    }
    slow.socket.pause();
    const mids = world.venue.state.markets.get(1)?.reference.mids ?? [];
    const stop = slow.closed();
    // The system's own buffers take some megabytes before the server notices that nobody reads.
    for (let k = 0; k < 40_000; k += 1) {
      world.venue.tell({ kind: 'oracle', marketId: 1, mids });
      if (k % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    slow.socket.resume();
    assert.deepEqual(await stop, { code: CLOSE_CODES.slowConsumer, reason: 'slowConsumer' });
    const warning = await slow.next('warning');
    assert.equal(warning.reason, 'slowConsumer');
    assert.equal(warning.limitBytes, 400_000);
    quick.send({ op: 'ping', id: 'alive' });
    await quick.next('pong');
    assert.ok(quick.messages.filter(({ op }) => op === 'event').length > 1000);
  });

  test('a client that asks and never reads its answers is dropped with a reason', async (t) => {
    const messages = { ratePerSecond: 1e9, burst: 1e9 };
    const world = await open({ dropBytes: 400_000, closeGraceMs: 5000, messages });
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    const stop = peer.closed();
    peer.socket.pause();
    // The system's own buffers take some megabytes of answers first.
    const ask = JSON.stringify({ op: 'ping', id: 'p'.repeat(64) });
    for (let k = 0; k < 150_000 && peer.socket.readyState === peer.socket.OPEN; k += 1) {
      peer.socket.send(ask);
      if (k % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    peer.socket.resume();
    assert.deepEqual(await stop, { code: CLOSE_CODES.slowConsumer, reason: 'slowConsumer' });
  });

  test('closing tells every client and ends with a reason', async (t) => {
    const world = await open({});
    t.after(() => world.close());
    const peer = await Peer.open(world.url);
    const ended = peer.closed();
    await world.close();
    assert.deepEqual(await ended, { code: CLOSE_CODES.closing, reason: 'closing' });
    assert.equal((await peer.next('warning')).reason, 'closing');
  });
});
