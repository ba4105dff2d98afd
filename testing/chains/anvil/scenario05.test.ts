// Goal: scenario 5 of the specification: a process that is killed with -9 at any of twelve points
// leaves nothing that its successor does not bring to an end, exactly once.
// Method: an engine in a real process of its own strikes itself with SIGKILL at the point, at its
// first, second or third passage; another engine opens the same LMDB folder, the callers submit
// again what they had submitted, and the chain is compared with the log. 3 intents, 2 seeds per
// point (more with LAWBOOK_CRASH_SEEDS); the simulations of the first tier play 50 seeds per point.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { SeededRandom } from '../../world/seededRandom.ts';
import type { AnvilWorld } from './anvilWorld.ts';
import { ChildEngine } from './childEngine.ts';
import type { CrashPoint } from './crashPoints.ts';
import { CRASH_POINTS } from './crashPoints.ts';
import { judge, keysOf } from './judge.ts';
import { allDone, worldOf } from './play.ts';

const SEEDS = Number(process.env['LAWBOOK_CRASH_SEEDS'] ?? 2);
const INTENTS = 3;

/** Every point is passed at least once per batch, most of them once per intent. */
function passageOf(point: CrashPoint, random: SeededRandom): number {
  const once = point.endsWith('storing the signed bytes') || point.endsWith('the acceptance');
  return once || point.endsWith('the end') ? 1 : random.integer(1, INTENTS);
}

async function killAndRestart(world: AnvilWorld, point: CrashPoint, seed: number): Promise<void> {
  const nth = passageOf(point, new SeededRandom(seed));
  const terms = {
    ...world.terms(),
    store: { kind: 'lmdb', directory: world.storeFolder(`seed-${seed}`) },
    settings: { leaseMs: 400 },
  } as const;
  const keys = keysOf(`crash.${seed}`, INTENTS);
  // Whoever submits again after a crash has to say the same, the deadline included.
  const requests = keys.map((key) => world.request(key));
  const blow = { point, nth, signal: 'SIGKILL' } as const;
  const child = ChildEngine.start({ terms: { ...terms, owner: 'first' }, blow });
  child.submit(requests);
  assert.equal(await child.ended, 'SIGKILL', `seed ${seed}: it was struck`);
  const heir = await world.open({ ...terms, owner: 'heir' });
  await allDone(await Promise.all(requests.map((request) => heir.lane.submit(request))));
  assert.deepEqual(await judge(world, keys, heir), [], `seed ${seed}, passage ${nth}`);
  await heir.close();
}

describe('a process that is killed', { concurrency: 3 }, () => {
  for (const point of CRASH_POINTS) {
    test(`5: ${point} loses nothing and repeats nothing`, async (context: TestContext) => {
      const world = await worldOf(context);
      world.startMining(50);
      for (let seed = 1; seed <= SEEDS; seed += 1) await killAndRestart(world, point, seed);
      const executed = await world.minedCount();
      assert.equal(executed, SEEDS * INTENTS, 'one transaction per intent');
    });
  }
});
