// Goal: whatever answers, the caller gets data, a refusal or a fault with a code, in bounded time.
// Method: a server on loopback that answers as told.

import assert from 'node:assert/strict';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { listAssets, readBundle } from '../schema/marketRoutes.ts';
import { submitOrders } from '../schema/orderRoutes.ts';
import { LawbookClient } from './lawbookClient.ts';
import { keySigner } from './signers.ts';
import { call, unwrap } from './transport.ts';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const ASSETS = { assets: [], asOf: { sequence: 4, time: '2026-01-01T00:00:00.000Z' } };
const REJECTION = {
  code: 'somethingNew',
  number: 999,
  field: 'x',
  rule: 'A rule that this client does not know.',
  fix: 'Update.',
};

describe('the transport', () => {
  let server: Server;
  let baseUrl = '';
  let listener: RequestListener = (_, response) => response.end();
  before(async () => {
    server = createServer((request, response) => listener(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const transport = (timeoutMs = 2000): Parameters<typeof call>[0] => ({
    baseUrl,
    fetch,
    timeoutMs,
    authorise: () => Promise.resolve(undefined),
  });
  const answerWith = (status: number, headers: Record<string, string>, body: string): void => {
    listener = (_, response) => response.writeHead(status, headers).end(body);
  };
  const faultOf = async (asking: Promise<unknown>): Promise<string> => {
    try {
      await asking;
    } catch (cause) {
      return (cause as { code: string }).code;
    }
    return 'none';
  };

  test('a success is parsed, and fields that a newer venue adds are left out', async () => {
    answerWith(200, JSON_TYPE, JSON.stringify({ ...ASSETS, more: true }));
    assert.deepEqual(unwrap(await call(transport(), listAssets, {})), ASSETS);
  });

  test('a refusal is data, also with a code that this client does not know', async () => {
    answerWith(422, JSON_TYPE, JSON.stringify({ rejection: REJECTION, traceId: '1' }));
    const result = await call(transport(), listAssets, {});
    assert.equal(!result.ok && String(result.rejection.code), 'somethingNew');
    assert.equal(await faultOf(Promise.resolve().then(() => unwrap(result))), 'REQUEST_REJECTED');
  });

  test('answers to orders are read whatever their status', async () => {
    const answer = { kind: 'notReceived', orderId: `0x${'00'.repeat(32)}`, rejection: REJECTION };
    answerWith(503, JSON_TYPE, JSON.stringify({ answers: [answer] }));
    const result = unwrap(await call(transport(), submitOrders, { body: { orders: [] } }));
    assert.equal(result.answers[0]?.kind, 'notReceived');
  });

  test('what is not this interface is a fault', async () => {
    for (const [status, headers, body] of [
      [200, { 'content-type': 'text/html' }, '<html>'],
      [200, JSON_TYPE, '{"assets":'],
      [200, JSON_TYPE, '{"assets":"many"}'],
      [502, { 'content-type': 'text/plain' }, 'Bad Gateway'],
    ] as const) {
      answerWith(status, headers, body);
      assert.equal(await faultOf(call(transport(), listAssets, {})), 'ANSWER_MALFORMED', body);
    }
  });

  test('bytes come as bytes', async () => {
    answerWith(200, { 'content-type': 'application/octet-stream' }, 'abc');
    const params = { marketId: '1', epochNumber: 1 };
    const bytes = unwrap(await call(transport(), readBundle, { params }));
    assert.deepEqual([...bytes], [97, 98, 99]);
  });

  test('silence ends in a fault after the time allowed', async () => {
    listener = () => {};
    assert.equal(await faultOf(call(transport(30), listAssets, {})), 'REQUEST_TIMED_OUT');
  });

  test('the caller may give up', async () => {
    const giveUp = new AbortController();
    listener = () => giveUp.abort();
    const asking = call(transport(), listAssets, {}, { signal: giveUp.signal });
    assert.equal(await faultOf(asking), 'REQUEST_ABORTED');
  });

  test('nobody there is a fault that may pass', async () => {
    const nowhere = { ...transport(), baseUrl: 'http://127.0.0.1:1' };
    assert.equal(await faultOf(call(nowhere, listAssets, {})), 'VENUE_UNREACHABLE');
  });

  test('orders are submitted again after a fault that may pass, and not for ever', async () => {
    let asked = 0;
    listener = (_, response) => {
      asked += 1;
      if (asked < 3) response.destroy();
      else response.writeHead(200, JSON_TYPE).end(JSON.stringify({ answers: [] }));
    };
    const signer = keySigner(new Uint8Array(32).fill(5));
    const client = new LawbookClient({ baseUrl, signer, submitRetriesMax: 2 });
    unwrap(await client.submitOrders([]));
    assert.equal(asked, 3);
    listener = (_, response) => {
      asked += 1;
      response.destroy();
    };
    asked = 0;
    assert.equal(await faultOf(client.submitOrders([])), 'VENUE_UNREACHABLE');
    assert.equal(asked, 3);
  });

  test('a client without a signer reads and signs nothing', async () => {
    const client = new LawbookClient({ baseUrl });
    answerWith(200, JSON_TYPE, JSON.stringify(ASSETS));
    unwrap(await client.listAssets({ atLeast: 4 }));
    assert.equal(await faultOf(client.cancelOrder(`0x${'00'.repeat(32)}`)), 'SIGNER_MISSING');
  });
});

test('order nonces grow, also when the clock stands still or goes back', () => {
  let now = 1_000_000;
  const client = new LawbookClient({
    baseUrl: 'http://127.0.0.1:1',
    timers: { now: () => now, after: () => () => {}, random: () => 0 },
  });
  const nonces = [client.nextOrderNonce(), client.nextOrderNonce()];
  now -= 5000;
  nonces.push(client.nextOrderNonce());
  now += 10_000;
  nonces.push(client.nextOrderNonce());
  assert.deepEqual(nonces, [1_000_000n, 1_000_001n, 1_000_002n, 1_005_000n]);
});
