// Goal: columns of 64 bits are read and written by words without loss, and say where they cannot.
// Method: numbers at the ends of what a word, and a double, can hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Words } from './words.ts';

test('a column reads below 2^52 exactly, and says where it cannot', () => {
  const exact = [0n, 1n, (1n << 32n) - 1n, 1n << 32n, (1n << 52n) - 1n];
  const beyond = [1n << 52n, (1n << 53n) + 1n, (1n << 64n) - 1n];
  const words = new Words(BigUint64Array.from([...exact, ...beyond]));
  exact.forEach((units, row) => {
    assert.equal(words.get(row), Number(units));
    assert.equal(words.rounded(row), Number(units));
  });
  beyond.forEach((units, k) => {
    assert.equal(words.get(exact.length + k), -1);
    assert.equal(words.rounded(exact.length + k), Number(units));
  });
});

test('a column that is written by words holds what was written, beside what it held', () => {
  const column = BigUint64Array.from([7n, 1n << 63n, 9n]);
  const words = new Words(column.subarray(1));
  for (const units of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 52 - 1]) {
    words.set(0, units);
    assert.deepEqual([...column], [7n, BigInt(units), 9n]);
  }
});
