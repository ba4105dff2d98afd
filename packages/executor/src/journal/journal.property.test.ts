// Goal: whatever the grouping, the schedule and the moment of a crash, acknowledged records are
// all there, in order, and nothing else is but whole groups that were on their way.
// Method: random schedules on a simulated disk that loses unsynced bytes in part or whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appendDurably, expectedTexts, openOn, payloadOf, readAll } from './fixtures/journals.ts';
import { SimulatedDisk } from './simulatedDisk.ts';

const limits = fc.record({
  segmentBytesMax: fc.integer({ min: 10, max: 600 }),
  groupRecordsMax: fc.integer({ min: 1, max: 20 }),
  groupBytesMax: fc.integer({ min: 50, max: 2000 }),
});

/** Bursts of appends, each followed by so many turns of the event loop. */
const bursts = fc.array(
  fc.record({ appends: fc.integer({ min: 1, max: 15 }), turns: fc.integer({ min: 0, max: 3 }) }),
  { minLength: 1, maxLength: 20 },
);

test('acknowledges in the order of sequences and reads back what was appended', async () => {
  await fc.assert(
    fc.asyncProperty(limits, bursts, async (bounds, schedule) => {
      const disk = new SimulatedDisk();
      const { journal } = await openOn(disk, bounds);
      const acknowledged: number[] = [];
      const pending: Promise<unknown>[] = [];
      for (const { appends, turns } of schedule) {
        for (let i = 0; i < appends; i += 1) {
          const note = appendDurably(journal, payloadOf(pending.length + 1));
          pending.push(note.then(({ sequence }) => acknowledged.push(sequence)));
        }
        for (let i = 0; i < turns; i += 1) await new Promise(setImmediate);
      }
      await Promise.all(pending);
      assert.deepEqual(
        acknowledged,
        pending.map((_, index) => index + 1),
      );
      await journal.close();
      const { journal: again } = await openOn(disk);
      assert.deepEqual(await readAll(again), expectedTexts(pending.length));
      await again.close();
    }),
    { numRuns: 60 },
  );
});

test('keeps every acknowledged record through a loss of power at any moment', async () => {
  const crashAt = fc.record({ call: fc.nat(120), keptPpm: fc.integer({ min: 0, max: 1_000_000 }) });
  await fc.assert(
    fc.asyncProperty(limits, bursts, crashAt, async (bounds, schedule, crash) => {
      const disk = new SimulatedDisk();
      let calls = 0;
      let left: SimulatedDisk | undefined;
      let durableAtCrash = 0;
      let acknowledged = 0;
      const { journal } = await openOn(disk, bounds);
      disk.plan = () => {
        if (calls === crash.call) {
          const keepBytes = (n: number): number => Math.floor((n * crash.keptPpm) / 1_000_000);
          left = disk.crash({ keepBytes });
          durableAtCrash = acknowledged;
        }
        calls += 1;
        return undefined;
      };
      let appended = 0;
      const pending: Promise<unknown>[] = [];
      for (const { appends, turns } of schedule) {
        for (let i = 0; i < appends; i += 1) {
          appended += 1;
          const note = appendDurably(journal, payloadOf(appended));
          pending.push(
            note.then(({ sequence }) => {
              acknowledged = sequence;
            }),
          );
        }
        for (let i = 0; i < turns; i += 1) await new Promise(setImmediate);
      }
      await Promise.all(pending);
      await journal.close();
      if (left === undefined) return;
      const { journal: again } = await openOn(left, bounds);
      assert.ok(again.sequence >= durableAtCrash, `${again.sequence} of ${durableAtCrash}`);
      assert.deepEqual(await readAll(again), expectedTexts(again.sequence));
      const next = await appendDurably(again, payloadOf(again.sequence + 1));
      assert.deepEqual(await readAll(again), expectedTexts(next.sequence));
      await again.close();
    }),
    { numRuns: 150 },
  );
});
