// Goal: a bug in a lane's loop ends the program with that bug, and gives the lease to others.
// Method: a child process whose store breaks once the lane has its lease, as nobody handles a bug.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const PROGRAM = `
  import { openChainEngine } from '@lawbook/chains/chainEngine';
  import { systemEnvironment } from '@lawbook/chains/environment';
  import { keySigner } from '@lawbook/chains/signers/keySigner';
  import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
  const environment = systemEnvironment();
  const store = new MemoryStore(environment.clock);
  store.list = () => { throw new TypeError('a bug'); };
  store.releaseLease = async () => console.log('released');
  const transport = { name: 'silent', request: () => new Promise(() => undefined) };
  await openChainEngine(
    {
      pool: { chainId: 1, endpoints: [{ transport, limits: 'local' }] },
      signers: [keySigner('11'.repeat(32))],
      owner: 'a-test',
    },
    { store, environment },
  );
`;

test('a bug in the loop of a lane ends the program and gives the lease back', () => {
  const parameters = ['--input-type=module', '-e', PROGRAM];
  const options = { cwd: import.meta.dirname, encoding: 'utf8', timeout: 8_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, options);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /TypeError: a bug/);
  assert.match(stdout, /released/);
});
