import { z } from 'zod';
import type { ScopeName } from './accountViews.ts';
import { pathNumber } from './primitives.ts';

/**
 * Who may call a route.
 *
 * `signed` routes prove the owner's consent inside the request, by an EIP-712 signature or by a
 * session with the scope; `session` routes need the session itself.
 */
export type Access =
  | { readonly role: 'public' }
  | { readonly role: 'signed'; readonly scope: ScopeName }
  | { readonly role: 'session'; readonly scope?: ScopeName }
  | { readonly role: 'operator' };

/** One route, written once: validation, documentation, client and tests derive from it. */
export interface Route<P, Q, B, R> {
  /** Name of the client's method and OpenAPI operation. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with `{name}` for parameters. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  readonly params: z.ZodType<P>;
  readonly query: z.ZodType<Q>;
  /** Undefined where no body is read. */
  readonly body: z.ZodType<B> | undefined;
  /** What a success carries; undefined for bytes and plain text. */
  readonly response: z.ZodType<R> | undefined;
  readonly contentType: string;
  /** Whether the answer of success may come with another status, and why. */
  readonly note?: string;
}

/** A route of any types, for code that walks the table. */
export type AnyRoute = Route<never, never, never, unknown>;

/** No fields at all. */
export type NoFields = Readonly<Record<string, never>>;

export const noFields: z.ZodType<NoFields> = z.strictObject({}) as z.ZodType<NoFields>;

/** The query of every read: wait, bounded, until a sequence is executed and durable. */
export interface AtLeast {
  readonly atLeast?: number | undefined;
}

const atLeastField = pathNumber(
  0,
  Number.MAX_SAFE_INTEGER,
  'Answer once this sequence is executed and durable, or refuse after the announced wait',
).optional();

export const atLeastQuery: z.ZodType<AtLeast> = z.strictObject({ atLeast: atLeastField });

/** The query of a list that runs from new to old. */
export interface PageQuery extends AtLeast {
  readonly limit?: number | undefined;
  readonly before?: number | undefined;
}

/** Entries of a page unless asked otherwise, and the most of them. */
export const PAGE_LIMIT = { preset: 50, most: 200 } as const;

/** Fields of `PageQuery`, for queries that add to it. */
export const pageFields: {
  readonly atLeast: z.ZodType<number | undefined>;
  readonly limit: z.ZodType<number | undefined>;
  readonly before: z.ZodType<number | undefined>;
} = {
  atLeast: atLeastField,
  limit: pathNumber(1, PAGE_LIMIT.most, `Entries, ${PAGE_LIMIT.preset} unless stated`).optional(),
  before: pathNumber(0, Number.MAX_SAFE_INTEGER, 'Only entries before this number').optional(),
};

export const pageQuery: z.ZodType<PageQuery> = z.strictObject({
  atLeast: pageFields.atLeast.optional(),
  limit: pageFields.limit.optional(),
  before: pageFields.before.optional(),
});

/** Fills `{name}` in a route's path. Names and texts are escaped. */
export function fillPath(path: string, params: Readonly<Record<string, string | number>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
}
