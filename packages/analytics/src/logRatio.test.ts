// Goal: the written-out logarithm is one. Method: identities, and the engine's own logarithm on
// random ratios, which may differ from it in the last digits only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { logRatio } from './logRatio.ts';

test('is zero at one and odd in exchanging the sides', () => {
  assert.equal(logRatio(7n, 7n), 0);
  assert.equal(logRatio(11n, 10n), -logRatio(10n, 11n));
});

test('keeps all digits next to one', () => {
  const one = 10n ** 30n;
  assert.ok(Math.abs(logRatio(one + 1n, one) * 1e30 - 1) < 1e-15);
});

test('agrees with the logarithm of the engine', () => {
  const side = fc.bigInt({ min: 1n, max: 1n << 50n });
  fc.assert(
    fc.property(side, side, (a, b) => {
      const expected = Math.log(Number(a)) - Math.log(Number(b));
      assert.ok(Math.abs(logRatio(a, b) - expected) < 1e-13);
    }),
  );
});
