// Goal: an amount that people write is read exactly or not at all, and printed back the same.
// Method: examples at every bound, and a round trip over all amounts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AMOUNT_MAX, amount, formatDecimal, parseDecimal } from './amount.ts';

test('plain decimals are read in ledger units', () => {
  assert.equal(parseDecimal('1234.56', 6), 1_234_560_000n);
  assert.equal(parseDecimal('0', 6), 0n);
  assert.equal(parseDecimal('7', 0), 7n);
  assert.equal(parseDecimal('007.5', 1), 75n);
  assert.equal(parseDecimal('0.000001', 6), 1n);
});

test('what is no plain decimal, too fine or too large is not read', () => {
  for (const text of ['', '.5', '5.', '-1', '+1', '1e3', ' 1', '1 ', '1,5', '0x1', '١']) {
    assert.equal(parseDecimal(text, 6), undefined, text);
  }
  assert.equal(parseDecimal('0.0000001', 6), undefined);
  assert.equal(parseDecimal('1.0', 0), undefined);
  assert.equal(parseDecimal('9223372036854775807', 0), AMOUNT_MAX);
  assert.equal(parseDecimal('9223372036854775808', 0), undefined);
  assert.equal(parseDecimal('9223372036854.775808', 6), undefined);
});

test('any amount is printed and read back the same', () => {
  const units = fc.bigInt(0n, AMOUNT_MAX);
  fc.assert(
    fc.property(units, fc.integer({ min: 0, max: 9 }), (of, decimals) => {
      assert.equal(parseDecimal(formatDecimal(of, decimals), decimals), of);
    }),
  );
});

test('amounts below one and below zero keep their zeros and their sign', () => {
  assert.equal(formatDecimal(5n, 6), '0.000005');
  assert.equal(formatDecimal(-5n, 6), '-0.000005');
  assert.equal(formatDecimal(-1_500_000n, 6), '-1.500000');
  assert.equal(formatDecimal(-7n, 0), '-7');
});

test('no amount is negative or wider than 63 bits', () => {
  assert.throws(() => amount(-1n), /not negative/);
  assert.throws(() => amount(AMOUNT_MAX + 1n), /63 bits/);
  assert.equal(amount(AMOUNT_MAX), AMOUNT_MAX);
});
