// Goal: factorisations solve what they claim, and refuse what they cannot.
// Method: random well-conditioned systems multiplied back; singular and indefinite examples.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { cholesky, factorLu, solveCholesky, solveLu } from './linearAlgebra.ts';

function multiply(a: Float64Array, x: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j += 1) sum += (a[i * n + j] as number) * (x[j] as number);
    return sum;
  });
}

test('LU with pivoting solves random systems, a zero on the diagonal among them', () => {
  const random = new SeededRandom(3);
  for (const n of [1, 2, 5, 20, 63]) {
    const a = Float64Array.from({ length: n * n }, () => random.normal());
    if (n > 1) a[0] = 0;
    const x = Float64Array.from({ length: n }, () => random.normal());
    const b = multiply(a, x, n);
    const order = new Int32Array(n);
    assert.ok(factorLu(a, order, n));
    solveLu(a, order, b);
    for (let i = 0; i < n; i += 1) {
      assert.ok(Math.abs((b[i] as number) - (x[i] as number)) < 1e-8);
    }
  }
});

test('LU refuses a singular matrix', () => {
  assert.equal(factorLu(new Float64Array([1, 2, 2, 4]), new Int32Array(2), 2), false);
});

test('Cholesky solves a definite system and refuses an indefinite one', () => {
  const matrix = new Float64Array([4, 2, 2, 3]);
  const factor = cholesky(matrix, 2);
  assert.ok(factor !== undefined);
  const b = multiply(matrix, new Float64Array([1, -2]), 2);
  solveCholesky(factor, b, 2);
  assert.ok(Math.abs((b[0] as number) - 1) < 1e-12 && Math.abs((b[1] as number) + 2) < 1e-12);
  assert.equal(cholesky(new Float64Array([1, 2, 2, 1]), 2), undefined);
});
