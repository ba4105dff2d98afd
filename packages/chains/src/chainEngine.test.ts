// Goal: an engine that could not keep its promises is refused before anything is opened. Method:
// options that are fine but for one of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChainEngineOptions } from './chainEngine.ts';
import { openChainEngine } from './chainEngine.ts';
import { ChainFault } from './chainFault.ts';
import { systemEnvironment } from './environment.ts';
import { keySigner } from './signers/keySigner.ts';
import { MemoryStore } from './stores/memoryStore.ts';

const SIGNER = keySigner('11'.repeat(32), 'The key of a test');
const FINE: ChainEngineOptions = {
  pool: { chainId: 1, endpoints: [] },
  signers: [SIGNER],
  owner: 'a-test',
};

async function refusal(options: ChainEngineOptions): Promise<ChainFault> {
  const environment = systemEnvironment();
  const store = new MemoryStore(environment.clock);
  try {
    await openChainEngine(options, { store, environment });
  } catch (fault) {
    assert.ok(fault instanceof ChainFault);
    assert.equal(fault.code, 'CHAIN_CONFIG_INVALID');
    return fault;
  }
  assert.fail('it was opened');
}

test('a signer that is named twice is refused, however its address is written', async () => {
  const shouted = { ...SIGNER, address: SIGNER.address.toUpperCase() as typeof SIGNER.address };
  for (const twin of [SIGNER, shouted]) {
    const fault = await refusal({ ...FINE, signers: [SIGNER, twin] });
    assert.equal(fault.fields['field'], 'signers');
  }
});

test('an owner that no lease could name is refused', async () => {
  for (const owner of ['', 'a b', 'a\0b', 'é', 'x'.repeat(257), undefined, 7]) {
    const fault = await refusal({ ...FINE, owner: owner as string });
    assert.equal(fault.fields['field'], 'owner');
  }
});
