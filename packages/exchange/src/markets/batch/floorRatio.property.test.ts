// Goal: FloorRatio is the bigint division or says that it cannot tell.
// Method: random ratios and whole numbers, edges of the double range among them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FloorRatio } from './floorRatio.ts';

const positive = fc.bigInt({ min: 1n, max: (1n << 120n) - 1n });

test('a floor is either exact or left to the bigint division', () => {
  fc.assert(
    fc.property(positive, positive, fc.maxSafeNat(), (numerator, denominator, x) => {
      const ratio = new FloorRatio(numerator, denominator);
      const exact = (BigInt(x) * numerator) / denominator;
      const quick = ratio.floor(x);
      assert.ok(quick === -1 || BigInt(quick) === exact);
      assert.equal(ratio.exact(BigInt(x)), exact);
    }),
    { numRuns: 20_000 },
  );
});

test('most floors of market size need no bigint', () => {
  const ratio = new FloorRatio(1_100_019_793_704n * 9_997_000n, 10n ** 19n);
  let certain = 0;
  for (let x = 1; x <= 10_000; x += 1) if (ratio.floor(x * 999_983) >= 0) certain += 1;
  assert.ok(certain > 9_900);
});

test('a ratio of zero gives zero and a whole ratio is left to the division', () => {
  assert.equal(new FloorRatio(0n, 7n).floor(12_345), 0);
  assert.equal(new FloorRatio(3n, 1n).floor(5), -1);
  assert.equal(new FloorRatio(3n, 1n).exact(5n), 15n);
});
