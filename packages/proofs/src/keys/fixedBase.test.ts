// Goal: the multiples that a string is made of are the right points.
// Method: scalars of every size, with digits at the edges of the windows, against noble-curves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bn254 } from '@noble/curves/bn254.js';
import { bytesToNumber, FIELD_MODULUS } from '../statements/fieldElement.ts';
import { multiplesOfGenerator, POINT_BYTES } from './fixedBase.ts';

test('agrees with noble-curves on small, large and awkward scalars', () => {
  const edges = [1n, 2n, 4095n, 4096n, 4097n, 8191n, 8192n, 1n << 247n, FIELD_MODULUS - 1n];
  const spread = Array.from({ length: 12 }, (_, k) => 5n ** BigInt(19 * (k + 1)) % FIELD_MODULUS);
  const scalars = [...edges, ...spread];
  const bytes = multiplesOfGenerator(scalars);
  scalars.forEach((scalar, k) => {
    const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
    const point = bytes.subarray(k * POINT_BYTES, (k + 1) * POINT_BYTES);
    assert.equal(bytesToNumber(point.subarray(0, 32)), x);
    assert.equal(bytesToNumber(point.subarray(32)), y);
  });
});

test('writes the same point wherever it stands among thousands', () => {
  const scalars = Array.from({ length: 2100 }, (_, k) => BigInt(k + 1));
  const bytes = multiplesOfGenerator(scalars);
  for (const k of [0, 2047, 2048, 2099]) {
    const alone = multiplesOfGenerator([BigInt(k + 1)]);
    assert.deepEqual(bytes.subarray(k * POINT_BYTES, (k + 1) * POINT_BYTES), alone);
  }
});
