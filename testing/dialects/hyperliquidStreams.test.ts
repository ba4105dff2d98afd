// Goal: the unmodified TypeScript SDK follows every stream over the WebSocket, and asks and acts
// through it.
// Method: a real venue with the demo books on loopback; streams are opened first, then orders
// cross, and what arrives is compared with what the reads say. Waiting is for frames, never for
// time.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ExchangeClient, InfoClient, SubscriptionClient } from '@nktkas/hyperliquid';
import * as sdk from '@nktkas/hyperliquid';
import { privateKeyToAccount } from 'viem/accounts';
import { WebSocket } from 'ws';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { DialectWorld, EUR, EUR_ASSET } from './dialectWorld.ts';

/** Keeps what a stream tells and lets a test wait for what it expects. */
class Tape<T> {
  readonly told: T[] = [];
  #wake: () => void = () => {};

  readonly listen = (event: T): void => {
    this.told.push(event);
    this.#wake();
  };

  async until(fits: (told: readonly T[]) => boolean): Promise<void> {
    while (!fits(this.told)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

describe('the streams of the dialect', () => {
  let world: DialectWorld;
  let transport: sdk.WebSocketTransport;
  let streams: SubscriptionClient;
  let reader: InfoClient;
  let alice: ExchangeClient;
  let bob: ExchangeClient;

  before(async () => {
    world = await DialectWorld.open();
    await world.grant('alice');
    await world.grant('bob');
    transport = world.socketTransport();
    streams = new sdk.SubscriptionClient({ transport });
    reader = new sdk.InfoClient({ transport });
    const walletOf = (name: 'alice' | 'bob') => privateKeyToAccount(world.secretOf(name));
    alice = new sdk.ExchangeClient({ transport, wallet: walletOf('alice') });
    bob = new sdk.ExchangeClient({ transport, wallet: walletOf('bob') });
  });
  after(() => world.close());

  async function place(
    client: ExchangeClient,
    isBuy: boolean,
    p: string,
    s: string,
  ): Promise<number> {
    const order = { a: EUR_ASSET, b: isBuy, p, s, r: false, t: { limit: { tif: 'Gtc' as const } } };
    const { response } = await client.order({ orders: [order], grouping: 'na' });
    const status = at(response.data.statuses, 0);
    assert.ok(typeof status === 'object');
    return 'resting' in status ? status.resting.oid : 'filled' in status ? status.filled.oid : 0;
  }

  test('posts over the socket ask and act as requests do', async () => {
    const oid = await place(alice, false, '1.2', '5');
    const [open] = await reader.openOrders({ user: world.addressOf('alice') });
    assert.equal(open?.oid, oid);
    await assert.rejects(
      alice.cancel({ cancels: [{ a: EUR_ASSET, o: 77_000 }] }),
      (cause) => cause instanceof sdk.ApiRequestError && /never placed/.test(cause.message),
    );
    await alice.cancel({ cancels: [{ a: EUR_ASSET, o: oid }] });
    await assert.rejects(reader.vaultSummaries(), sdk.WebSocketRequestError);
  });

  test('a trade is told on every stream that it concerns', async () => {
    const user = world.addressOf('alice');
    const books = new Tape<sdk.L2BookWsEvent>();
    const trades = new Tape<sdk.TradesWsEvent>();
    const best = new Tape<sdk.BboWsEvent>();
    const mids = new Tape<sdk.AllMidsWsEvent>();
    const candles = new Tape<sdk.CandleWsEvent>();
    const updates = new Tape<sdk.OrderUpdatesWsEvent>();
    const fills = new Tape<sdk.UserFillsWsEvent>();
    const events = new Tape<sdk.UserEventsWsEvent>();
    const balances = new Tape<sdk.SpotStateWsEvent>();
    const orders = new Tape<sdk.OpenOrdersWsEvent>();
    const contexts = new Tape<sdk.ActiveSpotAssetCtxWsEvent>();
    const opened = await Promise.all([
      streams.l2Book({ coin: EUR }, books.listen),
      streams.trades({ coin: EUR }, trades.listen),
      streams.bbo({ coin: EUR }, best.listen),
      streams.allMids(mids.listen),
      streams.candle({ coin: EUR, interval: '1m' }, candles.listen),
      streams.orderUpdates({ user }, updates.listen),
      streams.userFills({ user }, fills.listen),
      streams.userEvents({ user }, events.listen),
      streams.spotState({ user }, balances.listen),
      streams.openOrders({ user }, orders.listen),
      streams.activeSpotAssetCtx({ coin: EUR }, contexts.listen),
    ]);
    const oid = await place(alice, false, '1.1', '30');
    await place(bob, true, '1.1', '12');

    await books.until((told) => told.at(-1)?.levels[1][0]?.sz === '18');
    await best.until((told) => told.at(-1)?.bbo[1]?.sz === '18');
    assert.equal(best.told.at(-1)?.bbo[0], null);
    await mids.until((told) => told.at(-1)?.mids[EUR] === '1.1');
    await trades.until((told) => told.length > 0);
    const trade = at(at(trades.told, 0), 0);
    assert.deepEqual([trade.px, trade.sz, trade.side], ['1.1', '12', 'B']);
    await candles.until((told) => told.at(-1)?.v === '12');
    assert.equal(candles.told.at(-1)?.n, 1);
    await updates.until((told) => told.flat().length >= 2);
    const [first, second] = updates.told.flat();
    assert.deepEqual([first?.order.oid, first?.status, first?.order.sz], [oid, 'open', '30']);
    assert.deepEqual([second?.order.oid, second?.status, second?.order.sz], [oid, 'open', '18']);
    await fills.until((told) => told.length >= 2);
    assert.equal(fills.told[0]?.isSnapshot, true);
    assert.equal(fills.told[1]?.fills[0]?.tid, trade.tid);
    await events.until((told) => told.length > 0);
    const [event] = events.told;
    assert.ok(event !== undefined && 'fills' in event && event.fills[0]?.oid === oid);
    await orders.until((told) => told.at(-1)?.orders[0]?.sz === '18');
    await balances.until((told) => {
      const euro = told.at(-1)?.spotState.balances.find(({ coin }) => coin === 'PLAYEUR');
      return euro?.hold === '18' && euro.total === '999988';
    });
    await contexts.until((told) => told.at(-1)?.ctx.dayBaseVlm === '12');

    await alice.cancel({ cancels: [{ a: EUR_ASSET, o: oid }] });
    await updates.until((told) => told.flat().at(-1)?.status === 'canceled');
    await books.until((told) => told.at(-1)?.levels[1].length === 0);
    for (const { unsubscribe } of opened) await unsubscribe();
  });

  test('a stream begins with what is there, without a gap or a repetition', async () => {
    const oid = await place(alice, false, '1.1', '50');
    const tape = new Tape<sdk.TradesWsEvent>();
    const taken: Promise<unknown>[] = [];
    for (let k = 0; k < 10; k += 1) taken.push(place(bob, true, '1.1', '1'));
    const following = streams.trades({ coin: EUR }, tape.listen);
    for (let k = 0; k < 10; k += 1) taken.push(place(bob, true, '1.1', '1'));
    const { unsubscribe } = await following;
    await Promise.all(taken);
    await tape.until((told) => told.flat().length >= 21);
    const ids = tape.told.flat().map(({ tid }) => tid);
    assert.deepEqual(
      ids,
      Array.from({ length: ids.length }, (_, k) => at(ids, 0) + k * 1000),
    );
    await unsubscribe();
    await alice.cancel({ cancels: [{ a: EUR_ASSET, o: oid }] });
  });

  test('best prices are told to who comes later, also those that were told before', async () => {
    const oid = await place(alice, false, '1.15', '5');
    const first = new Tape<sdk.BboWsEvent>();
    const { unsubscribe } = await streams.bbo({ coin: EUR }, first.listen);
    const better = await place(alice, false, '1.14', '5');
    await first.until((told) => told.at(-1)?.bbo[1]?.px === '1.14');
    await alice.cancel({ cancels: [{ a: EUR_ASSET, o: better }] });
    await first.until((told) => told.at(-1)?.bbo[1]?.px === '1.15');
    await unsubscribe();
    const again = await place(alice, false, '1.14', '5');
    const second = new Tape<sdk.BboWsEvent>();
    const later = await streams.bbo({ coin: EUR }, second.listen);
    await second.until((told) => told.at(-1)?.bbo[1]?.px === '1.14');
    await alice.cancel({ cancels: [{ a: EUR_ASSET, o: again }] });
    await second.until((told) => told.at(-1)?.bbo[1]?.px === '1.15');
    await later.unsubscribe();
    await alice.cancel({ cancels: [{ a: EUR_ASSET, o: oid }] });
  });

  test('the socket answers pings, repeated and unknown subscriptions, and noise', async () => {
    const socket = new WebSocket(world.socketUrl);
    const tape = new Tape<{ channel: string; data?: unknown }>();
    socket.on('message', (bytes: Buffer) => tape.listen(JSON.parse(bytes.toString())));
    await new Promise((resolve) => socket.once('open', resolve));
    const ask = async (message: unknown): Promise<{ channel: string; data?: unknown }> => {
      const { length } = tape.told;
      socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      await tape.until((told) => told.length > length);
      return at(tape.told, length);
    };
    const candle = { type: 'candle', coin: '@1', interval: '1m' };
    assert.deepEqual(await ask({ method: 'ping' }), { channel: 'pong' });
    const subscribed = await ask({ method: 'subscribe', subscription: candle });
    assert.deepEqual(subscribed, {
      channel: 'subscriptionResponse',
      data: { method: 'subscribe', subscription: candle },
    });
    const errors: readonly (readonly [unknown, RegExp])[] = [
      [{ method: 'subscribe', subscription: candle }, /^Already subscribed: \{/],
      [
        { method: 'subscribe', subscription: { ...candle, coin: '@9' } },
        /^Invalid subscription \{/,
      ],
      [{ method: 'subscribe', subscription: { type: 'webData9' } }, /^Invalid subscription \{/],
      [{ method: 'subscribe' }, /^Invalid subscription null/],
      [{ method: 'unsubscribe', subscription: { type: 'allMids' } }, /^Already unsubscribed: \{/],
      [{ method: 'dance' }, /^Error parsing JSON into valid websocket request/],
      [{ method: 'post', id: 'x' }, /^Error parsing JSON/],
      ['{"method":', /^Error parsing JSON/],
      ['[]', /^Error parsing JSON/],
      ['null', /^Error parsing JSON/],
      ['['.repeat(1000), /^Error parsing JSON/],
    ];
    for (const [message, pattern] of errors) {
      const { channel, data: text } = await ask(message);
      assert.equal(channel, 'error', String(text));
      assert.match(String(text), pattern);
    }
    const unknown = {
      method: 'post',
      id: 5,
      request: { type: 'info', payload: { type: 'dance' } },
    };
    const answered = await ask(unknown);
    const { id, response } = answered.data as {
      id: number;
      response: { type: string; payload: string };
    };
    assert.deepEqual([id, response.type], [5, 'error']);
    assert.match(response.payload, /^Failed to deserialize/);
    socket.close();
  });
});
