// Goal: a killed process never runs again, and a paused one runs only after it was resumed.
// Method: a program of store calls and sleeps is killed at each touch, before and after its effect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
import { SeededRandom } from '../../world/seededRandom.ts';
import { ProcessDouble } from './processDouble.ts';
import { SimulatedClock } from './simulatedClock.ts';

function spawn(clock: SimulatedClock): ProcessDouble {
  return new ProcessDouble('p', { clock, random: new SeededRandom(1) });
}

/** Writes k0, k1, k2 with a sleep after each. */
async function program(host: ProcessDouble, store: MemoryStore, done: string[]): Promise<void> {
  const own = host.store(store);
  for (let k = 0; k < 3; k += 1) {
    await own.insert([{ key: `k${k}`, text: '' }]);
    done.push(`k${k}`);
    await host.environment.clock.sleep(10);
  }
}

test('death before a touch leaves no effect, death after it leaves no answer', async () => {
  const expected = { before: [0, 1, 1, 2, 2, 3], after: [1, 1, 2, 2, 3, 3] };
  for (const moment of ['before', 'after'] as const) {
    for (let at = 1; at <= 6; at += 1) {
      const clock = new SimulatedClock(0);
      const store = new MemoryStore(clock);
      const host = spawn(clock);
      const done: string[] = [];
      host.planKill({ at, moment });
      program(host, store, done).catch(assert.fail);
      await clock.runUntilIdle();
      const stored = (await store.list('k')).length;
      assert.equal(host.state, 'dead');
      assert.equal(stored, expected[moment][at - 1], `${moment} ${at}`);
      assert.equal(done.length, Math.floor(at / 2));
    }
  }
});

test('a paused process stands still while the world goes on', async () => {
  const clock = new SimulatedClock(0);
  const store = new MemoryStore(clock);
  const host = spawn(clock);
  const done: string[] = [];
  const running = program(host, store, done);
  clock.schedule(5, () => host.pause());
  clock.schedule(100, () => host.resume());
  await clock.runFor(50);
  assert.deepEqual(done, ['k0']);
  await clock.runUntilIdle();
  await running;
  assert.deepEqual(done, ['k0', 'k1', 'k2']);
  assert.equal(clock.elapsedMs(), 120);
});
