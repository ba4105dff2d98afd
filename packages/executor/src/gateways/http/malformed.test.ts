// Goal: whatever is sent, the answer is one shape of refusal that names the field, the rule and the
// fix; nothing malformed reaches the venue and nothing ends in a 5xx.
// Method: a table of broken requests against a running venue, raw sockets for broken HTTP.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { REJECTIONS } from '@lawbook/exchange/failures/rejectionCodes';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';

const ORDER = {
  owner: `0x${'ab'.repeat(20)}`,
  marketId: '1',
  pay: 0,
  receive: 1,
  budget: '1000000',
  limitNumerator: '0',
  limitDenominator: '1',
  minFillPpm: 0,
  orderNonce: '1',
  expiresAtMs: 1_900_000_000_000,
  signature: `0x${'11'.repeat(65)}`,
};
const SALT = `0x${'22'.repeat(32)}`;

interface Case {
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly type?: string;
  readonly code: keyof typeof REJECTIONS;
  readonly field: string;
}

const orders = (order: object): string => JSON.stringify({ orders: [{ ...ORDER, ...order }] });

const CASES: readonly Case[] = [
  { name: 'an unknown path', path: '/v1/nothing', code: 'notFound', field: 'path' },
  {
    name: 'an unknown method',
    method: 'PATCH',
    path: '/v1/assets',
    code: 'methodNotAllowed',
    field: 'method',
  },
  { name: 'a broken escape', path: '/v1/accounts/%zz', code: 'malformedRequest', field: 'path' },
  {
    name: 'an endless name',
    path: `/v1/accounts/${'a'.repeat(500)}`,
    code: 'notFound',
    field: 'path',
  },
  {
    name: 'an address that is none',
    path: '/v1/accounts/0x12',
    code: 'malformedRequest',
    field: 'params.owner',
  },
  {
    name: 'a market id that is none',
    path: '/v1/markets/one',
    code: 'malformedRequest',
    field: 'params.marketId',
  },
  {
    name: 'a market that is not there',
    path: '/v1/markets/99',
    code: 'notFound',
    field: 'marketId',
  },
  {
    name: 'a batch number that is none',
    path: '/v1/markets/1/batches/-1',
    code: 'malformedRequest',
    field: 'params.batchNumber',
  },
  {
    name: 'an unknown query key',
    path: '/v1/assets?colour=red',
    code: 'malformedRequest',
    field: 'query.colour',
  },
  {
    name: 'a query key twice',
    path: '/v1/assets?atLeast=1&atLeast=2',
    code: 'malformedRequest',
    field: 'query.atLeast',
  },
  {
    name: 'a fraction where a sequence is asked',
    path: '/v1/assets?atLeast=1.5',
    code: 'malformedRequest',
    field: 'query.atLeast',
  },
  {
    name: 'a page that is too large',
    path: `/v1/orders?owner=${ORDER.owner}&limit=100000`,
    code: 'malformedRequest',
    field: 'query.limit',
  },
  {
    name: 'a switch that is neither',
    path: `/v1/orders?owner=${ORDER.owner}&open=maybe`,
    code: 'malformedRequest',
    field: 'query.open',
  },
  { name: 'orders of nobody', path: '/v1/orders', code: 'malformedRequest', field: 'query.owner' },
  {
    name: 'a symbol that is not there',
    path: '/v1/markets/1/depth?symbol=XYZ',
    code: 'assetUnknown',
    field: 'query.symbol',
  },
  ...post('no JSON', '{"orders": [', 'malformedRequest', 'body'),
  ...post('nothing at all', '', 'malformedRequest', 'body'),
  ...post(
    'bytes that are no text',
    Uint8Array.of(0x22, 0xff, 0xfe, 0x22),
    'malformedRequest',
    'body',
  ),
  ...post('a list', '[]', 'malformedRequest', 'body'),
  ...post('null', 'null', 'malformedRequest', 'body'),
  ...post('no orders', '{}', 'malformedRequest', 'orders'),
  ...post('an empty list', '{"orders":[]}', 'malformedRequest', 'orders'),
  ...post('an unknown key', '{"orders":[],"more":1}', 'malformedRequest', 'orders'),
  ...post(
    'a key too many in an order',
    orders({ colour: 'red' }),
    'malformedRequest',
    'orders[0].colour',
  ),
  ...post('a number for a budget', orders({ budget: 5 }), 'malformedRequest', 'orders[0].budget'),
  ...post('a decimal budget', orders({ budget: '1.5' }), 'malformedRequest', 'orders[0].budget'),
  ...post('a negative budget', orders({ budget: '-1' }), 'malformedRequest', 'orders[0].budget'),
  ...post('an exponent', orders({ budget: '1e6' }), 'malformedRequest', 'orders[0].budget'),
  ...post('leading zeros', orders({ budget: '007' }), 'malformedRequest', 'orders[0].budget'),
  ...post(
    'a budget beyond 63 bits',
    orders({ budget: '9223372036854775808' }),
    'malformedRequest',
    'orders[0].budget',
  ),
  ...post(
    'a nonce beyond 64 bits',
    orders({ orderNonce: '18446744073709551616' }),
    'malformedRequest',
    'orders[0].orderNonce',
  ),
  ...post(
    'a budget of a megabyte',
    orders({ budget: '9'.repeat(10_000) }),
    'malformedRequest',
    'orders[0].budget',
  ),
  ...post('a fraction of a product', orders({ pay: 0.5 }), 'malformedRequest', 'orders[0].pay'),
  ...post(
    'a product beyond a byte',
    orders({ receive: 256 }),
    'malformedRequest',
    'orders[0].receive',
  ),
  ...post('a negative product', orders({ receive: -1 }), 'malformedRequest', 'orders[0].receive'),
  ...post(
    'a time that is no number',
    orders({ expiresAtMs: 'soon' }),
    'malformedRequest',
    'orders[0].expiresAtMs',
  ),
  ...post(
    'a time beyond 2^53',
    orders({ expiresAtMs: 2 ** 60 }),
    'malformedRequest',
    'orders[0].expiresAtMs',
  ),
  ...post(
    'an owner that is none',
    orders({ owner: 'alice' }),
    'malformedRequest',
    'orders[0].owner',
  ),
  ...post(
    'a short signature',
    orders({ signature: '0x12' }),
    'malformedRequest',
    'orders[0].signature',
  ),
  ...post(
    'a market id as a number',
    orders({ marketId: 1 }),
    'malformedRequest',
    'orders[0].marketId',
  ),
  ...post('another prototype', '{"__proto__":{"orders":[]}}', 'malformedRequest', 'orders'),
  ...post('too many levels', '['.repeat(40) + ']'.repeat(40), 'bodyTooLarge', 'body'),
  ...post('too many bytes', `"${'x'.repeat(2_000_000)}"`, 'bodyTooLarge', 'body'),
  {
    name: 'a body of another type',
    method: 'POST',
    path: '/v1/orders',
    body: '<orders/>',
    type: 'application/xml',
    code: 'unsupportedMediaType',
    field: 'content-type',
  },
  {
    name: 'a form',
    method: 'POST',
    path: '/v1/orders',
    body: 'orders=1',
    type: 'application/x-www-form-urlencoded',
    code: 'unsupportedMediaType',
    field: 'content-type',
  },
  {
    name: 'an order without its salt',
    method: 'POST',
    path: '/v1/reveals',
    body: JSON.stringify({ order: ORDER }),
    code: 'malformedRequest',
    field: 'salt',
  },
  {
    name: 'a reveal in a market that is not there',
    method: 'POST',
    path: '/v1/preview',
    body: JSON.stringify({
      marketId: '77',
      pay: 0,
      receive: 1,
      budget: '1',
      limitNumerator: '0',
      limitDenominator: '1',
      minFillPpm: 0,
    }),
    code: 'marketUnknown',
    field: 'marketId',
  },
  {
    name: 'a swap that is none',
    method: 'POST',
    path: '/verifiables',
    body: JSON.stringify([{ Swap: { owner: ORDER.owner } }]),
    code: 'malformedRequest',
    field: '[0].Swap.pay_asset',
  },
  {
    name: 'a session with scopes that are none',
    method: 'POST',
    path: '/v1/sessions',
    body: JSON.stringify({
      owner: ORDER.owner,
      delegate: ORDER.owner,
      scopes: 8,
      expiresAtMs: 1,
      orderNonce: '1',
      signature: ORDER.signature,
    }),
    code: 'malformedRequest',
    field: 'scopes',
  },
  {
    name: 'a cancel with a broken signature header',
    method: 'DELETE',
    path: `/v1/orders/${SALT}`,
    code: 'orderUnknown',
    field: 'orderId',
  },
];

function post(
  name: string,
  body: string | Uint8Array<ArrayBuffer>,
  code: keyof typeof REJECTIONS,
  field: string,
): Case[] {
  return [{ name: `orders: ${name}`, method: 'POST', path: '/v1/orders', body, code, field }];
}

describe('malformed requests', () => {
  let world: GatewayWorld;
  before(async () => {
    world = await GatewayWorld.open();
  });
  after(() => world.close());

  for (const { name, method = 'GET', path, body, type = 'application/json', ...wanted } of CASES) {
    test(`${name} is refused as ${wanted.code} at ${wanted.field}`, async () => {
      const response = await fetch(world.url + path, {
        method,
        ...(body !== undefined && { body, headers: { 'content-type': type } }),
      });
      const answer = (await response.json()) as { rejection: Record<string, string | number> };
      const { rejection } = answer;
      assert.equal(rejection['code'], wanted.code, JSON.stringify(answer));
      assert.equal(rejection['field'], wanted.field, JSON.stringify(answer));
      const row = REJECTIONS[wanted.code];
      assert.equal(response.status, row.httpStatus);
      assert.equal(rejection['number'], row.number);
      assert.equal(rejection['rule'], row.rule);
      assert.equal(rejection['fix'], row.fix);
      assert.match(response.headers.get('trace-id') ?? '', /^[0-9a-f]{32}$/);
    });
  }

  test('a trace id is taken from a W3C trace context and found in the refusal', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const { body, headers: answered } = await world.send('GET', '/v1/nothing', undefined, headers);
    assert.equal(body['traceId'], traceId);
    assert.equal(answered.get('trace-id'), traceId);
  });

  test('bytes that are no HTTP are answered in the same shape and cut', async () => {
    const answer = await exchangeBytes(world.url, 'HELLO THERE\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.match(answer, /"code":"malformedRequest"/);
  });

  test('an upgrade that is no WebSocket handshake is answered in the same shape', async () => {
    const head = 'GET /v1/ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket';
    const answer = await exchangeBytes(world.url, `${head}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.match(answer, /"code":"malformedRequest","number":100,"field":"upgrade"/);
  });

  test('headers beyond 16 KiB are refused', async () => {
    const head = `GET /v1/assets HTTP/1.1\r\nhost: x\r\nx-long: ${'y'.repeat(20_000)}\r\n\r\n`;
    const answer = await exchangeBytes(world.url, head);
    assert.match(answer, /^HTTP\/1\.1 431 /);
    assert.match(answer, /"code":"headersTooLarge"/);
  });
});

/** Writes bytes and reads until the server ends the connection. */
function exchangeBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}
