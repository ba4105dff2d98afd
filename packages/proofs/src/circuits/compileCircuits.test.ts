// Goal: what is committed as a compiled circuit is what its sources say, under a known version.
// Method: every circuit is compiled again and compared byte for byte.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CIRCUIT_DIGESTS } from './circuitVersion.ts';
import { circuitDigest, circuitFolders, circuitText, compileCircuit } from './compileCircuits.ts';

const GENERATED = join(import.meta.dirname, '../generated');

test('every circuit compiles to the committed bytes and the digest of this version', async () => {
  const digests: Record<string, string> = {};
  for (const name of circuitFolders()) {
    const circuit = await compileCircuit(name);
    assert.equal(circuitText(circuit), readFileSync(join(GENERATED, `${name}.json`), 'utf8'));
    digests[name] = circuitDigest(circuit);
  }
  assert.deepEqual(digests, { ...CIRCUIT_DIGESTS });
});

test('nothing is committed as a circuit that has no sources', () => {
  const files = readdirSync(GENERATED).filter((file) => !file.endsWith('.key.json'));
  const committed = files.map((file) => file.replace('.json', ''));
  assert.deepEqual(committed.sort(), circuitFolders());
});
