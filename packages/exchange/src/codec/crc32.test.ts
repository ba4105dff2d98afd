// Goal: the checksum is the one that everybody computes. Method: the published check value, and
// zlib's on random bytes cut in two at random.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { crc32 } from './crc32.ts';

test('gives the published check value', () => {
  assert.equal(crc32(new TextEncoder().encode('123456789'), 0, 9, 0), 0xcbf43926);
});

test('agrees with zlib on any bytes, at once and in two pieces', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
      const middle = Math.min(cut, bytes.length);
      const first = crc32(bytes, 0, middle, 0);
      assert.equal(crc32(bytes, middle, bytes.length, first), zlibCrc32(bytes));
    }),
  );
});
