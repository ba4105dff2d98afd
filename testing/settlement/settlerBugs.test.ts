// Goal: a broken invariant anywhere in settling is tried once, told by its name, and ends the
// settler; what the world does wrong is tried again. Method: a settler on a memory chain under a
// simulated clock, with a bug planted into one of its steps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAIR, SettlerStage } from './settlerStage.ts';

const STEPS = ['list', 'cut', 'prove', 'settle'] as const;

for (const step of STEPS) {
  test(`a bug met by ${step} ends the settler after one try and is told once`, async () => {
    const stage = new SettlerStage(1, FAIR);
    stage.broken = step;
    await stage.open();
    stage.seal();
    await stage.clock.runFor(600_000);
    const broken = stage.events.filter(({ kind }) => kind === 'broken');
    assert.equal(broken.length, 1);
    const [told] = broken;
    assert.equal(told?.kind === 'broken' && told.cause.name, 'InvariantViolation');
    assert.equal(told?.kind === 'broken' && told.cause.message, `${step} is sound`);
    assert.equal(told?.kind === 'broken' && told.listNumber, 1n);
    assert.ok(stage.proofs <= 1, 'nothing is proved again');
    assert.equal(stage.settledNumbers().length, 0);
    const isBug = { name: 'InvariantViolation', message: `${step} is sound` };
    await assert.rejects(async () => stage.settler?.close(), isBug);
  });
}

test('a bug in one list leaves those before it settled and those after it alone', async () => {
  const stage = new SettlerStage(2, FAIR);
  await stage.open();
  for (let k = 0; k < 3; k += 1) stage.seal();
  await stage.clock.runUntil(() => stage.settler?.lag().finalized === 3n);
  stage.broken = 'prove';
  for (let k = 0; k < 3; k += 1) stage.seal();
  await stage.clock.runFor(600_000);
  const [told] = stage.events.filter(({ kind }) => kind === 'broken');
  assert.equal(told?.kind === 'broken' && told.listNumber, 4n);
  assert.deepEqual(stage.settledNumbers(), [1n, 2n, 3n]);
  await assert.rejects(async () => stage.settler?.close(), { name: 'InvariantViolation' });
});
