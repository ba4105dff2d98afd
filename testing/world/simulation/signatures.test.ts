// Goal: what is remembered of signatures is what the product says. Method: drawn digests, keys and
// spoiled signatures, each asked twice, against the product's pure-JavaScript curve.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recoverSigner, signDigest } from '@lawbook/exchange/orders/signature';
import fc from 'fast-check';
import { recoverOnce, signOnce } from './signatures.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => {
  return fc.uint8Array({ minLength: length, maxLength: length });
};

/** Below the order of the curve and not zero. */
const secretKeys = bytes(32).map((key) => Uint8Array.from(key, (byte, k) => (k === 0 ? 1 : byte)));

test('people sign as the product signs, the first time and again', () => {
  const law = fc.property(bytes(32), secretKeys, (digest, key) => {
    const expected = signDigest(digest, key);
    assert.deepEqual(signOnce(digest, key), expected);
    assert.deepEqual(signOnce(Uint8Array.from(digest), key), expected);
  });
  fc.assert(law, { numRuns: 50 });
});

test('a signer is recovered as the product recovers it, spoiled signatures too', () => {
  const spoils = fc.tuple(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 255 }));
  const law = fc.property(bytes(32), secretKeys, spoils, (digest, key, [place, byte]) => {
    const signature = signDigest(digest, key);
    const spoiled = Uint8Array.from(signature);
    spoiled[place] = byte;
    for (const each of [signature, spoiled, signature, spoiled]) {
      assert.equal(recoverOnce(digest, each), recoverSigner(digest, each));
    }
  });
  fc.assert(law, { numRuns: 50 });
});
