// Goal: the judge of the scenarios finds what it is there to find; only then its silence counts.
// Method: an honest story with one final intent, to which one broken promise at a time is added.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Alert } from '@lawbook/chains/lanes/alert';
import type { Address } from 'viem';
import { numberToHex, parseGwei } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { AnvilWorld } from './anvilWorld.ts';
import { payeeOf, SECRET } from './anvilWorld.ts';
import { judge } from './judge.ts';
import { allAccepted, allDone, submitAll, worldOf } from './play.ts';

async function payFromElsewhere(world: AnvilWorld, key: string): Promise<void> {
  const [from] = (await world.node.call('eth_accounts')) as Address[];
  const payment = { from, to: payeeOf(key), value: numberToHex(1_000n) };
  await world.node.call('eth_sendTransaction', [payment]);
  await world.mine();
}

function alertSaying(sentence: string): Alert {
  const lane = '31337/0x00';
  return { kind: 'laneStalled', severity: 'warning', lane, key: undefined, sentence, fields: {} };
}

describe('the judge of scenarios', () => {
  test('finds each broken promise, and none where all were kept', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open();
    const key = 'honest';
    const intents = await submitAll(world, engine, [key]);
    await allAccepted(intents);
    world.startMining(50);
    await allDone(intents);
    await world.stopMining();
    assert.deepEqual(await judge(world, [key], engine), []);

    assert.deepEqual(await judge(world, [key, 'lost'], engine), ['I2: lost is not in the log']);
    for (const secret of [SECRET, world.key]) {
      const alerts = [alertSaying(`the endpoint at ${secret} is down`)];
      assert.deepEqual(await judge(world, [key], { store: engine.store, alerts }), ['I7']);
      const errors = [new TypeError('a', { cause: new TypeError(secret) })];
      const told = { store: engine.store, alerts: [], errors };
      assert.deepEqual(await judge(world, [key], told), ['I7']);
    }

    const stranded = await privateKeyToAccount(world.key).signTransaction({
      type: 'eip1559',
      chainId: world.anvil.chainId,
      nonce: 5,
      to: world.signer,
      gas: 21_000n,
      maxFeePerGas: parseGwei('10'),
      maxPriorityFeePerGas: parseGwei('1'),
    });
    await world.node.call('eth_sendRawTransaction', [stranded]);
    assert.deepEqual(await judge(world, [key], engine), ['I3: 1 wait behind a hole']);
    await world.node.call('anvil_dropAllTransactions');

    await payFromElsewhere(world, key);
    assert.deepEqual(await judge(world, [key], engine), ['I1: honest is final and moved 2000 wei']);

    await engine.lane.close();
    await world.reorganise(5, { reinject: false });
    assert.deepEqual(await judge(world, [key], engine), [
      'I1: honest is final and moved 0 wei',
      'I4: honest has an attempt that is included, its receipt says otherwise',
    ]);
  });
});
