// Goal: scenarios 16 and 17 of the specification: reorganisations that drop what was in a block,
// and a new branch on which a transaction reverts.
// Method: a real engine before proxies of one anvil whose blocks are replaced; the orphans are not
// returned to the pool, as on anvil, so that only the engine can bring them back. 6 intents.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Hex } from 'viem';
import { judge, keysOf } from './judge.ts';
import { allAccepted, allDone, lifeWhere, stepsOf, submitAll, worldOf } from './play.ts';

const DEEP = { kind: 'confirmations', blocks: 8 } as const;

describe('a reorganisation', () => {
  test('16: drops what it landed on, which lands again and is final once', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open();
    const keys = keysOf('reorg', 6);
    for (const [index, key] of keys.entries()) {
      const depth = index + 1;
      const intents = await submitAll(world, engine, [key], { finality: DEEP });
      const [intent] = intents;
      assert.ok(intent !== undefined);
      await allAccepted(intents);
      await world.mine(depth);
      const before = await lifeWhere(intent, 'is in a block', ({ state }) => state === 'included');
      const orphans = await world.reorganise(depth, { reinject: false });
      assert.deepEqual(orphans, [before.inclusion?.hash]);
      await lifeWhere(intent, 'is out again', (life) => stepsOf(life).includes('unincluded'));
      world.startMining(60);
      const [life] = await allDone(intents);
      await world.stopMining();
      assert.equal(life?.attempts.length, 1, 'the same bytes land');
      assert.equal(life?.inclusion?.hash, before.inclusion?.hash);
      assert.notEqual(life?.inclusion?.block.hash, before.inclusion?.block.hash);
      assert.equal(stepsOf(life ?? before).filter((step) => step === 'final').length, 1);
    }
    assert.ok(engine.tracker.stats().deepest >= 6);
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  test('17: turns a success into a revert and stops what depends on it', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open();
    // PUSH1 0 SLOAD PUSH1 7 JUMPI STOP JUMPDEST PUSH1 0 DUP1 REVERT: reverts once slot 0 is set.
    const code: Hex = '0x60005460075700005b600080fd';
    const gate = '0x00000000000000000000000000000000000a11ce';
    await world.driver.setCode({ address: gate, bytecode: code });
    const first = world.request('flip', {
      to: gate,
      amount: 0n,
      finality: DEEP,
      gasLimit: 60_000n,
    });
    const flip = await engine.lane.submit(first);
    const next = world.request('after', {
      finality: DEEP,
      after: { key: 'flip', level: 'final' },
    });
    const dependent = await engine.lane.submit(next);
    await allAccepted([flip]);
    await world.mine(2);
    const before = await lifeWhere(flip, 'is in a block', ({ state }) => state === 'included');
    assert.equal(before.inclusion?.success, true);
    await world.inTurn(async () => {
      await world.node.call('anvil_reorg', [2, []]);
      await world.driver.setStorageAt({ address: gate, index: 0, value: ONE });
      const orphans = world.mempool.seen().map(({ hash }) => hash);
      await world.mempool.orphan(orphans, true);
      await world.mempool.settle();
      await world.node.call('evm_mine');
    });
    world.startMining(60);
    const outcome = await flip.wait('final', { timeoutMs: 30_000 });
    assert.deepEqual([outcome.verdict, outcome.life.state], ['notDone', 'reverted']);
    const stopped = await dependent.wait('final', { timeoutMs: 30_000 });
    assert.equal(stopped.verdict, 'notDone');
    assert.equal(stopped.life.reason?.code, 'dependencyFailed');
    assert.equal(stopped.life.attempts.length, 0, 'it was never signed');
    assert.deepEqual(await judge(world, ['flip', 'after'], engine), []);
  });
});

const ONE: Hex = `0x${'0'.repeat(63)}1`;
