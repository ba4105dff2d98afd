// Goal: no encoding, hash or signature changes unnoticed: what other implementations, old journals
// and published bundles rely on stays as it is. Method: the vectors are rebuilt and compared with
// the frozen file. A wanted change is stored with `node vectors/canonicalVectors.ts --write` and is
// a new version of whatever it touches.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodeInput, encodeInput } from '@lawbook/exchange/inputs';
import type { CanonicalVector } from './canonicalVectors.ts';
import { canonicalVectors } from './canonicalVectors.ts';

const published = JSON.parse(
  readFileSync(new URL('./canonical.json', import.meta.url), 'utf8'),
) as {
  readonly vectors: readonly CanonicalVector[];
};

test('encodings, hashes and signatures are those of the frozen file', () => {
  assert.deepEqual(canonicalVectors(), published.vectors);
});

test('every frozen input reads back to the same bytes', () => {
  const inputs = published.vectors.filter(({ name }) => name.startsWith('input '));
  assert.equal(new Set(inputs.map(({ name }) => name)).size, 25);
  for (const { bytes = '' } of inputs) {
    const raw = Buffer.from(bytes.slice(2), 'hex');
    assert.equal(`0x${Buffer.from(encodeInput(decodeInput(raw))).toString('hex')}`, bytes);
  }
});
