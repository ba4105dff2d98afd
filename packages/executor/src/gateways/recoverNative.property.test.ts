// Goal: the fast recovery says exactly what the exchange's own slow recovery says.
// Method: both on good signatures, on every kind of broken one, and on random bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex, hexToBytes } from '@lawbook/exchange/codec/hex';
import { addressOfSecret, recoverSigner, signDigest } from '@lawbook/exchange/orders/signature';
import fc from 'fast-check';
import { recoverNative } from './recoverNative.ts';

const ORDER_OF_CURVE = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });
const keys = fc
  .bigInt({ min: 1n, max: ORDER_OF_CURVE - 1n })
  .map((scalar) => hexToBytes(`0x${scalar.toString(16).padStart(64, '0')}`));

/** What may happen to a signature on its way. */
const mutations: readonly [string, (signature: Uint8Array, seed: number) => Uint8Array][] = [
  ['untouched', (signature) => signature],
  ['the other parity', (signature) => withByte(signature, 64, 55 - (signature[64] as number))],
  ['v as a bare bit', (signature) => withByte(signature, 64, (signature[64] as number) - 27)],
  ['high s', (signature) => highTwin(signature)],
  ['one byte flipped', (signature, seed) => withByte(signature, seed % 64, seed % 256)],
  ['r zero', (signature) => withScalar(signature, 0, 0n)],
  ['s zero', (signature) => withScalar(signature, 32, 0n)],
  ['r at the order', (signature) => withScalar(signature, 0, ORDER_OF_CURVE)],
  ['s at half the order', (signature) => withScalar(signature, 32, ORDER_OF_CURVE >> 1n)],
  ['s above half', (signature) => withScalar(signature, 32, (ORDER_OF_CURVE >> 1n) + 1n)],
  ['too short', (signature) => signature.slice(0, 64)],
  ['too long', (signature) => Uint8Array.from([...signature, 27])],
  ['empty', () => new Uint8Array()],
];

test('agrees with the slow twin on good and broken signatures', () => {
  fc.assert(
    fc.property(
      digests,
      keys,
      fc.constantFrom(...mutations),
      fc.integer({ min: 0, max: 1 << 20 }),
      (digest, key, [name, mutate], seed) => {
        const signature = mutate(signDigest(digest, key), seed);
        const expected = recoverSigner(digest, signature);
        assert.equal(recoverNative(digest, signature), expected, name);
        if (name === 'untouched') assert.equal(expected, addressOfSecret(key));
      },
    ),
    { numRuns: 150 },
  );
});

test('agrees with the slow twin on random bytes', () => {
  fc.assert(
    fc.property(digests, fc.uint8Array({ minLength: 65, maxLength: 65 }), (digest, bytes) => {
      bytes[64] = 27 + ((bytes[64] as number) & 1);
      assert.equal(recoverNative(digest, bytes), recoverSigner(digest, bytes));
    }),
    { numRuns: 60 },
  );
});

function withByte(signature: Uint8Array, place: number, byte: number): Uint8Array {
  const changed = signature.slice();
  changed[place] = byte;
  return changed;
}

function withScalar(signature: Uint8Array, place: number, scalar: bigint): Uint8Array {
  const changed = signature.slice();
  changed.set(hexToBytes(`0x${scalar.toString(16).padStart(64, '0')}`), place);
  return changed;
}

function highTwin(signature: Uint8Array): Uint8Array {
  const s = BigInt(bytesToHex(signature.subarray(32, 64)));
  const twin = withScalar(signature, 32, ORDER_OF_CURVE - s);
  return withByte(twin, 64, 55 - (signature[64] as number));
}
