/**
 * Many multiples of the generator of the first group of BN254, in affine coordinates.
 *
 * Fixed-base windows: for every 13 bits of a scalar a table holds all multiples of the window's
 * base, so that a multiple is a sum of twenty entries. Sums are taken for a whole batch at a time,
 * which shares one inversion between all additions of a step. Nothing here hides its scalars from
 * an observer: they are public.
 */
import { at, invariant } from '@lawbook/exchange/failures/invariant';

/** The modulus of the coordinates. */
const P = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const WINDOW_BITS = 13;
const WINDOWS = 20;
const HALF = 1 << (WINDOW_BITS - 1);
/** Points summed at once; one inversion costs about as much as a hundred multiplications. */
const BATCH_POINTS = 2048;
/** Bytes of one point: both coordinates, big endian. */
export const POINT_BYTES = 64;

/**
 * Writes the points scalar * G, `POINT_BYTES` each, in order.
 * Scalars lie in 1..r-1 with r the order of the group. About 40 us per point.
 */
export function multiplesOfGenerator(scalars: readonly bigint[]): Uint8Array {
  const tables = windowTables();
  const bytes = new Uint8Array(scalars.length * POINT_BYTES);
  for (let from = 0; from < scalars.length; from += BATCH_POINTS) {
    const batch = scalars.slice(from, from + BATCH_POINTS);
    const sums = sumWindows(batch.map(signedDigits), tables);
    for (let k = 0; k < batch.length; k += 1) {
      writeField(bytes, (from + k) * POINT_BYTES, at(sums.x, k));
      writeField(bytes, (from + k) * POINT_BYTES + 32, at(sums.y, k));
    }
  }
  return bytes;
}

/** Affine points by columns. Coordinates are residues of either sign, smaller than P in size. */
interface Points {
  readonly x: bigint[];
  readonly y: bigint[];
}

/** tables[w] holds d * 2^(13 w) * G for d = 1..4096, at index d - 1. */
let cachedTables: readonly Points[] | undefined;

function windowTables(): readonly Points[] {
  if (cachedTables !== undefined) return cachedTables;
  const tables: Points[] = [];
  let base: readonly [bigint, bigint] = [1n, 2n];
  for (let w = 0; w < WINDOWS; w += 1) {
    const table: Points = { x: [base[0]], y: [base[1]] };
    while (table.x.length < HALF) doubleTable(table);
    tables.push(table);
    // 2^13 times the base is twice the last entry.
    const [x, y] = [at(table.x, HALF - 1), at(table.y, HALF - 1)];
    base = joined({ x, y, slope: modulo(3n * x * x * inverse(2n * y)), otherX: x });
  }
  cachedTables = tables;
  return tables;
}

/** Extends the multiples 1..m to 1..2m by adding the m-th to each. */
function doubleTable(table: Points): void {
  const m = table.x.length;
  const [x, y] = [at(table.x, m - 1), at(table.y, m - 1)];
  const runs = table.x.map((other, j) => (j === m - 1 ? 2n * y : x - other));
  const inverses = inverseAll(runs);
  for (let j = 0; j < m; j += 1) {
    const rise = j === m - 1 ? 3n * x * x : y - at(table.y, j);
    const slope = (rise * at(inverses, j)) % P;
    const [sumX, sumY] = joined({ x, y, slope, otherX: at(table.x, j) });
    table.x.push(sumX);
    table.y.push(sumY);
  }
}

/** The sum of two points on a line of known slope. */
function joined(line: {
  readonly x: bigint;
  readonly y: bigint;
  readonly slope: bigint;
  readonly otherX: bigint;
}): readonly [bigint, bigint] {
  const x = (line.slope * line.slope - line.x - line.otherX) % P;
  return [x, (line.slope * (line.x - x) - line.y) % P];
}

/** Digits of -4096..4096 by window: sum of digit[w] * 2^(13 w). */
function signedDigits(scalar: bigint): Int16Array {
  const digits = new Int16Array(WINDOWS);
  let rest = scalar;
  for (let w = 0; w < WINDOWS; w += 1) {
    let digit = Number(rest & BigInt(2 * HALF - 1));
    rest >>= BigInt(WINDOW_BITS);
    if (digit > HALF) {
      digit -= 2 * HALF;
      rest += 1n;
    }
    digits[w] = digit;
  }
  invariant(rest === 0n, 'a scalar is below 2^254');
  return digits;
}

/** Adds up one table entry per window and scalar, window by window for the whole batch. */
function sumWindows(digits: readonly Int16Array[], tables: readonly Points[]): Points {
  const x = new Array<bigint>(digits.length).fill(0n);
  const y = new Array<bigint>(digits.length).fill(0n);
  const started = new Uint8Array(digits.length);
  tables.forEach((table, w) => {
    const rows: number[] = [];
    const addX: bigint[] = [];
    const addY: bigint[] = [];
    digits.forEach((windows, k) => {
      const digit = windows[w] as number;
      if (digit === 0) return;
      const entry = Math.abs(digit) - 1;
      const entryY = digit < 0 ? -at(table.y, entry) : at(table.y, entry);
      if (started[k] === 0) {
        [x[k], y[k], started[k]] = [at(table.x, entry), entryY, 1];
        return;
      }
      rows.push(k);
      addX.push(at(table.x, entry));
      addY.push(entryY);
    });
    const inverses = inverseAll(rows.map((k, j) => at(addX, j) - at(x, k)));
    rows.forEach((k, j) => {
      const slope = ((at(addY, j) - at(y, k)) * at(inverses, j)) % P;
      [x[k], y[k]] = joined({ x: at(x, k), y: at(y, k), slope, otherX: at(addX, j) });
    });
  });
  invariant(
    started.every((flag) => flag === 1),
    'no scalar is zero',
  );
  return { x, y };
}

/** Inverts all entries with one inversion: products from the left, then undone from the right. */
function inverseAll(entries: readonly bigint[]): bigint[] {
  const prefix: bigint[] = [];
  let product = 1n;
  for (const entry of entries) {
    prefix.push(product);
    product = (product * entry) % P;
  }
  let rest = inverse(product);
  const inverses = new Array<bigint>(entries.length);
  for (let k = entries.length - 1; k >= 0; k -= 1) {
    inverses[k] = (rest * at(prefix, k)) % P;
    rest = (rest * at(entries, k)) % P;
  }
  return inverses;
}

/** The inverse modulo P, by the extended algorithm of Euclid. */
function inverse(entry: bigint): bigint {
  let [a, b, u, v] = [modulo(entry), P, 1n, 0n];
  invariant(a !== 0n, 'points that are added differ and are not opposite');
  while (b !== 0n) {
    // Bare division: the quotient of Euclid's algorithm on non-negative terms.
    const quotient = a / b;
    [a, b, u, v] = [b, a - quotient * b, v, u - quotient * v];
  }
  return modulo(u);
}

function modulo(entry: bigint): bigint {
  const rest = entry % P;
  return rest < 0n ? rest + P : rest;
}

function writeField(bytes: Uint8Array, offset: number, entry: bigint): void {
  const view = new DataView(bytes.buffer, offset, 32);
  const residue = modulo(entry);
  for (let word = 0; word < 4; word += 1) {
    view.setBigUint64(word * 8, BigInt.asUintN(64, residue >> BigInt(64 * (3 - word))));
  }
}
