// Goal: simulated time is deterministic, jumps over waiting, and says so when it is stuck.
// Method: small programs of sleeps whose order is known, and programs that can never finish.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock, SimulationFailure } from './simulatedClock.ts';

test('events fire by time, and at one time in the order of their insertion', async () => {
  const clock = new SimulatedClock(0);
  const seen: string[] = [];
  clock.schedule(20, () => seen.push('c'));
  clock.schedule(10, () => seen.push('a'));
  clock.schedule(10, () => seen.push('b'));
  await clock.runUntilIdle();
  assert.deepEqual(seen, ['a', 'b', 'c']);
  assert.equal(clock.elapsedMs(), 20);
});

test('many events in any order come out sorted', async () => {
  const clock = new SimulatedClock(0);
  const seen: number[] = [];
  for (let k = 0; k < 500; k += 1) {
    const due = (k * 7919) % 503;
    clock.schedule(due, () => seen.push(due));
  }
  await clock.runUntilIdle();
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});

test('a chain of promises settles before time goes on', async () => {
  const clock = new SimulatedClock(0);
  const seen: string[] = [];
  const work = async (): Promise<void> => {
    await clock.sleep(5);
    for (let k = 0; k < 50; k += 1) await Promise.resolve();
    seen.push(`deep at ${clock.elapsedMs()}`);
  };
  const running = work();
  clock.schedule(6, () => seen.push('later'));
  await clock.runUntilIdle();
  await running;
  assert.deepEqual(seen, ['deep at 5', 'later']);
});

test('an aborted sleep rejects with the reason and leaves no event behind', async () => {
  const clock = new SimulatedClock(0);
  const stopper = new AbortController();
  const sleeping = clock.sleep(1_000_000, stopper.signal);
  const rejected = assert.rejects(sleeping, /enough/);
  clock.schedule(3, () => stopper.abort(new Error('enough')));
  await clock.runUntilIdle();
  await rejected;
  assert.equal(clock.elapsedMs(), 3);
});

test('a condition that nothing can fulfil is a deadlock', async () => {
  const clock = new SimulatedClock(0);
  clock.schedule(1, () => undefined);
  await assert.rejects(
    clock.runUntil(() => false, { what: 'the end' }),
    (failure) => failure instanceof SimulationFailure && failure.kind === 'deadlock',
  );
});

test('a loop that never ends is a livelock', async () => {
  const clock = new SimulatedClock(0);
  clock.every(0, () => undefined);
  await assert.rejects(
    clock.runUntil(() => false, { eventsMax: 100 }),
    (failure) => failure instanceof SimulationFailure && failure.kind === 'livelock',
  );
});

test('a condition that takes too long is late', async () => {
  const clock = new SimulatedClock(0);
  clock.every(10, () => undefined);
  await assert.rejects(
    clock.runUntil(() => false, { withinMs: 95 }),
    (failure) => failure instanceof SimulationFailure && failure.kind === 'late',
  );
  assert.equal(clock.elapsedMs(), 95);
});

test('running for a while stops at its end, between events', async () => {
  const clock = new SimulatedClock(0);
  let beats = 0;
  const stop = clock.every(10, () => {
    beats += 1;
  });
  await clock.runFor(35);
  assert.equal(beats, 3);
  assert.equal(clock.elapsedMs(), 35);
  stop();
  await clock.runUntilIdle();
  assert.equal(clock.elapsedMs(), 35);
});
