// Goal: a venue starts beside a chain of its own contracts, and says what to do beside any other.
// Method: directories as versions leave them behind.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import { committedKey } from '@lawbook/proofs/keys/committedKey';
import { CHAIN_FILE, contractsId, expectContracts, noteContracts } from './chainContracts.ts';

const KEYS = EPOCH_SHAPES.map(({ name }) => {
  const key = committedKey(name);
  assert.ok(key !== undefined);
  return key;
});
const OURS = contractsId(KEYS);
const THEIRS = contractsId(KEYS.slice(1));

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lawbook-contracts-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

const isRefused = { code: 'SETTLEMENT_CONFIG_INVALID', message: /another --data-dir/ };

describe('the contracts of an embedded chain', () => {
  test('another verifier makes another name', () => {
    assert.notEqual(OURS, THEIRS);
    const [first, ...rest] = KEYS;
    const code = at([...(first?.verifierCreationCode ?? '')], 0) === '0' ? '1' : '0';
    const changed = { verifierCreationCode: `${code}${first?.verifierCreationCode.slice(1)}` };
    assert.notEqual(contractsId([changed, ...rest]), OURS);
  });

  test('where there is no chain yet, any version may begin one', (t) => {
    const path = directory(t);
    expectContracts(path, OURS);
    noteContracts(path, THEIRS);
    expectContracts(path, OURS);
  });

  test('a chain goes on with the contracts that it began with, and with no others', (t) => {
    const path = directory(t);
    noteContracts(path, OURS);
    writeFileSync(join(path, CHAIN_FILE), '{}');
    noteContracts(path, THEIRS);
    expectContracts(path, OURS);
    assert.throws(() => expectContracts(path, THEIRS), isRefused);
  });

  test('a chain of a version that noted nothing is refused', (t) => {
    const path = directory(t);
    writeFileSync(join(path, CHAIN_FILE), '{}');
    assert.throws(() => expectContracts(path, OURS), isRefused);
  });
});
