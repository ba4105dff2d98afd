import { ROUTES } from '@lawbook/api/schema/routeTable';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { REJECTIONS } from '@lawbook/exchange/failures/rejectionCodes';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { BookIntake } from '../../../packages/executor/src/gateways/bookIntake.ts';
import type { Caller } from '../../../packages/executor/src/gateways/callers.ts';
import {
  ANONYMOUS,
  identify,
  refuseCaller,
} from '../../../packages/executor/src/gateways/callers.ts';
import type { GatewayCore } from '../../../packages/executor/src/gateways/gatewayCore.ts';
import { createCore } from '../../../packages/executor/src/gateways/gatewayCore.ts';
import type { GatewayOptions } from '../../../packages/executor/src/gateways/gatewayOptions.ts';
import { accountEndpoints } from '../../../packages/executor/src/gateways/http/accountEndpoints.ts';
import { bookEndpoints } from '../../../packages/executor/src/gateways/http/bookEndpoints.ts';
import { crossingEndpoints } from '../../../packages/executor/src/gateways/http/crossingEndpoints.ts';
import type { Endpoint } from '../../../packages/executor/src/gateways/http/endpoint.ts';
import { operatorEndpoints } from '../../../packages/executor/src/gateways/http/operatorEndpoints.ts';
import { orderEndpoints } from '../../../packages/executor/src/gateways/http/orderEndpoints.ts';
import { parseBody } from '../../../packages/executor/src/gateways/http/parseBody.ts';
import { twapEndpoints } from '../../../packages/executor/src/gateways/http/twapEndpoints.ts';
import { MidsBoard } from '../../../packages/executor/src/gateways/midsBoard.ts';
import { OrderIntake } from '../../../packages/executor/src/gateways/orderIntake.ts';
import { schemaRefusal } from '../../../packages/executor/src/gateways/schemaRefusal.ts';
import { ChannelBoard } from '../../../packages/executor/src/gateways/webSocket/channelBoard.ts';
import { Connection } from '../../../packages/executor/src/gateways/webSocket/connection.ts';
import type { Metrics } from '../../../packages/executor/src/metrics/metrics.ts';
import type { VenueService } from '../../../packages/executor/src/venueService.ts';
import type { ServerEnd } from './socketPair.ts';

/** A request as it arrives. */
export interface WorldRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly body: Uint8Array;
  readonly authorization?: string;
  readonly signature?: string;
  /** Where it comes from. */
  readonly address: string;
}

/** What is sent back. */
export interface WorldReply {
  readonly status: number;
  /** Parsed JSON; of a refusal `{ rejection }`. */
  readonly body: unknown;
}

/** What the gateways of one life are made of. */
export interface GatewayParts {
  readonly options: GatewayOptions;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: () => number;
  /** Tells this life's feeds from those before. */
  readonly run: string;
  readonly onBug: (cause: unknown) => void;
}

/**
 * The gateways of a venue without sockets and HTTP: requests are bytes, and pass the same schemas,
 * limits, session checks, intakes and endpoints; feeds run over connections that are given.
 */
export class GatewayDouble {
  readonly core: GatewayCore;
  readonly #parts: GatewayParts;
  readonly #intake: OrderIntake;
  readonly #bookIntake: BookIntake;
  readonly #board: ChannelBoard;
  readonly #endpoints: readonly PlacedEndpoint[];
  readonly #connections = new Set<Connection>();
  readonly #stops: (() => void)[];
  #traces = 0;

  constructor(venue: VenueService, parts: GatewayParts) {
    const { options, log, metrics, clock, onBug } = parts;
    this.#parts = parts;
    this.core = createCore(venue, options, { log, metrics, clock, stop: onBug });
    this.#intake = new OrderIntake(this.core);
    this.#bookIntake = new BookIntake(this.core);
    const mids = new MidsBoard();
    this.#board = new ChannelBoard(this.core, mids, parts.run);
    this.#stops = [mids.listen(venue, clock), this.#board.listen()];
    this.#endpoints = [
      ...orderEndpoints(this.core, this.#intake),
      ...bookEndpoints(this.core, this.#bookIntake),
      ...accountEndpoints(this.core, this.#intake),
      ...crossingEndpoints(this.core, this.#intake),
      ...operatorEndpoints(this.core, this.#intake),
      ...twapEndpoints(this.core),
    ].map((endpoint) => ({ endpoint, pattern: patternOf(endpoint.route.path) }));
  }

  /** Takes a connection of a feed. */
  accept(socket: ServerEnd, address: string): void {
    const connection: Connection = new Connection({
      core: this.core,
      intake: this.#intake,
      bookIntake: this.#bookIntake,
      board: this.#board,
      socket: socket as never,
      addressKey: address,
      traceId: this.#trace(),
      ended: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  /** Answers a request as the HTTP gateway does. */
  async answer(request: WorldRequest): Promise<WorldReply> {
    try {
      return await this.#serve(request);
    } catch (cause) {
      this.#parts.onBug(cause);
      return { status: 500, body: { rejection: { code: 'internalFault' } } };
    }
  }

  /** Ends feeds; requests in flight are answered first. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.warnClosing();
    await this.core.gate.close();
    for (const connection of this.#connections) connection.close('closing');
    for (const stop of this.#stops) stop();
  }

  async #serve(request: WorldRequest): Promise<WorldReply> {
    const found = this.#find(request);
    if (found === undefined) return refused(refuse('notFound', { field: 'path' }));
    const { route, serve } = found.endpoint;
    const { addressBuckets, dependencies, options } = this.core;
    const quota = addressBuckets.take(request.address, 1, dependencies.clock());
    if (!quota.allowed) return refused(refuse('rateLimited', { field: 'address' }));
    const caller = this.#callerOf(request);
    if ('ok' in caller) return refused(caller);
    const forbidden = refuseCaller(route.access, caller);
    if (forbidden !== undefined) return refused(forbidden);
    const params = read(route.params, found.params, 'params');
    if (!params.ok) return refused(params);
    const query = read(route.query, found.query, 'query');
    if (!query.ok) return refused(query);
    let body: unknown;
    if (route.body !== undefined) {
      const isEmpty = request.body.length === 0 && request.method === 'DELETE';
      const json = isEmpty
        ? ({ ok: true, value: {} } as const)
        : parseBody(request.body, options.bodyDepthMax);
      if (!json.ok) return refused(json);
      const parsed = read(route.body, json.value, 'body');
      if (!parsed.ok) return refused(parsed);
      body = parsed.value;
    }
    const asker = { caller, addressKey: request.address, traceId: this.#trace(), quotas: [] };
    const header = (name: string): string | undefined =>
      name === 'lawbook-signature' ? request.signature : undefined;
    const result = await serve({ params: params.value, query: query.value, body, asker, header });
    if (!result.ok) return refused(result);
    return { status: result.value.status ?? 200, body: result.value.body };
  }

  #callerOf({ authorization, method, path, body }: WorldRequest): Caller | Refused {
    if (authorization === undefined) return ANONYMOUS;
    const { venue, options, dependencies, sessions } = this.core;
    const result = identify(
      authorization,
      { method, path, body },
      { sessions, operatorToken: options.operatorToken },
      { grants: venue.state.grants, nowMs: dependencies.clock(), skewMs: options.sessionSkewMs },
    );
    return result.ok ? result.value : result;
  }

  #find({ method, path }: WorldRequest): Found | undefined {
    const [place = '', search = ''] = path.split('?');
    for (const { endpoint, pattern } of this.#endpoints) {
      if (endpoint.route.method !== method) continue;
      const match = pattern.exec(place);
      if (match === null) continue;
      const query = Object.fromEntries(new URLSearchParams(search));
      return { endpoint, params: { ...match.groups }, query };
    }
    return undefined;
  }

  #trace(): string {
    this.#traces += 1;
    return `trace-${this.#traces}`;
  }
}

/** An endpoint with what its paths look like. */
interface PlacedEndpoint {
  readonly endpoint: Endpoint;
  readonly pattern: RegExp;
}

const PATTERNS = new Map<string, RegExp>();

function patternOf(path: string): RegExp {
  const known = PATTERNS.get(path);
  if (known !== undefined) return known;
  const pattern = new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
  PATTERNS.set(path, pattern);
  return pattern;
}

interface Found {
  readonly endpoint: Endpoint;
  readonly params: unknown;
  readonly query: unknown;
}

function read(
  schema: z.ZodType<unknown>,
  input: unknown,
  place: string,
): { readonly ok: true; readonly value: unknown } | Refused {
  const parsed = schema.safeParse(input);
  if (parsed.success) return { ok: true, value: parsed.data };
  const flaw = schemaRefusal(parsed.error, input, place);
  invariant(!flaw.ok, 'a schema that refuses has a refusal');
  return flaw;
}

function refused({ rejection }: Refused): WorldReply {
  return { status: REJECTIONS[rejection.code].httpStatus, body: { rejection } };
}

/** Path of a route by its name, with its parameters filled in. */
export function pathOf(
  id: string,
  params: Readonly<Record<string, string>> = {},
): {
  readonly method: string;
  readonly path: string;
} {
  const { method, path } = at(
    ROUTES.filter((route) => route.id === id),
    0,
  );
  return { method, path: path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '') };
}
