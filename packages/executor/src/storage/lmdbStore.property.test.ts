// Goal: LMDB answers as the store in memory does, and keeps what it took across processes' ends.
// Method: the same random operations on both; reopening is one of them.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StoreUnderTest } from './fixtures/sameAnswers.ts';
import { givesTheSameAnswers } from './fixtures/sameAnswers.ts';
import { StorageFault } from './keyValueStore.ts';
import { LmdbStore } from './lmdbStore.ts';

async function createLmdb(): Promise<StoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'lawbook-lmdb-'));
  const subject = {
    store: await LmdbStore.open({ directory }),
    async reopen(): Promise<void> {
      await subject.store.close();
      subject.store = await LmdbStore.open({ directory });
    },
    destroy: () => rm(directory, { recursive: true }),
  };
  return subject;
}

test('gives the same answers as the store in memory', async () => {
  await givesTheSameAnswers(createLmdb, 40);
});

test('refuses every call after it was closed, and closes once', async () => {
  const { store, destroy } = await createLmdb();
  await store.close();
  await store.close();
  await assert.rejects(store.get(Uint8Array.of(1)), StorageFault);
  await assert.rejects(store.put(Uint8Array.of(1), Uint8Array.of(1)), StorageFault);
  await destroy();
});

test('takes keys of the longest length and refuses longer and empty ones', async () => {
  const { store, destroy } = await createLmdb();
  const key = new Uint8Array(1024).fill(0xff);
  await store.put(key, Uint8Array.of(1));
  assert.deepEqual(await store.get(key), Uint8Array.of(1));
  await assert.rejects(store.put(new Uint8Array(1025), Uint8Array.of(1)));
  await assert.rejects(store.put(new Uint8Array(0), Uint8Array.of(1)));
  await store.flush();
  await store.close();
  await destroy();
});

test('names the directory that it cannot open', async () => {
  await assert.rejects(LmdbStore.open({ directory: '/dev/null/store' }), (fault) => {
    assert.ok(fault instanceof StorageFault);
    assert.equal(fault.code, 'STORAGE_UNAVAILABLE');
    assert.equal(fault.fields['path'], '/dev/null/store');
    return true;
  });
});
