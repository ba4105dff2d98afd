// Goal: each fault of the proxy does what it says and nothing else, so that a scenario that passes
// behind it has met that fault.
// Method: real HTTP and WebSocket clients against proxies in front of one anvil; what the node saw
// is asked of the node itself.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { EmbeddedAnvil } from '@lawbook/chains/embedded/anvil';
import { startAnvil } from '@lawbook/chains/embedded/anvil';
import type { Hex } from 'viem';
import { keccak256, parseGwei } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { WebSocket } from 'ws';
import { until } from '../anvil/until.ts';
import type { FaultRule } from './faultPlan.ts';
import { every, first } from './faultPlan.ts';
import type { FaultProxy } from './faultProxy.ts';
import { startFaultProxy } from './faultProxy.ts';
import { GethMempool } from './gethMempool.ts';
import { Upstream } from './upstream.ts';

// The first account that anvil funds; everybody knows its key.
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const SENDER = privateKeyToAccount(KEY);
const OTHER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

let anvil: EmbeddedAnvil;
let node: Upstream;
let mempool: GethMempool;
let proxy: FaultProxy;
let snapshot: unknown;

before(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' } });
  node = new Upstream(anvil.url);
  await node.call('anvil_mine', ['0x5']);
});
after(async () => {
  node.close();
  await anvil.close();
});
beforeEach(async (context) => {
  if (snapshot !== undefined) await node.call('evm_revert', [snapshot]);
  await node.call('anvil_dropAllTransactions');
  snapshot = await node.call('evm_snapshot');
  mempool = new GethMempool(node);
  proxy = await startFaultProxy({ name: 'one', upstream: anvil.url, mempool });
  // The hook of a test closes what the test used.
  if ('after' in context) context.after(() => proxy.close());
});

interface Reply {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { code: number; message: string };
}

async function ask(method: string, ...params: unknown[]): Promise<Reply> {
  const response = await fetch(proxy.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  const { status, headers } = response;
  const plain = { status, retryAfter: headers.get('retry-after'), text };
  return text.startsWith('{') ? { ...plain, ...(JSON.parse(text) as object) } : plain;
}

function transfer(chainNonce: number, gwei = '10', tip = '1'): Promise<Hex> {
  return SENDER.signTransaction({
    type: 'eip1559',
    chainId: 31_337,
    nonce: chainNonce,
    to: OTHER,
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: parseGwei(gwei),
    maxPriorityFeePerGas: parseGwei(tip),
  });
}

/** Whether the node behind has the transaction. */
async function nodeHas(raw: Hex): Promise<boolean> {
  return (await node.call('eth_getTransactionByHash', [keccak256(raw)])) !== null;
}

function plan(rule: FaultRule): void {
  proxy.plan.add(rule);
}

describe('a fault proxy over HTTP', () => {
  test('passes calls and answers through when nothing is planned', async () => {
    assert.deepEqual(await ask('eth_blockNumber'), {
      status: 200,
      retryAfter: null,
      text: '{"jsonrpc":"2.0","id":7,"result":"0x5"}',
      jsonrpc: '2.0',
      id: 7,
      result: '0x5',
    });
    assert.equal((await ask('eth_nonsense')).error?.code, -32601);
  });

  test('strikes the calls that a rule names, and lets a rule be taken back', async () => {
    const fault = { kind: 'rpcError', code: -32_603, message: 'struck' } as const;
    const takeBack = proxy.plan.add({ method: 'eth_chainId', nth: every(2), fault });
    const codes: (number | undefined)[] = [];
    for (let count = 0; count < 4; count += 1) codes.push((await ask('eth_chainId')).error?.code);
    assert.deepEqual(codes, [undefined, -32_603, undefined, -32_603]);
    assert.equal((await ask('eth_blockNumber')).error, undefined);
    takeBack();
    await ask('eth_chainId');
    assert.equal((await ask('eth_chainId')).error, undefined);
    let isOn = false;
    plan({ when: ({ params }) => isOn && params.length === 0, fault });
    assert.equal((await ask('eth_chainId')).error, undefined);
    isOn = true;
    assert.equal((await ask('eth_chainId')).error?.message, 'struck');
  });

  test('delays and hangs', async () => {
    plan({ method: 'eth_chainId', nth: first(1), fault: { kind: 'delay', ms: 50 } });
    const startedMs = performance.now();
    assert.equal((await ask('eth_chainId')).result, '0x7a69');
    assert.ok(performance.now() - startedMs >= 49);
    const raw = await transfer(0);
    plan({ method: 'eth_sendRawTransaction', fault: { kind: 'hang', forward: true } });
    const asking = ask('eth_sendRawTransaction', raw);
    asking.catch(() => undefined);
    await until('the node saw it', () => nodeHas(raw));
    proxy.dropConnections();
    await assert.rejects(asking);
  });

  test('resets before the node acts, or after', async () => {
    const [lost, taken] = [await transfer(0), await transfer(1)];
    const method = 'eth_sendRawTransaction';
    plan({ method, nth: first(1), fault: { kind: 'resetBefore' } });
    await assert.rejects(ask(method, lost));
    assert.equal(await nodeHas(lost), false);
    plan({ method, nth: first(1), fault: { kind: 'resetAfter' } });
    await assert.rejects(ask(method, taken));
    assert.equal(await nodeHas(taken), true);
  });

  test('refuses connections, and listens again on the same port', async () => {
    const { url } = proxy;
    await proxy.refuse();
    await assert.rejects(ask('eth_chainId'), (error: Error) => {
      return (error.cause as { code?: string }).code === 'ECONNREFUSED';
    });
    await proxy.accept();
    assert.equal(proxy.url, url);
    assert.equal((await ask('eth_chainId')).result, '0x7a69');
  });

  test('answers 429 with Retry-After, and other statuses', async () => {
    plan({ nth: first(1), fault: { kind: 'rateLimited', retryAfterSeconds: 3 } });
    const limited = await ask('eth_chainId');
    assert.deepEqual([limited.status, limited.retryAfter], [429, '3']);
    plan({ nth: first(1), fault: { kind: 'httpStatus', status: 503 } });
    assert.equal((await ask('eth_chainId')).status, 503);
  });

  test('cuts bodies off, answers garbage, and answers under another id', async () => {
    plan({ nth: first(1), fault: { kind: 'truncated' } });
    await assert.rejects(ask('eth_getBlockByNumber', 'latest', false));
    plan({ nth: first(1), fault: { kind: 'garbage' } });
    assert.match((await ask('eth_chainId')).text, /^<html>/);
    plan({ nth: first(1), fault: { kind: 'wrongId' } });
    assert.notEqual((await ask('eth_chainId')).id, 7);
  });

  test('claims to be on another chain', async () => {
    proxy.chainIdShown = 5;
    assert.equal((await ask('eth_chainId')).result, '0x5');
    const refused = await ask('eth_sendRawTransaction', await transfer(0));
    assert.match(refused.error?.message ?? '', /invalid chain id/);
    assert.equal(await nodeHas(await transfer(0)), false);
  });

  test('answers a hash for a broadcast that it drops', async () => {
    const raw = await transfer(0);
    plan({ method: 'eth_sendRawTransaction', fault: { kind: 'dropBroadcast' } });
    assert.equal((await ask('eth_sendRawTransaction', raw)).result, keccak256(raw));
    assert.equal(await nodeHas(raw), false);
  });

  test('counts calls by method and second', async () => {
    const startedMs = performance.now();
    await ask('eth_chainId');
    await ask('eth_chainId');
    await ask('eth_blockNumber');
    assert.equal(proxy.meter.count('eth_chainId'), 2);
    assert.equal(proxy.meter.count(), 3);
    const counted = proxy.meter.perSecond(startedMs).reduce((sum, count) => sum + count, 0);
    assert.equal(counted, 3);
  });

  test('refuses what goes beyond a limit in compute units, and says how long to wait', async () => {
    const unitsOf = (method: string): number => (method === 'eth_call' ? 100 : 1);
    proxy.meter.limitTo({ unitsPerSecond: 10, capacity: 101, unitsOf });
    assert.equal((await ask('eth_call', { to: OTHER }, 'latest')).status, 200);
    assert.equal((await ask('eth_chainId')).status, 200);
    const refused = await ask('eth_call', { to: OTHER }, 'latest');
    assert.equal(refused.status, 429);
    assert.ok([9, 10].includes(Number(refused.retryAfter)), String(refused.retryAfter));
    assert.equal(proxy.meter.faulted('overLimit'), 1);
    proxy.meter.limitTo(undefined);
    assert.equal((await ask('eth_call', { to: OTHER }, 'latest')).status, 200);
  });
});

describe('a replica that is behind', () => {
  test('serves the state, the blocks and the logs of its own head', async () => {
    const raw = await transfer(0);
    await ask('eth_sendRawTransaction', raw);
    await node.call('anvil_mine', ['0x1']);
    await node.call('anvil_mine', ['0x1']);
    const mined = (await ask('eth_getTransactionReceipt', keccak256(raw))).result;
    const { blockHash } = mined as { blockHash: Hex };
    proxy.view = { kind: 'behind', blocks: () => 2 };
    assert.equal((await ask('eth_blockNumber')).result, '0x5');
    const latest = (await ask('eth_getBlockByNumber', 'latest', false)).result;
    assert.equal((latest as { number: string }).number, '0x5');
    assert.equal((await ask('eth_getBlockByNumber', '0x6', false)).result, null);
    assert.equal((await ask('eth_getBlockByHash', blockHash, false)).result, null);
    assert.equal((await ask('eth_getTransactionReceipt', keccak256(raw))).result, null);
    assert.equal((await ask('eth_getTransactionByHash', keccak256(raw))).result, null);
    assert.equal((await ask('eth_getTransactionCount', SENDER.address, 'latest')).result, '0x0');
    assert.equal((await ask('eth_getTransactionCount', SENDER.address, 'pending')).result, '0x0');
    const ahead = await ask('eth_getTransactionCount', SENDER.address, '0x7');
    assert.match(ahead.error?.message ?? '', /header not found/);
    assert.deepEqual((await ask('eth_getLogs', { fromBlock: '0x6' })).result, []);
    proxy.view = { kind: 'live' };
    assert.equal((await ask('eth_getTransactionCount', SENDER.address, 'latest')).result, '0x1');
  });

  test('stays where its head was stopped', async () => {
    proxy.view = { kind: 'stuck', at: 5n };
    await node.call('anvil_mine', ['0x3']);
    assert.equal((await ask('eth_blockNumber')).result, '0x5');
    proxy.view = { kind: 'live' };
    assert.equal((await ask('eth_blockNumber')).result, '0x8');
  });
});

describe("geth's mempool in front of anvil's", () => {
  const send = (raw: Hex): Promise<Reply> => ask('eth_sendRawTransaction', raw);

  test('knows its own, and wants a tenth more on both fees for a replacement', async () => {
    const original = await transfer(0, '10', '1');
    assert.equal((await send(original)).result, keccak256(original));
    assert.deepEqual((await send(original)).error, { code: -32_000, message: 'already known' });
    for (const [fee, tip] of [
      ['10.99', '1.1'],
      ['11', '1.09'],
    ] as const) {
      const refused = await send(await transfer(0, fee, tip));
      assert.equal(refused.error?.message, 'replacement transaction underpriced');
    }
    const bumped = await transfer(0, '11', '1.1');
    assert.equal((await send(bumped)).result, keccak256(bumped));
    assert.deepEqual([await nodeHas(original), await nodeHas(bumped)], [false, true]);
    await node.call('anvil_mine', ['0x1']);
    assert.match((await send(original)).error?.message ?? '', /^nonce too low/);
  });

  test('lets a transaction below the base fee wait for a dip', async () => {
    const raw = await transfer(0, '2', '1');
    await node.call('anvil_setNextBlockBaseFeePerGas', ['0x174876e800']);
    await node.call('anvil_mine', ['0x1']);
    assert.equal((await send(raw)).result, keccak256(raw));
    assert.equal((await send(raw)).error?.message, 'already known');
    const shown = (await ask('eth_getTransactionByHash', keccak256(raw))).result;
    assert.equal((shown as { blockHash: unknown }).blockHash, null);
    assert.equal((await ask('eth_getTransactionCount', SENDER.address, 'pending')).result, '0x1');
    await node.call('anvil_setNextBlockBaseFeePerGas', ['0x3b9aca00']);
    await node.call('anvil_mine', ['0x1']);
    await node.call('anvil_setNextBlockBaseFeePerGas', ['0x3b9aca00']);
    await mempool.settle();
    await node.call('anvil_mine', ['0x1']);
    const receipt = (await ask('eth_getTransactionReceipt', keccak256(raw))).result;
    assert.equal((receipt as { status: string }).status, '0x1');
  });

  test('keeps what is held back from being mined until it is released', async () => {
    mempool.hold = ({ chainNonce }) => chainNonce === 0;
    const [stuck, next] = [await transfer(0), await transfer(1)];
    await send(stuck);
    await send(next);
    await node.call('anvil_mine', ['0x2']);
    assert.equal(await nodeHas(stuck), false);
    assert.equal((await ask('eth_getTransactionCount', SENDER.address, 'latest')).result, '0x0');
    assert.equal((await ask('eth_getTransactionCount', SENDER.address, 'pending')).result, '0x2');
    const refused = await send(await transfer(0, '10.5', '1.05'));
    assert.equal(refused.error?.message, 'replacement transaction underpriced');
    assert.equal(mempool.held().length, 1);
    await mempool.release();
    await node.call('anvil_mine', ['0x1']);
    assert.equal((await ask('eth_getTransactionCount', SENDER.address, 'latest')).result, '0x2');
  });

  test('returns orphans to the pool, or not', async () => {
    for (const reinject of [true, false]) {
      const chainNonce = Number(
        await node.call('eth_getTransactionCount', [SENDER.address, 'latest']),
      );
      const raw = await transfer(chainNonce);
      await send(raw);
      await node.call('anvil_mine', ['0x1']);
      await mempool.settle();
      await node.call('anvil_reorg', [1, []]);
      await mempool.orphan([keccak256(raw)], reinject);
      await mempool.settle();
      assert.equal(await nodeHas(raw), reinject);
      if (reinject) await node.call('anvil_mine', ['0x1']);
      else assert.equal((await send(raw)).result, keccak256(raw), 'it can be offered again');
    }
  });

  test('forgets what was dropped', async () => {
    const raw = await transfer(0);
    await send(raw);
    await mempool.drop(keccak256(raw));
    await mempool.settle();
    assert.equal(await nodeHas(raw), false);
    assert.equal((await send(raw)).result, keccak256(raw));
  });
});

describe('a fault proxy over WebSocket', () => {
  async function connect(): Promise<{ socket: WebSocket; heads: number[] }> {
    const socket = new WebSocket(proxy.webSocketUrl);
    socket.on('error', () => socket.terminate());
    const heads: number[] = [];
    await once(socket, 'open');
    const subscribed = once(socket, 'message');
    socket.on('message', (text) => {
      const { params } = JSON.parse(String(text)) as { params?: { result: { number: string } } };
      if (params !== undefined) heads.push(Number(params.result.number));
    });
    socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}');
    await subscribed;
    return { socket, heads };
  }

  async function mine(blocks: number): Promise<void> {
    for (let count = 0; count < blocks; count += 1) await node.call('anvil_mine', ['0x1']);
  }

  test('passes subscriptions on, and answers calls with the same faults as over HTTP', async () => {
    const { socket, heads } = await connect();
    await mine(2);
    await until('both heads came', () => heads.length === 2);
    assert.deepEqual(heads, [6, 7]);
    plan({ method: 'eth_chainId', fault: { kind: 'rpcError', code: -1, message: 'struck' } });
    const answered = once(socket, 'message');
    socket.send('{"jsonrpc":"2.0","id":9,"method":"eth_chainId","params":[]}');
    assert.match(String((await answered)[0]), /"id":9,"error":\{"code":-1,"message":"struck"\}/);
    socket.terminate();
  });

  test('misses, duplicates and reorders notifications', async () => {
    proxy.frames = {
      miss: (count) => count === 1,
      duplicate: (count) => count === 2,
      swap: (count) => count === 3,
    };
    const { socket, heads } = await connect();
    await mine(5);
    await until('the last head came', () => heads.includes(10));
    assert.deepEqual(heads, [7, 7, 9, 8, 10]);
    socket.terminate();
  });

  test('drops connections', async () => {
    const { socket } = await connect();
    assert.equal(proxy.webSocketClients, 1);
    const closed = once(socket, 'close');
    proxy.dropConnections();
    await closed;
    await until('nobody is left', () => proxy.webSocketClients === 0);
  });
});
