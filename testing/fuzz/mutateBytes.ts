import { at } from '@lawbook/exchange/failures/invariant';
import type { SeededRandom } from '../world/seededRandom.ts';

/** Integers at the edges of the widths that formats use. */
const EXTREMES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
] as const;

/** Longest input that is made; decoders meet larger ones in their own tests. */
export const INPUT_BYTES_MAX: number = 1 << 18;

type Change = (bytes: Uint8Array, random: SeededRandom, pool: readonly Uint8Array[]) => Uint8Array;

/**
 * Changes an input in one to four places: flipped bits, extreme integers of any width, length
 * fields moved, parts cut, dropped, repeated, swapped or taken from other inputs of the pool.
 */
export function mutateBytes(
  bytes: Uint8Array,
  random: SeededRandom,
  pool: readonly Uint8Array[],
): Uint8Array {
  let mutated: Uint8Array = bytes.slice();
  const changes = random.integer(1, random.next() < 0.5 ? 1 : 4);
  for (let left = changes; left > 0; left -= 1) {
    mutated = pick(CHANGES, random)(mutated, random, pool);
    if (mutated.length > INPUT_BYTES_MAX) mutated = mutated.slice(0, INPUT_BYTES_MAX);
  }
  return mutated;
}

const flipBit: Change = (bytes, random) => {
  if (bytes.length === 0) return bytes;
  const place = random.integer(0, bytes.length - 1);
  bytes[place] = (bytes[place] as number) ^ (1 << random.integer(0, 7));
  return bytes;
};

const setByte: Change = (bytes, random) => {
  if (bytes.length === 0) return bytes;
  bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
  return bytes;
};

const setInteger: Change = (bytes, random) => {
  const width = pick([1, 2, 4, 8], random);
  if (bytes.length < width) return bytes;
  const place = random.integer(0, bytes.length - width);
  return writeInteger(bytes, place, width, pick(EXTREMES, random));
};

/** Finds a 32-bit field that may be a length, since it does not exceed what follows it. */
const moveLength: Change = (bytes, random) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = random.integer(0, Math.max(0, bytes.length - 5));
  for (let place = start; place + 4 <= bytes.length; place += 1) {
    const length = view.getUint32(place);
    const rest = bytes.length - place - 4;
    if (length === 0 || length > rest) continue;
    const wanted = pick([length - 1, length + 1, rest, rest + 1, length * 2, 2 ** 32 - 1], random);
    return writeInteger(bytes, place, 4, BigInt(wanted));
  }
  return bytes;
};

/** Adds or takes one, as an off-by-one or a carry would. */
const nudge: Change = (bytes, random) => {
  if (bytes.length === 0) return bytes;
  const place = random.integer(0, bytes.length - 1);
  bytes[place] = ((bytes[place] as number) + (random.next() < 0.5 ? 1 : 255)) & 0xff;
  return bytes;
};

const truncate: Change = (bytes, random) => bytes.slice(0, random.integer(0, bytes.length));

const drop: Change = (bytes, random) => {
  const [from, to] = range(bytes, random);
  return concat(bytes.subarray(0, from), bytes.subarray(to));
};

const repeat: Change = (bytes, random) => {
  const [from, to] = range(bytes, random);
  return concat(bytes.subarray(0, to), bytes.subarray(from));
};

const swap: Change = (bytes, random) => {
  const [from, to] = range(bytes, random);
  const width = to - from;
  if (to + width > bytes.length) return bytes;
  const first = bytes.slice(from, to);
  bytes.copyWithin(from, to, to + width);
  bytes.set(first, to);
  return bytes;
};

const insert: Change = (bytes, random) => {
  const place = random.integer(0, bytes.length);
  const width = random.integer(1, 16);
  const fresh = Uint8Array.from({ length: width }, () => random.integer(0, 255));
  return concat(bytes.subarray(0, place), fresh, bytes.subarray(place));
};

const splice: Change = (bytes, random, pool) => {
  const other = pool.length === 0 ? bytes : pick(pool, random);
  const [from, to] = range(other, random);
  const place = random.integer(0, bytes.length);
  const skip = random.next() < 0.5 ? to - from : 0;
  return concat(bytes.subarray(0, place), other.subarray(from, to), bytes.subarray(place + skip));
};

const CHANGES: readonly Change[] = [
  flipBit,
  setByte,
  setInteger,
  setInteger,
  moveLength,
  moveLength,
  nudge,
  truncate,
  drop,
  repeat,
  swap,
  insert,
  splice,
  splice,
];

/** A stretch of the bytes, mostly short or of a width that fields have. */
function range(bytes: Uint8Array, random: SeededRandom): readonly [number, number] {
  const from = random.integer(0, bytes.length);
  const width = pick([1, 2, 4, 8, 20, 32, 65, random.integer(0, bytes.length)], random);
  return [from, Math.min(bytes.length, from + width)];
}

function writeInteger(bytes: Uint8Array, place: number, width: number, n: bigint): Uint8Array {
  for (let k = 0; k < width; k += 1) {
    bytes[place + k] = Number((n >> BigInt(8 * (width - 1 - k))) & 0xffn);
  }
  return bytes;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** One of a list. */
export function pick<T>(choices: readonly T[], random: SeededRandom): T {
  return at(choices, random.integer(0, choices.length - 1));
}
