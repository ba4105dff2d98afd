// Goal: what one intent, endpoint, stranger or store does never stalls, loses or doubles others.
// Method: short stories on the simulated chain, one for each way in which a relayer is known to
// stall or to pay twice; after each of them all invariants are checked as in every scenario.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callFor, keyIn } from '../double/keyedCalls.ts';
import { paperAddress } from '../double/paperSigner.ts';
import { runScenario } from '../scenarios/runScenario.ts';
import type { Stage } from '../scenarios/stage.ts';
import { capriciousCallers } from './capriciousCallers.ts';
import { expectFinal, playStory } from './playStory.ts';

const GWEI = 1_000_000_000n;
const AT_ONCE = { kind: 'confirmations', blocks: 1 } as const;

/** A stranger's transaction that is seen waiting when the lane starts, and then is gone. */
async function vanishingStranger(stage: Stage, whileIts: () => Promise<void>): Promise<void> {
  const { world } = stage;
  const { count } = world.chain.accountAt(world.chain.head(), world.signer);
  const stranger = stage.foreign(count, { fee: 100n, tip: 1n });
  for (const node of world.nodes) node.receive(stranger);
  await whileIts();
  for (const { pool } of world.nodes) pool.drop(stranger.hash);
}

test('closes a hole although the lane holds as many intents as it may', async () => {
  await playStory(
    async (stage) => {
      const keys = ['a', 'b', 'c'];
      await vanishingStranger(stage, async () => {
        await stage.openEngine('one');
        for (const key of keys) await stage.submit(stage.request(key, { finality: AT_ONCE }));
        await stage.until(() => (stage.owner()?.lane.stats().inFlight ?? 0) === 2, 20_000);
      });
      await expectFinal(stage, keys, 60_000);
    },
    { engine: { settings: { inFlightMax: 2 } } },
  );
});

test('closes a hole although all that waits depends on what is behind the hole', async () => {
  await playStory(async (stage) => {
    await vanishingStranger(stage, async () => {
      await stage.openEngine('one');
      await stage.submit(stage.request('first', { finality: AT_ONCE }));
      const after = { key: 'first', level: 'final' } as const;
      await stage.submit(stage.request('second', { finality: AT_ONCE, after }));
      await stage.until(() => (stage.owner()?.lane.stats().inFlight ?? 0) === 1, 20_000);
    });
    await expectFinal(stage, ['first', 'second'], 60_000);
  });
});

test('starts what can pay although a hundred before it cannot', async () => {
  await playStory(async (stage) => {
    await stage.openEngine('one');
    for (let k = 0; k < 100; k += 1) {
      const deadlineMs = stage.world.clock.nowMs() + 300_000;
      await stage.submit(stage.request(`poor-${k}`, { feeCap: 21_000n, deadlineMs }));
    }
    await stage.submit(stage.request('rich', { finality: AT_ONCE }));
    await expectFinal(stage, ['rich'], 60_000);
  });
});

test('starts what can be estimated although something before it cannot', async () => {
  await playStory(async (stage) => {
    const { world } = stage;
    for (const node of world.nodes) {
      node.answerInstead = (method, [call]) => {
        const input = (call as { data?: `0x${string}` } | undefined)?.data ?? '0x';
        if (method !== 'eth_estimateGas' || keyIn(input) !== 'poison') return undefined;
        return { result: 'no quantity' };
      };
    }
    await stage.openEngine('one');
    const gasLimit = undefined;
    const deadlineMs = world.clock.nowMs() + 120_000;
    await stage.submit(stage.request('poison', { gasLimit, deadlineMs }));
    await stage.submit(stage.request('sound', { gasLimit, finality: AT_ONCE }));
    await expectFinal(stage, ['sound'], 60_000);
  });
});

test('refuses a dependency that no intent can be named by', async () => {
  await playStory(async (stage) => {
    const engine = await stage.openEngine('one');
    const after = { key: 'no such key', level: 'final' } as const;
    await assert.rejects(async () => await engine?.lane.submit(stage.request('bad', { after })), {
      code: 'CHAIN_INTENT_INVALID',
    });
    await assert.rejects(async () => await engine?.lane.intent('no such key'), {
      code: 'CHAIN_INTENT_UNKNOWN',
    });
  });
});

test('takes no receipt of another transaction for its own', async () => {
  await playStory(async (stage) => {
    const { world } = stage;
    const [liar] = world.nodes;
    let stolen: unknown;
    const lie = (method: string, params: readonly unknown[]): { result: unknown } | undefined => {
      if (method !== 'eth_getTransactionReceipt' || liar === undefined) return undefined;
      liar.answerInstead = () => undefined;
      const own = liar.answer(method, params);
      liar.answerInstead = lie;
      if ('result' in own && own.result !== null) stolen ??= own.result;
      return { result: stolen ?? null };
    };
    if (liar !== undefined) liar.answerInstead = lie;
    await stage.openEngine('one');
    await stage.submit(stage.request('first', { finality: AT_ONCE }));
    await stage.submit(stage.request('second', { finality: AT_ONCE }));
    await stage.sleep(30_000);
    world.calm();
    await expectFinal(stage, ['first', 'second'], 60_000);
  });
});

test('does not halt because one endpoint tells a count that is too low', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      await stage.openEngine('one');
      await stage.submit(stage.request('first', { finality: AT_ONCE }));
      await expectFinal(stage, ['first'], 30_000);
      const [liar] = world.nodes;
      if (liar !== undefined) {
        liar.answerInstead = (method) => {
          return method === 'eth_getTransactionCount' ? { result: '0x0' } : undefined;
        };
      }
      await stage.sleep(20_000);
      await stage.submit(stage.request('second', { finality: AT_ONCE }));
      await expectFinal(stage, ['second'], 60_000);
    },
    { judge: (stage) => stage.alertsOf('laneHalted').map(({ sentence }) => sentence) },
  );
});

test('lets others pass where an intent asks for a private relay that is not there', async () => {
  await playStory(async (stage) => {
    await stage.openEngine('one');
    await stage.submit(stage.request('private', { route: 'private', finality: AT_ONCE }));
    await stage.submit(stage.request('first', { finality: AT_ONCE }));
    await stage.sleep(10_000);
    await stage.submit(stage.request('second', { finality: AT_ONCE }));
    await expectFinal(stage, ['first', 'second'], 60_000);
  });
});

test('takes back publicly what the private relay forgets', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      const relay = world.nodes[2];
      // What a relay keeps to itself looks like a gap to everybody else.
      world.isDisturbed = true;
      if (relay !== undefined) {
        relay.peers = [];
        relay.answerInstead = (method) => {
          return method === 'eth_sendRawTransaction' ? { result: '0x' } : undefined;
        };
      }
      await stage.openEngine('one');
      const deadlineMs = world.clock.nowMs() + 30_000;
      const request = stage.request('private', { route: 'private', finality: AT_ONCE, deadlineMs });
      await stage.submit(request);
      await stage.sleep(4_000);
      await stage.submit(stage.request('behind', { finality: AT_ONCE }));
      await expectFinal(stage, ['behind'], 120_000);
    },
    { engine: { relay: 2 } },
  );
});

test('proves a stranger by the one endpoint that there is beside a relay', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      await stage.openEngine('one');
      await stage.until(() => stage.owner()?.tracker.head() !== undefined, 10_000);
      const { count } = world.chain.accountAt(world.chain.head(), world.signer);
      world.privately.push(stage.foreign(count));
      await stage.submit(stage.request('own', { finality: AT_ONCE }));
      await expectFinal(stage, ['own'], 120_000);
    },
    { world: { nodes: 2, gossip: false }, engine: { relay: 1 } },
  );
});

test('does not take missing receipts for a stranger after a restart', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      const before = await stage.openEngine('one');
      await stage.submit(stage.request('own', { finality: { kind: 'finalized' } }));
      await stage.until(() => stage.executions().length > 0, 20_000);
      before?.process.kill();
      const [node] = world.nodes;
      await stage.sleep(60_000);
      if (node !== undefined) {
        node.answerInstead = (method) => {
          return method === 'eth_getTransactionReceipt' ? { result: null } : undefined;
        };
      }
      await stage.openEngine('two');
      await stage.sleep(60_000);
      world.calm();
      await expectFinal(stage, ['own'], 60_000);
    },
    { world: { nodes: 1 }, judge: (stage) => complainOfForeign(stage) },
  );
});

function complainOfForeign(stage: Stage): readonly string[] {
  return stage.alertsOf('foreignTransaction').map(({ sentence }) => sentence);
}

test('does not pay again when the block of a stranger is dropped soon after', async () => {
  for (let depth = 1; depth <= 6; depth += 1) {
    await playStory(
      async (stage) => {
        const { world } = stage;
        await stage.openEngine('one');
        await stage.submit(stage.request('own', { finality: AT_ONCE }));
        await stage.until(() => world.nodes[0]?.pool.size() === 1, 20_000);
        const { count } = world.chain.accountAt(world.chain.head(), world.signer);
        world.privately.push(stage.foreign(count));
        await stage.blocks(depth);
        await stage.sleep(1_500);
        const [old] = world.nodes.flatMap(({ pool }) => pool.allOf(world.signer));
        const own = (await stage.lives())[0]?.life?.attempts[0]?.raw;
        world.chain.reorganise({ depth, fate: 'lost' });
        for (const node of world.nodes) node.answer('eth_sendRawTransaction', [own]);
        assert.ok(old !== undefined || depth > 0);
        await expectFinal(stage, ['own'], 120_000);
      },
      { seed: depth },
    );
  }
});

test('keeps call data of any allowed size alive through every bump', async () => {
  await playStory(async (stage) => {
    const { world } = stage;
    world.withhold = () => true;
    await stage.openEngine('one');
    const callData = `${callFor('big')}${'ff'.repeat(100_000)}` as const;
    const deadlineMs = world.clock.nowMs() + 1_000_000;
    const change = { callData, gasLimit: 8_000_000n, deadlineMs, feeCap: 10n ** 19n };
    // The chain cannot tell whose call data is longer than a key.
    stage.forgiven.add('big');
    await stage.submit(stage.request('big', { ...change, urgency: 'urgent', finality: AT_ONCE }));
    await stage.sleep(180_000);
    world.withhold = () => false;
    await expectFinal(stage, ['big'], 60_000);
  });
});

test('sees what other processes submit although its own callers never pause', async () => {
  await playStory(
    async (stage) => {
      const refuses = paperAddress('nobody');
      stage.world.chain.contracts.set(refuses, () => ({ success: false, gasUsed: 0n }));
      const owner = await stage.openEngine('one');
      await stage.until(() => owner?.lane.stats().owner === true, 10_000);
      const other = await stage.openEngine('two');
      let isOver = false;
      const flood = async (): Promise<void> => {
        for (let k = 0; !isOver; k += 1) {
          const request = stage.request(`flood-${k}`, { to: refuses });
          await owner?.lane.submit(request);
          stage.accepted.set(request.key, request);
          await stage.sleep(10);
        }
      };
      const flooding = flood();
      await stage.sleep(3_000);
      const to = paperAddress('target 0');
      const request = stage.request('quiet', { to, finality: AT_ONCE });
      await other?.lane.submit(request);
      await expectFinal(stage, ['quiet'], 20_000);
      isOver = true;
      await flooding;
    },
    { world: { networkMs: [40, 60] } },
  );
});

test('forgets spends that no budget counts any more', async () => {
  await playStory(
    async (stage) => {
      await stage.openEngine('one');
      const keys = Array.from({ length: 12 }, (_, k) => `paid-${k}`);
      const change = { finality: AT_ONCE, amount: 5n };
      for (const key of keys) await stage.submit(stage.request(key, change));
      await expectFinal(stage, keys, 60_000);
      await stage.sleep(120_000);
      await stage.submit(stage.request('last', change));
      await expectFinal(stage, ['last'], 60_000);
      const spends = await stage.log().spends();
      if (spends.length > 1) stage.complaints.push(`${spends.length} spends are kept`);
    },
    {
      engine: {
        spendPolicy: {
          budgets: [{ principal: '*', asset: 'native', amount: 1_000n, windowMs: 60_000 }],
        },
      },
    },
  );
});

test('tells people when no endpoint knows the finality that an intent asks for', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      for (const node of world.nodes) {
        node.answerInstead = (method, [tag]) => {
          if (method !== 'eth_getBlockByNumber') return undefined;
          if (tag !== 'finalized' && tag !== 'safe') return undefined;
          return { error: { code: -32602, message: 'invalid argument 0: unknown block tag' } };
        };
      }
      await stage.openEngine('one');
      const deadlineMs = world.clock.nowMs() + 60_000;
      await stage.submit(stage.request('own', { finality: { kind: 'finalized' }, deadlineMs }));
      await stage.sleep(600_000);
      stage.endsWhen = () => true;
    },
    {
      judge: (stage) => (stage.alerts.length > 0 ? [] : ['nobody was told']),
    },
  );
});

test('offers more after the clock was put back', async () => {
  await playStory(async (stage) => {
    const { world } = stage;
    const engine = await stage.openEngine('one');
    await stage.until(() => engine?.lane.stats().owner === true, 10_000);
    const { clock } = world;
    const real = clock.nowMs.bind(clock);
    world.withhold = ({ maxPriorityFeePerGas }) => maxPriorityFeePerGas <= lowest;
    let lowest = 10n ** 18n;
    await stage.submit(stage.request('own', { finality: AT_ONCE, urgency: 'urgent' }));
    await stage.until(() => world.nodes[0]?.pool.size() === 1, 20_000);
    lowest = world.nodes[0]?.pool.executable()[0]?.maxPriorityFeePerGas ?? 0n;
    clock.nowMs = () => real() - 3_600_000;
    await stage.sleep(60_000);
    clock.nowMs = real;
    const bumps = engine?.lane.stats().bumps ?? 0;
    if (bumps === 0) stage.complaints.push('nothing more was offered for a minute');
    world.withhold = () => false;
    await expectFinal(stage, ['own'], 60_000);
  });
});

test('keeps what may still be paid set aside while it is taken back', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      const engine = await stage.openEngine('one');
      const gasLimit = 60_000n;
      world.withhold = () => true;
      const change = { finality: AT_ONCE, gasLimit, amount: 9n * 10n ** 17n };
      await stage.submit(stage.request('large', change));
      await stage.until(() => world.nodes[0]?.pool.size() === 1, 20_000);
      await engine?.lane.cancel('large');
      await stage.sleep(4_000);
      await stage.submit(stage.request('other', change));
      await stage.sleep(10_000);
      world.withhold = () => false;
    },
    {
      world: { balance: 10n ** 18n, baseFee: GWEI },
      judge: (_stage, intents) => {
        const other = intents.find(({ request }) => request.key === 'other')?.life;
        const isRefused = other?.reason?.code === 'insufficientFunds';
        return isRefused ? [] : [`the other one is ${other?.state}`];
      },
    },
  );
});

test('says unknown when a wait runs out while the store is away', async () => {
  await playStory(async (stage) => {
    const { world } = stage;
    const engine = await stage.openEngine('one');
    world.withhold = () => true;
    await stage.submit(stage.request('own', { finality: AT_ONCE }));
    const intent = await engine?.lane.intent('own');
    await stage.sleep(5_000);
    world.store.terms.away = true;
    await stage.sleep(5_000);
    const outcome = await intent?.wait('final', { timeoutMs: 3_000 });
    if (outcome?.verdict !== 'unknown') stage.complaints.push(`it is ${outcome?.verdict}`);
    world.calm();
    await expectFinal(stage, ['own'], 60_000);
  });
});

test('answers for an intent that it has although the lane is full', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      world.withhold = () => true;
      const engine = await stage.openEngine('one');
      await stage.until(() => engine?.lane.stats().owner === true, 10_000);
      const requests = Array.from({ length: 8 }, (_, k) => stage.request(`k-${k}`));
      const sent = await Promise.allSettled(requests.map((one) => engine?.lane.submit(one)));
      const taken = sent.filter(({ status }) => status === 'fulfilled').length;
      if (taken !== 4) stage.complaints.push(`${taken} were taken at once`);
      await stage.sleep(3_000);
      const again = await engine?.lane.submit(requests[0] ?? stage.request('k-0'));
      assert.equal(again?.key, 'k-0');
      world.calm();
    },
    { engine: { settings: { openMax: 4 } } },
  );
});

test('keeps every promise to capricious callers', async () => {
  for (let seed = 0; seed < 12; seed += 1) {
    const { report, complaints } = await runScenario(capriciousCallers, seed, { intents: 16 });
    assert.deepEqual([...report.violations, ...complaints], [], `seed ${seed}`);
  }
});
