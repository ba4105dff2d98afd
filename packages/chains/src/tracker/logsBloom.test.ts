// Goal: a bloom never rules out a log that it was built with, and does rule out most others.
// Method: blooms built from the definition in the yellow paper.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hex } from 'viem';
import { bytesToHex, hexToBytes, keccak256, numberToHex } from 'viem';
import { bloomCheck } from './logsBloom.ts';

const NONE: Hex = `0x${'00'.repeat(256)}`;

test('addresses and topics that are in the bloom may match', () => {
  const address = numberToHex(7, { size: 20 });
  const topic = numberToHex(9, { size: 32 });
  const bloom = bloomOf([address, topic]);
  const other = numberToHex(8, { size: 20 });
  assert.equal(bloomCheck({ address })(bloom), true);
  assert.equal(bloomCheck({ address, topics: [null, topic] })(bloom), true);
  assert.equal(bloomCheck({ address: [other, address] })(bloom), true);
  assert.equal(bloomCheck({ address: other })(bloom), false);
  assert.equal(bloomCheck({ address, topics: [numberToHex(10, { size: 32 })] })(bloom), false);
});

test('a filter for everything matches any bloom but the empty one', () => {
  assert.equal(bloomCheck({})(NONE), false);
  assert.equal(bloomCheck({ topics: [null] })(bloomOf([numberToHex(7, { size: 20 })])), true);
});

/** By the definition: for each of the first three byte pairs of the hash, its low eleven bits. */
function bloomOf(entries: readonly Hex[]): Hex {
  const bloom = hexToBytes(NONE);
  for (const entry of entries) {
    const digest = BigInt(keccak256(entry));
    for (const pair of [240n, 224n, 208n]) {
      const bit = Number((digest >> pair) & 2_047n);
      const index = 255 - (bit >> 3);
      bloom[index] = (bloom[index] ?? 0) | (1 << (bit & 7));
    }
  }
  return bytesToHex(bloom);
}
