// Goal: scenarios 6 and 7 of the specification: of several processes with one signer exactly one
// owns the lane, another takes over when it dies, and an owner that was suspended past its lease
// writes and broadcasts nothing any more.
// Method: real processes over one real store (LMDB always; PostgreSQL and Redis where they are
// installed), killed with SIGKILL and suspended with SIGSTOP; each process has a proxy of its own,
// which tells what it broadcast. 10 intents per process.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { IntentRequest } from '@lawbook/chains/intents/intent';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import type { StoreSetting } from '@lawbook/chains/stores/openStore';
import { openStore } from '@lawbook/chains/stores/openStore';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AnvilWorld } from './anvilWorld.ts';
import { ChildEngine } from './childEngine.ts';
import type { Blow } from './crashPoints.ts';
import { judge, keysOf, livesOf } from './judge.ts';
import { worldOf } from './play.ts';
import { SHARED_STORES } from './sharedStores.ts';
import { until } from './until.ts';

const LEASE_MS = 4_000;
const TAKE_OVER_MS = 1_000;
const RAW = 'eth_sendRawTransaction';

/** Starts a process that sees the chain through one proxy only. */
function startProcess(
  world: AnvilWorld,
  index: number,
  over: { readonly store: StoreSetting; readonly blow?: Omit<Blow, 'announce'> },
): ChildEngine {
  const { endpoints, ...rest } = world.terms();
  return ChildEngine.start({
    blow: over.blow,
    terms: {
      ...rest,
      store: over.store,
      endpoints: [at(endpoints, index)],
      owner: `process-${index}`,
      settings: { leaseMs: LEASE_MS },
    },
  });
}

function requestsOf(world: AnvilWorld, keys: readonly string[]): readonly IntentRequest[] {
  return keys.map((key) => world.request(key));
}

async function allFinal(
  world: AnvilWorld,
  keys: readonly string[],
  store: ChainStore,
): Promise<void> {
  await until('all of them are final', async () => {
    const lives = await livesOf(world, keys, store);
    return lives.length === keys.length && lives.every(({ state }) => state === 'final');
  });
}

async function openView(setting: StoreSetting, context: TestContext): Promise<ChainStore> {
  const store = await openStore(setting, systemEnvironment());
  context.after(() => store.close());
  return store;
}

for (const { name, missing, start } of SHARED_STORES) {
  describe(`processes that share a signer over ${name}`, { skip: missing ?? false }, () => {
    test('6: one owns the lane, and the other takes over when it dies', async (context) => {
      const world = await worldOf(context);
      const { setting } = await start(world, context);
      const store = await openView(setting, context);
      world.startMining(80);
      const processes = [0, 1].map((index) => startProcess(world, index, { store: setting }));
      context.after(() => Promise.all(processes.map((engine) => engine.close())));
      for (const engine of processes) await engine.hears('opened');
      const owner = await until('one owns the lane', () => processes.find((e) => e.isOwner()));
      const heir = at(
        processes.filter((engine) => engine !== owner),
        0,
      );
      const keys = [keysOf('of.owner', 10), keysOf('of.other', 10)];
      owner.submit(requestsOf(world, at(keys, 0)));
      heir.submit(requestsOf(world, at(keys, 1)));
      await allFinal(world, keys.flat(), store);
      assert.equal(heir.isOwner(), false);
      const idle = at(world.proxies, processes.indexOf(heir));
      assert.equal(idle.meter.count(RAW), 0, 'the other one stays idle');
      owner.signal('SIGKILL');
      await owner.ended;
      const diedAtMs = performance.now();
      const later = keysOf('after', 5);
      heir.submit(requestsOf(world, later));
      await until('the other took over', () => heir.isOwner());
      const tookMs = performance.now() - diedAtMs;
      assert.ok(tookMs <= LEASE_MS + TAKE_OVER_MS, `took over after ${tookMs} ms`);
      await allFinal(world, later, store);
      assert.equal(await world.minedCount(), 25);
      assert.deepEqual(world.mempool.refusals, []);
      const alerts = heir.alerts();
      assert.deepEqual(await judge(world, [...keys.flat(), ...later], { store, alerts }), []);
    });

    test('7: an owner suspended past its lease is fenced and sends nothing', async (context) => {
      const world = await worldOf(context);
      const { setting } = await start(world, context);
      const store = await openView(setting, context);
      const blow = { point: 'before storing the signed bytes', nth: 1, signal: 'SIGSTOP' } as const;
      const sleeper = startProcess(world, 0, { store: setting, blow });
      context.after(() => {
        sleeper.signal('SIGCONT');
        return sleeper.close();
      });
      await until('it owns the lane', () => sleeper.isOwner());
      const keys = keysOf('suspended', 10);
      sleeper.submit(requestsOf(world, keys));
      await sleeper.hears('struck');
      const heir = startProcess(world, 1, { store: setting });
      context.after(() => heir.close());
      world.startMining(80);
      await until('the lane was taken over', () => heir.isOwner());
      await allFinal(world, keys, store);
      const mined = await world.minedCount();
      sleeper.signal('SIGCONT');
      await until('it knows that it lost the lane', () => {
        return sleeper.alerts().some(({ kind }) => kind === 'laneLost');
      });
      await until('it no longer takes itself for the owner', () => !sleeper.isOwner());
      assert.equal(at(world.proxies, 0).meter.count(RAW), 0, 'it broadcasts nothing');
      assert.equal(await world.minedCount(), mined);
      assert.deepEqual(world.mempool.refusals, []);
      const alerts = [...sleeper.alerts(), ...heir.alerts()];
      assert.deepEqual(await judge(world, keys, { store, alerts }), []);
    });
  });
}
