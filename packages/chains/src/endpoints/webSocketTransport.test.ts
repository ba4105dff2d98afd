// Goal: one socket serves requests and subscriptions, survives being cut, and leaks nothing.
// Method: a simulated server on a simulated clock for the rules; the real client against a real
// server on this machine for the wire.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import { systemEnvironment } from '../environment.ts';
import { SimulatedSocketServer } from './fixtures/simulatedSocket.ts';
import { RpcError, TransportError } from './transport.ts';
import type { OpenSocket } from './webSocket.ts';
import { openWebSocket } from './webSocket.ts';
import type { SubscriptionMessage, WebSocketTransport } from './webSocketTransport.ts';
import { webSocketTransport } from './webSocketTransport.ts';

const CALL = { method: 'eth_chainId', params: [] };
const HEADS = { kind: 'newHeads' } as const;

interface World {
  readonly clock: SimulatedClock;
  readonly server: SimulatedSocketServer;
  readonly transport: WebSocketTransport;
}

function worldOf(): World {
  const clock = new SimulatedClock();
  const server = new SimulatedSocketServer(clock);
  const environment = { clock, random: { next: () => 0.5 } };
  const url = 'wss://node.example/k3y';
  const dependencies = { environment, openSocket: server.open };
  return { clock, server, transport: webSocketTransport({ url }, dependencies) };
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  const reason = await promise.then(
    () => 'an answer',
    (caught) => caught,
  );
  return reason instanceof TransportError ? reason.failure : String(reason);
}

async function closing({ clock, transport, server }: World): Promise<void> {
  const closed = transport.close();
  await clock.runUntilIdle({ withinMs: 1_000 });
  await closed;
  assert.equal(server.live(), undefined);
}

describe('requests', () => {
  test('the first request opens the socket, later ones share it', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    assert.equal(transport.name, 'node.example');
    assert.equal(transport.stats().state, 'idle');
    const first = Promise.all([1, 2, 3].map(() => transport.request(CALL, { timeoutMs: 500 })));
    await clock.runFor(100);
    assert.deepEqual(await first, ['eth_chainId!', 'eth_chainId!', 'eth_chainId!']);
    assert.equal(server.connections.length, 1);
    assert.equal(transport.stats().requests, 0);
    await closing(world);
  });

  test('a request that is not answered times out, and one that is left is aborted', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    server.mute.add('eth_chainId');
    const leaving = new AbortController();
    const failures = Promise.all([
      failureOf(transport.request(CALL, { timeoutMs: 100 })),
      failureOf(transport.request(CALL, { timeoutMs: 100, signal: leaving.signal })),
    ]);
    await clock.runFor(50);
    leaving.abort();
    await clock.runFor(60);
    assert.deepEqual(await failures, ['timeout', 'aborted']);
    assert.equal(transport.stats().requests, 0);
    await closing(world);
  });

  test('a cut connection resets what was sent and refuses what was not', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    server.mute.add('eth_chainId');
    const sent = failureOf(transport.request(CALL, { timeoutMs: 500 }));
    await clock.runFor(20);
    server.live()?.terminate();
    assert.equal(await sent, 'reset');
    server.mode = 'refuse';
    const unsent = failureOf(transport.request(CALL, { timeoutMs: 5_000 }));
    await clock.runFor(5_000);
    assert.equal(await unsent, 'refused');
    await closing(world);
    assert.equal(await failureOf(transport.request(CALL, { timeoutMs: 5_000 })), 'refused');
  });

  test('a frame that is no JSON ends the connection', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    server.mute.add('eth_chainId');
    const failure = failureOf(transport.request(CALL, { timeoutMs: 500 }));
    await clock.runFor(20);
    server.live()?.pushText('{"jsonrpc":');
    assert.equal(await failure, 'reset');
    await closing(world);
  });
});

describe('subscriptions', () => {
  test('messages reach their subscribers until these close', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    const heads: SubscriptionMessage[] = [];
    const logs: SubscriptionMessage[] = [];
    const subscription = transport.subscribe(HEADS, (message) => heads.push(message));
    transport.subscribe({ kind: 'logs', address: '0xa' }, (message) => logs.push(message));
    await clock.runFor(50);
    server.notify('newHeads', { number: '0x1' });
    await clock.runFor(50);
    assert.deepEqual(heads, [{ kind: 'started' }, { kind: 'message', result: { number: '0x1' } }]);
    assert.deepEqual(logs, [{ kind: 'started' }]);
    subscription.close();
    subscription.close();
    await clock.runFor(50);
    server.notify('newHeads', { number: '0x2' });
    await clock.runFor(50);
    assert.equal(heads.length, 2);
    assert.equal(server.live()?.topics.size, 1);
    await closing(world);
  });

  test('a refusal is told, and a late answer to a closed subscription is taken back', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    const subscription = transport.subscribe(HEADS, () => assert.fail('it was closed'));
    await clock.runFor(6);
    subscription.close();
    await clock.runFor(50);
    assert.equal(server.live()?.topics.size, 0);
    server.mute.add('eth_subscribe');
    const messages: SubscriptionMessage[] = [];
    transport.subscribe(HEADS, (message) => messages.push(message));
    const error = { code: -32601, message: 'notifications not supported' };
    server.live()?.pushText(JSON.stringify({ id: 3, error }));
    const [refused] = messages;
    assert.ok(refused?.kind === 'refused' && refused.error instanceof RpcError);
    await closing(world);
  });

  test('thirty seconds without the server cost a pause and one new subscription', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    const messages: SubscriptionMessage[] = [];
    transport.subscribe(HEADS, (message) => messages.push(message));
    await clock.runFor(100);
    server.mode = 'refuse';
    server.live()?.terminate();
    await clock.runFor(30_000);
    const pauses = server.attemptsAtMs
      .slice(1)
      .map((atMs, i) => atMs - (server.attemptsAtMs[i] ?? 0));
    assert.ok(pauses.length < 10, `${pauses.length} attempts`);
    assert.ok(
      pauses.slice(2).every((pause, i) => pause >= (pauses[i + 1] ?? 0)),
      String(pauses),
    );
    server.mode = 'accept';
    await clock.runFor(15_000);
    assert.deepEqual(messages, [{ kind: 'started' }, { kind: 'started' }]);
    server.notify('newHeads', 1);
    await clock.runFor(50);
    assert.equal(messages.length, 3);
    await closing(world);
  });

  test('a silent connection is found out by its heartbeat', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    transport.subscribe(HEADS, () => undefined);
    await clock.runFor(60_000);
    assert.equal(transport.stats().connections, 1);
    assert.ok((server.live()?.received.length ?? 0) >= 3);
    server.mute.add('eth_chainId');
    await clock.runFor(40_000);
    assert.ok(transport.stats().connections >= 2);
    await closing(world);
  });

  test('a connection that never opens is given up', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    server.mode = 'hang';
    transport.subscribe(HEADS, () => undefined);
    await clock.runFor(25_000);
    assert.ok(server.attemptsAtMs.length >= 2);
    server.mode = 'accept';
    await clock.runFor(60_000);
    assert.equal(transport.stats().state, 'open');
    await closing(world);
  });

  test('a thousand reconnections leave nothing behind', async () => {
    const world = worldOf();
    const { clock, server, transport } = world;
    let started = 0;
    let heads = 0;
    transport.subscribe(HEADS, ({ kind }) => {
      if (kind === 'started') started += 1;
      else heads += 1;
    });
    for (let i = 1; i <= 1_000; i += 1) {
      await clock.runUntil(() => started === i, { withinMs: 60_000 });
      server.notify('newHeads', i);
      await clock.runFor(10);
      server.live()?.terminate();
    }
    assert.equal(heads, 1_000);
    const { requests, subscriptions, connections } = transport.stats();
    assert.deepEqual(
      { requests, subscriptions, connections },
      { requests: 0, subscriptions: 1, connections: 1_000 },
    );
    await closing(world);
  });
});

describe('the wire', () => {
  test('requests, notifications and closing work against a real server', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (socket) => {
      socket.on('message', (frame) => {
        const { id, method } = JSON.parse(frame.toString());
        socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: '0xabc' }));
        const params = { subscription: '0xabc', result: 7 };
        if (method === 'eth_subscribe') socket.send(JSON.stringify({ params }));
      });
    });
    const { port } = server.address() as AddressInfo;
    const environment = systemEnvironment();
    const transport = webSocketTransport({ url: `ws://127.0.0.1:${port}/#x` }, { environment });
    assert.equal(await transport.request(CALL, { timeoutMs: 5_000 }), '0xabc');
    const result = await new Promise((resolve) => {
      transport.subscribe(HEADS, (message) => {
        if (message.kind === 'message') resolve(message.result);
      });
    });
    assert.equal(result, 7);
    await transport.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('a port where nobody listens is refused, and tells no key', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const environment = systemEnvironment();
    const url = `ws://127.0.0.1:${port}/k3y`;
    const transport = webSocketTransport({ url }, { environment });
    const reason = await transport.request(CALL, { timeoutMs: 5_000 }).catch((caught) => caught);
    assert.ok(reason instanceof TransportError && reason.failure === 'refused');
    assert.ok(!`${reason.stack}${JSON.stringify(reason)}`.includes('k3y'));
    await transport.close();
  });

  test('over a hundred real reconnections every socket is closed once', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (socket) => {
      socket.on('message', (frame) => {
        const { id } = JSON.parse(frame.toString());
        socket.send(JSON.stringify({ id, result: '0x1' }), () => socket.terminate());
      });
    });
    let opened = 0;
    let closed = 0;
    const counting: OpenSocket = (target, events) => {
      opened += 1;
      const onClose = (): void => {
        closed += 1;
        events.onClose();
      };
      return openWebSocket(target, { ...events, onClose });
    };
    const { port } = server.address() as AddressInfo;
    const environment = { ...systemEnvironment(), random: { next: () => 0 } };
    const url = `ws://127.0.0.1:${port}`;
    const transport = webSocketTransport({ url }, { environment, openSocket: counting });
    await new Promise<void>((resolve) => {
      let started = 0;
      transport.subscribe(HEADS, () => {
        started += 1;
        if (started === 100) resolve();
      });
    });
    await transport.close();
    assert.equal(opened, closed);
    await new Promise((resolve) => server.close(resolve));
  });
});
