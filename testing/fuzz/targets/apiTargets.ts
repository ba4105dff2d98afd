import { clientMessage, serverMessage } from '@lawbook/api/schema/messages';
import type { AnyRoute } from '@lawbook/api/schema/route';
import { ROUTES } from '@lawbook/api/schema/routeTable';
import type { z } from 'zod';
import { parseBody } from '../../../packages/executor/src/gateways/http/parseBody.ts';
import { samplesOf } from '../examples/schemaSamples.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused } from '../fuzzTarget.ts';

const DEPTH_MAX = 16;

/**
 * What clients send and what they are told, by the schemas that gateways and clients share. What a
 * schema admits once it must admit again unchanged.
 */
export const API_TARGETS: readonly FuzzTarget[] = [
  schemaTarget('client-message', [clientMessage]),
  schemaTarget('server-message', [serverMessage]),
  schemaTarget(
    'request-body',
    schemasOf(({ body }) => body),
  ),
  schemaTarget(
    'request-query',
    schemasOf(({ query }) => query),
  ),
  schemaTarget(
    'response-body',
    schemasOf(({ response }) => response),
  ),
];

function schemasOf(pick: (route: AnyRoute) => unknown): z.ZodType[] {
  return ROUTES.flatMap((route) => {
    const schema = pick(route);
    return schema === undefined ? [] : [schema as z.ZodType];
  });
}

/** Each input goes through every schema, as a client may send anything anywhere. */
function schemaTarget(name: string, schemas: readonly z.ZodType[]): FuzzTarget {
  return {
    name,
    form: 'json',
    examples: () => {
      const samples = schemas.flatMap((schema) => samplesOf(schema).map((s) => JSON.stringify(s)));
      return [...new Set(samples)].map((text) => new TextEncoder().encode(text));
    },
    mayRefuse: true,
    examine: (bytes) => examineBody(bytes, schemas),
  };
}

function examineBody(bytes: Uint8Array, schemas: readonly z.ZodType[]): Examined {
  const json = parseBody(bytes, DEPTH_MAX);
  if (!json.ok) return refused(json.rejection.code);
  let admitted = 0;
  let reason = 'no schema';
  for (const schema of schemas) {
    const parsed = schema.safeParse(json.value);
    if (parsed.success) admitted += 1;
    else reason = parsed.error.issues[0]?.code ?? reason;
  }
  return admitted > 0 ? { kind: 'decoded' } : refused(reason);
}
