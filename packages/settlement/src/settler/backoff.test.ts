import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import { Backoff } from './backoff.ts';

// Goal: what fails is tried again soon at first, ever more seldom later, never at one beat with
// others, and soon again after a success. Method: a simulated clock and chance by hand.

const LIMITS = { retryMsMin: 100, retryMsMax: 4000 };

function backoffOf(chance: number): { readonly backoff: Backoff; readonly clock: SimulatedClock } {
  const clock = new SimulatedClock();
  const random = { next: () => chance };
  return { backoff: new Backoff(LIMITS, { clock, random }), clock };
}

function waits(chance: number, count: number): number[] {
  const { backoff } = backoffOf(chance);
  return Array.from({ length: count }, () => {
    backoff.fail();
    return backoff.waitMs();
  });
}

test('waits twice as long after each failure, up to the limit', () => {
  assert.deepEqual(waits(1, 8), [100, 200, 400, 800, 1600, 3200, 4000, 4000]);
});

test('takes off up to half of a wait by chance', () => {
  assert.deepEqual(waits(0, 8), [50, 100, 200, 400, 800, 1600, 2000, 2000]);
  assert.deepEqual(waits(0.5, 2), [75, 150]);
});

test('a day of failures waits no longer than the limit', () => {
  assert.equal(waits(1, 5000).at(-1), 4000);
});

test('nothing waits before the first failure and after a success', () => {
  const { backoff } = backoffOf(1);
  assert.equal(backoff.waitMs(), 0);
  assert.equal(backoff.fail(), 1);
  assert.equal(backoff.fail(), 2);
  backoff.succeed();
  assert.equal(backoff.waitMs(), 0);
  assert.equal(backoff.fail(), 1, 'failures in a row are counted anew');
  assert.equal(backoff.waitMs(), 100);
});

test('a wait runs down with the clock and is over when it is due', async () => {
  const { backoff, clock } = backoffOf(1);
  backoff.fail();
  await clock.runFor(60);
  assert.equal(backoff.waitMs(), 40);
  await clock.runFor(40);
  assert.equal(backoff.waitMs(), 0);
  await clock.runFor(40);
  assert.equal(backoff.waitMs(), 0);
});
