// Goal: an append is acknowledged in order and only when durable, in bounded groups.
// Method: a simulated disk whose syncs can be held back, and the real disk for the ends.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { genesisChain, HashChain } from './chain.ts';
import { nodeDisk } from './disk.ts';
import {
  appendRange,
  diskWith,
  expectedTexts,
  faultOf,
  openOn,
  payloadOf,
  readAll,
  segmentPaths,
  VENUE,
} from './fixtures/journals.ts';
import { SimulatedDisk } from './simulatedDisk.ts';

/** A disk whose next syncs wait until `release` is called. */
function gatedDisk(): { disk: SimulatedDisk; hold(): void; release(): void } {
  const disk = new SimulatedDisk();
  let release = (): void => undefined;
  return {
    disk,
    hold() {
      disk.gate = new Promise((resolve) => {
        release = resolve;
      });
    },
    release: () => release(),
  };
}

test('gives contiguous sequences from 1 and reads every payload back', async () => {
  const { journal } = await openOn(new SimulatedDisk());
  const first = await journal.append(payloadOf(1));
  const second = await journal.append(payloadOf(2));
  assert.deepEqual([first.sequence, second.sequence], [1, 2]);
  assert.deepEqual(await readAll(journal), expectedTexts(2));
  await journal.close();
});

test('takes a copy, so the caller may reuse the payload at once', async () => {
  const { journal } = await openOn(new SimulatedDisk());
  const payload = payloadOf(1);
  const acknowledged = journal.append(payload);
  payload.fill(0);
  await acknowledged;
  assert.deepEqual(await readAll(journal), expectedTexts(1));
  await journal.close();
});

test('commits the appends of one turn with one sync', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  const before = disk.syncCount;
  await appendRange(journal, 1, 100, 100);
  assert.equal(disk.syncCount - before, 1);
  assert.equal(journal.health().groups, 1);
  await journal.close();
});

test('acknowledges nothing before the sync, and gathers the next group meanwhile', async () => {
  const { disk, hold, release } = gatedDisk();
  const { journal } = await openOn(disk);
  hold();
  const acknowledged: number[] = [];
  const note = ({ sequence }: { sequence: number }): number => acknowledged.push(sequence);
  const first = journal.append(payloadOf(1)).then(note);
  await new Promise(setImmediate);
  const later = [2, 3, 4].map((s) => journal.append(payloadOf(s)).then(note));
  await new Promise(setImmediate);
  assert.deepEqual(acknowledged, []);
  assert.equal(journal.sequence, 0);
  assert.equal(journal.health().pendingRecords, 4);
  release();
  await Promise.all([first, ...later]);
  assert.deepEqual(acknowledged, [1, 2, 3, 4]);
  assert.equal(journal.health().groups, 2);
  await journal.close();
});

test('does not read what is not durable', async () => {
  const { disk, hold, release } = gatedDisk();
  const { journal } = await openOn(disk);
  await appendRange(journal, 1, 3);
  hold();
  const pending = journal.append(payloadOf(4));
  await new Promise(setImmediate);
  assert.deepEqual(await readAll(journal), expectedTexts(3));
  release();
  await pending;
  assert.deepEqual(await readAll(journal), expectedTexts(4));
  await journal.close();
});

test('refuses an append beyond the bound of waiting records, and takes it later', async () => {
  const { disk, hold, release } = gatedDisk();
  const { journal } = await openOn(disk, { pendingRecordsMax: 2 });
  hold();
  const taken = [journal.append(payloadOf(1)), journal.append(payloadOf(2))];
  const fault = await faultOf(journal.append(payloadOf(3)));
  assert.equal(fault?.code, 'JOURNAL_BUSY');
  assert.equal(fault?.retryable, true);
  release();
  await Promise.all(taken);
  assert.equal((await journal.append(payloadOf(3))).sequence, 3);
  await journal.close();
});

test('refuses an append beyond the bound of waiting bytes', async () => {
  const { disk, hold, release } = gatedDisk();
  const { journal } = await openOn(disk, { pendingBytesMax: 100 });
  hold();
  const taken = journal.append(Buffer.alloc(90));
  assert.equal((await faultOf(journal.append(Buffer.alloc(11))))?.code, 'JOURNAL_BUSY');
  const fits = journal.append(Buffer.alloc(10));
  release();
  await Promise.all([taken, fits]);
  assert.equal(journal.health().pendingBytes, 0);
  await journal.close();
});

test('refuses a record above the size limit without giving it a sequence', async () => {
  const { journal } = await openOn(new SimulatedDisk(), { recordBytesMax: 10 });
  const fault = await faultOf(journal.append(Buffer.alloc(11)));
  assert.equal(fault?.code, 'JOURNAL_RECORD_TOO_LARGE');
  assert.equal((await journal.append(Buffer.alloc(10))).sequence, 1);
  await journal.close();
});

test('splits a burst into groups within the bounds of records and bytes', async () => {
  const byCount = await openOn(new SimulatedDisk(), { groupRecordsMax: 10 });
  await appendRange(byCount.journal, 1, 25, 25);
  assert.equal(byCount.journal.health().groups, 3);
  await byCount.journal.close();
  const byBytes = await openOn(new SimulatedDisk(), { groupBytesMax: 250 });
  const burst = [1, 2, 3, 4].map(() => byBytes.journal.append(Buffer.alloc(90)));
  await Promise.all(burst);
  assert.equal(byBytes.journal.health().groups, 2);
  await byBytes.journal.close();
});

test('holds an empty payload and one of many kilobytes', async () => {
  const disk = new SimulatedDisk();
  const large = Buffer.alloc(300_000, 7);
  const { journal } = await openOn(disk);
  await Promise.all([journal.append(Buffer.alloc(0)), journal.append(large)]);
  await journal.close();
  const { journal: again } = await openOn(disk);
  const sizes: number[] = [];
  for await (const { payload } of again.read(1)) sizes.push(payload.length);
  assert.deepEqual(sizes, [0, 300_000]);
  await again.close();
});

test('starts a new segment when the last is full and reads across them', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk, { segmentBytesMax: 400 });
  await appendRange(journal, 1, 30);
  assert.ok(segmentPaths(disk).length > 5);
  assert.deepEqual(await readAll(journal), expectedTexts(30));
  assert.deepEqual(await readAll(journal, 17), expectedTexts(30, 17));
  await journal.close();
  const { journal: again, recovery } = await openOn(disk, { segmentBytesMax: 400 });
  assert.equal(recovery.records, 30);
  assert.equal(recovery.segments, again.health().segments);
  assert.deepEqual(await readAll(again), expectedTexts(30));
  await again.close();
});

test('ends in the same link however the records were grouped', async () => {
  const links: string[] = [];
  for (const groupSize of [1, 3, 24]) {
    const disk = await diskWith(24 / groupSize, groupSize, { segmentBytesMax: 500 });
    const { journal } = await openOn(disk);
    links.push(Buffer.from(journal.chain).toString('hex'));
    await journal.close();
  }
  const chain = new HashChain(genesisChain(VENUE));
  for (let s = 1; s <= 24; s += 1) chain.extend(payloadOf(s));
  assert.deepEqual(new Set(links), new Set([Buffer.from(chain.current()).toString('hex')]));
});

test('tells the link after any durable record', async () => {
  const { journal } = await openOn(new SimulatedDisk(), { segmentBytesMax: 300 });
  await appendRange(journal, 1, 20, 3);
  const chain = new HashChain(genesisChain(VENUE));
  assert.deepEqual(await journal.chainAt(0), chain.current());
  for (let s = 1; s <= 20; s += 1) {
    chain.extend(payloadOf(s));
    assert.deepEqual(await journal.chainAt(s), chain.current(), `sequence ${s}`);
  }
  await journal.close();
});

test('reads a range, reports progress, and stops when the caller does', async () => {
  const { journal } = await openOn(new SimulatedDisk(), { segmentBytesMax: 300 });
  await appendRange(journal, 1, 20, 4);
  const progress: number[] = [];
  const sequences: number[] = [];
  const onProgress = ({ sequence }: { sequence: number }): number => progress.push(sequence);
  for await (const { sequence } of journal.read(5, { toSequence: 10, onProgress })) {
    sequences.push(sequence);
  }
  assert.deepEqual(sequences, [5, 6, 7, 8, 9, 10]);
  assert.deepEqual(progress, [8, 10]);
  for await (const { sequence } of journal.read(1)) if (sequence === 2) break;
  assert.deepEqual(await readAll(journal, 21), []);
  await journal.close();
});

test('reads a consistent prefix while appends go on', async () => {
  const { journal } = await openOn(new SimulatedDisk(), { segmentBytesMax: 600 });
  const writing = appendRange(journal, 1, 200, 5);
  let rounds = 0;
  while (journal.sequence < 200) {
    const texts = await readAll(journal);
    assert.deepEqual(texts, expectedTexts(texts.length));
    rounds += 1;
  }
  await writing;
  assert.ok(rounds > 1);
  await journal.close();
});

test('drains on close, refuses later appends, and closes once', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  const pending = [1, 2, 3].map((s) => journal.append(payloadOf(s)));
  const closed = journal.close();
  assert.equal((await faultOf(journal.append(payloadOf(4))))?.code, 'JOURNAL_CLOSED');
  await Promise.all([closed, journal.close(), ...pending]);
  assert.equal(journal.health().state, 'closed');
  assert.ok(disk.paths().every((path) => !path.endsWith('.lock')));
  const { journal: again, recovery } = await openOn(disk);
  assert.equal(recovery.closeMark, 'reached');
  assert.deepEqual(await readAll(again), expectedTexts(3));
  await again.close();
});

test('lets the opener watch the check', async () => {
  const disk = await diskWith(4, 5, { segmentBytesMax: 300 });
  const seen: number[] = [];
  const { journal } = await openOn(disk, { onProgress: ({ sequence }) => seen.push(sequence) });
  assert.deepEqual(seen, [5, 10, 15, 20]);
  await journal.close();
});

test('refuses a limit that is not a positive whole number', async () => {
  const fault = await faultOf(openOn(new SimulatedDisk(), { groupRecordsMax: 0 }));
  assert.equal(fault?.code, 'JOURNAL_UNAVAILABLE');
  assert.equal(fault?.fields['groupRecordsMax'], 0);
});

test('works on the real disk across reopening and rotation', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lawbook-journal-'));
  try {
    for (let round = 0; round < 3; round += 1) {
      const { journal } = await openOn(nodeDisk, { directory, segmentBytesMax: 2000 });
      assert.equal(journal.sequence, round * 50);
      await appendRange(journal, round * 50 + 1, round * 50 + 50, 7);
      assert.deepEqual(await readAll(journal), expectedTexts(round * 50 + 50));
      await journal.close();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('keeps its directory name for the fault when it cannot be made', async () => {
  const fault = await faultOf(openOn(nodeDisk, { directory: '/dev/null/journal' }));
  assert.equal(fault?.code, 'JOURNAL_UNAVAILABLE');
  assert.equal(fault?.fields['errno'], 'ENOTDIR');
});
