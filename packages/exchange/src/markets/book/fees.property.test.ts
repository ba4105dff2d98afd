// Goal: a fee in doubles is the fee in whole numbers, rounded up, wherever the amount stands.
// Method: random amounts and rates, and those at the edges of 2^53 and of whole millions, against
// the same division in bigints.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { feeOf } from './fees.ts';

/** Rounded up, also where it is negative. */
function feeInWhole(units: bigint, ppm: bigint): bigint {
  const product = units * ppm;
  const quotient = product / 1_000_000n;
  return product > 0n && product % 1_000_000n !== 0n ? quotient + 1n : quotient;
}

function assertExact(units: number, ppm: number): void {
  const fee = feeOf(units, ppm);
  assert.equal(BigInt(fee), feeInWhole(BigInt(units), BigInt(ppm)), `${units} at ${ppm}`);
  assert.ok(!Object.is(fee, -0), `${units} at ${ppm} is no negative zero`);
}

test('a fee is the product divided by a million, rounded up', () => {
  const units = fc.oneof(
    fc.nat(2_000_000),
    fc.maxSafeNat(),
    fc.integer({ min: 1, max: 9_007_199_254 }).map((millions) => millions * 1_000_000),
    fc.integer({ min: 1, max: 9_007_199_254 }).map((millions) => millions * 1_000_000 - 1),
  );
  const ppm = fc.integer({ min: -1_000_000, max: 1_000_000 });
  fc.assert(
    fc.property(units, ppm, (amount, rate) => assertExact(amount, rate)),
    { numRuns: 20_000 },
  );
});

test('the largest amounts keep their last unit at every rate', () => {
  for (let below = 0; below < 40; below += 1) {
    const units = Number.MAX_SAFE_INTEGER - below;
    for (const ppm of [-1_000_000, -999_999, -100, -1, 0, 1, 3, 400, 999_999, 1_000_000]) {
      assertExact(units, ppm);
    }
  }
});

test('products on both sides of 2^53 meet without a step', () => {
  for (const ppm of [1, 7, 400, 455, 99_999]) {
    const edge = Math.floor(2 ** 53 / ppm);
    for (let units = edge - 20; units <= Math.min(edge + 20, 2 ** 53 - 1); units += 1) {
      assertExact(units, ppm);
      assertExact(units, -ppm);
    }
  }
});
