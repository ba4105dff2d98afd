// Goal: litesvm's native library is loaded for the embedded chain only, and missed clearly.
// Method: a fresh Node imports the lane and then the chain; a loader that fails stands for absence.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ChainFault } from '../../chainFault.ts';
import { systemEnvironment } from '../../environment.ts';
import { openEmbeddedSolana } from './embeddedSolana.ts';

const PROGRAM = `
  const { createRequire } = await import('node:module');
  const isLoaded = () =>
    Object.keys(createRequire(process.cwd() + '/x.js').cache).some((path) => /litesvm/.test(path));
  await import('@lawbook/chains/solana/openSolanaLane');
  const { loadSolanaMachine } = await import('@lawbook/chains/solana/embedded/solanaMachine');
  const before = isLoaded();
  await loadSolanaMachine();
  console.log(JSON.stringify([before, isLoaded()]));
`;

test('loads the native library only once the embedded chain is opened', async () => {
  const argv = ['--input-type=module', '--eval', PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, argv, {
    cwd: import.meta.dirname,
  });
  assert.deepEqual(JSON.parse(stdout), [false, true]);
});

test('says what is missing where the library is not installed', async () => {
  const load = (): Promise<never> => {
    return Promise.reject(new Error("Cannot find module 'litesvm-linux-x64-gnu'"));
  };
  await assert.rejects(openEmbeddedSolana({ load }, systemEnvironment()), (fault) => {
    assert.ok(fault instanceof ChainFault && fault.code === 'CHAIN_PROCESS_FAILED');
    return fault.message.includes('litesvm') && fault.message.includes('npm install');
  });
});
