// Goal: the cache answers what is still true, once per question, and nothing else.
// Method: a counted pool and a chain view that the test moves, on a simulated clock.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Hash } from 'viem';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import type { RpcCall } from '../endpoints/transport.ts';
import type { Environment } from '../environment.ts';
import type { BlockReference, ChainBlock } from '../tracker/chainTracker.ts';
import type { ChainView } from './cacheRules.ts';
import { CACHE_TTL_MS, planOf } from './cacheRules.ts';
import type { ReadCache } from './readCache.ts';
import { createReadCache } from './readCache.ts';

const A = '0x00000000000000000000000000000000000000aa';
const BALANCE = { method: 'eth_getBalance', params: [A, 'latest'] };

class View implements ChainView {
  #head: ChainBlock | undefined;
  finalized: BlockReference | undefined;

  constructor() {
    this.moveTo(100n);
  }

  moveTo(number: bigint, branch = 'a'): void {
    const hash = hashOf(number, branch);
    const parentHash = hashOf(number - 1n, branch);
    const rest = { timestamp: 0n, baseFeePerGas: undefined, transactions: [] };
    this.#head = { number, hash, parentHash, ...rest };
  }

  head(): ChainBlock | undefined {
    return this.#head;
  }

  finality(): ReturnType<ChainView['finality']> {
    return { safe: undefined, finalized: this.finalized };
  }

  blockAt(): ChainBlock | undefined {
    return undefined;
  }
}

function hashOf(number: bigint, branch: string): Hash {
  return `0x${branch}${number.toString(16)}`;
}

interface World {
  readonly clock: SimulatedClock;
  readonly view: View;
  readonly cache: ReadCache;
  readonly calls: RpcCall[];
  answer: (call: RpcCall) => unknown;
  latencyMs: number;
}

function worldOf(entriesMax = 100): World {
  const clock = new SimulatedClock();
  const environment: Environment = { clock, random: { next: () => 0.5 } };
  const view = new View();
  const calls: RpcCall[] = [];
  const pool = {
    read: async (call: RpcCall): Promise<unknown> => {
      calls.push(call);
      if (world.latencyMs > 0) await clock.sleep(world.latencyMs);
      return world.answer(call);
    },
  };
  const cache = createReadCache({ chainId: 1, entriesMax }, { pool, tracker: view, environment });
  const world: World = { clock, view, cache, calls, answer: () => '0x1', latencyMs: 0 };
  return world;
}

describe('head-scoped answers', () => {
  test('the same question at the same head is asked once', async () => {
    const { cache, calls } = worldOf();
    await cache.read(BALANCE);
    await cache.read({
      method: 'eth_getBalance',
      params: [A.toUpperCase().replace('X', 'x'), 'latest'],
    });
    assert.equal(calls.length, 1);
    assert.deepEqual(
      { hits: cache.stats().hits, misses: cache.stats().misses, rate: cache.stats().hitRate },
      { hits: 1, misses: 1, rate: 0.5 },
    );
  });

  test('a new head and a reorganised one ask anew', async () => {
    const { cache, calls, view } = worldOf();
    await cache.read(BALANCE);
    view.moveTo(101n);
    await cache.read(BALANCE);
    view.moveTo(101n, 'b');
    await cache.read(BALANCE);
    assert.equal(calls.length, 3);
  });

  test('an answer ends with its time even if the head stands still', async () => {
    const { cache, calls, clock } = worldOf();
    await cache.read(BALANCE);
    await clock.runFor(CACHE_TTL_MS.balance - 1);
    await cache.read(BALANCE);
    assert.equal(calls.length, 1);
    await clock.runFor(2);
    await cache.read(BALANCE);
    assert.equal(calls.length, 2);
  });

  test('an answer that crossed a new head is given, not kept', async () => {
    const world = worldOf();
    const { cache, calls, view } = world;
    world.answer = () => {
      view.moveTo(101n);
      return '0x2';
    };
    assert.equal(await cache.read(BALANCE), '0x2');
    view.moveTo(100n);
    await cache.read(BALANCE);
    assert.equal(calls.length, 2);
  });

  test('a read that asks for a later block than the head goes to the pool', async () => {
    const { cache, calls } = worldOf();
    await cache.read(BALANCE);
    await cache.read(BALANCE, { atLeastBlock: 101n });
    assert.equal(calls.length, 2);
    assert.equal(cache.stats().bypassed, 1);
  });
});

describe('what is never kept', () => {
  for (const call of [
    { method: 'eth_getTransactionCount', params: [A, 'latest'] },
    { method: 'eth_getTransactionCount', params: [A, 'pending'] },
    { method: 'eth_getBalance', params: [A, 'pending'] },
    { method: 'eth_call', params: [{ to: A }, 'pending'] },
    { method: 'eth_estimateGas', params: [{ to: A }] },
    { method: 'eth_simulateV1', params: [{}, 'latest'] },
    { method: 'txpool_status', params: [] },
    { method: 'eth_getLogs', params: [{ fromBlock: '0x1', toBlock: 'pending' }] },
    { method: 'eth_getBlockByNumber', params: ['0xffff', false] },
  ]) {
    test(`${call.method} ${JSON.stringify(call.params)} is asked each time`, async () => {
      const { cache, calls } = worldOf();
      await cache.read(call);
      await cache.read(call);
      assert.equal(calls.length, 2);
      assert.equal(cache.stats().bypassed, 2);
    });
  }

  test('failures and absences are asked again', async () => {
    const world = worldOf();
    const { cache, calls } = world;
    world.answer = () => {
      throw new RangeError('down');
    };
    await assert.rejects(cache.read(BALANCE), /down/);
    world.answer = () => null;
    const receipt = { method: 'eth_getTransactionReceipt', params: ['0x01'] };
    assert.equal(await cache.read(receipt), null);
    assert.equal(await cache.read(receipt), null);
    await cache.read(BALANCE);
    assert.equal(calls.length, 4);
    assert.equal(cache.stats().entries, 0);
  });
});

describe('what is kept beyond a head', () => {
  test('a final receipt is kept for good, an unburied one for its head', async () => {
    const world = worldOf();
    const { cache, calls, view, clock } = world;
    world.answer = () => ({ blockNumber: '0x50' });
    const receipt = { method: 'eth_getTransactionReceipt', params: ['0x01'] };
    await cache.read(receipt);
    view.moveTo(101n);
    await cache.read(receipt);
    assert.equal(calls.length, 2);
    view.finalized = { number: 90n, hash: '0xf' };
    view.moveTo(102n);
    await cache.read(receipt);
    for (let number = 103n; number < 110n; number += 1n) {
      view.moveTo(number);
      await clock.runFor(3_600_000);
      await cache.read(receipt);
    }
    assert.equal(calls.length, 3);
  });

  test('blocks and logs below the final one are kept for good', async () => {
    const { cache, calls, view, clock } = worldOf();
    view.finalized = { number: 90n, hash: '0xf' };
    const block = { method: 'eth_getBlockByNumber', params: ['0x5a', false] };
    const logs = { method: 'eth_getLogs', params: [{ fromBlock: '0x1', toBlock: '0x5a' }] };
    for (let number = 100n; number < 105n; number += 1n) {
      view.moveTo(number);
      await clock.runFor(86_400_000);
      await cache.read(block);
      await cache.read(logs);
    }
    assert.equal(calls.length, 2);
  });

  test('metadata of tokens and the price of gas are kept for their time', async () => {
    const { cache, calls, view, clock } = worldOf();
    const decimals = { method: 'eth_call', params: [{ to: A, data: '0x313ce567' }, 'latest'] };
    const price = { method: 'eth_gasPrice', params: [] };
    for (let i = 0n; i < 10n; i += 1n) {
      view.moveTo(100n + i);
      await cache.read(decimals);
      await cache.read(price);
      await clock.runFor(1_400);
    }
    assert.equal(calls.length, 2);
    await clock.runFor(15_000);
    await cache.read(decimals);
    await cache.read(price);
    assert.equal(calls.length, 3);
  });

  test('an EIP-1898 hash anchors the answer whatever the head', () => {
    const view = new View();
    const plan = planOf({ method: 'eth_call', params: [{}, { blockHash: '0xab' }] }, view);
    assert.ok(plan.kind === 'kept' && plan.anchor === 'hash' && plan.head === undefined);
  });
});

describe('single flight', () => {
  test('questions asked together are one read, and one caller may leave', async () => {
    const world = worldOf();
    const { cache, calls, clock } = world;
    world.latencyMs = 50;
    const leaving = new AbortController();
    const left = assert.rejects(cache.read(BALANCE, { signal: leaving.signal }), /enough/);
    const impatient = assert.rejects(cache.read(BALANCE, { timeoutMs: 10 }), /within 10 ms/);
    const others = Promise.all(Array.from({ length: 20 }, () => cache.read(BALANCE)));
    leaving.abort(new RangeError('enough'));
    await clock.runFor(100);
    await Promise.all([left, impatient]);
    assert.deepEqual(new Set(await others), new Set(['0x1']));
    assert.equal(calls.length, 1);
    assert.equal(cache.stats().shared, 21);
    await clock.runUntilIdle();
  });

  test('the number of answers stays within its bound', async () => {
    const { cache } = worldOf(10);
    for (let i = 0; i < 50; i += 1) {
      await cache.read({ method: 'eth_getBalance', params: [`0x${i}`, 'latest'] });
    }
    assert.equal(cache.stats().entries, 10);
    cache.clear();
    assert.equal(cache.stats().entries, 0);
  });
});
