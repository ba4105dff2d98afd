// Goal: RocksDB answers as the store in memory does.
// Method: the same random operations on both. The engine is optional: without the package
// rocksdb-native only its absence is tested. To enable the rest, install it
// ("npm install --no-save --ignore-scripts rocksdb-native@3.18.1"), or install it elsewhere and set
// LAWBOOK_ROCKSDB_FROM to a file path beside that node_modules.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StoreUnderTest } from './fixtures/sameAnswers.ts';
import { givesTheSameAnswers } from './fixtures/sameAnswers.ts';
import { StorageFault } from './keyValueStore.ts';
import { RocksDbStore } from './rocksDbStore.ts';

const RESOLVE_FROM = process.env['LAWBOOK_ROCKSDB_FROM'] ?? import.meta.url;

function isInstalled(): boolean {
  try {
    createRequire(RESOLVE_FROM).resolve('rocksdb-native');
    return true;
  } catch {
    return false;
  }
}

async function createRocksDb(): Promise<StoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'lawbook-rocksdb-'));
  const open = (): Promise<RocksDbStore> =>
    RocksDbStore.open({ directory, resolveFrom: RESOLVE_FROM });
  const subject = {
    store: await open(),
    async reopen(): Promise<void> {
      await subject.store.close();
      subject.store = await open();
    },
    destroy: () => rm(directory, { recursive: true }),
  };
  return subject;
}

const skip = isInstalled()
  ? false
  : 'rocksdb-native is not installed; the head of this file says how to enable this test';

test('gives the same answers as the store in memory', { skip }, async () => {
  await givesTheSameAnswers(createRocksDb, 15);
});

test('refuses every call after it was closed, and closes once', { skip }, async () => {
  const { store, destroy } = await createRocksDb();
  await store.close();
  await store.close();
  await assert.rejects(store.get(Uint8Array.of(1)), StorageFault);
  await destroy();
});

test('says which package is missing and how to install it', async () => {
  const opening = RocksDbStore.open({ directory: tmpdir(), resolveFrom: '/nowhere/file.js' });
  await assert.rejects(opening, (fault) => {
    assert.ok(fault instanceof StorageFault);
    assert.equal(fault.code, 'STORAGE_BACKEND_MISSING');
    assert.match(fault.message, /npm install --ignore-scripts rocksdb-native@/);
    return true;
  });
});
