// Goal: scenarios 1 to 4 of the specification against a real chain: bursts, answers and broadcasts
// that are lost, and nodes that know our transaction already.
// Method: a real engine (sockets, disk, clock) before two proxies of one anvil that lose or distort
// exactly the calls that the scenario names; the invariants are judged against the chain itself.
// Scenario 1 runs with 100 intents, the others with 20.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Hex } from 'viem';
import type { ProxyCall, ProxyFault } from '../proxy/faultPlan.ts';
import { readTransaction } from '../proxy/gethMempool.ts';
import type { AnvilWorld } from './anvilWorld.ts';
import { judge, keysOf, livesOf, statesOf } from './judge.ts';
import { allDone, pendingCount, submitAll, worldOf } from './play.ts';
import { until } from './until.ts';

const RAW = 'eth_sendRawTransaction';

/** Counts the sends of each transaction, and strikes the first one at each node for every fifth. */
function strikeEveryFifth(world: AnvilWorld, fault: ProxyFault): ReadonlyMap<Hex, number> {
  const sends = new Map<Hex, number>();
  for (const proxy of world.proxies) {
    const struck = new Set<Hex>();
    const isStruck = ({ params }: ProxyCall): boolean => {
      const raw = params[0] as Hex;
      sends.set(raw, (sends.get(raw) ?? 0) + 1);
      const isFirst = !struck.has(raw);
      struck.add(raw);
      return isFirst && fifths.has(raw);
    };
    proxy.plan.add({ method: RAW, when: isStruck, fault });
  }
  const fifths = new FifthTransactions();
  return sends;
}

/** Every fifth transaction, in the order in which the nodes see them first. */
class FifthTransactions {
  readonly #order: Hex[] = [];

  has(raw: Hex): boolean {
    if (!this.#order.includes(raw)) this.#order.push(raw);
    return this.#order.indexOf(raw) % 5 === 4;
  }
}

describe('one lane before a real chain', () => {
  test('1: a burst of 100 lands under contiguous nonces, none refused', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open();
    const keys = keysOf('burst', 100);
    const intents = await submitAll(world, engine, keys);
    await until('the lane is full', async () => {
      return engine.lane.stats().inFlight === 16 && (await pendingCount(world)) === 16;
    });
    world.startMining(60);
    await allDone(intents);
    const lives = await livesOf(world, keys, engine.store);
    const chainNonces = lives.flatMap(({ attempts }) => attempts.map((a) => a.chainNonce));
    assert.deepEqual(
      chainNonces.toSorted((a, b) => a - b),
      Array.from({ length: 100 }, (_, index) => index),
    );
    assert.equal(await world.minedCount(), 100);
    assert.deepEqual(world.mempool.refusals, []);
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  test('2: an answer lost after acceptance costs no second nonce', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open();
    const sends = strikeEveryFifth(world, { kind: 'resetAfter' });
    world.startMining(80);
    const keys = keysOf('answer', 20);
    await allDone(await submitAll(world, engine, keys));
    const lives = await livesOf(world, keys, engine.store);
    for (const { attempts } of lives) assert.equal(attempts.length, 1);
    assert.equal(await world.minedCount(), 20);
    assert.ok(Math.max(...sends.values()) <= 2 * world.proxies.length, 'taken within two offers');
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  test('3: a broadcast lost on the way is repeated with the same bytes', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open();
    strikeEveryFifth(world, { kind: 'resetBefore' });
    const keys = keysOf('lost', 16);
    const intents = await submitAll(world, engine, keys);
    await until('the nodes have all of them', async () => (await pendingCount(world)) === 16);
    await world.mine();
    assert.equal(await world.minedCount(), 16, 'one block closes the gap');
    world.startMining(60);
    await allDone(intents);
    const lives = await livesOf(world, keys, engine.store);
    for (const { attempts } of lives) assert.equal(attempts.length, 1);
    assert.deepEqual(statesOf(lives), { final: 16 });
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  test('4: what a node says to bytes that it knows counts as taking them', async (context) => {
    const world = await worldOf(context);
    const [primary, other] = world.proxies;
    const words = ['already known', 'transaction already imported', 'nonce too low'];
    primary?.plan.add({ method: RAW, fault: { kind: 'resetAfter' } });
    for (const [index, message] of words.entries()) {
      const code = index === 2 ? -32_603 : -32_000;
      // Forwarded: a node that says so has it, whether or not the primary was reached.
      const fault = { kind: 'rpcError', code, message, forward: true } as const;
      other?.plan.add({ method: RAW, nth: (n) => n % 3 === index, fault });
    }
    const engine = await world.open();
    world.startMining(80);
    const keys = keysOf('known', 20);
    await allDone(await submitAll(world, engine, keys));
    const lives = await livesOf(world, keys, engine.store);
    for (const { attempts } of lives) assert.equal(attempts.length, 1, 'nothing is signed again');
    assert.equal(await world.minedCount(), 20);
    assert.equal((await readTransaction(lives[0]?.attempts[0]?.raw ?? '0x'))?.sender, world.signer);
    assert.deepEqual(await judge(world, keys, engine), []);
  });
});
