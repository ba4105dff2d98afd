/**
 * Dense linear algebra for at most 64 unknowns, row-major in Float64Array.
 *
 * Only + - * / and square root, in a fixed order: IEEE 754 fixes their results, so every engine
 * computes the same digits.
 */

/** Solves A x = b in place by LU with partial pivoting: A is destroyed, b becomes x. */
export function solveLinear(a: Float64Array, b: Float64Array, n: number): boolean {
  for (let column = 0; column < n; column += 1) {
    if (!pivot(a, b, { column, n })) return false;
    const inverse = 1 / (a[column * n + column] as number);
    for (let row = column + 1; row < n; row += 1) {
      const factor = (a[row * n + column] as number) * inverse;
      if (factor === 0) continue;
      const target = row * n;
      const source = column * n;
      for (let k = column + 1; k < n; k += 1) {
        a[target + k] = (a[target + k] as number) - factor * (a[source + k] as number);
      }
      b[row] = (b[row] as number) - factor * (b[column] as number);
    }
  }
  for (let row = n - 1; row >= 0; row -= 1) {
    let sum = b[row] as number;
    for (let k = row + 1; k < n; k += 1) sum -= (a[row * n + k] as number) * (b[k] as number);
    b[row] = sum / (a[row * n + row] as number);
  }
  return true;
}

function pivot(
  a: Float64Array,
  b: Float64Array,
  at: { readonly column: number; readonly n: number },
): boolean {
  const { column, n } = at;
  let best = column;
  let size = Math.abs(a[column * n + column] as number);
  for (let row = column + 1; row < n; row += 1) {
    const candidate = Math.abs(a[row * n + column] as number);
    if (candidate > size) {
      size = candidate;
      best = row;
    }
  }
  if (!(size > 0)) return false;
  if (best === column) return true;
  for (let k = column; k < n; k += 1) {
    const kept = a[column * n + k] as number;
    a[column * n + k] = a[best * n + k] as number;
    a[best * n + k] = kept;
  }
  const kept = b[column] as number;
  b[column] = b[best] as number;
  b[best] = kept;
  return true;
}

/** The lower Cholesky factor of a symmetric positive definite matrix, or undefined. */
export function cholesky(matrix: Float64Array, n: number): Float64Array | undefined {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i * n + j] as number;
      for (let k = 0; k < j; k += 1) {
        sum -= (lower[i * n + k] as number) * (lower[j * n + k] as number);
      }
      if (i === j) {
        if (!(sum > 0)) return undefined;
        lower[i * n + i] = Math.sqrt(sum);
      } else {
        lower[i * n + j] = sum / (lower[j * n + j] as number);
      }
    }
  }
  return lower;
}

/** Solves L L' x = b for the Cholesky factor L; b becomes x. */
export function solveCholesky(lower: Float64Array, b: Float64Array, n: number): void {
  for (let i = 0; i < n; i += 1) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k += 1) sum -= (lower[i * n + k] as number) * (b[k] as number);
    b[i] = sum / (lower[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = b[i] as number;
    for (let k = i + 1; k < n; k += 1) sum -= (lower[k * n + i] as number) * (b[k] as number);
    b[i] = sum / (lower[i * n + i] as number);
  }
}
