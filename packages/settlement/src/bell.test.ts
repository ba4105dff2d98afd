import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../../testing/chains/double/simulatedClock.ts';
import { Bell } from './bell.ts';

// Goal: nobody misses a ring, and every wait ends by ring, time or signal. Method: a simulated
// clock.

test('a ring between looking and waiting is not missed', async () => {
  const bell = new Bell();
  const since = bell.rings();
  bell.ring();
  const { signal } = new AbortController();
  await bell.nextWithin(since, { clock: new SimulatedClock(), durationMs: 1000, signal });
});

test('a wait ends by a ring, by time and by its signal', async () => {
  const bell = new Bell();
  const clock = new SimulatedClock();
  const ending = new AbortController();
  const limit = { clock, durationMs: 1000, signal: ending.signal };
  const rung = bell.nextWithin(bell.rings(), limit);
  bell.ring();
  await rung;
  assert.equal(clock.elapsedMs(), 0);
  const timed = bell.nextWithin(bell.rings(), limit);
  await clock.runFor(1000);
  await timed;
  const stopped = bell.nextWithin(bell.rings(), limit);
  ending.abort(new DOMException('over', 'AbortError'));
  await assert.rejects(stopped, { message: 'over' });
  await assert.rejects(bell.next(ending.signal), { message: 'over' });
  await assert.rejects(bell.nextWithin(bell.rings(), limit), { message: 'over' });
});
