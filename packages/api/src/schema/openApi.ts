import { z } from 'zod';
import { rejectionBody } from './rejectionView.ts';
import type { Access, AnyRoute } from './route.ts';
import { ROUTES } from './routeTable.ts';

/** A JSON Schema or any part of a document. */
export type JsonObject = { readonly [key: string]: unknown };

/** The OpenAPI 3.1 document of the venue, derived from the route table. */
export function openApiDocument(version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of ROUTES) {
    const operations = paths[route.path] ?? {};
    operations[route.method.toLowerCase()] = operation(route);
    paths[route.path] = operations;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lawbook',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: DESCRIPTION,
    },
    paths,
    components: {
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'Lawbook <sessionId>:<timestampMs>:<mac>',
        },
        operator: { type: 'http', scheme: 'bearer' },
      },
      schemas: { RejectionBody: answerSchema(rejectionBody) },
    },
  };
}

/** JSON Schema of what a client must send: unknown keys are refused. */
export function requestSchema(schema: z.ZodType<unknown>): JsonObject {
  return plain(z.toJSONSchema(schema, { io: 'output', target: 'draft-2020-12' }));
}

/** JSON Schema of what a venue answers: keys may be added, so clients ignore unknown ones. */
export function answerSchema(schema: z.ZodType<unknown>): JsonObject {
  return plain(z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' }));
}

/** Who may call, in words. */
export function accessText(access: Access): string {
  switch (access.role) {
    case 'public':
      return 'Anybody.';
    case 'operator':
      return 'The operator.';
    case 'signed':
      return `Signed by the owner or a delegate, or a session with scope ${access.scope}.`;
    default:
      return access.scope === undefined ? 'A session.' : `A session with scope ${access.scope}.`;
  }
}

const DESCRIPTION = `REST and WebSocket interface of a Lawbook venue.

Amounts and prices are exact decimal strings of whole units, such as "1000.000000". Fields that are
signed (budget, limitNumerator, limitDenominator, orderNonce) are decimal integers of ledger units,
exactly as they are hashed. Times are ISO 8601 in UTC; every read says the sequence at which it is
true, and ?atLeast= waits for one.

An order gets one of three answers: accepted with its sequence, rejected with the rule it broke, or
not received. The order id, its EIP-712 digest, is the key: sending the same order again repeats
the first answer.

A session authenticates a request by HMAC-SHA256 under its secret over
method LF path LF timestampMs LF hex(SHA-256(body)), sent as
\`Authorization: Lawbook SESSION:TIMESTAMP:MAC\`.

Limits are announced in RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset and RateLimit-Policy
(draft-ietf-httpapi-ratelimit-headers-06). The WebSocket is at /v1/ws.`;

function operation(route: AnyRoute): JsonObject {
  const { id, tag, summary, note, access, body } = route;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [note, accessText(access)].filter((text) => text !== undefined).join(' '),
    parameters: [...fields(route.params, 'path'), ...fields(route.query, 'query')],
    ...(body !== undefined && {
      requestBody: {
        required: route.method !== 'DELETE',
        content: { 'application/json': { schema: requestSchema(body) } },
      },
    }),
    responses: {
      200: {
        description: 'Success',
        content: { [route.contentType]: { schema: contentSchema(route) } },
      },
      default: {
        description: 'Refused',
        content: {
          'application/json': { schema: { $ref: '#/components/schemas/RejectionBody' } },
        },
      },
    },
    ...security(access),
  };
}

function contentSchema({ response, contentType }: AnyRoute): JsonObject {
  if (response !== undefined) return answerSchema(response);
  return contentType === 'text/plain'
    ? { type: 'string' }
    : { type: 'string', contentMediaType: contentType };
}

function fields(schema: z.ZodType<unknown>, place: 'path' | 'query'): JsonObject[] {
  const { properties = {}, required = [] } = requestSchema(schema) as {
    readonly properties?: Readonly<Record<string, JsonObject>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

function security(access: Access): JsonObject {
  switch (access.role) {
    case 'public':
      return {};
    case 'operator':
      return { security: [{ operator: [] }] };
    case 'signed':
      return { security: [{}, { session: [] }] };
    default:
      return { security: [{ session: [] }] };
  }
}

/** Drops what only zod reads, so that documents compare as plain JSON. */
function plain(schema: object): JsonObject {
  const { $schema, '~standard': standard, ...rest } = schema as Record<string, unknown>;
  return JSON.parse(JSON.stringify(rest)) as JsonObject;
}
