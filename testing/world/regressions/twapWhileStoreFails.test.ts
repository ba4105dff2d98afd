// Goal: a sliced order that the disk does not take is answered as not received, as every other wish
// is, and not as a fault of the venue. Method: a simulated venue that settles nowhere, whose store
// fails while a trader with a session asks for one, and takes it when it is asked for again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from '../simulation/world.ts';
import type { Act, ActOf } from '../workload/acts.ts';
import { performAct } from '../workload/performAct.ts';

const SESSION: Act = { kind: 'openSession', who: 0, delegated: false, scopes: 3, lifeMs: 600_000 };
const TWAP: ActOf<'twap'> = {
  kind: 'twap',
  ...{ who: 0, market: 0, buys: true, away: 5, lots: 90, slices: 3, intervalMs: 500 },
  again: 'no',
};

test('a sliced order that the store refuses is answered with notAdmitting', async () => {
  const world = await World.open(2);
  assert.ok(!world.settles);
  const play = async (id: number, act: Act): Promise<void> => {
    await world.play({ id, waitMs: 2_000, act }, () => performAct(world, act));
  };
  await play(1, SESSION);
  world.machine.store.terms.failing = 1;
  await play(2, TWAP);
  assert.deepEqual(world.bugs, []);
  const answers = world.auditor.refusals.filter(({ wishId }) => wishId.startsWith('twap '));
  assert.ok(answers.length > 0);
  assert.ok(answers.every(({ code }) => code === 'notAdmitting'));
  world.machine.store.terms.failing = 0;
  await play(3, { ...TWAP, again: 'same' });
  assert.equal(world.auditor.codes.get('twap.active'), 1);
  world.close();
});
