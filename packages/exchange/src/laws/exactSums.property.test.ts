// Goal: sums of amounts are exact at any size, whatever words they are kept in. Method: random
// additions around the edges of 63 and 64 bits, beside plain sums of bigints.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExactSums } from './exactSums.ts';

const SLOTS = 3;
const EDGES = [0n, 1n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

const additions = fc.array(
  fc.tuple(
    fc.nat(SLOTS - 1),
    fc.oneof(fc.constantFrom(...EDGES), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  ),
  { maxLength: 12 },
);

test('sums by slot what was added to it, and lists the slots that hold something', () => {
  fc.assert(
    fc.property(additions, (added) => {
      const sums = new ExactSums(SLOTS);
      const plain = Array.from({ length: SLOTS }, () => 0n);
      for (const [slot, units] of added) {
        sums.add(slot, units);
        plain[slot] = (plain[slot] as bigint) + units;
      }
      assert.deepEqual(
        plain.map((_, slot) => sums.at(slot)),
        plain,
      );
      const used = plain.flatMap((sum, slot) => (sum === 0n ? [] : [slot]));
      assert.deepEqual(sums.used(), used);
    }),
  );
});
