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

test('LU exchanges rows for the largest pivot, however small the others are', () => {
  const solved = (rows: readonly (readonly number[])[], b: readonly number[]): number[] => {
    const n = rows.length;
    const a = Float64Array.from(rows.flat());
    const order = new Int32Array(n);
    assert.ok(factorLu(a, order, n));
    const x = Float64Array.from(b);
    solveLu(a, order, x);
    return [...x];
  };
  const turned = [
    [0, 1, 0],
    [0, 0, 1],
    [1, 0, 0],
  ];
  assert.deepEqual(solved(turned, [1, 2, 3]), [3, 1, 2]);
  // Without an exchange 1 - 1e20 would swallow the second row.
  const [x, y] = solved(
    [
      [1e-20, 1],
      [1, 1],
    ],
    [1, 2],
  );
  assert.deepEqual([x, y], [1, 1]);
  // Negative pivots are as large as positive ones.
  assert.deepEqual(
    solved(
      [
        [1, 2],
        [-4, 8],
      ],
      [5, 12],
    ),
    [1, 2],
  );
});

test('what is no number or has no pivot left is refused', () => {
  const refused = (...entries: number[]): boolean => {
    const n = Math.sqrt(entries.length);
    return !factorLu(Float64Array.from(entries), new Int32Array(n), n);
  };
  assert.ok(refused(0));
  assert.ok(refused(Number.NaN, 1, 1, Number.NaN));
  assert.ok(refused(1, 2, 3, 2, 4, 6, 4, 8, 16), 'of rank two');
  assert.ok(!refused(1, 2, 3, 2, 5, 6, 4, 8, 16));
  for (const entries of [[0], [-1], [Number.NaN], [1, 1, 1, 1], [1, 0, 0, 0]]) {
    assert.equal(cholesky(Float64Array.from(entries), Math.sqrt(entries.length)), undefined);
  }
});

test('Cholesky solves random definite systems, and its factor is lower', () => {
  const random = new SeededRandom(8);
  for (const n of [1, 2, 3, 7, 20]) {
    const b = Float64Array.from({ length: n * n }, () => random.normal());
    // B B' + I is definite whatever B.
    const a = Float64Array.from({ length: n * n }, (_, place) => {
      const [i, j] = [Math.floor(place / n), place % n];
      let sum = i === j ? 1 : 0;
      for (let k = 0; k < n; k += 1) sum += (b[i * n + k] as number) * (b[j * n + k] as number);
      return sum;
    });
    const factor = cholesky(a, n);
    assert.ok(factor !== undefined);
    factor.forEach((entry, place) => {
      if (place % n > Math.floor(place / n)) assert.equal(entry, 0);
    });
    const x = Float64Array.from({ length: n }, () => random.normal());
    const right = multiply(a, x, n);
    solveCholesky(factor, right, n);
    right.forEach((found, i) => {
      assert.ok(Math.abs(found - (x[i] as number)) < 1e-9, `${n}: ${i}`);
    });
  }
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
