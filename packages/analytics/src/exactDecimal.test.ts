// Goal: stated decimals lose nothing. Method: examples of every form, and rounding both ways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactDecimal, parseExact, product, scaledInteger } from './exactDecimal.ts';

test('reads plain decimals and exponents as the same number', () => {
  assert.deepEqual(parseExact('0.000000125'), { digits: 125n, places: 9 });
  assert.deepEqual(parseExact('1.25e-7'), { digits: 125n, places: 9 });
  assert.deepEqual(parseExact('-0.70'), { digits: -70n, places: 2 });
  assert.deepEqual(parseExact('2e3'), { digits: 2000n, places: 0 });
});

test('reads nothing else', () => {
  for (const text of ['', '.5', '1.', '+1', '1e', '0x10', '1 000', 'NaN', '1e999']) {
    assert.equal(parseExact(text), undefined, text);
  }
});

test('multiplies without rounding and rounds once, halves away from zero', () => {
  const cents = product([exactDecimal('0.05'), exactDecimal('-0.1')]);
  assert.deepEqual(cents, { digits: -5n, places: 3 });
  assert.equal(scaledInteger(cents, 100n), -1n);
  assert.equal(scaledInteger(exactDecimal('0.004999'), 100n), 0n);
  assert.equal(scaledInteger(exactDecimal('0.005'), 100n), 1n);
});
