import type { Refused, Rejection } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Caller } from '../callers.ts';
import { ANONYMOUS, identify, refuseCaller } from '../callers.ts';
import type { Asker, GatewayCore } from '../gatewayCore.ts';
import { schemaRefusal } from '../schemaRefusal.ts';
import type { BucketAnswer } from '../tokenBuckets.ts';
import type { Answer, Endpoint } from './endpoint.ts';
import { parseBody } from './parseBody.ts';
import { sendJson, sendRejection } from './replies.ts';

/** What is remembered of a request beside its parsed form. */
interface RequestState {
  readonly addressKey: string;
  readonly quotas: BucketAnswer[];
  /** Ids of orders that the answer speaks of, for the log. */
  readonly orderIds: string[];
}

const STATES = new WeakMap<FastifyRequest, RequestState>();
const ORDER_IDS_LOGGED_MAX = 10;

/** The state of a request, made on first use. */
export function requestState(request: FastifyRequest, addressKey: string): RequestState {
  const known = STATES.get(request);
  if (known !== undefined) return known;
  const state = { addressKey, quotas: [], orderIds: [] };
  STATES.set(request, state);
  return state;
}

/** Mounts one endpoint: identify, validate, wait, serve, answer. */
export function mountEndpoint(app: FastifyInstance, core: GatewayCore, endpoint: Endpoint): void {
  const { route } = endpoint;
  let waiting = 0;
  app.route({
    method: route.method,
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const state = requestState(request, '');
      const prepared = prepare(core, endpoint, request);
      if (!prepared.ok) return sendRejection(request, reply, prepared.rejection);
      const { params, query, body, caller } = prepared.value;
      const { addressKey, quotas } = state;
      const asker: Asker = { caller, addressKey, traceId: request.id, quotas };
      const { atLeast } = query as { readonly atLeast?: number };
      if (atLeast !== undefined) {
        if (waiting >= core.options.readsWaitingMax) {
          return sendRejection(request, reply, tooManyWaiting(waiting));
        }
        waiting += 1;
        const refused = await waitFor(core, atLeast, abortWhenGone(reply)).finally(() => {
          waiting -= 1;
        });
        if (refused !== undefined) return sendRejection(request, reply, refused.rejection);
      }
      const result = await endpoint.serve({
        params,
        query,
        body,
        asker,
        header: (name) => oneHeader(request.headers[name]),
      });
      if (!result.ok) return sendRejection(request, reply, result.rejection);
      rememberOrders(state, result.value.body);
      return send(reply, route.contentType, result.value);
    },
  });
}

interface Prepared {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly caller: Caller;
}

function prepare(
  core: GatewayCore,
  { route }: Endpoint,
  request: FastifyRequest,
): Result<Prepared> {
  const bytes = request.body instanceof Uint8Array ? request.body : NO_BODY;
  const caller = callerOf(core, request, bytes);
  if (!caller.ok) return caller;
  const refused = refuseCaller(route.access, caller.value);
  if (refused !== undefined) return refused;
  const params = parse(route.params, request.params, 'params');
  if (!params.ok) return params;
  const query = parse(route.query, request.query, 'query');
  if (!query.ok) return query;
  const body = bodyOf(core, route.method, route.body, bytes);
  if (!body.ok) return body;
  return accepted({
    params: params.value,
    query: query.value,
    body: body.value,
    caller: caller.value,
  });
}

const NO_BODY = new Uint8Array();

function callerOf(core: GatewayCore, request: FastifyRequest, body: Uint8Array): Result<Caller> {
  const { authorization } = request.headers;
  if (authorization === undefined) return accepted(ANONYMOUS);
  const { venue, options, dependencies, sessions } = core;
  return identify(
    authorization,
    { method: request.method, path: request.url, body },
    { sessions, operatorToken: options.operatorToken },
    { grants: venue.state.grants, nowMs: dependencies.clock(), skewMs: options.sessionSkewMs },
  );
}

function bodyOf(
  core: GatewayCore,
  method: string,
  schema: z.ZodType<unknown> | undefined,
  bytes: Uint8Array,
): Result<unknown> {
  if (schema === undefined) {
    if (bytes.length === 0) return accepted(undefined);
    return refuse('malformedRequest', { field: 'body', limit: 'no body', actual: bytes.length });
  }
  core.dependencies.metrics.httpBody.observe(bytes.length);
  // A cancel may carry its signature in a header and then needs no body.
  if (bytes.length === 0 && method === 'DELETE') return accepted({});
  const json = parseBody(bytes, core.options.bodyDepthMax);
  return json.ok ? parse(schema, json.value, 'body') : json;
}

function parse(schema: z.ZodType<unknown>, input: unknown, place: string): Result<unknown> {
  const parsed = schema.safeParse(input);
  return parsed.success ? accepted(parsed.data) : schemaRefusal(parsed.error, input, place);
}

async function waitFor(
  { venue, options }: GatewayCore,
  sequence: number,
  signal: AbortSignal,
): Promise<Refused | undefined> {
  const reached = await venue.waitFor(sequence, options.atLeastWaitMsMax, signal);
  if (reached) return undefined;
  return refuse('sequenceNotReached', {
    field: 'query.atLeast',
    limit: `${options.atLeastWaitMsMax} ms`,
    actual: sequence,
  });
}

function tooManyWaiting(waiting: number): Rejection {
  return refuse('rateLimited', { field: 'query.atLeast', limit: waiting, actual: waiting + 1 })
    .rejection;
}

/** Aborts when the client's connection closes before it was answered. */
function abortWhenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

function oneHeader(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

function send(reply: FastifyReply, contentType: string, answer: Answer<unknown>): FastifyReply {
  const { status = 200, body } = answer;
  void reply.status(status);
  if (contentType === 'application/json') return sendJson(reply, body);
  if (body instanceof Uint8Array) {
    return reply.header('content-type', contentType).send(Buffer.from(body));
  }
  return reply.header('content-type', `${contentType}; charset=utf-8`).send(String(body));
}

function rememberOrders({ orderIds }: RequestState, body: unknown): void {
  const { answers = [], orderId } = body as {
    readonly answers?: readonly { readonly orderId: string }[];
    readonly orderId?: string;
  };
  if (orderId !== undefined) orderIds.push(orderId);
  for (const entry of answers.slice(0, ORDER_IDS_LOGGED_MAX)) orderIds.push(entry.orderId);
}
