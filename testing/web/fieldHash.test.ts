// Goal: the hash that the page verifies with is the circuits' hash. Method: both libraries on
// messages of the lengths around a sponge's block, and on random ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import { FIELD_MODULUS } from '@lawbook/proofs/statements/fieldElement';
import fc from 'fast-check';
import { fieldHash } from '../../packages/web/src/verify/fieldHash.ts';

test('hashes as Barretenberg does', async () => {
  const theirs = await openPoseidon2();
  const element = fc.bigInt({ min: 0n, max: FIELD_MODULUS - 1n });
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 10 }), (elements) => {
      assert.equal(fieldHash(elements), theirs(elements));
    }),
    { numRuns: 50 },
  );
});
