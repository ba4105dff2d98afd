// Goal: a file that the engine would crash on is told from a store before the engine sees it.
// Method: real stores written by the engine, then damaged byte by byte and cut off.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StorageFault } from './keyValueStore.ts';
import { storeFileFlaw } from './lmdbFile.ts';
import { LmdbStore } from './lmdbStore.ts';

async function inFolder(body: (directory: string, path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lawbook-lmdb-file-'));
  await body(directory, join(directory, 'data.mdb')).finally(() => {
    return rm(directory, { recursive: true });
  });
}

/** The bytes of a store that was written in many commits. */
async function storeBytes(directory: string, path: string): Promise<Buffer> {
  const store = await LmdbStore.open({ directory });
  for (let i = 0; i < 50; i += 1)
    await store.put(Uint8Array.of(1, i), new Uint8Array(2000).fill(i));
  await store.close();
  return await readFile(path);
}

test('finds nothing wrong with stores of the engine nor with an absent or empty file', async () => {
  await inFolder(async (directory, path) => {
    assert.equal(storeFileFlaw(path), undefined);
    await writeFile(path, '');
    assert.equal(storeFileFlaw(path), undefined);
    await rm(path);
    const created = await LmdbStore.open({ directory });
    assert.equal(storeFileFlaw(path), undefined, 'a store without entries');
    await created.close();
    await storeBytes(directory, path);
    assert.equal(storeFileFlaw(path), undefined, 'a store with entries');
  });
});

test('knows noise, other versions, damaged heads and files that were cut off', async () => {
  await inFolder(async (directory, path) => {
    const sound = await storeBytes(directory, path);
    const changed = (offset: number, byte: number): Buffer => {
      const copy = Buffer.from(sound);
      copy[offset] = byte;
      return copy;
    };
    const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
      ['a word', Buffer.from('garbage'), /does not begin/],
      ['noise', Buffer.alloc(100_000, 7), /does not begin/],
      ['zeros', Buffer.alloc(8192), /does not begin/],
      ['another magic number', changed(24, 0), /does not begin/],
      ['another version', changed(28, 9), /version 9/],
      ['another kind of page', changed(18, 0), /damaged/],
      ['an impossible page size', changed(48, 3), /damaged/],
      ['half a head', sound.subarray(0, 30), /does not begin/],
      ['one head', sound.subarray(0, 4096), /cut off/],
      ['heads without pages', sound.subarray(0, 8192), /cut off/],
    ];
    for (const [name, bytes, flaw] of cases) {
      await writeFile(path, bytes);
      assert.match(storeFileFlaw(path) ?? 'nothing', flaw, name);
    }
  });
});

test('a store refuses such a file and says that its folder can be deleted', async () => {
  await inFolder(async (directory, path) => {
    await writeFile(path, Buffer.alloc(100_000, 7));
    await assert.rejects(LmdbStore.open({ directory }), (fault) => {
      assert.ok(fault instanceof StorageFault);
      assert.equal(fault.code, 'STORAGE_UNAVAILABLE');
      assert.equal(fault.fields['path'], path);
      assert.match(fault.message, /not an LMDB store.*Delete its folder.*rebuilt from the journal/);
      return true;
    });
    await rm(path);
    await (await LmdbStore.open({ directory })).close();
  });
});
