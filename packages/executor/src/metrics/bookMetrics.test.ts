// Goal: what happens in books shows in metrics: orders and refusals, trades, closures by cause,
// what no epoch holds yet, epochs by level, broken laws, subscriptions and resyncs.
// Method: a meter that watches a real venue behind real gateways; one scrape at the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import { Feed } from '@lawbook/api/client/feed';
import { unwrap } from '@lawbook/api/client/transport';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import { WebSocket as RawSocket } from 'ws';
import { GatewayWorld } from '../../../../testing/gateways/gatewayWorld.ts';
import { demoBookInputs } from '../demo/demoBookInputs.ts';
import { GATEWAY_PRESETS } from '../gateways/gatewayOptions.ts';
import { createMetrics } from './metrics.ts';
import { VenueMeter } from './venueMeter.ts';

const marketId = String(DEMO_BOOK_ID);

test('a scrape tells what books did and how far behind their epochs are', async (t) => {
  const world = await GatewayWorld.open();
  t.after(() => world.close());
  for (const input of demoBookInputs(world.venue.state.assets.length)) {
    assert.ok((await world.venue.execute(input)).ok, input.kind);
  }
  const metrics = createMetrics();
  t.after(() => metrics.close());
  const meter = new VenueMeter(metrics);
  meter.watch(world.venue, world.wired.journal, world.wired.oracle);
  const [alice, bob] = [world.client('alice'), world.client('bob')];
  const order = { marketId, size: '5', price: '1.1' } as const;
  unwrap(await alice.books.placeOrder({ ...order, side: 'sell', size: '9' }));
  unwrap(await bob.books.placeOrder({ ...order, side: 'buy' }));
  unwrap(await bob.books.placeOrder({ ...order, side: 'buy', size: '1000000' }));
  const seal = async (): Promise<void> => {
    const sealed = await world.venue.execute({ kind: 'sealEpoch', marketId: DEMO_BOOK_ID });
    assert.ok(sealed.ok);
    await world.venue.waitFor(sealed.value.sequence, 5_000, new AbortController().signal);
  };
  await seal();
  unwrap(await alice.books.cancelAll(marketId));
  meter.refresh();
  const text = await metrics.render();
  assert.match(text, /^lawbook_orders_accepted_total\{market="101"\} 2$/m);
  assert.match(text, /^lawbook_book_trades_total\{market="101"\} 1$/m);
  assert.match(text, /^lawbook_book_open_orders\{market="101"\} 0$/m);
  assert.match(text, /^lawbook_book_unsealed_events\{market="101"\} 1$/m);
  assert.match(text, /^lawbook_book_unsealed_seconds\{market="101"\} \d/m);
  assert.match(text, /^lawbook_epochs_total\{level="checked"\} 1$/m);

  const open = world.wired.recovered.projection.books?.openEvents(DEMO_BOOK_ID) as BookEvent[];
  const [event] = open;
  assert.ok(event !== undefined);
  open[0] = { ...event, reports: [] };
  await seal();
  world.wired.scheduler.tick();
  const { sequence } = world.venue.state;
  await world.venue.waitFor(sequence, 5_000, new AbortController().signal);
  const broken = await metrics.render();
  assert.match(broken, /^lawbook_laws_violated_total\{law="B0"\} 1$/m);
  assert.match(
    broken,
    /^lawbook_book_closures_total\{market="101",state="halted",cause="law"\} 1$/m,
  );

  const { text: venue } = (await world.send('GET', '/metrics')).body;
  assert.match(String(venue), /^lawbook_order_acknowledgement_seconds_count 2$/m);
  assert.match(String(venue), /^lawbook_orders_rejected_total\{code="insufficientAvailable"\} 1$/m);
});

test('subscriptions stand by kind, and those that could not go on are counted', async (t) => {
  const world = await GatewayWorld.open({
    options: { webSocket: { ...GATEWAY_PRESETS.webSocket, heartbeatMs: 1_000 } },
  });
  t.after(() => world.close());
  for (const input of demoBookInputs(world.venue.state.assets.length)) {
    assert.ok((await world.venue.execute(input)).ok, input.kind);
  }
  const feed = new Feed({ baseUrl: world.url });
  t.after(() => feed.close());
  await new Promise<void>((resolve) => {
    feed.follow(`book:${marketId}`, { onSnapshot: () => resolve(), onEvent: () => {} });
  });
  const late = new RawSocket(`${world.url.replace('http', 'ws')}/v1/ws`);
  await new Promise((resolve) => late.once('open', resolve));
  const answered = new Promise((resolve) => late.once('message', resolve));
  const wish = { op: 'subscribe', id: '1', channel: `trades:${marketId}`, from: 7, feed: 'gone' };
  late.send(JSON.stringify(wish));
  await answered;
  const shown = async (): Promise<string> => {
    return String((await world.send('GET', '/metrics')).body['text']);
  };
  // Gauges are set at the beat of the gateway, which drops whoever does not answer it in time.
  let text = await shown();
  while (!/subscriptions\{kind="trades"\} 1/.test(text)) text = await shown();
  assert.match(text, /^lawbook_feed_subscriptions\{kind="book"\} 1$/m);
  assert.match(text, /^lawbook_feed_resyncs_total\{kind="trades"\} 1$/m);
  late.terminate();
});
