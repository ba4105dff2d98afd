// Goal: scenario 8 of the specification: while the store is away nothing is broadcast without a
// durable record, nobody falls back on memory, and work goes on once it is back.
// Method: a real engine over each kind of store; servers are crashed and started again in the
// middle of a burst, the embedded store is taken away by a wrapper. 10 intents before, 5 refused
// meanwhile.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChainFault } from '@lawbook/chains/chainFault';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import { judge, keysOf, livesOf } from './judge.ts';
import { alerted, allDone, worldOf } from './play.ts';
import type { RunningStore } from './sharedStores.ts';
import { SHARED_STORES } from './sharedStores.ts';
import { until } from './until.ts';

/** Takes a store away and gives it back, by whatever means it has. */
class Outage {
  #isAway = false;
  readonly #server: RunningStore['server'];

  constructor(server: RunningStore['server']) {
    this.#server = server;
  }

  async begin(): Promise<void> {
    this.#isAway = true;
    await this.#server?.crash();
  }

  async end(): Promise<void> {
    await this.#server?.startAgain();
    this.#isAway = false;
  }

  wrap(store: ChainStore): ChainStore {
    if (this.#server !== undefined) return store;
    const reach = async <T>(call: () => Promise<T>): Promise<T> => {
      if (!this.#isAway) return call();
      throw new ChainFault('CHAIN_STORE_UNAVAILABLE', 'The store was taken away by the test.');
    };
    return {
      get: (key) => reach(() => store.get(key)),
      list: (prefix, options) => reach(() => store.list(prefix, options)),
      insert: (entries) => reach(() => store.insert(entries)),
      commit: (lease, changes) => reach(() => store.commit(lease, changes)),
      acquireLease: (name, owner, ms) => reach(() => store.acquireLease(name, owner, ms)),
      renewLease: (lease, ms) => reach(() => store.renewLease(lease, ms)),
      releaseLease: (lease) => reach(() => store.releaseLease(lease)),
      close: () => store.close(),
    };
  }
}

describe('a store that goes away', () => {
  for (const { name, missing, start } of SHARED_STORES) {
    test(`8: without ${name} nothing is sent unrecorded`, {
      skip: missing ?? false,
    }, async (context) => {
      const world = await worldOf(context);
      const { setting, server } = await start(world, context);
      const outage = new Outage(server);
      const engine = await world.open({
        store: setting,
        wrap: { store: (store) => outage.wrap(store) },
      });
      const keys = keysOf('away', 15);
      const requests = keys.map((key) => world.request(key));
      const early = requests.slice(0, 10);
      await Promise.all(early.map((request) => engine.lane.submit(request)));
      // In the middle of the burst: some are out, some are not.
      await until('the first ones are out', () => world.mempool.seen().length > 0);
      await outage.begin();
      for (const request of requests.slice(10)) {
        await assert.rejects(engine.lane.submit(request), { code: 'CHAIN_STORE_UNAVAILABLE' });
      }
      await alerted(engine, 'storeUnavailable');
      await world.mine(3);
      const sent = world.mempool.seen().length;
      await world.mine(3);
      assert.equal(world.mempool.seen().length, sent, 'nothing new is sent meanwhile');
      await outage.end();
      world.startMining(80);
      const intents = await Promise.all(
        requests.map((request) => {
          // A store that just came back may still be starting.
          return until(`${request.key} is stored`, () => engine.lane.submit(request));
        }),
      );
      await allDone(intents);
      const lives = await livesOf(world, keys, engine.store);
      const recorded = new Set(lives.flatMap(({ attempts }) => attempts.map(({ hash }) => hash)));
      for (const { hash } of world.mempool.seen()) assert.ok(recorded.has(hash), 'is on record');
      assert.equal(await world.minedCount(), 15);
      assert.deepEqual(await judge(world, keys, engine), []);
    });
  }
});
