// Goal: one journal has one writer, and the lock of a dead process hinders nobody.
// Method: lock files of live, dead, zombie and reincarnated processes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { DIRECTORY, faultOf, openOn } from './fixtures/journals.ts';
import { acquireLock, isProcessAlive, lockName, ownIdentity } from './lock.ts';

const ALL_ALIVE = { own: ownIdentity, isAlive: () => true };

import { SimulatedDisk } from './simulatedDisk.ts';

test('refuses a second writer in the same process until the first closes', async () => {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  const fault = await faultOf(openOn(disk));
  assert.equal(fault?.code, 'JOURNAL_LOCKED');
  assert.equal(fault?.fields['pid'], process.pid);
  await journal.close();
  const { journal: again } = await openOn(disk);
  await again.close();
});

test('refuses while another live process holds the lock, and leaves that lock alone', async () => {
  const disk = new SimulatedDisk();
  const holder = lockName({ ...ownIdentity(), pid: process.ppid, startTicks: '1' });
  disk.plant(join(DIRECTORY, holder), Buffer.alloc(0));
  const fault = await faultOf(acquireLock(disk, DIRECTORY, ALL_ALIVE));
  assert.equal(fault?.code, 'JOURNAL_LOCKED');
  assert.deepEqual(disk.paths(), [join(DIRECTORY, holder)]);
});

test('takes over the lock of a dead process and says so', async () => {
  const disk = new SimulatedDisk();
  const holder = lockName({ ...ownIdentity(), startTicks: '1' });
  disk.plant(join(DIRECTORY, holder), Buffer.alloc(0));
  const { journal, recovery } = await openOn(disk);
  assert.deepEqual(recovery.staleLocksRemoved, [holder]);
  await journal.close();
});

test('never lets two that start together both go on', async () => {
  // Both create before they look; the plan holds neither back, so the calls interleave.
  const disk = new SimulatedDisk();
  const other = lockName({ ...ownIdentity(), startTicks: '7' });
  disk.plan = ({ operation, path }) => {
    if (operation === 'list' && path === DIRECTORY) disk.plant(join(path, other), Buffer.alloc(0));
    return undefined;
  };
  assert.equal((await faultOf(acquireLock(disk, DIRECTORY, ALL_ALIVE)))?.code, 'JOURNAL_LOCKED');
});

test('knows a live process from a dead one, a reused pid and an earlier boot', async () => {
  const own = ownIdentity();
  assert.equal(isProcessAlive(own), true);
  assert.equal(isProcessAlive({ ...own, bootId: 'ffffffff' }), false);
  if (own.startTicks !== '0') assert.equal(isProcessAlive({ ...own, startTicks: '1' }), false);
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  assert.equal(isProcessAlive({ ...own, pid: child.pid as number, startTicks: '1' }), false);
});
