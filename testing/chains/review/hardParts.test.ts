// Goal: what stands around a lane (store, signer, fee oracle, branches, callers) cannot make it
// break a promise, however badly it behaves.
// Method: stories on the simulated chain, like those of hardCases.test.ts, each with one part of
// the engine replaced by one that misbehaves in a way that the usual faults do not have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openChainEngine } from '@lawbook/chains/chainEngine';
import { requestHash } from '@lawbook/chains/gates/approvals';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import { numberToHex, pad } from 'viem';
import { PaperSigner, paperAddress, readPaper } from '../double/paperSigner.ts';
import type { Stage } from '../scenarios/stage.ts';
import { expectFinal, playStory } from './playStory.ts';

const AT_ONCE = { kind: 'confirmations', blocks: 1 } as const;
const ORACLE = paperAddress('oracle');

/** Opens an engine with a data fee in this world, and lets the stage know it. */
async function openWithDataFee(stage: Stage, dataFee: () => bigint): Promise<void> {
  const { world } = stage;
  const output = (): `0x${string}` => pad(numberToHex(dataFee()));
  world.chain.contracts.set(ORACLE, () => ({ success: true, gasUsed: 0n, output: output() }));
  const host = world.spawn('one');
  const { chainId } = world.chain.terms;
  const engine = await openChainEngine(
    {
      pool: {
        chainId,
        endpoints: world.nodes.map((node) => ({
          transport: host.transport(world.network.transportTo(node)),
          limits: 'local' as const,
        })),
      },
      signers: [new PaperSigner(world.signer)],
      owner: 'one',
      dataFee: { oracle: ORACLE, headroom: 100 },
      onAlert: (alert) => stage.alerts.push({ ...alert, atMs: world.clock.elapsedMs() }),
    },
    { store: host.store(world.store), environment: host.environment },
  );
  const { pool, tracker } = engine;
  const lane = engine.lane(world.signer);
  stage.engines.push({ process: host, pool, tracker, lane, close: () => engine.close() });
}

test('closes a hole where data costs far more than gas', async () => {
  await playStory(async (stage) => {
    const { world } = stage;
    const { count } = world.chain.accountAt(world.chain.head(), world.signer);
    const stranger = stage.foreign(count, { fee: 100n, tip: 1n });
    for (const node of world.nodes) node.receive(stranger);
    await openWithDataFee(stage, () => 10n ** 17n);
    await stage.submit(stage.request('own', { finality: AT_ONCE, feeCap: 10n ** 18n }));
    await stage.until(() => (stage.owner()?.lane.stats().inFlight ?? 0) === 1, 20_000);
    for (const { pool } of world.nodes) pool.drop(stranger.hash);
    await expectFinal(stage, ['own'], 60_000);
  });
});

test('keeps gas and data within the cap through every bump', async () => {
  const dataFee = 9n * 10n ** 14n;
  const feeCap = 24n * 10n ** 14n;
  await playStory(
    async (stage) => {
      const { world } = stage;
      await openWithDataFee(stage, () => dataFee);
      world.withhold = () => true;
      const change = { finality: AT_ONCE, gasLimit: 60_000n, feeCap, urgency: 'urgent' } as const;
      await stage.submit(stage.request('own', change));
      await stage.sleep(240_000);
      world.withhold = () => false;
      await expectFinal(stage, ['own'], 60_000);
    },
    {
      judge: (_stage, [own]) => {
        const attempts = own?.life?.attempts ?? [];
        if (attempts.length < 2) return ['nothing was bumped'];
        return attempts.flatMap(({ gasLimit, maxFeePerGas }) => {
          const most = gasLimit * maxFeePerGas + dataFee;
          return most > feeCap ? [`an attempt may cost ${most}, above ${feeCap}`] : [];
        });
      },
    },
  );
});

test('lowers the headroom of gas where data takes a part of the cap', async () => {
  await playStory(async (stage) => {
    // Twice the base fee of 10 gwei is wished for; what data leaves of the cap is less than that.
    await openWithDataFee(stage, () => 10n ** 15n);
    const feeCap = 10n ** 15n + 21_000n * 14_000_000_000n;
    const call = { callData: '0x', gasLimit: 21_000n, urgency: 'patient' } as const;
    const change = { finality: AT_ONCE, feeCap, ...call };
    // Without call data the chain cannot name the intent.
    stage.forgiven.add('own');
    await stage.submit(stage.request('own', change));
    await expectFinal(stage, ['own'], 10_000);
  });
});

test('goes on with a signer that throws whatever it likes', async () => {
  let failures = 0;
  const inner = new PaperSigner(paperAddress('signer'));
  const signer: PaperSigner = {
    address: inner.address,
    sign: async (transaction) => {
      failures += 1;
      if (failures < 4) throw new TypeError('socket hang up at https://user:secret@kms');
      return await inner.sign(transaction);
    },
  };
  await playStory(
    async (stage) => {
      await stage.openEngine('one');
      await stage.submit(stage.request('own', { finality: AT_ONCE }));
      await expectFinal(stage, ['own'], 60_000);
      if (stage.alerts.some(({ sentence }) => sentence.includes('secret'))) {
        stage.complaints.push('an alert repeats what the signer said');
      }
    },
    { engine: { signer } },
  );
});

test('asks others first after a signer failed for one of them', async () => {
  const inner = new PaperSigner(paperAddress('signer'));
  const signer: PaperSigner = {
    address: inner.address,
    sign: async (transaction) => {
      if (transaction.amount === 13n) throw new TypeError('no thirteens');
      return await inner.sign(transaction);
    },
  };
  await playStory(
    async (stage) => {
      await stage.openEngine('one');
      const deadlineMs = stage.world.clock.nowMs() + 120_000;
      await stage.submit(stage.request('bad', { amount: 13n, deadlineMs }));
      await stage.submit(stage.request('good', { amount: 14n, finality: AT_ONCE }));
      await expectFinal(stage, ['good'], 60_000);
    },
    { engine: { signer } },
  );
});

test('reads nothing that a commit on its way can still change', async () => {
  await playStory(async (stage) => {
    const { world } = stage;
    const inner = world.store.inner();
    const late: (() => Promise<void>)[] = [];
    let isLosing = false;
    const commit: ChainStore['commit'] = async (lease, changes) => {
      const isStart = changes.some(({ text }) => text?.includes('"offered"') === true);
      if (isLosing && isStart) {
        isLosing = false;
        late.push(async () => await inner.commit(lease, changes));
        world.store.terms.answersLost = 1;
        return;
      }
      // A server takes what is on its way before anything that was sent later, or never.
      for (const act of late.splice(0)) await act();
      await inner.commit(lease, changes);
    };
    const get: ChainStore['get'] = async (key) => {
      world.store.terms.answersLost = 0;
      const text = await inner.get(key);
      // Between the reads of a memory that is loaded, the lost commit arrives.
      if (key.startsWith('intent/')) for (const act of late.splice(0)) await act();
      return text;
    };
    const { list } = inner;
    Object.assign(world.store, { commit: hang(stage, commit), get, list: list.bind(inner) });
    await stage.openEngine('one');
    await stage.submit(stage.request('first', { finality: AT_ONCE, amount: 60n }));
    await expectFinal(stage, ['first'], 30_000);
    isLosing = true;
    await stage.submit(stage.request('own', { finality: AT_ONCE, amount: 60n }));
    await expectFinal(stage, ['own'], 60_000);
    const spends = await stage.log().spends();
    const owner = stage.owner();
    assert.ok(owner);
    if (!spends.some(({ key }) => key === 'own')) stage.complaints.push('its spend is forgotten');
    // The memory has to know of it as well: what is left of the budget is 80.
    await stage.submit(stage.request('third', { finality: AT_ONCE, amount: 90n }));
    await stage.sleep(10_000);
    const third = (await stage.lives()).find(({ request }) => request.key === 'third');
    if (third?.life?.state !== 'refused') {
      stage.complaints.push(`a third is ${third?.life?.state} above the budget`);
    }
  }, BUDGET);
});

const BUDGET = {
  engine: {
    spendPolicy: {
      budgets: [{ principal: '*', asset: 'native', amount: 200n, windowMs: 3_600_000 }],
    },
  },
} as const;

/** The answer to a commit is lost when the store says so. */
function hang(stage: Stage, commit: ChainStore['commit']): ChainStore['commit'] {
  return async (lease, changes) => {
    await commit(lease, changes);
    const { terms } = stage.world.store;
    if (terms.answersLost === 0) return;
    terms.answersLost = 0;
    const { ChainFault } = await import('@lawbook/chains/chainFault');
    throw new ChainFault('CHAIN_STORE_UNAVAILABLE', 'the answer was lost');
  };
}

test('does not stay in a block that no branch of the tracker ever had', async () => {
  await playStory(async (stage) => {
    const { world } = stage;
    const before = await stage.openEngine('one');
    world.withhold = () => true;
    await stage.submit(stage.request('own', { finality: { kind: 'finalized' } }));
    await stage.until(() => world.nodes[0]?.pool.size() === 1, 20_000);
    before?.process.kill();
    world.stop();
    await stage.sleep(2_000);
    // The block with it is known to whoever asks for receipts, and to nobody who asks for heads.
    world.withhold = () => false;
    world.mine();
    for (const node of world.nodes) {
      let isAside = false;
      node.lag = () => (isAside ? 0 : 1);
      node.answerInstead = (method, params) => {
        if (isAside) return undefined;
        const isPeek = method === 'eth_getTransactionReceipt' || isAbove(stage, method, params);
        if (!isPeek) return undefined;
        isAside = true;
        const answer = node.answer(method, params);
        isAside = false;
        return answer;
      };
    }
    await stage.sleep(1_000);
    await stage.openEngine('two');
    await stage.until(() => stage.owner() !== undefined, 20_000);
    await stage.sleep(5_000);
    world.chain.reorganise({ depth: 1, fate: 'lost' });
    for (const node of world.nodes) node.answerInstead = () => undefined;
    world.calm();
    await expectFinal(stage, ['own'], 120_000);
  });
});

/** Whether a block is asked for by a number that heads do not have yet. */
function isAbove({ world }: Stage, method: string, [tag]: readonly unknown[]): boolean {
  if (method !== 'eth_getBlockByNumber' || typeof tag !== 'string') return false;
  return tag.startsWith('0x') && Number(tag) === world.chain.head().number;
}

test('tells people once when nothing can be done for a minute', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      await stage.openEngine('one');
      world.withhold = () => true;
      await stage.submit(stage.request('own', { finality: AT_ONCE }));
      await stage.sleep(5_000);
      world.network.plan.add({ fault: { kind: 'refused' } });
      await stage.sleep(300_000);
      world.calm();
      await expectFinal(stage, ['own'], 60_000);
    },
    {
      judge: (stage) => {
        const told = stage.alertsOf('laneStalled').length;
        return told === 1 ? [] : [`it was told ${told} times`];
      },
    },
  );
});

test('takes no approval that nobody asked for, and no name that fills a record', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      world.network.plan.add({ methods: ['eth_simulateV1'], fault: { kind: 'refused' } });
      const engine = await stage.openEngine('one');
      const request = stage.request('own', { amount: 900n, finality: AT_ONCE });
      await stage.submit(request);
      const approval = { requestHash: requestHash(request), by: 'a person' };
      const approve = async (by: string): Promise<void> => {
        await engine?.lane.approve('own', { ...approval, by });
      };
      await assert.rejects(async () => await approve('a person'), { code: 'CHAIN_INTENT_INVALID' });
      world.calm();
      await stage.until(() => engine?.lane.stats().denials['approvalFrom'] === 1, 30_000);
      await stage.sleep(1_000);
      await assert.rejects(async () => await approve('a'.repeat(1_000)), {
        code: 'CHAIN_INTENT_INVALID',
      });
      await approve('a person');
      await expectFinal(stage, ['own'], 30_000);
    },
    { engine: { spendPolicy: { approvalFrom: 500n } } },
  );
});

test('opens no engine with one address twice', async () => {
  await playStory(async (stage) => {
    const { world } = stage;
    const [node] = world.nodes;
    assert.ok(node);
    const host = world.spawn('one');
    const transport = world.network.transportTo(node);
    const signer = new PaperSigner(world.signer);
    await assert.rejects(
      openChainEngine(
        {
          pool: { chainId: 1, endpoints: [{ transport }] },
          signers: [signer, signer],
          owner: 'one',
        },
        { store: world.store, environment: host.environment },
      ),
      { code: 'CHAIN_CONFIG_INVALID' },
    );
  });
});

test('offers the same bytes after a restart in the middle of taking back', async () => {
  await playStory(
    async (stage) => {
      const { world } = stage;
      const sent = new Map<number, Set<string>>();
      world.network.onSend.push((raw) => {
        const paper = readPaper(raw);
        if (paper === undefined) return;
        const hashes = sent.get(paper.chainNonce) ?? new Set();
        sent.set(paper.chainNonce, hashes.add(paper.hash));
      });
      const engine = await stage.openEngine('one');
      world.withhold = () => true;
      await stage.submit(stage.request('own', { finality: AT_ONCE }));
      await stage.until(() => world.nodes[0]?.pool.size() === 1, 20_000);
      await engine?.lane.cancel('own');
      await stage.sleep(4_000);
      engine?.process.kill();
      await stage.openEngine('two');
      await stage.sleep(10_000);
      world.withhold = () => false;
      await stage.sleep(10_000);
      for (const [chainNonce, hashes] of sent) {
        if (hashes.size > 2) stage.complaints.push(`${hashes.size} attempts at ${chainNonce}`);
      }
    },
    {
      judge: (_stage, [own]) => {
        const state = own?.life?.state;
        return state === 'cancelled' ? [] : [`it is ${state}`];
      },
    },
  );
});
