// Goal: the verifier installs alone: it runs in a browser and drags in no prover.
// Method: follows the imports of its sources; what it decides is tested beside the prover.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const SOURCES = join(import.meta.dirname, '..');
const VALUE_IMPORT = /^(?:import|export) (?!type )[^;]*?from '([^']+)'/gm;

/** Every module that a file needs at run time: paths of this package, other names as they are. */
function reach(path: string, found: Set<string>): Set<string> {
  for (const [, specifier] of readFileSync(path, 'utf8').matchAll(VALUE_IMPORT)) {
    assert.ok(specifier !== undefined);
    if (!specifier.startsWith('.')) {
      found.add(specifier);
      continue;
    }
    const target = join(dirname(path), specifier);
    const name = relative(SOURCES, target);
    if (!found.has(name)) reach(target, found.add(name));
  }
  return found;
}

test('the verifier needs nothing of Node, Noir, Barretenberg or the provers', () => {
  const found = ['evmVerifier.ts', 'verifyEpoch.ts'].flatMap((entry) => [
    ...reach(join(import.meta.dirname, entry), new Set()),
  ]);
  assert.ok(found.includes('@ethereumjs/evm'));
  assert.ok(found.includes('statements/epoch/dataVector.ts'));
  // What circuits are called and have room for is light; what they are compiled to is not.
  const heavy =
    /^(node:|@aztec|@noir-lang|solc|provers\/|barretenberg\/|generated\/|circuits\/circuit\.ts)/;
  assert.deepEqual(
    found.filter((name) => heavy.test(name)),
    [],
  );
});
