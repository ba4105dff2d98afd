// Goal: the newest snapshot that the journal confirms is loaded, and none that it does not.
// Method: a simulated disk, damaged byte by byte, and disks that fail while a snapshot is written.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { appendRange, faultOf, openOn } from './fixtures/journals.ts';
import type { Journal } from './journal.ts';
import { SimulatedDisk } from './simulatedDisk.ts';
import { SnapshotStore, snapshotName } from './snapshots.ts';

const DIRECTORY = '/venue/snapshots';

async function setUp(): Promise<{ disk: SimulatedDisk; journal: Journal; store: SnapshotStore }> {
  const disk = new SimulatedDisk();
  const { journal } = await openOn(disk);
  await appendRange(journal, 1, 40, 4);
  return { disk, journal, store: new SnapshotStore({ directory: DIRECTORY, disk }) };
}

async function saveAt(journal: Journal, store: SnapshotStore, sequence: number): Promise<string> {
  const chain = await journal.chainAt(sequence);
  return store.save({ sequence, chain, state: Buffer.from(`state at ${sequence}`) });
}

function stateOf(loaded: Awaited<ReturnType<SnapshotStore['loadLatest']>>): string | undefined {
  return loaded.snapshot && Buffer.from(loaded.snapshot.state).toString();
}

test('loads the newest snapshot and keeps the last three', async () => {
  const { disk, journal, store } = await setUp();
  for (const sequence of [3, 10, 11, 25, 40]) await saveAt(journal, store, sequence);
  const loaded = await store.loadLatest(journal);
  assert.equal(loaded.snapshot?.sequence, 40);
  assert.equal(stateOf(loaded), 'state at 40');
  assert.deepEqual(await disk.list(DIRECTORY), [11, 25, 40].map(snapshotName));
});

test('finds nothing in a directory that is empty or missing', async () => {
  const { journal } = await setUp();
  const store = new SnapshotStore({ directory: '/nowhere/at/all' });
  assert.deepEqual(await store.loadLatest(journal), { skipped: [] });
});

test('passes over a snapshot with any byte flipped or cut, and reports it', async () => {
  const { disk, journal, store } = await setUp();
  await saveAt(journal, store, 7);
  const path = await saveAt(journal, store, 9);
  const whole = Buffer.from(disk.bytesOf(path));
  for (let at = 0; at < whole.length; at += 1) {
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
    for (const bytes of [flipped, Buffer.from(whole.subarray(0, at))]) {
      disk.plant(path, bytes);
      const loaded = await store.loadLatest(journal);
      assert.equal(stateOf(loaded), 'state at 7', `byte ${at}`);
      assert.equal(loaded.skipped[0]?.path, path);
    }
  }
});

test('passes over a snapshot beyond the journal or of another history', async () => {
  const { journal, store } = await setUp();
  await saveAt(journal, store, 5);
  const state = Buffer.from('unconfirmed');
  await store.save({ sequence: 20, chain: new Uint8Array(32), state });
  await store.save({ sequence: 41, chain: new Uint8Array(32), state });
  const loaded = await store.loadLatest(journal);
  assert.equal(stateOf(loaded), 'state at 5');
  assert.match(loaded.skipped[0]?.reason ?? '', /beyond the journal, which ends at sequence 40/);
  assert.match(loaded.skipped[1]?.reason ?? '', /link differs/);
});

test('passes over a snapshot under the name of another sequence', async () => {
  const { disk, journal, store } = await setUp();
  const path = await saveAt(journal, store, 5);
  disk.plant(join(DIRECTORY, snapshotName(30)), Buffer.from(disk.bytesOf(path)));
  const loaded = await store.loadLatest(journal);
  assert.equal(stateOf(loaded), 'state at 5');
  assert.match(loaded.skipped[0]?.reason ?? '', /names sequence 5/);
});

for (const operation of ['open', 'write', 'datasync', 'rename'] as const) {
  test(`keeps the older snapshot when ${operation} fails with ENOSPC`, async () => {
    const { disk, journal, store } = await setUp();
    await saveAt(journal, store, 5);
    disk.plan = (call) =>
      call.operation === operation && call.path.endsWith('.tmp') ? { errno: 'ENOSPC' } : undefined;
    const fault = await faultOf(saveAt(journal, store, 9));
    assert.equal(fault?.code, 'SNAPSHOT_UNAVAILABLE');
    assert.equal(fault?.fields['errno'], 'ENOSPC');
    disk.plan = () => undefined;
    assert.equal(stateOf(await store.loadLatest(journal)), 'state at 5');
    await saveAt(journal, store, 9);
    assert.equal(stateOf(await store.loadLatest(journal)), 'state at 9');
    assert.ok((await disk.list(DIRECTORY)).every((name) => name.endsWith('.snap')));
  });
}

test('has a whole snapshot or none after a loss of power at any call', async () => {
  for (let crashAt = 0; crashAt < 12; crashAt += 1) {
    const { disk, journal, store } = await setUp();
    await saveAt(journal, store, 5);
    const chain = await journal.chainAt(9);
    let calls = 0;
    let left: SimulatedDisk | undefined;
    disk.plan = () => {
      if (calls === crashAt) left = disk.crash({ keepBytes: (n) => n >> 1 });
      calls += 1;
      return undefined;
    };
    await store.save({ sequence: 9, chain, state: Buffer.from('state at 9') });
    disk.plan = () => undefined;
    if (left === undefined) continue;
    const loaded = await new SnapshotStore({ directory: DIRECTORY, disk: left }).loadLatest(
      journal,
    );
    assert.match(stateOf(loaded) ?? '', /^state at [59]$/, `crash at call ${crashAt}`);
    assert.deepEqual(loaded.skipped, []);
  }
});
