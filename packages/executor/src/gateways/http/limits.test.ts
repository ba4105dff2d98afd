// Goal: limits are announced, hold, and are fair; what is too slow or too much is cut.
// Method: small limits on a real venue, raw sockets for clients that dawdle.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { unwrap } from '@lawbook/api/client/transport';
import { GatewayWorld, OPERATOR_TOKEN } from '../../../../../testing/gateways/gatewayWorld.ts';

const BUY = { pay: 'USD', receive: 'EUR', amount: '10' } as const;

describe('limits', () => {
  test('every answer announces the bucket of its address', async (t) => {
    const addressBucket = { ratePerSecond: 0.01, burst: 5 };
    const world = await GatewayWorld.open({ options: { addressBucket } });
    t.after(() => world.close());
    const remaining: (string | null)[] = [];
    let last: Awaited<ReturnType<GatewayWorld['send']>> | undefined;
    for (let k = 0; k < 6; k += 1) {
      last = await world.send('GET', '/v1/assets');
      remaining.push(last.headers.get('ratelimit-remaining'));
    }
    assert.deepEqual(remaining, ['4', '3', '2', '1', '0', '0']);
    assert.equal(last?.status, 429);
    assert.equal(last?.headers.get('ratelimit-limit'), '5');
    assert.equal(last?.headers.get('ratelimit-policy'), '5;w=500');
    assert.ok(Number(last?.headers.get('retry-after')) >= 1);
    assert.equal((last?.body['rejection'] as { code: string } | undefined)?.code, 'rateLimited');
  });

  test('one account at its limit leaves the other accounts alone', async (t) => {
    const accountBucket = { ratePerSecond: 0.01, burst: 3 };
    const world = await GatewayWorld.open({ options: { accountBucket } });
    t.after(() => world.close());
    const alice = world.client('alice');
    const orders = await Promise.all(Array.from({ length: 6 }, () => alice.createOrder(BUY)));
    const answers = unwrap(await alice.submitOrders(orders.map((order) => unwrap(order))));
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ['accepted', 'accepted', 'accepted', 'notReceived', 'notReceived', 'notReceived'],
    );
    assert.equal(unwrap(await world.client('bob').placeOrder(BUY)).kind, 'accepted');
  });

  test('forged orders cost the account that they name nothing', async (t) => {
    const accountBucket = { ratePerSecond: 0.01, burst: 2 };
    const world = await GatewayWorld.open({ options: { accountBucket } });
    t.after(() => world.close());
    const owner = world.account('alice').account;
    const forged = { ...unwrap(await world.client('bob').createOrder(BUY)), owner };
    for (let k = 0; k < 5; k += 1) await world.send('POST', '/v1/orders', { orders: [forged] });
    assert.equal(unwrap(await world.client('alice').placeOrder(BUY)).kind, 'accepted');
  });

  test('a request with many orders costs its address as many tokens', async (t) => {
    const addressBucket = { ratePerSecond: 0.01, burst: 8 };
    const world = await GatewayWorld.open({ options: { addressBucket } });
    t.after(() => world.close());
    const alice = world.client('alice');
    const order = unwrap(await alice.createOrder(BUY));
    const many = await world.send('POST', '/v1/orders', { orders: Array(9).fill(order) });
    assert.equal(many.status, 429);
  });

  test('more orders than one request may carry are refused before they are read', async (t) => {
    const world = await GatewayWorld.open({ options: { ordersPerRequestMax: 2 } });
    t.after(() => world.close());
    const order = unwrap(await world.client('alice').createOrder(BUY));
    const { status, body } = await world.send('POST', '/v1/orders', {
      orders: [order, order, order],
    });
    assert.equal(status, 413);
    assert.equal((body['rejection'] as { limit: string }).limit, '2');
  });

  test('a wait for a sequence that does not come ends with a refusal', async (t) => {
    const world = await GatewayWorld.open({ options: { atLeastWaitMsMax: 30 } });
    t.after(() => world.close());
    const { status, body, headers } = await world.send('GET', '/v1/assets?atLeast=999999');
    assert.equal(status, 503);
    assert.equal((body['rejection'] as { code: string }).code, 'sequenceNotReached');
    assert.equal((body['rejection'] as { limit: string }).limit, '30 ms');
    assert.equal(headers.get('retry-after'), '1');
  });

  test('reads that wait are bounded in number', async (t) => {
    const options = { atLeastWaitMsMax: 300, readsWaitingMax: 1 };
    const world = await GatewayWorld.open({ options });
    t.after(() => world.close());
    const answers = await Promise.all([
      world.send('GET', '/v1/status?atLeast=999999'),
      world.send('GET', '/v1/status?atLeast=999999'),
    ]);
    const codes = answers.map(({ body }) => (body['rejection'] as { code: string }).code).sort();
    assert.deepEqual(codes, ['rateLimited', 'sequenceNotReached']);
  });

  test('headers that trickle in are cut with a refusal', async (t) => {
    const options = { headersTimeoutMs: 60, requestTimeoutMs: 60, slowCheckIntervalMs: 20 };
    const world = await GatewayWorld.open({ options });
    t.after(() => world.close());
    const answer = await dawdle(world.url, 'GET /v1/assets HTTP/1.1\r\nhost: x\r\n');
    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.match(answer, /"code":"requestTimeout"/);
  });

  test('a body that never ends is cut with a refusal', async (t) => {
    const options = { headersTimeoutMs: 60, requestTimeoutMs: 60, slowCheckIntervalMs: 20 };
    const world = await GatewayWorld.open({ options });
    t.after(() => world.close());
    const head = 'POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    const answer = await dawdle(world.url, `${head}content-length: 100\r\n\r\n{"orders"`);
    assert.match(answer, /408|^$/);
  });

  test('only the listed origins may read answers in a browser', async (t) => {
    const options = { corsOrigins: ['https://trade.example'] };
    const world = await GatewayWorld.open({ options });
    t.after(() => world.close());
    const origin = (name: string): Promise<Response> =>
      fetch(`${world.url}/v1/assets`, { headers: { origin: name } });
    const listed = await origin('https://trade.example');
    assert.equal(listed.headers.get('access-control-allow-origin'), 'https://trade.example');
    assert.match(listed.headers.get('access-control-expose-headers') ?? '', /ratelimit-limit/);
    const other = await origin('https://evil.example');
    assert.equal(other.headers.get('access-control-allow-origin'), null);
    const preflight = await fetch(`${world.url}/v1/orders`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://trade.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    assert.equal(preflight.status, 204);
  });
});

describe('sessions', () => {
  test('the secret is answered once and the same grant opens nothing again', async (t) => {
    const world = await GatewayWorld.open();
    t.after(() => world.close());
    const sent: unknown[] = [];
    const alice = world.client('alice');
    const plain = alice.transport.fetch;
    const spying = world.client('alice');
    Object.assign(spying.transport, {
      fetch: (url: string, init?: RequestInit) => {
        if (init?.method === 'POST')
          sent.push(JSON.parse(new TextDecoder().decode(init.body as Uint8Array)));
        return plain(url, init);
      },
    });
    const opened = unwrap(await spying.openSession({ scopes: ['trade'], ttlMs: 60_000 }));
    assert.match(opened.secret ?? '', /^0x[0-9a-f]{64}$/);
    const again = await world.send('POST', '/v1/sessions', sent[0]);
    assert.equal(again.status, 409);
    assert.equal((again.body['rejection'] as { code: string }).code, 'orderNonceReplayed');
    assert.doesNotMatch(JSON.stringify(again.body), new RegExp(opened.secret ?? ''));
  });

  test('a session lists the sessions of its owner and revokes itself', async (t) => {
    const world = await GatewayWorld.open();
    t.after(() => world.close());
    const reading = await world.sessionClient('alice', ['read']);
    const trading = await world.sessionClient('alice', ['trade']);
    const { sessions } = unwrap(await reading.listSessions());
    assert.equal(sessions.length, 2);
    const [readingId, tradingId] = sessions.map(({ sessionId }) => sessionId);
    const tooMuch = await reading.closeSession(tradingId ?? '');
    assert.equal(!tooMuch.ok && tooMuch.rejection.code, 'forbidden');
    unwrap(await trading.closeSession(readingId ?? ''));
    const ended = await reading.listSessions();
    assert.equal(!ended.ok && ended.rejection.code, 'sessionExpired');
    unwrap(await trading.closeSession(tradingId ?? ''));
    const bobs = await world.sessionClient('bob', ['trade']);
    const foreign = await bobs.closeSession(tradingId ?? '');
    assert.equal(!foreign.ok && foreign.rejection.code, 'notFound');
  });

  test('a session may not outlive the longest life, nor come in any number', async (t) => {
    const options = { sessionTtlMsMax: 7_300_000, sessionsPerOwnerMax: 2 };
    const world = await GatewayWorld.open({ options });
    t.after(() => world.close());
    const alice = world.client('alice');
    const long = await alice.openSession({ scopes: ['read'], ttlMs: 7_400_000 });
    assert.equal(!long.ok && long.rejection.code, 'sessionTooLong');
    const wish = { scopes: ['read'], ttlMs: 7_200_000 } as const;
    unwrap(await alice.openSession(wish));
    unwrap(await alice.openSession(wish));
    const third = await alice.openSession(wish);
    assert.equal(!third.ok && third.rejection.code, 'sessionLimitReached');
    unwrap(await world.client('bob').openSession(wish));
  });

  test('logs name requests and orders, and carry no secret', async (t) => {
    const lines: string[] = [];
    const world = await GatewayWorld.open({ onLine: (line) => lines.push(line) });
    t.after(() => world.close());
    const session = await world.sessionClient('alice', ['trade']);
    const order = unwrap(await session.createOrder(BUY));
    const body = JSON.stringify({ orders: [order] });
    const authorization = await session.transport.authorise({
      method: 'POST',
      path: '/v1/orders',
      body: new TextEncoder().encode(body),
    });
    const response = await fetch(`${world.url}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: authorization ?? '' },
      body,
    });
    const { answers } = (await response.json()) as { answers: { orderId: string }[] };
    const traceId = response.headers.get('trace-id') ?? '';
    await world.operate('POST', '/v1/deposits', {});
    await world.close();
    const line = lines.find((text) => text.includes(traceId));
    const logged = JSON.parse(line ?? '{}') as Record<string, unknown>;
    assert.equal(logged['orderHash'], answers[0]?.orderId);
    assert.equal(logged['status'], 200);
    assert.equal(logged['route'], '/v1/orders');
    const mac = authorization?.split(':').at(-1) ?? 'none';
    for (const secret of [mac, OPERATOR_TOKEN]) {
      assert.ok(!lines.some((text) => text.includes(secret)));
    }
  });
});

/** Sends a beginning, then nothing, and reads until the server ends the connection. */
function dawdle(url: string, beginning: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(beginning));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}
