// Goal: every read answers in its published form, at the level and sequence that it claims.
// Method: a venue that cleared and sealed two batches; each answer is compared with its schema, and
// numbers with the state they come from.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import { unwrap } from '@lawbook/api/client/transport';
import type { AnyRoute } from '@lawbook/api/schema/route';
import { fillPath } from '@lawbook/api/schema/route';
import { ROUTES } from '@lawbook/api/schema/routeTable';
import {
  GatewayWorld,
  MARKET_ID,
  OPERATOR_TOKEN,
} from '../../../../../testing/gateways/gatewayWorld.ts';
import { demoBookInputs } from '../../demo/demoBookInputs.ts';

describe('reads', () => {
  let world: GatewayWorld;
  let orderId = '';
  before(async () => {
    world = await GatewayWorld.open({ parameters: { batchIntervalMs: 50 } });
    for (const input of demoBookInputs(world.venue.state.assets.length)) {
      assert.ok((await world.venue.execute(input)).ok, input.kind);
    }
    const alice = world.client('alice');
    const bookOrder = { marketId: String(DEMO_BOOK_ID), side: 'sell', size: '5' } as const;
    assert.ok((await alice.books.placeOrder({ ...bookOrder, price: '1.1' })).ok);
    assert.ok((await world.venue.execute({ kind: 'sealEpoch', marketId: DEMO_BOOK_ID })).ok);
    for (const amount of ['5000', '700']) {
      const order = { pay: 'USD', receive: 'EUR', amount, ttlMs: 600_000 };
      const answer = unwrap(await alice.placeOrder(order));
      assert.equal(answer.kind, 'accepted');
      orderId = answer.orderId;
      await world.clearBatch();
    }
  });
  after(() => world.close());

  const get = (path: string): ReturnType<GatewayWorld['send']> => world.send('GET', path);

  for (const route of ROUTES.filter(({ method, access }) => {
    return method === 'GET' && access.role === 'public';
  })) {
    test(`GET ${route.path} answers in its published form`, async () => {
      const path = fillPath(route.path, {
        marketId: route.path.startsWith('/v1/books') ? String(DEMO_BOOK_ID) : MARKET_ID,
        batchNumber: 1,
        epochNumber: 1,
        owner: world.account('alice').account,
        orderId,
      });
      const response = await fetch(world.url + path + queryOf(route, world));
      assert.equal(response.status, 200, await response.clone().text());
      assert.ok(response.headers.get('content-type')?.startsWith(route.contentType));
      if (route.response === undefined) {
        assert.ok((await response.arrayBuffer()).byteLength > 0);
        return;
      }
      const body = (await response.json()) as unknown;
      // Parsing drops what the schema does not name: nothing may be dropped.
      assert.deepEqual(route.response.parse(body), body);
    });
  }

  test('a filled order shows what it paid, received and cost, in whole units', async () => {
    const { order } = unwrap(await world.client('alice').readOrder(orderId));
    assert.equal(order.status, 'filled');
    assert.equal(order.paid, '700.000000');
    const received = Number(order.received);
    assert.ok(received > 636 && received < 637, order.received);
    assert.ok(Number(order.fee) > 0);
    assert.ok((order.endedBy ?? 0) > order.sequence);
  });

  test('a batch carries the verdict of every law', async () => {
    const { batch } = unwrap(await world.client('alice').readBatch(MARKET_ID, 2));
    assert.equal(batch.outcome.kind, 'cleared');
    assert.equal(batch.verdicts.length, 11);
    assert.ok(batch.verdicts.every(({ holds }) => holds));
    const first = unwrap(await world.client('alice').readBatch(MARKET_ID, 1));
    assert.equal(batch.parentReportHash, first.batch.reportHash);
  });

  test('an epoch is checked and says what it is not', async () => {
    const alice = world.client('alice');
    const { epoch } = unwrap(await alice.readEpoch(MARKET_ID, 1));
    assert.equal(epoch.level, 'checked');
    assert.equal(epoch.steps.prove.state, 'notConfigured');
    const verdicts = unwrap(await alice.readVerdicts(MARKET_ID, 1));
    assert.equal(verdicts.level, 'checked');
    assert.equal(verdicts.holds, true);
    assert.equal(verdicts.predicates.length, 5);
    const proof = unwrap(await alice.readProof(MARKET_ID, 1));
    assert.equal(proof.state, 'notConfigured');
    const bundle = unwrap(await alice.readBundle(MARKET_ID, 1));
    assert.ok(bundle.length > 100);
  });

  test('lists run from new to old and page without gaps', async () => {
    const alice = world.client('alice');
    const { batches, nextBefore } = unwrap(await alice.listBatches(MARKET_ID, { limit: 1 }));
    assert.equal(batches[0]?.batchNumber, 2);
    assert.equal(nextBefore, 2);
    const older = unwrap(await alice.listBatches(MARKET_ID, { limit: 1, before: 2 }));
    assert.equal(older.batches[0]?.batchNumber, 1);
    const none = unwrap(await alice.listBatches(MARKET_ID, { limit: 5, before: 1 }));
    assert.deepEqual(none.batches, []);
    assert.equal(none.nextBefore, undefined);
  });

  test('prices name the batch that set them, and candles cover it', async () => {
    const alice = world.client('alice');
    const prices = unwrap(await alice.readPrices(MARKET_ID));
    assert.equal(prices.batchNumber, 2);
    const eur = prices.prices.find(({ symbol }) => symbol === 'EUR');
    assert.match(eur?.cleared ?? '', /^1\.1\d{11}$/);
    const query = { symbol: 'EUR', intervalMs: 604_800_000 };
    const { candles } = unwrap(await alice.listCandles(MARKET_ID, query));
    assert.ok(candles.length >= 1);
    assert.equal(candles[0]?.lastBatch, 2);
    assert.equal(candles[0]?.close, eur?.cleared);
  });

  test('depth worsens with size on both sides of the quote', async () => {
    const { levels } = unwrap(await world.client('alice').readDepth(MARKET_ID, 'EUR'));
    const buys = levels.filter(({ side }) => side === 'buy').map(({ quote }) => Number(quote));
    const sells = levels.filter(({ side }) => side === 'sell').map(({ quote }) => Number(quote));
    assert.deepEqual(
      buys,
      [...buys].sort((a, b) => a - b),
    );
    assert.deepEqual(
      sells,
      [...sells].sort((a, b) => b - a),
    );
  });

  test('what is not there is not found', async () => {
    for (const path of ['/batches/99', '/epochs/99', '/epochs/99/bundle', '/epochs/99/proof']) {
      const { status, body } = await get(`/v1/markets/${MARKET_ID}${path}`);
      assert.equal(status, 404, path);
      assert.equal((body['rejection'] as { code: string }).code, 'notFound');
    }
  });

  test('a read waits for the sequence that it asks for', async () => {
    const { executed } = world.venue.cursors();
    const waiting = get(`/v1/status?atLeast=${executed + 1}`);
    const owner = world.account('bob').account;
    await world.operate('POST', '/v1/deposits', { owner, symbol: 'EUR', amount: '1' });
    const { status, body } = await waiting;
    assert.equal(status, 200);
    assert.ok((body['executed'] as number) > executed);
  });

  test('the page of the documentation loads nothing from elsewhere', async () => {
    const page = await fetch(`${world.url}/docs/`);
    const html = await page.text();
    assert.doesNotMatch(html, /https?:\/\//);
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/);
    const script = /src="([^"]+)"/.exec(html)?.[1] ?? '';
    const loaded = await fetch(new URL(script, `${world.url}/docs/`));
    assert.equal(loaded.status, 200);
    assert.ok((await loaded.text()).length > 1_000_000);
    const mark = await fetch(`${world.url}/favicon.ico`);
    assert.equal(mark.headers.get('content-type'), 'image/svg+xml');
    assert.match(await mark.text(), /^<svg .*<\/svg>$/);
    const { status, body } = await get('/openapi.json');
    assert.equal(status, 200);
    assert.equal(body['openapi'], '3.1.0');
  });

  test('health, status and metrics speak for the parts of the venue', async () => {
    const ready = await get('/health/ready');
    assert.equal(ready.status, 200);
    const names = (ready.body['components'] as { name: string }[]).map(({ name }) => name);
    for (const name of ['journal', 'oracle', 'market', 'prover', 'baseLayer']) {
      assert.ok(names.includes(name), name);
    }
    const metrics = await get('/metrics');
    assert.match(String(metrics.body['text']), /lawbook_http_requests_total\{/);
    assert.equal((await get('/api/health')).body['text'], 'OK');
  });
});

describe('the operator', () => {
  test('builds a market from nothing, changes it, halts it and lets it go on', async (t) => {
    const world = await GatewayWorld.open({ empty: true });
    t.after(() => world.close());
    const build = await GatewayWorld.open();
    const { market } = unwrap(await build.client('alice').readMarket(MARKET_ID));
    const { pool } = { pool: unwrap(await build.client('alice').readPool(MARKET_ID)) };
    await build.close();
    for (const { symbol, decimals } of market.products.filter(({ kind }) => kind === 'asset')) {
      const { status } = await world.operate('POST', '/v1/assets', { symbol, decimals });
      assert.equal(status, 200, symbol);
    }
    const mids = ['1', '1.10', '0.006667', '1.25', '1.075', '0.75'].map((mid, i) => {
      return { symbol: market.products[i]?.symbol, mid };
    });
    const created = await world.operate('POST', '/v1/markets', {
      marketId: '5',
      parameters: market.parameters,
      mids,
      inventory: pool.assets.map(({ symbol, inventory }) => ({ symbol, amount: inventory })),
    });
    assert.equal(created.status, 200, JSON.stringify(created.body));
    const again = unwrap(await world.client('alice').readMarket('5')).market;
    assert.deepEqual(again.parameters, market.parameters, 'parameters read back as they were sent');

    const changed = await world.operate('PUT', '/v1/markets/5/parameters', {
      ...market.parameters,
      feeE7: 5000,
    });
    assert.equal(changed.body['fromBatch'], 1);
    const wrong = await world.operate('PUT', '/v1/markets/5/parameters', {
      ...market.parameters,
      feeE7: 10_000_000,
    });
    assert.equal((wrong.body['rejection'] as { field: string }).field, 'feeE7');
    const [, ...covariance] = market.parameters.scaledCovariance;
    const wide = await world.operate('PUT', '/v1/markets/5/parameters', {
      ...market.parameters,
      scaledCovariance: ['9'.repeat(39), ...covariance],
    });
    assert.equal((wide.body['rejection'] as { field: string }).field, 'scaledCovariance[0]');

    await world.operate('POST', '/v1/markets/5/halt', { reason: 'a drill' });
    const halted = unwrap(await world.client('alice').readMarket('5')).market;
    assert.equal(halted.phase.name, 'halted');
    assert.equal(halted.haltReason, 'a drill');
    const readiness = await world.send('GET', '/health/ready');
    assert.equal(readiness.status, 503);
    await world.operate('POST', '/v1/markets/5/resume');
    assert.equal(
      unwrap(await world.client('alice').readMarket('5')).market.phase.name,
      'collecting',
    );

    const owner = world.account('alice').account;
    const deposit = { owner, symbol: 'EUR', amount: '12.5' };
    const credited = await world.operate('POST', '/v1/deposits', deposit);
    assert.equal(credited.body['kind'], 'developmentCredit');
    const tooFine = { ...deposit, amount: '0.0000001' };
    const refused = await world.operate('POST', '/v1/deposits', tooFine);
    assert.equal((refused.body['rejection'] as { code: string }).code, 'amountOutOfRange');
    const account = unwrap(await world.client('alice').readAccount(owner));
    assert.equal(account.levels[0]?.balances?.[0]?.total, '12.500000');
  });

  test('is recognised by its token and by nothing that resembles it', async (t) => {
    const world = await GatewayWorld.open({ empty: true });
    t.after(() => world.close());
    const asset = { symbol: 'USD', decimals: 6 };
    for (const token of [
      OPERATOR_TOKEN.slice(0, -1),
      `${OPERATOR_TOKEN}0`,
      OPERATOR_TOKEN.toUpperCase(),
    ]) {
      const headers = { authorization: `Bearer ${token}` };
      const { status } = await world.send('POST', '/v1/assets', asset, headers);
      assert.ok(status === 401 || status === 403, token);
    }
    assert.equal((await world.operate('POST', '/v1/assets', asset)).status, 200);
  });
});

function queryOf(route: AnyRoute, world: GatewayWorld): string {
  const ofOwner = ['listOrders', 'listBookOrders', 'listFills'].includes(route.id);
  if (ofOwner) return `?owner=${world.account('alice').account}`;
  if (route.id === 'listCandles' || route.id === 'readDepth') return '?symbol=EUR';
  return '';
}
