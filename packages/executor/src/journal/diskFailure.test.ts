// Goal: a disk that fails ends the journal for good, loses nothing acknowledged and says why.
// Method: a simulated disk with injected errno, and a real disk of 256 KiB that fills up.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeDisk } from './disk.ts';
import {
  appendDurably,
  appendRange,
  expectedTexts,
  faultOf,
  openOn,
  payloadOf,
  readAll,
} from './fixtures/journals.ts';
import type { DiskCall, InjectedFault } from './simulatedDisk.ts';
import { SimulatedDisk } from './simulatedDisk.ts';

/** Fails every call of one operation on segment files. */
function failing(operation: DiskCall['operation'], errno: string) {
  return (call: DiskCall): InjectedFault | undefined =>
    call.operation === operation && /\.seg(\.tmp)?$/.test(call.path) ? { errno } : undefined;
}

for (const errno of ['ENOSPC', 'EIO', 'EROFS', 'EACCES']) {
  for (const operation of ['write', 'datasync'] as const) {
    test(`ends for good when a ${operation} fails with ${errno}`, async () => {
      const disk = new SimulatedDisk();
      const { journal } = await openOn(disk);
      await appendRange(journal, 1, 5);
      disk.plan = failing(operation, errno);
      const pending = [6, 7].map((s) => faultOf(appendDurably(journal, payloadOf(s))));
      for (const fault of await Promise.all(pending)) {
        assert.equal(fault?.code, 'JOURNAL_UNAVAILABLE');
        assert.equal(fault?.fields['errno'], errno);
        assert.match(String(fault?.fields['path']), /journal-0+1\.seg$/);
      }
      disk.plan = () => undefined;
      const synced = disk.syncCount;
      assert.equal(
        (await faultOf(appendDurably(journal, payloadOf(8))))?.code,
        'JOURNAL_UNAVAILABLE',
      );
      assert.equal(disk.syncCount, synced, 'a failed sync is never tried again');
      const health = journal.health();
      assert.equal(health.state, 'failed');
      assert.equal(health.failure?.fields['errno'], errno);
      assert.equal(health.sequence, 5);
      assert.equal(health.pendingRecords, 0);
      assert.deepEqual(await readAll(journal), expectedTexts(5), 'reading goes on');
      await journal.close();
      const again = await openOn(disk);
      assert.deepEqual(await readAll(again.journal), expectedTexts(5));
      await again.journal.close();
    });
  }
}

test('rejects the groups that waited behind the one that failed', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk, { groupRecordsMax: 2 });
  disk.plan = failing('datasync', 'EIO');
  const pending = [1, 2, 3, 4, 5].map((s) => faultOf(appendDurably(journal, payloadOf(s))));
  const codes = (await Promise.all(pending)).map((fault) => fault?.code);
  assert.deepEqual(new Set(codes), new Set(['JOURNAL_UNAVAILABLE']));
  await journal.close();
});

test('leaves a partial tail for the next start when even truncating fails', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  await appendRange(journal, 1, 5);
  let writes = 0;
  disk.plan = (call) => {
    if (!call.path.includes('.seg')) return undefined;
    if (call.operation === 'truncate') return { errno: 'EIO' };
    if (call.operation !== 'write') return undefined;
    writes += 1;
    return writes === 1 ? { takeBytes: 20 } : { errno: 'ENOSPC' };
  };
  const fault = await faultOf(appendDurably(journal, payloadOf(6)));
  assert.equal(fault?.fields['errno'], 'ENOSPC');
  assert.equal(fault?.fields['tailKept'], true);
  disk.plan = () => undefined;
  const { journal: again, recovery } = await openOn(disk.copy());
  assert.equal(recovery.torn?.bytes, 20);
  assert.deepEqual(await readAll(again), expectedTexts(5));
  await again.close();
});

test('finishes a short write', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  disk.plan = ({ operation }) => (operation === 'write' ? { takeBytes: 7 } : undefined);
  await appendRange(journal, 1, 20, 5);
  disk.plan = () => undefined;
  await journal.close();
  const { journal: again } = await openOn(disk);
  assert.deepEqual(await readAll(again), expectedTexts(20));
  await again.close();
});

test('gives up on a disk that takes no bytes at all', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  disk.plan = ({ operation }) => (operation === 'write' ? { takeBytes: 0 } : undefined);
  const fault = await faultOf(appendDurably(journal, payloadOf(1)));
  assert.equal(fault?.fields['errno'], 'ENOSPC');
  await journal.close();
});

for (const operation of ['open', 'write', 'datasync', 'rename', 'syncDirectory'] as const) {
  test(`loses nothing acknowledged when ${operation} fails while a segment begins`, async () => {
    const disk = new SimulatedDisk();
    const { journal } = await openOn(disk, { segmentBytesMax: 100 });
    await appendRange(journal, 1, 3);
    disk.plan = (call) => {
      const isNext = call.path.endsWith('.tmp') || call.operation === 'syncDirectory';
      return call.operation === operation && isNext ? { errno: 'EIO' } : undefined;
    };
    let acknowledged = 3;
    while (journal.health().state === 'open' && acknowledged < 50) {
      const fault = await faultOf(appendDurably(journal, payloadOf(acknowledged + 1)));
      if (fault === undefined) acknowledged += 1;
    }
    assert.equal(journal.health().state, 'failed');
    disk.plan = () => undefined;
    await journal.close();
    for (const left of [disk.copy(), disk.crash({ keepBytes: () => 0 })]) {
      const again = await openOn(left);
      assert.deepEqual(await readAll(again.journal), expectedTexts(acknowledged));
      await again.journal.close();
    }
  });
}

test('makes durable, at the start, what an earlier process left unsynced', async () => {
  const plans: ((call: DiskCall) => boolean)[] = [
    // A whole frame that was written, never synced, and could not be taken back.
    ({ operation, path }) => path.includes('.seg') && /^(datasync|truncate)$/.test(operation),
    // A new segment whose name was never synced.
    ({ operation }) => operation === 'syncDirectory',
  ];
  for (const fails of plans) {
    const disk = new SimulatedDisk();
    const { journal } = await openOn(disk, { segmentBytesMax: 60 });
    await appendRange(journal, 1, 2);
    disk.plan = (call) => (fails(call) ? { errno: 'EIO' } : undefined);
    for (let s = 3; s < 9; s += 1) await faultOf(appendDurably(journal, payloadOf(s)));
    assert.equal(journal.health().state, 'failed');
    await journal.close();
    disk.plan = () => undefined;
    const second = await openOn(disk, { segmentBytesMax: 60 });
    const found = second.journal.sequence;
    const atOnce = await openOn(disk.crash({ keepBytes: () => 0 }));
    assert.equal(atOnce.journal.sequence, found, 'what a start reports is durable');
    await appendRange(second.journal, found + 1, found + 1);
    const third = await openOn(disk.crash({ keepBytes: () => 0 }));
    assert.deepEqual(await readAll(third.journal), expectedTexts(found + 1));
  }
});

test('refuses to start on a directory that cannot be written', async () => {
  for (const errno of ['EROFS', 'EACCES']) {
    const disk = new SimulatedDisk();
    disk.plan = ({ operation }) => (operation === 'open' ? { errno } : undefined);
    const fault = await faultOf(openOn(disk));
    assert.equal(fault?.code, 'JOURNAL_UNAVAILABLE');
    assert.equal(fault?.fields['errno'], errno);
  }
});

test('refuses to start when a stored segment cannot be read', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  await appendRange(journal, 1, 5);
  await journal.close();
  disk.plan = failing('read', 'EIO');
  const fault = await faultOf(openOn(disk));
  assert.equal(fault?.code, 'JOURNAL_UNAVAILABLE');
  assert.equal(fault?.fields['errno'], 'EIO');
  assert.ok(
    disk.paths().every((path) => !path.endsWith('.lock')),
    'the lock was given back',
  );
});

test('unlocks and reports when the close mark cannot be written', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  await appendRange(journal, 1, 2);
  disk.plan = ({ path }) => (path.includes('journal.mark') ? { errno: 'ENOSPC' } : undefined);
  assert.equal((await faultOf(journal.close()))?.fields['errno'], 'ENOSPC');
  disk.plan = () => undefined;
  const { journal: again } = await openOn(disk);
  assert.equal(again.sequence, 2);
  await again.close();
});

test('survives a simulated disk that fills up in the middle of a frame', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  await appendRange(journal, 1, 3);
  disk.capacityBytes = disk.bytesOf(disk.paths().find((p) => p.endsWith('.seg')) ?? '').length + 40;
  assert.equal((await faultOf(appendDurably(journal, payloadOf(4))))?.fields['errno'], 'ENOSPC');
  disk.capacityBytes = Number.MAX_SAFE_INTEGER;
  await journal.close();
  const { journal: again } = await openOn(disk);
  assert.deepEqual(await readAll(again), expectedTexts(3));
  await again.close();
});

test('keeps every acknowledged record of a real disk that fills up', async (t) => {
  const mountPoint = mkdtempSync(join(tmpdir(), 'lawbook-full-'));
  try {
    const size = ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mountPoint];
    execFileSync('mount', size, { stdio: 'ignore' });
  } catch {
    rmdirSync(mountPoint);
    t.skip('mounting needs privileges; run as root on Linux to include this test');
    return;
  }
  try {
    const { journal } = await openOn(nodeDisk, { directory: mountPoint });
    let acknowledged = 0;
    let fault = await faultOf(appendDurably(journal, payloadOf(1)));
    while (fault === undefined) {
      acknowledged += 1;
      const start = acknowledged + 1;
      const group = Array.from({ length: 50 }, (_, i) =>
        appendDurably(journal, payloadOf(start + i)),
      );
      fault = await faultOf(Promise.all(group));
      await Promise.allSettled(group);
      if (fault === undefined) acknowledged += 49;
    }
    assert.equal(fault.fields['errno'], 'ENOSPC');
    acknowledged = journal.sequence;
    assert.ok(acknowledged > 1000);
    await journal.close();
    const { journal: again } = await openOn(nodeDisk, { directory: mountPoint });
    assert.deepEqual(await readAll(again), expectedTexts(acknowledged));
    await faultOf(again.close());
  } finally {
    execFileSync('umount', [mountPoint]);
    rmdirSync(mountPoint);
  }
});
