// Goal: a signature has one form only, and recovering finds its signer or nobody, never throws.
// Method: signatures of random keys, their malleable and malformed variants, and a viem wallet.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { privateKeyToAccount } from 'viem/accounts';
import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import { accountId } from '../ledger/account.ts';
import { addressOfSecret, isSecretKey, recoverSigner, signDigest } from './signature.ts';

const KEY = new Uint8Array(32).fill(7);
const DIGEST = new Uint8Array(32).map((_, k) => k * 5);
const SIGNATURE = signDigest(DIGEST, KEY);
const ORDER_OF_CURVE = secp256k1.Point.Fn.ORDER;

/** The twin of a signature with s' = n - s and the other parity: the same signer, another form. */
function highTwin(signature: Uint8Array): Uint8Array {
  const s = BigInt(bytesToHex(signature.subarray(32, 64)));
  const twin = signature.slice();
  twin.set(hexToBytes(`0x${(ORDER_OF_CURVE - s).toString(16).padStart(64, '0')}`), 32);
  twin[64] = signature[64] === 27 ? 28 : 27;
  return twin;
}

describe('recovering', () => {
  test('finds the signer of a digest', () => {
    const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const keys = fc.bigInt({ min: 1n, max: ORDER_OF_CURVE - 1n });
    fc.assert(
      fc.property(digests, keys, (digest, scalar) => {
        const key = hexToBytes(`0x${scalar.toString(16).padStart(64, '0')}`);
        assert.equal(recoverSigner(digest, signDigest(digest, key)), addressOfSecret(key));
      }),
      { numRuns: 15 },
    );
  });

  test('finds somebody else when the digest differs', () => {
    const other = DIGEST.slice();
    other[0] = 1;
    assert.notEqual(recoverSigner(other, SIGNATURE), addressOfSecret(KEY));
  });

  test('accepts what an Ethereum wallet signs', async () => {
    const wallet = privateKeyToAccount(bytesToHex(KEY) as `0x${string}`);
    const signature = await wallet.sign({ hash: bytesToHex(DIGEST) as `0x${string}` });
    assert.equal(recoverSigner(DIGEST, hexToBytes(signature)), accountId(wallet.address));
    assert.deepEqual(hexToBytes(signature), SIGNATURE, 'both sign by RFC 6979');
  });

  test('finds nobody behind the high-s twin of a good signature', () => {
    assert.equal(recoverSigner(DIGEST, SIGNATURE), addressOfSecret(KEY));
    assert.equal(recoverSigner(DIGEST, highTwin(SIGNATURE)), undefined);
  });

  test('takes v as 27 or 28 and as nothing else', () => {
    for (const v of [0, 1, 2, 26, 29, 30, 255]) {
      const variant = SIGNATURE.slice();
      variant[64] = v;
      assert.equal(recoverSigner(DIGEST, variant), undefined, `v = ${v}`);
    }
  });

  test('finds nobody behind another length', () => {
    for (const length of [0, 1, 64, 66, 130]) {
      assert.equal(recoverSigner(DIGEST, new Uint8Array(length)), undefined, `${length} bytes`);
      const cut = new Uint8Array(length);
      cut.set(SIGNATURE.subarray(0, Math.min(length, 65)));
      assert.equal(recoverSigner(DIGEST, cut), undefined, `${length} bytes of a signature`);
    }
  });

  test('finds nobody behind zero scalars and scalars beyond the order', () => {
    const order = hexToBytes(`0x${ORDER_OF_CURVE.toString(16)}`);
    for (const start of [0, 32]) {
      for (const scalar of [new Uint8Array(32), order, new Uint8Array(32).fill(255)]) {
        const variant = SIGNATURE.slice();
        variant.set(scalar, start);
        assert.equal(recoverSigner(DIGEST, variant), undefined);
      }
    }
  });

  test('never throws on random bytes', () => {
    const bytes = fc.uint8Array({ minLength: 65, maxLength: 65 });
    fc.assert(
      fc.property(bytes, (signature) => {
        signature[64] = 27;
        recoverSigner(DIGEST, signature);
      }),
      { numRuns: 25 },
    );
  });
});

describe('secret keys', () => {
  test('are 32 bytes in hex that the curve accepts', () => {
    assert.equal(isSecretKey(bytesToHex(KEY)), true);
    assert.equal(isSecretKey(`0x${'00'.repeat(32)}`), false);
    assert.equal(isSecretKey(`0x${'ff'.repeat(32)}`), false);
    assert.equal(isSecretKey(`0x${'07'.repeat(31)}`), false);
    assert.equal(isSecretKey('07'.repeat(32)), false);
  });
});
