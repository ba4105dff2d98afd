// Goal: fees round up, prices round down, and together they never exceed the cap.
// Method: random caps, limits and prices.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { priceWithin, SIGNATURE_FEE, solanaFee, UNIT_LIMIT_MAX } from './solanaFee.ts';

const unitLimit = fc.integer({ min: 1, max: UNIT_LIMIT_MAX });
const feeCap = fc.bigInt({ min: SIGNATURE_FEE, max: 10n ** 15n });

test('the dearest price within a cap keeps the fee within it, and the next one does not', () => {
  fc.assert(
    fc.property(unitLimit, feeCap, (units, cap) => {
      const terms = { signatures: 1, unitLimit: units };
      const unitPrice = priceWithin(cap, terms);
      assert.ok(solanaFee({ ...terms, unitPrice }) <= cap);
      assert.ok(solanaFee({ ...terms, unitPrice: unitPrice + 1n }) > cap);
    }),
  );
});

test('a part of a lamport is paid in full', () => {
  assert.equal(solanaFee({ signatures: 1, unitLimit: 1, unitPrice: 1n }), 5_001n);
  assert.equal(solanaFee({ signatures: 2, unitLimit: 200_000, unitPrice: 0n }), 10_000n);
  assert.equal(solanaFee({ signatures: 1, unitLimit: 200_000, unitPrice: 5n }), 5_001n);
});

test('a cap below the base fee affords no price', () => {
  assert.equal(priceWithin(SIGNATURE_FEE - 1n, { signatures: 1, unitLimit: 1_000 }), 0n);
});
