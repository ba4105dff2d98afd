// Goal: an append is acknowledged in order and only when durable, in bounded groups.
// Method: a simulated disk whose syncs can be held back, and the real disk for the ends.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { genesisChain } from './chain.ts';
import { nodeDisk } from './disk.ts';
import {
  appendDurably,
  appendRange,
  diskWith,
  expectedTexts,
  faultOf,
  openOn,
  payloadOf,
  readAll,
  recordOf,
  segmentPaths,
  VENUE,
} from './fixtures/journals.ts';
import type { SyncedGroup } from './journal.ts';
import { SEGMENT_HEADER_BYTES } from './segment.ts';
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

/** Links 0..last by the definition alone: every one hashes its segment from the start. */
function naiveLinks(last: number, segmentBytesMax: number): Buffer[] {
  const links: Buffer[] = [Buffer.from(genesisChain(VENUE))];
  let segment: Buffer[] = [links[0] as Buffer];
  for (let s = 1; s <= last; s += 1) {
    const record = recordOf(payloadOf(s));
    const held = Buffer.concat(segment.slice(1)).length;
    if (held > 0 && held + record.length > segmentBytesMax) segment = [links.at(-1) as Buffer];
    segment.push(record);
    links.push(hash('sha256', Buffer.concat(segment), 'buffer'));
  }
  return links;
}

test('gives contiguous sequences from 1 and reads every payload back', async () => {
  const { journal } = await openOn(new SimulatedDisk());
  const first = await appendDurably(journal, payloadOf(1));
  const second = await appendDurably(journal, payloadOf(2));
  assert.deepEqual([first.sequence, second.sequence], [1, 2]);
  assert.deepEqual(await readAll(journal), expectedTexts(2));
  await journal.close();
});

test('takes a copy, so the caller may reuse the payload at once', async () => {
  const { journal } = await openOn(new SimulatedDisk());
  const payload = payloadOf(1);
  const acknowledged = appendDurably(journal, payload);
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
  const first = appendDurably(journal, payloadOf(1)).then(note);
  await new Promise(setImmediate);
  const later = [2, 3, 4].map((s) => appendDurably(journal, payloadOf(s)).then(note));
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
  const pending = appendDurably(journal, payloadOf(4));
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
  const taken = [appendDurably(journal, payloadOf(1)), appendDurably(journal, payloadOf(2))];
  const fault = await faultOf(appendDurably(journal, payloadOf(3)));
  assert.equal(fault?.code, 'JOURNAL_BUSY');
  assert.equal(fault?.retryable, true);
  release();
  await Promise.all(taken);
  assert.equal((await appendDurably(journal, payloadOf(3))).sequence, 3);
  await journal.close();
});

test('refuses an append beyond the bound of waiting bytes', async () => {
  const { disk, hold, release } = gatedDisk();
  const { journal } = await openOn(disk, { pendingBytesMax: 100 });
  hold();
  const taken = appendDurably(journal, Buffer.alloc(90));
  assert.equal((await faultOf(appendDurably(journal, Buffer.alloc(11))))?.code, 'JOURNAL_BUSY');
  const fits = appendDurably(journal, Buffer.alloc(10));
  release();
  await Promise.all([taken, fits]);
  assert.equal(journal.health().pendingBytes, 0);
  await journal.close();
});

test('refuses a record above the size limit without giving it a sequence', async () => {
  const { journal } = await openOn(new SimulatedDisk(), { recordBytesMax: 10 });
  const fault = await faultOf(appendDurably(journal, Buffer.alloc(11)));
  assert.equal(fault?.code, 'JOURNAL_RECORD_TOO_LARGE');
  assert.equal((await appendDurably(journal, Buffer.alloc(10))).sequence, 1);
  await journal.close();
});

test('splits a burst into groups within the bounds of records and bytes', async () => {
  const byCount = await openOn(new SimulatedDisk(), { groupRecordsMax: 10 });
  await appendRange(byCount.journal, 1, 25, 25);
  assert.equal(byCount.journal.health().groups, 3);
  await byCount.journal.close();
  const byBytes = await openOn(new SimulatedDisk(), { groupBytesMax: 250 });
  const burst = [1, 2, 3, 4].map(() => appendDurably(byBytes.journal, Buffer.alloc(90)));
  await Promise.all(burst);
  assert.equal(byBytes.journal.health().groups, 2);
  await byBytes.journal.close();
});

test('holds an empty payload and one of many kilobytes', async () => {
  const disk = new SimulatedDisk();
  const large = Buffer.alloc(300_000, 7);
  const { journal } = await openOn(disk);
  await Promise.all([appendDurably(journal, Buffer.alloc(0)), appendDurably(journal, large)]);
  await journal.close();
  const { journal: again } = await openOn(disk);
  const sizes: number[] = [];
  for await (const { payload } of again.read(1)) sizes.push(payload.length);
  assert.deepEqual(sizes, [0, 300_000]);
  await again.close();
});

test('starts a new segment when the last is full and reads across them', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk, { segmentBytesMax: 70 });
  await appendRange(journal, 1, 30);
  assert.ok(segmentPaths(disk).length > 5);
  assert.deepEqual(await readAll(journal), expectedTexts(30));
  assert.deepEqual(await readAll(journal, 17), expectedTexts(30, 17));
  await journal.close();
  const { journal: again, recovery } = await openOn(disk, { segmentBytesMax: 70 });
  assert.equal(recovery.records, 30);
  assert.equal(recovery.segments, again.health().segments);
  assert.deepEqual(await readAll(again), expectedTexts(30));
  await again.close();
});

test('ends in the same link however the records were grouped', async () => {
  const links: string[] = [];
  for (const groupSize of [1, 3, 24]) {
    const disk = await diskWith(24 / groupSize, groupSize, { segmentBytesMax: 100 });
    assert.equal(segmentPaths(disk).length, 5);
    const { journal } = await openOn(disk);
    links.push(Buffer.from(journal.chain).toString('hex'));
    await journal.close();
  }
  const naive = naiveLinks(24, 100).at(-1) as Buffer;
  assert.deepEqual(new Set(links), new Set([naive.toString('hex')]));
});

test('ends in the same link when groups outgrow what is hashed at once', async () => {
  const large = (s: number): Buffer => Buffer.alloc(3000 + s * 7, s);
  const links: Uint8Array[] = [];
  for (const groupSize of [1, 7, 40]) {
    const { journal } = await openOn(new SimulatedDisk(), { segmentBytesMax: 50_000 });
    for (let start = 1; start <= 40; start += groupSize) {
      const end = Math.min(41, start + groupSize);
      const group = Array.from({ length: end - start }, (_, i) => journal.append(large(start + i)));
      await group.at(-1)?.durable;
    }
    links.push(journal.chain);
    await journal.close();
  }
  assert.deepEqual(links[1], links[0]);
  assert.deepEqual(links[2], links[0]);
});

test('shares one promise among the records of a group, and none with the next', async () => {
  const { journal } = await openOn(new SimulatedDisk(), { groupRecordsMax: 2 });
  const [a, b, c] = [1, 2, 3].map((s) => journal.append(payloadOf(s)));
  assert.equal(a?.durable, b?.durable);
  assert.notEqual(b?.durable, c?.durable);
  assert.deepEqual([a?.sequence, b?.sequence, c?.sequence], [1, 2, 3]);
  await journal.close();
});

test('tells the observer of every group, once it is durable', async () => {
  const disk = new SimulatedDisk();
  const seen: SyncedGroup[] = [];
  const { journal } = await openOn(disk, { onGroup: (group) => seen.push(group) });
  await appendRange(journal, 1, 7, 3);
  assert.deepEqual(
    seen.map(({ records }) => records),
    [3, 3, 1],
  );
  const written = disk.bytesOf(segmentPaths(disk)[0] as string).length - SEGMENT_HEADER_BYTES;
  assert.equal(
    seen.reduce((sum, { bytes }) => sum + bytes, 0),
    written,
  );
  assert.ok(seen.every(({ ms }) => ms >= 0));
  disk.plan = ({ operation }) => (operation === 'datasync' ? { errno: 'EIO' } : undefined);
  await faultOf(appendDurably(journal, payloadOf(8)));
  assert.equal(seen.length, 3, 'a group that failed is not told');
  await journal.close();
});

test('tells the link after any durable record', async () => {
  for (const segmentBytesMax of [20, 70, 10_000]) {
    const { journal } = await openOn(new SimulatedDisk(), { segmentBytesMax });
    await appendRange(journal, 1, 20, 3);
    for (const [sequence, link] of naiveLinks(20, segmentBytesMax).entries()) {
      const told = Buffer.from(await journal.chainAt(sequence));
      assert.deepEqual(told, link, `segments of ${segmentBytesMax}, sequence ${sequence}`);
    }
    await journal.close();
  }
});

test('reads a range, reports progress, and stops when the caller does', async () => {
  const { journal } = await openOn(new SimulatedDisk(), { segmentBytesMax: 70 });
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
  const { journal } = await openOn(new SimulatedDisk(), { segmentBytesMax: 100 });
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
  const pending = [1, 2, 3].map((s) => appendDurably(journal, payloadOf(s)));
  const closed = journal.close();
  assert.equal((await faultOf(appendDurably(journal, payloadOf(4))))?.code, 'JOURNAL_CLOSED');
  await Promise.all([closed, journal.close(), ...pending]);
  assert.equal(journal.health().state, 'closed');
  assert.ok(disk.paths().every((path) => !path.endsWith('.lock')));
  const { journal: again, recovery } = await openOn(disk);
  assert.equal(recovery.closeMark, 'reached');
  assert.deepEqual(await readAll(again), expectedTexts(3));
  await again.close();
});

test('lets the opener watch the check', async () => {
  const disk = await diskWith(4, 5, { segmentBytesMax: 90 });
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
      const { journal } = await openOn(nodeDisk, { directory, segmentBytesMax: 200 });
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
