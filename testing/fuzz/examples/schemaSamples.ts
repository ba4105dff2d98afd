import { z } from 'zod';

/** JSON Schema as far as the schemas of the API need it. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly $ref?: string;
}

/** Texts of the wire; the first that fits a pattern stands for it. */
const TEXTS = [
  '1',
  'USD',
  'sample',
  '0x',
  `0x${'ab'.repeat(16)}`,
  `0x${'ab'.repeat(20)}`,
  `0x${'cd'.repeat(32)}`,
  `0x${'ab'.repeat(65)}`,
  '1.5',
  '-1',
  'batches:1',
  'a-name',
  '2024-01-02T03:04:05.000Z',
];

/** Values that a schema admits, one for each way of its unions, all optional members present. */
export function samplesOf(schema: z.ZodType): unknown[] {
  const written = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema & {
    readonly $defs?: Readonly<Record<string, Schema>>;
  };
  return sample(written, written.$defs ?? {}, 0);
}

function sample(schema: Schema, named: Readonly<Record<string, Schema>>, depth: number): unknown[] {
  if (depth > 12) return [null];
  const below = (inner: Schema): unknown[] => sample(inner, named, depth + 1);
  if (schema.$ref !== undefined) return below(named[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  if ('const' in schema) return [schema.const];
  if (schema.enum !== undefined) return [...schema.enum.slice(0, 2)];
  const ways = schema.anyOf ?? schema.oneOf;
  if (ways !== undefined) return ways.flatMap(below);
  if (schema.allOf !== undefined) return schema.allOf.flatMap(below).slice(0, 1);
  switch (typeof schema.type === 'string' ? schema.type : schema.type?.[0]) {
    case 'object':
      return members(Object.entries(schema.properties ?? {}), below);
    case 'array':
      return [(schema.prefixItems ?? [schema.items ?? {}]).map((entry) => below(entry)[0])];
    case 'string':
      return [textFor(schema)];
    case 'integer':
    case 'number':
      return [Math.max(1, schema.minimum ?? 1)];
    case 'boolean':
      return [true];
    default:
      return [null];
  }
}

/** One object for each way of the member that has most ways. */
function members(
  entries: readonly (readonly [string, Schema])[],
  below: (inner: Schema) => unknown[],
): unknown[] {
  const choices = entries.map(([name, inner]) => [name, below(inner)] as const);
  const most = Math.max(1, ...choices.map(([, ways]) => ways.length));
  return Array.from({ length: Math.min(most, 12) }, (_, k) => {
    return Object.fromEntries(choices.map(([name, ways]) => [name, ways[k % ways.length]]));
  });
}

function textFor({ pattern, format, minLength = 1 }: Schema): string {
  if (format === 'date-time') return '2024-01-02T03:04:05.000Z';
  const fits = pattern === undefined ? undefined : new RegExp(pattern);
  const found = TEXTS.find((text) => text.length >= minLength && (fits?.test(text) ?? true));
  return found ?? 'x'.repeat(minLength);
}
