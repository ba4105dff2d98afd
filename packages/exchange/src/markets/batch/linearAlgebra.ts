/**
 * Dense linear algebra for at most 64 unknowns, row-major in Float64Array.
 *
 * Only + - * / and square root, in a fixed order: IEEE 754 fixes their results, so every engine
 * computes the same digits.
 */

/**
 * Factors A into L U in place with partial pivoting; `order[k]` is the row exchanged into place k.
 *
 * @returns false when A is singular to working precision.
 */
export function factorLu(a: Float64Array, order: Int32Array, n: number): boolean {
  for (let column = 0; column < n; column += 1) {
    const best = pivotRow(a, column, n);
    order[column] = best;
    if (!(Math.abs(a[best * n + column] as number) > 0)) return false;
    if (best !== column) exchangeRows(a, { first: best, second: column, n });
    const source = column * n;
    const inverse = 1 / (a[source + column] as number);
    for (let row = column + 1; row < n; row += 1) {
      const target = row * n;
      if (a[target + column] === 0) continue;
      const factor = (a[target + column] as number) * inverse;
      a[target + column] = factor;
      for (let k = column + 1; k < n; k += 1) {
        a[target + k] = (a[target + k] as number) - factor * (a[source + k] as number);
      }
    }
  }
  return true;
}

/** Solves A x = b for a matrix factored by `factorLu`; b becomes x. */
export function solveLu(a: Float64Array, order: Int32Array, b: Float64Array): void {
  const n = order.length;
  for (let row = 0; row < n; row += 1) {
    const from = order[row] as number;
    const kept = b[from] as number;
    b[from] = b[row] as number;
    b[row] = kept;
  }
  for (let row = 1; row < n; row += 1) {
    let sum = b[row] as number;
    for (let k = 0; k < row; k += 1) sum -= (a[row * n + k] as number) * (b[k] as number);
    b[row] = sum;
  }
  for (let row = n - 1; row >= 0; row -= 1) {
    let sum = b[row] as number;
    for (let k = row + 1; k < n; k += 1) sum -= (a[row * n + k] as number) * (b[k] as number);
    b[row] = sum / (a[row * n + row] as number);
  }
}

function pivotRow(a: Float64Array, column: number, n: number): number {
  let best = column;
  let size = Math.abs(a[column * n + column] as number);
  for (let row = column + 1; row < n; row += 1) {
    const candidate = Math.abs(a[row * n + column] as number);
    if (candidate > size) {
      size = candidate;
      best = row;
    }
  }
  return best;
}

function exchangeRows(
  a: Float64Array,
  rows: { readonly first: number; readonly second: number; readonly n: number },
): void {
  const { first, second, n } = rows;
  for (let k = 0; k < n; k += 1) {
    const kept = a[first * n + k] as number;
    a[first * n + k] = a[second * n + k] as number;
    a[second * n + k] = kept;
  }
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
