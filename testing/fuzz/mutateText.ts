import type { SeededRandom } from '../world/seededRandom.ts';
import { mutateBytes, pick } from './mutateBytes.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What honest writers of JSON do not send. */
const HOSTILE: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  -0,
  1.5,
  1e308,
  2 ** 53,
  2 ** 53 - 1,
  '',
  '0',
  '-1',
  '007',
  '1e9',
  '0x',
  '0x0',
  '0xzz',
  `0x${'f'.repeat(64)}`,
  `0x${'ff'.repeat(33)}`,
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  '9'.repeat(400),
  'a'.repeat(5_000),
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  '1n',
  '-n',
  [],
  {},
  [[]],
  { $n: '1' },
  { $n: 'x' },
  { length: 1e9 },
  { __proto__: null, constructor: { prototype: {} } },
];

/** Numbers at which widths, signs and exactness end. */
const EDGES: readonly bigint[] = [
  7n,
  8n,
  15n,
  16n,
  31n,
  32n,
  52n,
  53n,
  63n,
  64n,
  127n,
  256n,
].flatMap((bits) => [(1n << bits) - 1n, 1n << bits, -(1n << bits)]);

/** Ways to write a number that only some readers take for one. */
const WRITINGS: readonly ((digits: string) => string)[] = [
  (digits) => digits,
  (digits) => `0${digits}`,
  (digits) => `+${digits}`,
  (digits) => `-${digits}`,
  (digits) => ` ${digits}`,
  (digits) => `${digits} `,
  (digits) => `${digits}.0`,
  (digits) => `${digits}e0`,
  (digits) => `${digits}n`,
  (digits) => `0x${BigInt(digits).toString(16)}`,
  (digits) => digits.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit))),
  (digits) => digits.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (digits) => digits.replace(/(?<=\d)(?=\d)/, '_'),
];

function edge(random: SeededRandom): Json {
  const number = pick(EDGES, random);
  if (random.next() < 0.4) return Number(number);
  return number < 0n ? String(number) : pick(WRITINGS, random)(String(number));
}

/** Longer texts, nested ones above all, are changed as bytes: the mutator itself recurses. */
const TREE_BYTES_MAX = 1_500;

/** Nested beyond what a reader that recurses can follow. */
export const DEEP_JSON: readonly Uint8Array[] = [
  '['.repeat(60_000) + ']'.repeat(60_000),
  `${'{"a":'.repeat(40_000)}0${'}'.repeat(40_000)}`,
  '['.repeat(200_000),
].map((text) => new TextEncoder().encode(text));

const KEYS = ['__proto__', 'constructor', 'toString', 'length', 'id', '0', ''];

/** Changes JSON in its tree, now and then in its bytes. Bytes that are no JSON are cut as bytes. */
export function mutateJson(
  bytes: Uint8Array,
  random: SeededRandom,
  pool: readonly Uint8Array[],
): Uint8Array {
  const isLong = bytes.length > TREE_BYTES_MAX;
  if (isLong || random.next() < 0.2) return mutateBytes(bytes, random, pool);
  let tree: Json;
  try {
    tree = JSON.parse(new TextDecoder().decode(bytes)) as Json;
  } catch (cause) {
    if (cause instanceof SyntaxError) return mutateText(bytes, random, pool);
    throw cause;
  }
  for (let left = random.integer(1, 3); left > 0; left -= 1) {
    const choice = random.next();
    if (choice < 0.15) tree = transplant(tree, treeOf(pick(pool, random)) ?? tree, random);
    else if (choice < 0.25) tree = exchange(tree, random);
    else tree = changeTree(tree, random);
  }
  return new TextEncoder().encode(print(tree, random));
}

function treeOf(bytes: Uint8Array): Json | undefined {
  if (bytes.length > TREE_BYTES_MAX) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Json;
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** A part of another input takes the place of a part of this one, or stands beside it. */
function transplant(tree: Json, donor: Json, random: SeededRandom): Json {
  const places = placesIn(donor);
  const [owner, key] = places.length === 0 ? [{ a: donor }, 'a'] : pick(places, random);
  const own = placesIn(tree);
  if (own.length === 0) return member(owner, key) ?? null;
  const [host, place] = pick(own, random);
  const name = Array.isArray(host) || random.next() < 0.5 ? place : key;
  return withMember(tree, [host, name], member(owner, key) ?? null);
}

/** Two parts of one input change places, such as the fields of an order. */
function exchange(tree: Json, random: SeededRandom): Json {
  const places = placesIn(tree);
  if (places.length < 2) return tree;
  const [first, second] = [pick(places, random), pick(places, random)];
  const [a, b] = [member(...first) ?? null, member(...second) ?? null];
  return withMember(withMember(tree, first, b), second, a);
}

type Branch = Json[] | { [key: string]: Json };
type Place = readonly [owner: Branch, key: string];

/** Every member of every list and object. */
function placesIn(tree: Json): Place[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const own = Object.keys(tree).map((key): Place => [tree, key]);
  return [...own, ...own.flatMap(([owner, key]) => placesIn(member(owner, key) ?? null))];
}

function member(owner: Branch, key: string): Json | undefined {
  return (owner as { [key: string]: Json })[key];
}

/** The tree with one member replaced; nothing that is shared is changed. */
function withMember(tree: Json, [owner, key]: Place, fresh: Json): Json {
  if (typeof tree !== 'object' || tree === null) return tree;
  const entries = Object.entries(tree).map(([name, part]): [string, Json] => {
    return [name, tree === owner && name === key ? fresh : withMember(part, [owner, key], fresh)];
  });
  const isNew = tree === owner && !Object.hasOwn(tree, key);
  if (isNew) entries.push([key, fresh]);
  if (Array.isArray(tree)) return entries.map(([, part]) => part);
  const copy: { [key: string]: Json } = Object.create(null);
  for (const [name, part] of entries) copy[name] = part;
  return copy;
}

function changeTree(tree: Json, random: SeededRandom): Json {
  const isLeaf = typeof tree !== 'object' || tree === null;
  if (isLeaf || random.next() < 0.15) return changeLeaf(tree, random);
  if (Array.isArray(tree)) return changeList(tree, random);
  const keys = Object.keys(tree);
  const copy: { [key: string]: Json } = Object.assign(Object.create(null), tree);
  const key = keys.length === 0 || random.next() < 0.1 ? pick(KEYS, random) : pick(keys, random);
  if (random.next() < 0.15) delete copy[key];
  else copy[key] = changeTree(copy[key] ?? null, random);
  return copy;
}

function changeList(list: readonly Json[], random: SeededRandom): Json {
  const place = random.integer(0, Math.max(0, list.length - 1));
  const entry = list[place];
  const choice = random.next();
  if (entry === undefined) return [pick(HOSTILE, random)];
  if (choice < 0.1) return list.filter((_, k) => k !== place);
  if (choice < 0.2) return [...list, entry];
  if (choice < 0.25) return Array.from({ length: 300 }, () => entry);
  return list.map((old, k) => (k === place ? changeTree(old, random) : old));
}

function changeLeaf(leaf: Json, random: SeededRandom): Json {
  const choice = random.next();
  if (choice < 0.3) return pick(HOSTILE, random);
  if (choice < 0.5) return edge(random);
  if (typeof leaf === 'number') {
    return pick([leaf + 1, leaf - 1, -leaf, leaf * 2 ** 32, leaf + 0.5, String(leaf)], random);
  }
  if (typeof leaf === 'string') return changeString(leaf, random);
  if (random.next() < 0.2) return nest(leaf, random.integer(2, 600));
  return [leaf];
}

function changeString(text: string, random: SeededRandom): Json {
  const place = random.integer(0, text.length);
  const digit = pick(
    ['0', '1', '9', 'f', 'F', 'x', '-', '+', '.', ' ', 'e', 'é', '\u2028'],
    random,
  );
  switch (random.integer(0, 6)) {
    case 0:
      return text.slice(0, place);
    case 1:
      return text.slice(0, place) + digit + text.slice(place);
    case 2:
      return text.slice(0, place) + digit + text.slice(place + 1);
    case 3:
      return text.toUpperCase();
    case 4:
      return text + text;
    case 5:
      return Number(text);
    default:
      return nest(text, random.integer(2, 600));
  }
}

function nest(leaf: Json, depth: number): Json {
  let tree = leaf;
  for (let k = 0; k < depth; k += 1) tree = k % 2 === 0 ? [tree] : { a: tree };
  return tree;
}

/** JSON text, sometimes with numbers and members that `JSON.stringify` never writes. */
function print(tree: Json, random: SeededRandom): string {
  const text = JSON.stringify(tree) ?? 'null';
  const choice = random.next();
  if (choice < 0.05) return text.replace(/\d+/, '1e400');
  if (choice < 0.1) return text.replace(/\d+/, '123456789012345678901234567890.5');
  if (choice < 0.14) return doubled(text, random);
  if (choice < 0.16) return ` ${text}\n`;
  return text;
}

/** The same key twice in one object: readers differ on which of them counts. */
function doubled(text: string, random: SeededRandom): string {
  const keys = [...text.matchAll(/"\w+":/g)];
  if (keys.length === 0) return text;
  const { 0: key, index } = pick(keys, random);
  const other = JSON.stringify(pick(HOSTILE, random));
  return `${text.slice(0, index)}${key}${other},${text.slice(index)}`;
}

const PIECES = [
  '0',
  '9',
  '-',
  '+',
  '.',
  'e',
  'E',
  ' ',
  ',',
  ':',
  '/',
  '\n',
  '0x',
  '\ufeff',
  '~1',
  '\r\n',
];

/** Now and then so much of one thing that a reader which looks back at each is slow. */
function lengthMax(random: SeededRandom): number {
  return random.next() < 0.1 ? 60_000 : 2_000;
}

/** Changes plain text: characters put in, out, doubled, made long, or the bytes themselves. */
export function mutateText(
  bytes: Uint8Array,
  random: SeededRandom,
  pool: readonly Uint8Array[],
): Uint8Array {
  if (random.next() < 0.25) return mutateBytes(bytes, random, pool);
  let text = new TextDecoder().decode(bytes);
  for (let left = random.integer(1, 3); left > 0; left -= 1) {
    const place = random.integer(0, text.length);
    const piece = pick(PIECES, random);
    const choice = random.next();
    if (choice < 0.3) text = text.slice(0, place) + piece + text.slice(place);
    else if (choice < 0.5) text = text.slice(0, place) + piece + text.slice(place + 1);
    else if (choice < 0.7) text = text.slice(0, place) + text.slice(place + 1);
    else if (choice < 0.75) text += text;
    else if (choice < 0.8) text = piece.repeat(random.integer(1, lengthMax(random)));
    else if (choice < 0.9) {
      text = text.slice(0, place) + pick(DIGITS, random) + text.slice(place);
    } else text = text.replace(numberNear(place), () => String(edge(random)));
  }
  return new TextEncoder().encode(text);
}

/** The first number at a place or behind it. */
function numberNear(place: number): RegExp {
  return new RegExp(`(?<=^[\\s\\S]{${Math.min(place, 5_000)},})\\d+`);
}

const DIGITS = ['00', '12', '999999999999999999999', '9007199254740993', '٣', 'ß', '\u0000'];
