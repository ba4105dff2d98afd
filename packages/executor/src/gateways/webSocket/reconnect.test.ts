// Goal: a client's feed outlives its sockets: after any cut it goes on without a gap or a repeat,
// and orders that were in flight are answered exactly once.
// Method: a relay between the client and a real venue, cut at will while orders keep coming.

import assert from 'node:assert/strict';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import type { ChannelEvent, FeedState } from '@lawbook/api/client/feed';
import { Feed } from '@lawbook/api/client/feed';
import { unwrap } from '@lawbook/api/client/transport';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';

const BUY = { pay: 'USD', receive: 'EUR', amount: '10', ttlMs: 600_000 } as const;
const BACKOFF = { firstMs: 5, mostMs: 20 };

/** A relay of bytes whose connections can be cut. */
class Relay {
  readonly url: string;
  readonly #sockets = new Set<Socket>();
  readonly #close: () => void;

  private constructor(url: string, sockets: Set<Socket>, close: () => void) {
    this.url = url;
    this.#sockets = sockets;
    this.#close = close;
  }

  static async open(target: string): Promise<Relay> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(Number(new URL(target).port), '127.0.0.1');
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new Relay(`http://127.0.0.1:${port}`, sockets, () => server.close());
  }

  /** Destroys every connection, as a lost network does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#close();
  }
}

/** Resolves when a condition that events bring about holds. */
class Until {
  readonly #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  check(): void {
    for (const entry of [...this.#waiting]) {
      if (!entry.holds()) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.resolve();
    }
  }

  holds(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ holds: condition, resolve });
      this.check();
    });
  }
}

describe('a feed over a network that fails', () => {
  test('goes on after cuts without a gap or a repeat', async (t) => {
    const world = await GatewayWorld.open();
    const relay = await Relay.open(world.url);
    const until = new Until();
    const seen: number[] = [];
    const orders = new Set<string>();
    let snapshots = 0;
    let opens = 0;
    const feed = new Feed({
      baseUrl: relay.url,
      backoff: BACKOFF,
      onState: (state: FeedState) => {
        if (state === 'open') opens += 1;
        until.check();
      },
    });
    t.after(async () => {
      feed.close();
      relay.close();
      await world.close();
    });
    feed.follow(`orders:${world.account('alice').account}`, {
      onSnapshot: (_events, sequence) => {
        snapshots += 1;
        seen.push(sequence);
        until.check();
      },
      onEvent: (event: ChannelEvent, sequence) => {
        seen.push(sequence);
        if (event.kind === 'order') orders.add(event.order.orderId);
        until.check();
      },
      onBreak: (reason) => assert.fail(`the stream broke: ${reason}`),
    });
    await until.holds(() => snapshots === 1);
    const placed: string[] = [];
    for (let round = 1; round <= 5; round += 1) {
      for (let k = 0; k < 3; k += 1) {
        const answer = unwrap(await world.client('alice').placeOrder(BUY));
        placed.push(answer.orderId);
        if (k === 1) relay.cut();
      }
      await until.holds(() => seen.at(-1) === placed.length);
    }
    assert.equal(snapshots, 1, 'every reconnection resumed');
    assert.ok(opens >= 3);
    assert.deepEqual(
      seen,
      Array.from({ length: 16 }, (_, k) => k),
    );
    assert.deepEqual([...orders].sort(), [...placed].sort());
  });

  test('an order in flight when the connection is cut is answered once', async (t) => {
    let cuts = 0;
    let relay: Relay | undefined;
    const world = await GatewayWorld.open({
      around: (venue) =>
        new Proxy(venue, {
          get: (target, name) => {
            const own = Reflect.get(target, name, target) as unknown;
            if (name !== 'submitOrder' || cuts > 0) {
              return typeof own === 'function' ? own.bind(target) : own;
            }
            return async (entry: Parameters<typeof venue.submitOrder>[0]) => {
              const answer = await venue.submitOrder(entry);
              cuts += 1;
              relay?.cut();
              return answer;
            };
          },
        }),
    });
    relay = await Relay.open(world.url);
    const feed = new Feed({ baseUrl: relay.url, backoff: BACKOFF });
    t.after(async () => {
      feed.close();
      relay?.close();
      await world.close();
    });
    const order = unwrap(await world.client('alice').createOrder(BUY));
    const [answer] = unwrap(await feed.submit([order]));
    assert.equal(cuts, 1);
    assert.equal(answer?.kind, 'accepted');
    assert.equal(answer?.kind === 'accepted' && answer.repeated, true);
    const owner = world.account('alice').account;
    const { orders } = unwrap(await world.client('alice').listOrders({ owner, open: true }));
    assert.equal(orders.length, 1, 'the order was sequenced once');
  });

  test('a session authenticates anew on every connection', async (t) => {
    const world = await GatewayWorld.open();
    const relay = await Relay.open(world.url);
    const client = await world.sessionClient('bob', ['trade']);
    assert.equal(client.signer?.kind, 'session');
    if (client.signer?.kind !== 'session') return;
    const feed = new Feed({ baseUrl: relay.url, backoff: BACKOFF, session: client.signer });
    t.after(async () => {
      feed.close();
      relay.close();
      await world.close();
    });
    for (let round = 0; round < 3; round += 1) {
      const order = unwrap(await client.createOrder(BUY));
      const [answer] = unwrap(await feed.submit([order]));
      assert.equal(answer?.kind, 'accepted');
      relay.cut();
    }
  });

  test('a venue that starts anew gives a snapshot in place of the past', async (t) => {
    const first = await GatewayWorld.open();
    const second = await GatewayWorld.open();
    const until = new Until();
    let baseUrl = first.url;
    let snapshots = 0;
    const feed = new Feed({
      baseUrl,
      backoff: BACKOFF,
      openSocket: () => new WebSocket(`${baseUrl.replace('http', 'ws')}/v1/ws`),
    });
    feed.follow('phases:1', {
      onSnapshot: () => {
        snapshots += 1;
        until.check();
      },
      onEvent: () => {},
    });
    t.after(async () => {
      feed.close();
      await first.close();
      await second.close();
    });
    await until.holds(() => snapshots === 1);
    baseUrl = second.url;
    await first.close();
    await until.holds(() => snapshots === 2);
  });
});
