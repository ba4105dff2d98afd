// Goal: scenarios 9, 10 and 18 of the specification: strangers who use the same key, replicas whose
// counts lag, and a reorganisation that lets a stranger in.
// Method: a real engine before proxies of one anvil; the stranger signs with the very key of the
// lane. 3 intents in 9 and 18, 30 in 10.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TransactionSigner } from '@lawbook/chains/signers/transactionSigner';
import type { Hex } from 'viem';
import { parseGwei } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { SeededRandom } from '../../world/seededRandom.ts';
import type { AnvilWorld } from './anvilWorld.ts';
import { payeeOf } from './anvilWorld.ts';
import { judge, keysOf, livesOf } from './judge.ts';
import { alerted, allAccepted, allDone, lifeWhere, stepsOf, submitAll, worldOf } from './play.ts';

/** A transaction of a stranger with the lane's own key, priced to win. */
function strangerOf(world: AnvilWorld, chainNonce: number): Promise<Hex> {
  return privateKeyToAccount(world.key).signTransaction({
    type: 'eip1559',
    chainId: world.anvil.chainId,
    nonce: chainNonce,
    to: payeeOf('a stranger'),
    value: 7n,
    gas: 21_000n,
    maxFeePerGas: parseGwei('50'),
    maxPriorityFeePerGas: parseGwei('20'),
  });
}

describe('a lane that is not alone', () => {
  test('9: a foreign transaction is noticed in a block and outrun once', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open();
    const keys = keysOf('foreign', 3);
    const intents = await submitAll(world, engine, keys);
    await allAccepted(intents);
    await world.mempool.offer(await strangerOf(world, 0));
    await world.mine();
    const alert = await alerted(engine, 'foreignTransaction');
    assert.equal(alert.severity, 'critical');
    assert.equal(alert.fields['chainNonce'], '0');
    world.startMining(80);
    await allDone(intents);
    const lives = await livesOf(world, keys, engine.store);
    const outrun = lives.filter(({ attempts }) => attempts.some(({ status }) => status === 'dead'));
    assert.equal(outrun.length, 1);
    const nonces = outrun[0]?.attempts.map(({ chainNonce }) => chainNonce);
    assert.deepEqual(nonces, [0, 3], 'one other nonce, after the first attempt was proved dead');
    assert.equal(await world.minedCount(), 4);
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  test('10: replicas that lag and flap neither repeat nor rewind a nonce', async (context) => {
    const world = await worldOf(context, { nodes: 3 });
    const random = new SeededRandom(10);
    await world.mine(25);
    for (const proxy of world.proxies.slice(1)) {
      const blocks = (): number => (random.integer(0, 2) === 0 ? 0 : random.integer(1, 20));
      proxy.view = { kind: 'behind', blocks };
    }
    const signed: number[] = [];
    const signer = (plain: TransactionSigner): TransactionSigner => ({
      address: plain.address,
      sign: (transaction, signal) => {
        signed.push(transaction.chainNonce);
        return plain.sign(transaction, signal);
      },
    });
    const engine = await world.open({ wrap: { signer } });
    world.startMining(60);
    const keys = keysOf('lagging', 30);
    await allDone(await submitAll(world, engine, keys));
    const lives = await livesOf(world, keys, engine.store);
    const used = lives.map(({ attempts }) => new Set(attempts.map((a) => a.chainNonce)));
    for (const nonces of used) assert.equal(nonces.size, 1, 'each intent keeps its nonce');
    assert.equal(new Set(used.flatMap((nonces) => [...nonces])).size, 30, 'no two share one');
    const firsts = signed.filter((chainNonce, at) => signed.indexOf(chainNonce) === at);
    assert.deepEqual(
      firsts,
      firsts.toSorted((a, b) => a - b),
      'nonces never go back',
    );
    assert.deepEqual(world.mempool.refusals, []);
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  test('18: a stranger on the new branch is outrun, nothing is paid twice', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open();
    const keys = keysOf('conflict', 3);
    const intents = await submitAll(world, engine, keys, {
      finality: { kind: 'confirmations', blocks: 5 },
    });
    await allAccepted(intents);
    await world.mine(2);
    for (const intent of intents) await lifeWhere(intent, 'is in a block', isIncluded);
    await world.inTurn(async () => {
      await world.node.call('anvil_reorg', [2, []]);
      const orphans = world.mempool.seen().map(({ hash }) => hash);
      await world.mempool.orphan(orphans, false);
      await world.mempool.offer(await strangerOf(world, 0));
      await world.node.call('evm_mine');
    });
    await alerted(engine, 'foreignTransaction');
    world.startMining(80);
    await allDone(intents);
    const lives = await livesOf(world, keys, engine.store);
    for (const life of lives) assert.ok(stepsOf(life).includes('unincluded'));
    const outrun = lives.filter((life) => stepsOf(life).includes('outrun'));
    assert.equal(outrun.length, 1);
    assert.deepEqual(await judge(world, keys, engine), []);
  });
});

function isIncluded({ state }: { readonly state: string }): boolean {
  return state === 'included';
}
