// Goal: scenarios 11 to 15 of the specification: transactions that are dropped, priced out, stuck,
// replaced at the last moment, or taken back while they are being mined.
// Method: a real engine before proxies of one anvil, whose mempool keeps geth's rules and can hold
// transactions back; blocks and base fees are set by hand. 4 to 21 intents, a spike of 30 blocks.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { IntentLife } from '@lawbook/chains/intents/intent';
import type {
  TransactionSigner,
  UnsignedTransaction,
} from '@lawbook/chains/signers/transactionSigner';
import { parseGwei } from 'viem';
import type { AnvilWorld } from './anvilWorld.ts';
import { judge, keysOf, livesOf } from './judge.ts';
import { allAccepted, allDone, lifeWhere, submitAll, worldOf } from './play.ts';
import { until } from './until.ts';

/** Acts once, after a transaction was signed and before the lane hears of it. */
function onceSigned(
  isIt: (transaction: UnsignedTransaction, count: number) => boolean,
  act: () => Promise<void>,
): (signer: TransactionSigner) => TransactionSigner {
  let count = 0;
  let acted = false;
  return (plain) => ({
    address: plain.address,
    sign: async (transaction, signal) => {
      const signed = await plain.sign(transaction, signal);
      count += 1;
      if (!acted && isIt(transaction, count)) {
        acted = true;
        await act();
      }
      return signed;
    },
  });
}

/** Releases what is held and puts it into a block. */
async function releaseAndMine(world: AnvilWorld): Promise<void> {
  world.mempool.hold = () => false;
  await world.mempool.release();
  await world.mine();
}

const spikeOf = async (world: AnvilWorld, gwei: number): Promise<void> => {
  const fee = `0x${parseGwei(String(gwei)).toString(16)}`;
  await world.inTurn(() => world.node.call('anvil_setNextBlockBaseFeePerGas', [fee]));
  await world.mine();
};

describe('a transaction that does not simply land', () => {
  test('11: what the pool dropped is offered again with the same hash', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open();
    const keys = keysOf('dropped', 4);
    const intents = await submitAll(world, engine, keys);
    await allAccepted(intents);
    const [dropped] = world.mempool.seen();
    assert.ok(dropped !== undefined);
    await world.mempool.drop(dropped.hash);
    await until('it is back', async () => {
      return (await world.node.call('eth_getTransactionByHash', [dropped.hash])) !== null;
    });
    world.startMining(80);
    const lives = await allDone(intents);
    for (const { attempts, inclusion } of lives) {
      assert.deepEqual(
        attempts.map(({ hash }) => hash),
        [inclusion?.hash],
      );
    }
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  test('12: a spike of the base fee defers, never overpays, bars nobody', async (context) => {
    const world = await worldOf(context);
    const engine = await world.open({ settings: { stallMs: { patient: 400, urgent: 300 } } });
    const cap = { feeCap: parseGwei('10') * 21_000n };
    const caught = await submitAll(world, engine, ['spike:caught'], cap);
    await allAccepted(caught);
    await spikeOf(world, 50);
    await until('the engine sees it', () => {
      return engine.tracker.head()?.baseFeePerGas === parseGwei('50');
    });
    const capped = await submitAll(world, engine, keysOf('spike:capped', 3), cap);
    const deadlineMs = Date.now() + 1_500;
    const [hasty] = await submitAll(world, engine, ['spike:hasty'], { ...cap, deadlineMs });
    const [taken] = await submitAll(world, engine, ['spike:taken'], cap);
    assert.ok(hasty !== undefined && taken !== undefined);
    for (const intent of [...capped, taken]) {
      await lifeWhere(
        intent,
        'waits for lower fees',
        ({ reason }) => reason?.code === 'feeAboveCap',
      );
    }
    await engine.lane.cancel(taken.key);
    assert.equal((await taken.wait('final', { timeoutMs: 10_000 })).life.state, 'cancelled');
    await lifeWhere(hasty, 'has expired', ({ state }) => state === 'expired');
    for (let block = 1; block < 30; block += 1) await spikeOf(world, 50);
    assert.equal(await world.minedCount(), 0, 'nothing is paid for at these prices');
    for (let gwei = 50; gwei > 1; gwei = Math.floor(gwei / 2)) await spikeOf(world, gwei);
    world.startMining(80);
    await allDone([...caught, ...capped]);
    const keys = [...caught, ...capped, hasty, taken].map(({ key }) => key);
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  test('13: a stuck head is outbid by a tenth on both fees, 20 follow it', async (context) => {
    const world = await worldOf(context);
    let firstTip: bigint | undefined;
    world.mempool.hold = ({ chainNonce, maxPriorityFeePerGas: tip }) => {
      if (chainNonce !== 0) return false;
      firstTip ??= tip;
      // Miners want a fifth more than the first offer: two raises of a tenth and a bit each.
      return tip * 100n < firstTip * 120n;
    };
    const engine = await world.open({
      settings: { inFlightMax: 32 },
      fees: { leastTip: parseGwei('1') },
    });
    const keys = keysOf('stuck', 21);
    const intents = await submitAll(world, engine, keys);
    world.startMining(60);
    const lives = await allDone(intents);
    const stuck = lives.filter(({ attempts }) => attempts.length > 1);
    assert.equal(stuck.length, 1, 'only the head of the line is outbid');
    const attempts = stuck[0]?.attempts ?? [];
    assert.equal(attempts.length, 3);
    for (const [index, next] of attempts.slice(1).entries()) {
      const previous = attempts[index];
      assert.ok(previous !== undefined);
      assert.ok(next.maxFeePerGas * 10n >= previous.maxFeePerGas * 11n);
      assert.ok(next.maxPriorityFeePerGas * 10n >= previous.maxPriorityFeePerGas * 11n);
    }
    assert.ok(!world.mempool.refusals.includes('replacement transaction underpriced'));
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  test('14: an original that lands after its bump was signed counts once', async (context) => {
    const world = await worldOf(context);
    world.mempool.hold = ({ chainNonce }) => chainNonce === 0;
    const signer = onceSigned(
      (_transaction, count) => count === 2,
      () => releaseAndMine(world),
    );
    const engine = await world.open({ wrap: { signer } });
    const keys = keysOf('race', 1);
    const intents = await submitAll(world, engine, keys);
    await allAccepted(intents);
    await until('the raise was signed and the original landed', async () => {
      // A lane does not outbid while the chain stands still.
      await world.mine();
      return (await world.minedCount()) === 1;
    });
    world.startMining(60);
    const [life] = await allDone(intents);
    assert.deepEqual(
      life?.attempts.map(({ status }) => status),
      ['included', 'replaced'],
    );
    assert.equal(life?.inclusion?.hash, life?.attempts[0]?.hash);
    assert.equal(life?.feeSpent, life?.inclusion?.feePaid);
    assert.deepEqual(await judge(world, keys, engine), []);
  });

  for (const winner of ['the intent', 'the cancellation'] as const) {
    test(`15: a cancellation that races, and ${winner} wins, is told truly`, async (context) => {
      const world = await worldOf(context);
      world.mempool.hold = ({ sender, to }) => to?.toLowerCase() !== sender.toLowerCase();
      const isCancel = ({ to }: UnsignedTransaction): boolean => to === world.signer;
      const landsFirst = winner === 'the intent';
      const signer = onceSigned(isCancel, async () => {
        if (landsFirst) await releaseAndMine(world);
      });
      const engine = await world.open({ wrap: { signer } });
      const keys = keysOf('cancelled', 1);
      const [intent] = await submitAll(world, engine, keys);
      assert.ok(intent !== undefined);
      await allAccepted([intent]);
      await engine.lane.cancel(intent.key);
      world.startMining(60);
      const { verdict, life } = await intent.wait('final', { timeoutMs: 30_000 });
      assert.deepEqual(
        [verdict, life.state],
        landsFirst ? ['done', 'final'] : ['notDone', 'cancelled'],
      );
      const [inBlock] = (await livesOf(world, keys, engine.store)).map(purposeInBlock);
      assert.equal(inBlock, landsFirst ? 'execute' : 'cancel');
      assert.deepEqual(await judge(world, keys, engine), []);
    });
  }
});

function purposeInBlock({ attempts, inclusion }: IntentLife): string | undefined {
  return attempts.find(({ hash }) => hash === inclusion?.hash)?.purpose;
}
