import type { Rejection } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { Route } from '../schema/route.ts';
import { fillPath } from '../schema/route.ts';
import { ClientFault } from './clientFault.ts';

/** How a client reaches a venue. */
export interface TransportOptions {
  /** Such as `https://venue.example`, without a slash at the end. */
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  /** The Authorization header of a request, if any. */
  readonly authorise: (request: OutgoingRequest) => Promise<string | undefined>;
}

/** A request as it goes out. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What one call may set. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** The parts of a request; what a route does not have is left out. */
export interface CallParts {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Calls a route.
 *
 * @returns what was asked for, or the venue's refusal.
 * @throws ClientFault VENUE_UNREACHABLE, REQUEST_TIMED_OUT, REQUEST_ABORTED, ANSWER_MALFORMED.
 */
export async function call<P, Q, B, R>(
  transport: TransportOptions,
  route: Route<P, Q, B, R>,
  parts: CallParts,
  options: CallOptions = {},
): Promise<Result<R>> {
  const params = (parts.params ?? {}) as Readonly<Record<string, string | number>>;
  const path = fillPath(route.path, params) + queryText(parts.query);
  const text = parts.body === undefined ? '' : JSON.stringify(parts.body);
  const body = new TextEncoder().encode(text);
  const authorization = await transport.authorise({ method: route.method, path, body });
  const headers = {
    ...(text !== '' && { 'content-type': 'application/json' }),
    ...(authorization !== undefined && { authorization }),
    ...parts.headers,
  };
  const timeout = AbortSignal.timeout(options.timeoutMs ?? transport.timeoutMs);
  const { signal: own } = options;
  const signal = own === undefined ? timeout : AbortSignal.any([timeout, own]);
  const { method, id } = route;
  try {
    const response = await transport.fetch(transport.baseUrl + path, {
      method,
      headers,
      signal,
      ...(text !== '' && { body }),
    });
    return await readAnswer(route, response);
  } catch (cause) {
    if (cause instanceof ClientFault) throw cause;
    if (own?.aborted === true) throw new ClientFault('REQUEST_ABORTED', { route: id }, cause);
    if (timeout.aborted) throw new ClientFault('REQUEST_TIMED_OUT', { route: id }, cause);
    throw new ClientFault('VENUE_UNREACHABLE', { route: id, baseUrl: transport.baseUrl }, cause);
  }
}

/**
 * Takes what was asked for out of a result.
 * @throws ClientFault REQUEST_REJECTED with the code, field and rule of a refusal.
 */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  const { code, number, field, rule, limit = '', actual = '' } = result.rejection;
  throw new ClientFault('REQUEST_REJECTED', { code, number, field, rule, limit, actual });
}

async function readAnswer<P, Q, B, R>(
  route: Route<P, Q, B, R>,
  response: Response,
): Promise<Result<R>> {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('application/json')) {
    if (!response.ok || !type.startsWith(route.contentType)) {
      throw new ClientFault('ANSWER_MALFORMED', { route: route.id, status: response.status });
    }
    const answer =
      route.contentType === 'text/plain'
        ? await response.text()
        : new Uint8Array(await response.arrayBuffer());
    return accepted(answer as R);
  }
  const answer = parseJson(await response.text(), route.id);
  const rejection = rejectionIn(answer);
  if (rejection !== undefined) return { ok: false, rejection };
  const parsed = route.response?.safeParse(answer);
  if (parsed?.success !== true) {
    const { issues = [] } = parsed?.error ?? {};
    const field = issues[0]?.path.join('.') ?? '';
    throw new ClientFault('ANSWER_MALFORMED', { route: route.id, status: response.status, field });
  }
  return accepted(parsed.data);
}

function parseJson(text: string, route: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClientFault('ANSWER_MALFORMED', { route }, cause);
  }
}

/** A refusal, also one whose code a newer venue has and this client does not know. */
function rejectionIn(answer: unknown): Rejection | undefined {
  const { rejection } = (answer ?? {}) as { readonly rejection?: Partial<Rejection> };
  return typeof rejection?.code === 'string' ? (rejection as Rejection) : undefined;
}

function queryText(query: object | undefined): string {
  const search = new URLSearchParams();
  for (const [name, entry] of Object.entries(query ?? {})) {
    if (entry !== undefined) search.set(name, String(entry));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
