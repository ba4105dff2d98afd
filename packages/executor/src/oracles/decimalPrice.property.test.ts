// Goal: decimals become prices exactly. Method: printing and reading again is the identity, the
// exponent form means the same, and anything else is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRICE_MAX, PRICE_SCALE, price } from '@lawbook/exchange/numbers/price';
import fc from 'fast-check';
import { parsePriceDecimal, reciprocalPrice } from './decimalPrice.ts';

const anyPrice = fc.bigInt({ min: 1n, max: PRICE_MAX });

function print(scaled: bigint): string {
  const digits = String(scaled).padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

test('a printed price reads back as itself', () => {
  fc.assert(fc.property(anyPrice, (scaled) => parsePriceDecimal(print(scaled)) === scaled));
});

test('digits beyond 1e-12 are dropped', () => {
  fc.assert(
    fc.property(anyPrice, fc.nat(999_999), (scaled, tail) => {
      assert.equal(parsePriceDecimal(`${print(scaled)}${tail}`), scaled);
    }),
  );
});

test('the exponent form means the same number', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 9_000_000n }), (scaled) => {
      assert.equal(parsePriceDecimal(`${scaled}e-12`), scaled);
      assert.equal(parsePriceDecimal(`0.${scaled}`), parsePriceDecimal(`0.${scaled}e+0`));
    }),
  );
  assert.equal(parsePriceDecimal('6.667e-3'), 6_667_000_000n);
  assert.equal(parsePriceDecimal('1.5E2'), 150n * PRICE_SCALE);
});

test('recorded rates keep every digit', () => {
  assert.equal(parsePriceDecimal('1.1591515'), 1_159_151_500_000n);
  assert.equal(parsePriceDecimal('0.0088269044'), 8_826_904_400n);
});

test('what is not a positive decimal in range is refused', () => {
  const refused = ['', '0', '0.0', '-1', '+1', '1.', '.5', '1,5', ' 1', 'NaN', 'Infinity', '0x1'];
  const outOfRange = [
    '1e-13',
    '0.0000000000009',
    '9999999999',
    '1e99',
    '1e100',
    `1${'0'.repeat(40)}`,
  ];
  for (const text of [...refused, ...outOfRange]) {
    assert.equal(parsePriceDecimal(text), undefined, text);
  }
});

test('a reciprocal of a reciprocal is at least the original, by less than the rounding', () => {
  const middle = fc.bigInt({ min: PRICE_SCALE / 1000n, max: PRICE_SCALE * 1000n });
  fc.assert(
    fc.property(middle, (scaled) => {
      const there = reciprocalPrice(price(scaled));
      assert.ok(there !== undefined);
      const back = reciprocalPrice(there);
      assert.ok(back !== undefined && back >= scaled);
      assert.ok((back - scaled) * PRICE_SCALE * PRICE_SCALE <= scaled * scaled * scaled * 2n);
    }),
  );
  assert.equal(reciprocalPrice(price(PRICE_MAX)), 108_420n);
  assert.equal(reciprocalPrice(price(1n)), undefined);
});
