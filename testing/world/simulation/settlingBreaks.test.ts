// Goal: a bug met while settling is seen by its name, stops trading for good and ends the process,
// as every other broken invariant of the venue does. Method: a simulated venue that settles, in
// which a prover breaks an invariant; its disk, incidents and journal are looked at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_MARKET_ID } from '@lawbook/analytics/demoWorld';
import type { Step } from '../workload/acts.ts';
import { drawHistory } from '../workload/drawHistory.ts';
import { performAct } from '../workload/performAct.ts';
import { BUG_OF_PROVER } from './simulatedProver.ts';
import { World } from './world.ts';

/** A world that settles, and what its traders do. */
const SEED = 5;

async function playUntilBroken(world: World): Promise<void> {
  const acts = drawHistory(SEED, 60).steps.filter(({ act }) => act.kind === 'order');
  for (const step of acts as readonly Step[]) {
    if (world.bugs.length > 0) return;
    await world.play(step, () => performAct(world, step.act));
  }
  await world.clock.runUntil(() => world.bugs.length > 0, { what: 'a bug that is met' });
}

test('a bug of a prover is recorded by name, halts the market and ends the process', async () => {
  const world = await World.open(SEED);
  assert.ok(world.settles);
  world.provers.breaks = 1;
  const kills = world.host.counts.kills;
  await playUntilBroken(world);
  assert.match(world.bugs[0] ?? '', new RegExp(`InvariantViolation: ${BUG_OF_PROVER}`));
  assert.equal(world.host.counts.kills, kills + 1, 'the process ends');
  const [incident] = world.machine.incidents;
  assert.match(incident?.sentence ?? '', new RegExp(`InvariantViolation: ${BUG_OF_PROVER}`));
  // The next start finds the halt in the journal, and nothing trades.
  world.provers.breaks = 0;
  await world.clock.runUntil(() => world.host.live !== undefined);
  const { venue } = world.host.live?.wired ?? {};
  const reason = venue?.state.markets.get(DEMO_MARKET_ID)?.haltReason;
  assert.equal(reason, incident?.sentence);
  const health = venue?.health().find(({ name }) => name.startsWith('market'));
  assert.equal(health?.state, 'unready');
  world.close();
});
