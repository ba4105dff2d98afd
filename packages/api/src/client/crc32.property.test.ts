// Goal: the client's checksum is that of zlib, so that every language can verify a feed.
// Method: random texts in random pieces against Node's zlib.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { crc32 } from './crc32.ts';

test('agrees with zlib on every text, taken at once or in pieces', () => {
  const pieces = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 });
  fc.assert(
    fc.property(pieces, (texts) => {
      let [own, zlib] = [0, 0];
      for (const text of texts) {
        own = crc32(text, own);
        zlib = zlibCrc32(text, zlib);
      }
      assert.equal(own, zlib);
      assert.equal(own, crc32(texts.join(''), 0));
    }),
  );
});

test('the check value of the algorithm', () => {
  assert.equal(crc32('123456789', 0), 0xcbf43926);
});
