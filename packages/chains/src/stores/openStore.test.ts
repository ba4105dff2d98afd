// Goal: a setting opens the store that it names. Method: each kind; servers that are not there have
// to be asked for, which shows in the fault.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { freePort } from '../../../../testing/chains/servers/serverProcess.ts';
import { systemEnvironment } from '../environment.ts';
import { temporaryFolder } from './fixtures/temporaryFolder.ts';
import { openStore } from './openStore.ts';

const environment = systemEnvironment();

it('opens a store in memory and one in a folder', async () => {
  const folder = temporaryFolder();
  const settings = [
    { kind: 'memory' },
    { kind: 'lmdb', directory: join(folder.path, 'store') },
  ] as const;
  for (const setting of settings) {
    const store = await openStore(setting, environment);
    assert.equal(await store.insert([{ key: 'a', text: 'b' }]), true);
    assert.equal(await store.get('a'), 'b');
    await store.close();
  }
  folder.remove();
});

it('names the server that is not there', async () => {
  const port = await freePort();
  const settings = [
    { kind: 'postgres', url: `postgres://127.0.0.1:${port}/a`, timeoutMs: 2_000 },
    { kind: 'redis', url: `redis://127.0.0.1:${port}`, timeoutMs: 2_000 },
  ] as const;
  for (const setting of settings) {
    await assert.rejects(openStore(setting, environment), {
      code: 'CHAIN_STORE_UNAVAILABLE',
      message: new RegExp(`127.0.0.1:${port} failed: .*ECONNREFUSED`),
    });
  }
});
