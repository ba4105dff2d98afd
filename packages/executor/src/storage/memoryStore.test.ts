// Goal: the store that judges the others is right by itself.
// Method: examples small enough to check by eye.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from './fixtures/sameAnswers.ts';
import { StorageFault } from './keyValueStore.ts';
import { MemoryStore } from './memoryStore.ts';

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);

async function filled(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const keys = [bytes(0xff), bytes(1, 0xff), bytes(1), bytes(2), bytes(1, 0), bytes(0xff, 0xff)];
  for (const [index, key] of keys.entries()) await store.put(key, bytes(index));
  return store;
}

test('orders keys by unsigned bytes, a prefix before its extensions', async () => {
  const lines = await collect(await filled(), {});
  assert.deepEqual(lines, ['01=02', '0100=04', '01ff=01', '02=03', 'ff=00', 'ffff=05']);
});

test('answers prefixes, bounds, reverse order and limits', async () => {
  const store = await filled();
  assert.deepEqual(await collect(store, { prefix: bytes(1) }), ['01=02', '0100=04', '01ff=01']);
  assert.deepEqual(await collect(store, { prefix: bytes(0xff) }), ['ff=00', 'ffff=05']);
  assert.deepEqual(await collect(store, { from: bytes(1, 0), to: bytes(2) }), [
    '0100=04',
    '01ff=01',
  ]);
  assert.deepEqual(await collect(store, { reverse: true, limit: 2 }), ['ffff=05', 'ff=00']);
  assert.deepEqual(await collect(store, { from: bytes(2), to: bytes(1) }), []);
  assert.deepEqual(await collect(store, { limit: 0 }), []);
});

test('replaces, deletes and keeps what it was given apart from the caller', async () => {
  const store = new MemoryStore();
  const record = bytes(7);
  await store.put(bytes(1), record);
  record[0] = 8;
  assert.deepEqual(await store.get(bytes(1)), bytes(7));
  await store.put(bytes(1), bytes(9));
  assert.deepEqual(await store.get(bytes(1)), bytes(9));
  await store.delete(bytes(1));
  await store.delete(bytes(1));
  assert.equal(await store.get(bytes(1)), undefined);
});

test('refuses every call after it was closed', async () => {
  const store = new MemoryStore();
  await store.close();
  await assert.rejects(store.get(bytes(1)), StorageFault);
  await assert.rejects(store.put(bytes(1), bytes(1)), StorageFault);
  await assert.rejects(store.flush(), StorageFault);
});
