// Goal: whatever an HTTP endpoint does, one try ends in a result, an RpcError or a TransportError
// that tells what is known, and no key is shown.
// Method: a server on this machine that misbehaves on demand; a simulated clock where time matters.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import { ChainFault } from '../chainFault.ts';
import { systemEnvironment } from '../environment.ts';
import type { Answering } from './fixtures/rpcServer.ts';
import { RpcServer } from './fixtures/rpcServer.ts';
import { httpTransport, retryAfterMs } from './httpTransport.ts';
import type { Transport } from './transport.ts';
import { RpcError, TransportError } from './transport.ts';

const CALL = { method: 'eth_chainId', params: [] };
const SECRET = 'k3y-0f-s0m3b0dy';
const environment = systemEnvironment();

describe('an HTTP endpoint', () => {
  const server = new RpcServer();
  let host = '';
  let transport: Transport;

  before(async () => {
    host = await server.open();
    const url = `http://user:${SECRET}@${host}/v2/${SECRET}?apikey=${SECRET}#${SECRET}`;
    transport = httpTransport({ url, responseBytesMax: 10_000 }, { environment });
  });
  after(() => server.close());

  async function reasonWhen(answering: Answering, timeoutMs = 5_000): Promise<unknown> {
    server.answering = answering;
    try {
      await transport.request(CALL, { timeoutMs });
    } catch (error) {
      const shown = `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`;
      assert.ok(!shown.includes(SECRET), shown);
      return error;
    }
    return assert.fail('it was expected to reject');
  }

  function status(code: number, body: unknown, headers: Record<string, string> = {}): Answering {
    return (seen, response) => {
      const text = typeof body === 'function' ? body(seen.id) : body;
      response.writeHead(code, headers).end(text);
    };
  }

  test('answers with the result, and is named by its host alone', async () => {
    assert.equal(await transport.request(CALL, { timeoutMs: 5_000 }), '0x1');
    assert.equal(transport.name, host);
    const seen = server.seen.at(-1);
    assert.equal(seen?.path, `/v2/${SECRET}?apikey=${SECRET}`);
    assert.equal(seen?.headers.authorization, `Basic ${btoa(`user:${SECRET}`)}`);
  });

  test('keeps null as a result', async () => {
    server.answering = ({ id }, response) => response.end(JSON.stringify({ id, result: null }));
    assert.equal(await transport.request(CALL, { timeoutMs: 5_000 }), null);
  });

  const error = { code: -32000, message: 'nonce too low', data: '0x12' };
  for (const code of [200, 400, 404, 500, 503]) {
    test(`reads a JSON-RPC error out of HTTP status ${code}`, async () => {
      const body = (id: number): string => JSON.stringify({ jsonrpc: '2.0', id, error });
      const reason = await reasonWhen(status(code, body));
      assert.ok(reason instanceof RpcError);
      assert.deepEqual(
        [reason.rpcCode, reason.rpcMessage, reason.detail],
        [-32000, 'nonce too low', '0x12'],
      );
    });
  }

  test('believes an error without an id, and no result without one', async () => {
    const refused = await reasonWhen(status(200, JSON.stringify({ id: null, error })));
    assert.ok(refused instanceof RpcError);
    const stray = await reasonWhen(status(200, JSON.stringify({ result: '0x2' })));
    assert.ok(stray instanceof TransportError && stray.failure === 'wrongId');
  });

  test('tells answers to other calls, and things that are no answers', async () => {
    const cases: [unknown, string][] = [
      [(id: number) => JSON.stringify({ id: id + 1, result: '0x1' }), 'wrongId'],
      [(id: number) => JSON.stringify({ id: String(id), result: '0x1' }), 'wrongId'],
      [(id: number) => JSON.stringify({ id }), 'malformed'],
      ['<html>we will be back</html>', 'malformed'],
      ['', 'malformed'],
      ['[]', 'malformed'],
      ['{"jsonrpc":"2.0","id":1,"resu', 'malformed'],
      ['x'.repeat(20_000), 'malformed'],
    ];
    for (const [body, failure] of cases) {
      const reason = await reasonWhen(status(200, body));
      assert.ok(reason instanceof TransportError, String(reason));
      assert.equal(reason.failure, failure, String(body).slice(0, 50));
    }
  });

  test('tells limits and keys from broken servers, with the pause that was asked for', async () => {
    const body = JSON.stringify({ error: { code: 429, message: 'slow down' } });
    const limited = await reasonWhen(status(429, body, { 'retry-after': '7' }));
    assert.ok(limited instanceof TransportError && limited.failure === 'rateLimited');
    assert.equal(limited.retryAfterMs, 7_000);
    const denied = await reasonWhen(status(401, 'who are you'));
    assert.ok(denied instanceof TransportError && denied.failure === 'unauthorized');
    const broken = await reasonWhen(status(502, 'bad gateway', { 'retry-after': '2' }));
    assert.ok(broken instanceof TransportError && broken.failure === 'httpStatus');
    assert.deepEqual([broken.httpStatus, broken.retryAfterMs], [502, 2_000]);
    const moved = await reasonWhen(status(307, '', { location: 'http://127.0.0.1:1/' }));
    assert.ok(moved instanceof TransportError && moved.failure === 'httpStatus');
  });

  test('a connection that ends before, or within, the answer is a reset', async () => {
    const before = await reasonWhen((_seen, response) => response.destroy());
    assert.ok(before instanceof TransportError && before.failure === 'reset', String(before));
    const within = await reasonWhen((_seen, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"jsonrpc"', () => response.destroy());
    });
    assert.ok(within instanceof TransportError && within.failure === 'reset', String(within));
  });

  test('a port where nobody listens is refused', async () => {
    const closed = new RpcServer();
    const nowhere = await closed.open();
    await closed.close();
    const lost = httpTransport({ url: `http://${nowhere}/${SECRET}` }, { environment });
    const reason = await lost.request(CALL, { timeoutMs: 5_000 }).catch((caught) => caught);
    assert.ok(reason instanceof TransportError && reason.failure === 'refused', String(reason));
  });

  test('a timeout and a caller who leaves are told apart', async () => {
    const clock = new SimulatedClock();
    const simulated = { clock, random: { next: () => 0 } };
    const patient = httpTransport({ url: `http://${host}/` }, { environment: simulated });
    let arrived = (): void => undefined;
    server.answering = () => arrived();
    const nextArrival = (): Promise<void> => {
      return new Promise((resolve) => {
        arrived = resolve;
      });
    };
    const seen = nextArrival();
    const late = patient.request(CALL, { timeoutMs: 400 }).catch((caught) => caught);
    await seen;
    await clock.runFor(400);
    const timeout = await late;
    assert.ok(timeout instanceof TransportError && timeout.failure === 'timeout');
    const leaving = new AbortController();
    const seenAgain = nextArrival();
    const left = patient.request(CALL, { timeoutMs: 400, signal: leaving.signal });
    const caught = left.catch((reason) => reason);
    await seenAgain;
    leaving.abort();
    const aborted = await caught;
    assert.ok(aborted instanceof TransportError && aborted.failure === 'aborted');
    const never = await patient
      .request(CALL, { timeoutMs: 400, signal: leaving.signal })
      .catch((reason) => reason);
    assert.ok(never instanceof TransportError && never.failure === 'aborted');
  });

  test('several calls at once get their own answers', async () => {
    server.answering = ({ id }, response) => {
      setImmediate(() => response.end(JSON.stringify({ id, result: id })));
    };
    const results = await Promise.all(
      Array.from({ length: 20 }, () => transport.request(CALL, { timeoutMs: 5_000 })),
    );
    assert.equal(new Set(results).size, 20);
  });
});

describe('configuration', () => {
  for (const url of ['', 'nonsense', 'ftp://host/key', 'ws://host/key', `//${SECRET}`]) {
    test(`"${url.slice(0, 12)}" is no HTTP endpoint, and is not repeated`, () => {
      assert.throws(
        () => httpTransport({ url }, { environment }),
        (reason) =>
          reason instanceof ChainFault &&
          reason.code === 'CHAIN_CONFIG_INVALID' &&
          !reason.message.includes(SECRET),
      );
    });
  }
});

test('Retry-After is read in seconds and as a date, within ten minutes', () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const read = (header: string | null): number | undefined => retryAfterMs(header, nowMs);
  assert.equal(read('3'), 3_000);
  assert.equal(read('0.25'), 250);
  assert.equal(read(new Date(nowMs + 42_000).toUTCString()), 42_000);
  assert.equal(read(new Date(nowMs - 42_000).toUTCString()), 0);
  assert.equal(read('86400'), 600_000);
  assert.equal(read('-5'), 0);
  for (const header of [null, '', ' ', 'soon']) assert.equal(read(header), undefined);
});
