// Goal: scenario 23 of the specification: WebSockets that drop, repeat and reorder, and blocks that
// nobody heard of, lose and double no log; a thousand reconnections leave nothing behind.
// Method: a real tracker woken by real WebSockets, and a log cursor, before proxies of one anvil on
// which a contract logs a count per block; what was delivered is compared with the logs of the
// chain. The drop of 30 s is scaled to the time that 40 blocks take.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { createEndpointPool } from '@lawbook/chains/endpoints/createEndpointPool';
import type { EndpointPool } from '@lawbook/chains/endpoints/endpointPool';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import type { WebSocketTransport } from '@lawbook/chains/endpoints/webSocketTransport';
import { webSocketTransport } from '@lawbook/chains/endpoints/webSocketTransport';
import { systemEnvironment } from '@lawbook/chains/environment';
import { createChainTracker } from '@lawbook/chains/tracker/createChainTracker';
import { wakeOnHeads } from '@lawbook/chains/tracker/heads';
import type { LogBatch } from '@lawbook/chains/tracker/logCursor';
import { createLogCursor } from '@lawbook/chains/tracker/logCursor';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Address, Hex } from 'viem';
import { numberToHex } from 'viem';
import type { AnvilWorld } from './anvilWorld.ts';
import { SECRET } from './anvilWorld.ts';
import { worldOf } from './play.ts';
import { until } from './until.ts';

const COUNTER: Address = '0x0000000000000000000000000000000000c0ffee';
/** Logs its first word under topic 1: CALLDATALOAD, MSTORE, LOG1. */
const COUNTER_CODE: Hex = '0x600035600052600160206000a100';
const RECONNECTIONS = 1_000;
const BACKFILL_MS = 5_000;

/** A block with a log of `count`, sent by whom nobody watches. */
async function logInBlock(world: AnvilWorld, count: number): Promise<void> {
  const [from] = (await world.node.call('eth_accounts')) as Address[];
  const callData = numberToHex(count, { size: 32 });
  await world.node.call('eth_sendTransaction', [{ from, to: COUNTER, data: callData }]);
  await world.mine();
}

/** What the chain says at the end: every log, as `block hash:count`. */
async function logsOfChain(world: AnvilWorld): Promise<readonly string[]> {
  const logs = await world.driver.getLogs({ address: COUNTER, fromBlock: 0n });
  return logs.map((log) => `${log.blockHash}:${BigInt(log.data)}`);
}

/** The delivered logs that still stand, by undoing what was dropped. */
class Delivered {
  readonly standing: string[] = [];
  dropped = 0;

  take(batch: LogBatch): void {
    assert.notEqual(batch.kind, 'rewound', 'the ring is deep enough');
    if (batch.kind === 'rewound') return;
    const named = batch.logs.map((log) => `${batch.block.hash}:${BigInt(log.data)}`);
    if (batch.kind === 'adopted') {
      this.standing.push(...named);
      return;
    }
    this.dropped += named.length;
    assert.deepEqual(this.standing.splice(-named.length), named, 'the latest ones are taken back');
  }
}

function socketsOf(world: AnvilWorld): readonly WebSocketTransport[] {
  const environment = systemEnvironment();
  return world.proxies.map(({ name, webSocketUrl }) => {
    const settings = { backoffMs: 1, backoffMsMax: 50 };
    const url = `${webSocketUrl}/v2/${SECRET}`;
    return webSocketTransport({ name, url, settings }, { environment });
  });
}

function poolOf(world: AnvilWorld): EndpointPool {
  const environment = systemEnvironment();
  const endpoints = world.terms().endpoints.map((endpoint) => ({
    transport: httpTransport(endpoint, { environment }),
    limits: 'local' as const,
  }));
  return createEndpointPool({ chainId: world.anvil.chainId, endpoints }, { environment });
}

/** Follows the counter's logs; polls rarely, so that what comes soon came by WebSocket. */
async function follow(context: TestContext, world: AnvilWorld): Promise<Delivered> {
  await world.driver.setCode({ address: COUNTER, bytecode: COUNTER_CODE });
  const environment = systemEnvironment();
  const pool = poolOf(world);
  const sockets = socketsOf(world);
  const tracker = createChainTracker(
    { pollIntervalMs: 1_000 },
    { pool, environment, wake: wakeOnHeads(sockets) },
  );
  const from = (await world.driver.getBlockNumber()) + 1n;
  const cursor = createLogCursor(
    { filter: { address: COUNTER }, from },
    { pool, tracker, environment },
  );
  const delivered = new Delivered();
  const stop = new AbortController();
  const reading = (async () => {
    for await (const batch of cursor.batches(stop.signal)) delivered.take(batch);
  })();
  reading.catch(() => undefined);
  context.after(async () => {
    stop.abort();
    await Promise.allSettled([reading]);
    await tracker.close();
    for (const socket of sockets) await socket.close();
    await pool.close();
  });
  await until('the sockets are connected', () => {
    return world.proxies.every(({ webSocketClients }) => webSocketClients === 1);
  });
  return delivered;
}

async function allDelivered(world: AnvilWorld, delivered: Delivered): Promise<void> {
  const expected = await logsOfChain(world);
  await until('every log was delivered', () => delivered.standing.length >= expected.length);
  assert.deepEqual(delivered.standing, expected);
}

describe('WebSockets that cannot be trusted', () => {
  test('23: repeated, reordered and missing frames change no delivery', async (context) => {
    const world = await worldOf(context);
    const delivered = await follow(context, world);
    for (const proxy of world.proxies) {
      proxy.frames = {
        duplicate: (count) => count % 2 === 0,
        swap: (count) => count % 3 === 0,
        miss: (count) => count % 7 === 0,
      };
    }
    for (let count = 0; count < 30; count += 1) {
      await logInBlock(world, count);
      if (count % 10 === 5) await until('some came', () => delivered.standing.length > count - 5);
    }
    await allDelivered(world, delivered);
    assert.equal(delivered.dropped, 0);
  });

  test('23: a reorganisation takes back what it dropped, and nothing else', async (context) => {
    const world = await worldOf(context);
    const delivered = await follow(context, world);
    for (let count = 0; count < 5; count += 1) await logInBlock(world, count);
    await allDelivered(world, delivered);
    await world.reorganise(2, { reinject: false });
    for (let count = 10; count < 13; count += 1) await logInBlock(world, count);
    await until('two were taken back', () => delivered.dropped === 2);
    await allDelivered(world, delivered);
  });

  test('23: 40 blocks behind a drop of everything are filled in within 5 s', async (context) => {
    const world = await worldOf(context);
    const delivered = await follow(context, world);
    for (let count = 0; count < 3; count += 1) await logInBlock(world, count);
    await allDelivered(world, delivered);
    for (const proxy of world.proxies) await proxy.refuse();
    for (let count = 3; count < 43; count += 1) await logInBlock(world, count);
    for (const proxy of world.proxies) await proxy.accept();
    const backAtMs = performance.now();
    await allDelivered(world, delivered);
    const tookMs = performance.now() - backAtMs;
    assert.ok(tookMs <= BACKFILL_MS, `it took ${tookMs} ms`);
  });

  test('23: a thousand reconnections leave no listener and no socket behind', async (context) => {
    const world = await worldOf(context, { nodes: 1 });
    const proxy = at(world.proxies, 0);
    const socket = at(socketsOf(world), 0);
    context.after(() => socket.close());
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    context.after(() => process.off('warning', onWarning));
    let started = 0;
    socket.subscribe({ kind: 'newHeads' }, ({ kind }) => {
      if (kind === 'started') started += 1;
    });
    for (let connection = 1; connection <= RECONNECTIONS; connection += 1) {
      await until(`it is connected for the ${connection}th time`, () => started >= connection, {
        everyMs: 1,
      });
      proxy.dropConnections();
    }
    await until('it is connected again', () => started > RECONNECTIONS);
    assert.equal(socket.stats().subscriptions, 1);
    assert.equal(socket.stats().connections, RECONNECTIONS + 1);
    await until('one client is left', () => proxy.webSocketClients === 1);
    assert.deepEqual(warnings, []);
  });
});
