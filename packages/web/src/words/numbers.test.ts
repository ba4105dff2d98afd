// Goal: figures on the page never look larger than they are and never lose a digit unseen.
// Method: examples around grouping, signs and cuts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bpsText, bytesText, grouped, plainDecimal, rateText, shortText } from './numbers.ts';

const THIN = '\u202f';

test('groups thousands and keeps every digit unless asked to cut', () => {
  assert.equal(grouped('1234567.891'), `1${THIN}234${THIN}567.891`);
  assert.equal(grouped('999'), '999');
  assert.equal(grouped('-1000'), `\u22121${THIN}000`);
});

test('cuts and never rounds up', () => {
  assert.equal(grouped('0.999999', 2), '0.99');
  assert.equal(grouped('12.5', 4), '12.5000');
  assert.equal(grouped('12.5', 0), '12');
});

test('takes back what it printed', () => {
  assert.equal(plainDecimal(grouped('1234567.89')), '1234567.89');
});

test('prints rates with six significant digits', () => {
  assert.equal(rateText(1.1001234), '1.10012');
  assert.equal(rateText(0.006667123), '0.00666712');
  assert.equal(rateText(149.97712), '149.977');
  assert.equal(rateText(Number.NaN), '–');
});

test('prints basis points without a negative zero', () => {
  assert.equal(bpsText(0.0003), '3.00');
  assert.equal(bpsText(-0.0000000001), '0.00');
  assert.equal(bpsText(-0.00012), '\u22121.20');
});

test('shortens large sums with their unit', () => {
  assert.equal(shortText(1_240_000), '1.24 m');
  assert.equal(shortText(-15_000), '\u221215.0 k');
  assert.equal(bytesText(7_712), '7.7 kB');
});
