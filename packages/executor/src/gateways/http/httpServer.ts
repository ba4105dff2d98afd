import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import type { Rejection } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fastify, LogController } from 'fastify';
import type { GatewayCore } from '../gatewayCore.ts';
import { addressKey } from '../tokenBuckets.ts';
import type { Endpoint } from './endpoint.ts';
import { mountEndpoint, requestState } from './mountEndpoint.ts';
import { refuseSocket } from './refuseSocket.ts';
import {
  announceLimits,
  createTraceIds,
  sendRejection,
  TRACE_HEADER,
  traceIdFrom,
} from './replies.ts';
import { RouteMethods } from './routeMethods.ts';

/** Longest request line and headers. */
const HEADER_BYTES_MAX = 16_384;

/** Builds the HTTP server with every endpoint mounted; it does not listen yet. */
export async function createHttpServer(
  core: GatewayCore,
  endpoints: readonly Endpoint[],
): Promise<FastifyInstance> {
  const { options, dependencies } = core;
  const { tls } = options;
  const nextTraceId = createTraceIds();
  const settings = {
    loggerInstance: dependencies.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: ({ headers }: IncomingMessage): string => {
      const { traceparent } = headers as { readonly traceparent?: string };
      return (traceparent === undefined ? undefined : traceIdFrom(traceparent)) ?? nextTraceId();
    },
    trustProxy: options.trustProxy ? 1 : false,
    bodyLimit: options.bodyBytesMax,
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 100 },
    exposeHeadRoutes: true,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
      void sendRejection(request, reply, rejectionOf(error));
    },
  } as const;
  const limits = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: options.headersTimeoutMs,
    connectionsCheckingInterval: options.slowCheckIntervalMs,
    // Another protocol is not offered, and the request stays one: curl asks for HTTP/2 so.
    shouldUpgradeCallback: ({ headers }: IncomingMessage): boolean =>
      headers.upgrade?.toLowerCase() === 'websocket',
  };
  const app = (tls === undefined
    ? fastify({ ...settings, http: limits })
    : fastify({
        ...settings,
        https: { ...limits, cert: tls.cert, key: tls.key },
      })) as unknown as FastifyInstance;
  app.server.maxConnections = options.connectionsMax;
  const routes = new RouteMethods();
  app.addHook('onRoute', ({ url, method }) => routes.add(url, [method].flat()));
  takeBodies(app);
  await allowOrigins(app, options.corsOrigins);
  rememberUnanswered(app);
  limitAddresses(app, core);
  answerUnknown(app, routes);
  answerFailures(app, core);
  observe(app, core);
  for (const endpoint of endpoints) mountEndpoint(app, core, endpoint);
  return app;
}

/** Bodies arrive as bytes: session codes cover them, and depth is checked before parsing. */
function takeBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const take = (_: FastifyRequest, body: Buffer, done: (e: null, b: Buffer) => void): void => {
    done(null, body);
  };
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, take);
}

async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'lawbook-signature', 'traceparent'],
    exposedHeaders: [
      'ratelimit-limit',
      'ratelimit-remaining',
      'ratelimit-reset',
      'ratelimit-policy',
      'retry-after',
      TRACE_HEADER,
    ],
    maxAge: 600,
  });
}

/** Every request costs its address a token before anything is read of it. */
function limitAddresses(app: FastifyInstance, core: GatewayCore): void {
  const { addressBuckets, dependencies } = core;
  const { policy } = addressBuckets;
  app.addHook('onRequest', async (request, reply) => {
    const state = requestState(request, addressKey(request.ip));
    void reply.header(TRACE_HEADER, request.id);
    const quota = addressBuckets.take(state.addressKey, 1, dependencies.clock());
    state.quotas.push(quota);
    if (quota.allowed) return;
    const { limit } = quota;
    const { rejection } = refuse('rateLimited', { field: 'address', limit, actual: limit + 1 });
    await sendRejection(request, reply, rejection);
  });
  app.addHook('onSend', async (request, reply) => {
    announceLimits(reply, requestState(request, '').quotas, policy);
  });
}

/** Answers what no route takes, before a body is read: the wrong method, or the wrong path. */
function answerUnknown(app: FastifyInstance, routes: RouteMethods): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const { method, url } = request;
    const allowed = routes.of(url);
    if (allowed.length > 0 && !allowed.includes(method)) {
      const limit = allowed.join(', ');
      void reply.header('allow', limit);
      const { rejection } = refuse('methodNotAllowed', { field: 'method', limit, actual: method });
      await sendRejection(request, reply, rejection);
      return;
    }
    const actual = `${method} ${url.slice(0, 200)}`;
    await sendRejection(request, reply, refuse('notFound', { field: 'path', actual }).rejection);
  });
}

function answerFailures(app: FastifyInstance, core: GatewayCore): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const rejection = rejectionOf(error);
    if (rejection.code === 'internalFault') {
      core.dependencies.log.error({ err: error, traceId: request.id }, 'a request failed');
      if (error instanceof InvariantViolation) core.dependencies.stop(error);
    }
    return sendRejection(request, reply, rejection);
  });
}

/** One line and two metrics per request; reads are logged at debug only. */
function observe(app: FastifyInstance, { dependencies }: GatewayCore): void {
  const { log, metrics } = dependencies;
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    const { method } = request;
    const seconds = reply.elapsedTime / 1000;
    metrics.httpRequests.inc({ method, route, status: String(reply.statusCode) });
    metrics.httpRequest.observe({ route }, seconds);
    const { orderIds } = requestState(request, '');
    const fields = { traceId: request.id, method, route, status: reply.statusCode, seconds };
    const line = orderIds.length === 0 ? fields : { ...fields, orderHash: orderIds.join(' ') };
    if (method === 'GET' || method === 'HEAD') log.debug(line, 'read answered');
    else log.info(line, 'write answered');
  });
}

/** What the framework could not do, in the shape of refusals. */
function rejectionOf(error: FastifyError): Rejection {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse('bodyTooLarge', { field: 'body' }).rejection;
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return refuse('unsupportedMediaType', { field: 'content-type' }).rejection;
    case 'FST_ERR_BAD_URL':
      return refuse('malformedRequest', { field: 'path', limit: 'a valid URL' }).rejection;
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return refuse('malformedRequest', { field: 'content-length' }).rejection;
    case 'ECONNRESET':
      // The client left in the middle of its body: nobody reads this answer.
      return refuse('malformedRequest', { field: 'body', limit: 'a whole body' }).rejection;
    case 'FST_ERR_NOT_FOUND':
    // Of a method that no router knows, such as that of HTTP/2's own first words.
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return refuse('notFound', { field: 'path' }).rejection;
    default:
      return refuse('internalFault', { field: 'request' }).rejection;
  }
}

/** Answers that are still to come with the requests that they are for, by their socket. */
const UNANSWERED = new WeakMap<Socket, Map<ServerResponse, IncomingMessage>>();

/** Remembers requests as soon as their headers are there, before anything is awaited. */
function rememberUnanswered(app: FastifyInstance): void {
  app.addHook('onRequest', ({ raw: message }, { raw: answer }, done) => {
    const answers = UNANSWERED.get(message.socket) ?? new Map();
    UNANSWERED.set(message.socket, answers.set(answer, message));
    answer.once('close', () => answers.delete(answer));
    done();
  });
}

/**
 * Answers bytes that never became a request: broken, too large or too slow. Where they follow whole
 * requests, the answers to those come first: what is said here would be taken for one of them, and
 * an order that is taken for refused.
 */
function answerBrokenRequest(error: Error, socket: Socket): void {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const answers = UNANSWERED.get(socket);
  const next = [...(answers ?? [])].find(([, { complete }]) => complete)?.[0];
  if (next === undefined) {
    refuseSocket(socket, brokenRejection(code));
    return;
  }
  // What goes on to arrive is broken as well, and waits for nothing of its own.
  if (WAITING.has(socket)) return;
  WAITING.add(socket);
  next.once('close', () => {
    WAITING.delete(socket);
    answerBrokenRequest(error, socket);
  });
}

/** Sockets whose broken bytes are refused once what came before them is answered. */
const WAITING = new WeakSet<Socket>();

function brokenRejection(code: string | undefined): Rejection {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return refuse('requestTimeout', { field: 'request' }).rejection;
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return refuse('headersTooLarge', { field: 'headers', limit: HEADER_BYTES_MAX }).rejection;
  }
  return refuse('malformedRequest', {
    field: 'request',
    limit: 'HTTP/1.1',
    actual: code ?? 'noise',
  }).rejection;
}

/** The server behind the framework, for WebSocket upgrades. */
export function serverOf(app: FastifyInstance): Server {
  return app.server;
}
