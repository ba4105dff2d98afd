// Goal: what a malformed request is told is a few plain words, never the schema library's own.
// Method: every schema that a client can reach, and every part of it, given values of every wrong
// kind; then the words of each kind of flaw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientMessage } from '@lawbook/api/schema/messages';
import { ROUTES } from '@lawbook/api/schema/routeTable';
import { z } from 'zod';
import { schemaRefusal } from './schemaRefusal.ts';

const WRONG: readonly unknown[] = [
  ...[undefined, null, true, {}, [], [1], { stranger: 1 }],
  ...[1, -1, 0, 1.5, 2 ** 60, -(2 ** 60), '', 'x', '0x', '-1', '9'.repeat(30), 'y'.repeat(20_000)],
];
const WORDS_LENGTH_MAX = 90;

/** A schema's own description; loosely typed, because only its parts are looked for. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly options?: readonly z.ZodType[];
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly valueType?: z.ZodType;
}

function* withParts(schema: z.ZodType): IterableIterator<z.ZodType> {
  yield schema;
  const { shape = {}, options = [], ...rest } = schema._zod.def as Definition;
  const single = [rest.element, rest.innerType, rest.in, rest.out, rest.valueType];
  for (const part of [...Object.values(shape), ...options, ...single]) {
    if (part !== undefined) yield* withParts(part);
  }
}

function limitOf(schema: z.ZodType<unknown>, found: unknown): string | undefined {
  const parsed = schema.safeParse(found);
  if (parsed.success) return undefined;
  return String(schemaRefusal(parsed.error, found, 'body').rejection.limit);
}

test('no schema that a client can reach speaks in the words of its library', () => {
  const schemas: z.ZodType[] = [
    clientMessage as z.ZodType,
    ...ROUTES.flatMap(({ params, query, body }) => [params, query, ...(body ? [body] : [])]),
  ];
  let refused = 0;
  for (const part of schemas.flatMap((schema) => [...withParts(schema)])) {
    for (const found of WRONG) {
      const words = limitOf(part, found);
      if (words === undefined) continue;
      refused += 1;
      assert.doesNotMatch(words, /invalid|expected|received|too (small|big)|pattern|[\\^|<>="]/i);
      assert.ok(words.length > 0 && words.length <= WORDS_LENGTH_MAX, words);
    }
  }
  assert.ok(refused > 5_000, 'the walk has found the schemas');
});

const OPERATIONS = 'subscribe, unsubscribe, authenticate, submit, cancel, book';

test('says what was wanted, by kind of flaw', () => {
  const cases: readonly (readonly [z.ZodType<unknown>, unknown, string])[] = [
    [z.string(), undefined, 'text'],
    [z.number(), 'x', 'a number'],
    [z.int(), 1.5, 'a whole number'],
    [z.boolean(), 1, 'true or false'],
    [z.array(z.string()), {}, 'a list'],
    [z.object({}), [], 'an object'],
    [z.enum(['open', 'commitReveal']), 'shut', 'open or commitReveal'],
    [z.literal(['a', 'b', 'c']), 'd', 'a, b or c'],
    [z.array(z.string()).min(1), [], 'at least 1 entry'],
    [z.string().max(64), 'x'.repeat(65), 'at most 64 characters'],
    [z.number().gt(0), 0, 'more than 0'],
    [z.number().lt(9), 9, 'less than 9'],
    [z.number().multipleOf(5), 3, 'a multiple of 5'],
    [z.strictObject({}), { more: 1 }, 'no such field'],
    [z.string().regex(/^a$/, 'the letter a'), 'b', 'the letter a'],
    [z.union([z.string(), z.number()]), true, 'text or a number'],
    [z.union([z.string().max(1), z.number()]), 'xx', 'at most 1 character'],
    [clientMessage, { op: 'jump' }, `${OPERATIONS} or ping`],
  ];
  for (const [schema, found, words] of cases) assert.equal(limitOf(schema, found), words);
});
