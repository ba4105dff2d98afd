import type { Environment } from '../environment.ts';
import type { EndpointAddress } from './endpointAddress.ts';
import { endpointAddress } from './endpointAddress.ts';
import { resultOf, rpcErrorOf } from './rpcAnswer.ts';
import type { RpcCall, Transport, TransportFailure, TryOptions } from './transport.ts';
import { RpcError, TransportError } from './transport.ts';

/** How an HTTP endpoint is reached. */
export interface HttpTransportOptions {
  readonly url: string;
  /** Names the endpoint where the host is not enough, as for two ports or two plans. */
  readonly name?: string;
  /** Keys that a provider takes in headers; never shown. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of an answer at most. */
  readonly responseBytesMax?: number;
}

/** What the transport stands on. */
export interface HttpTransportDependencies {
  readonly environment: Environment;
  /** The global one where nothing is said. */
  readonly fetch?: typeof fetch;
}

/** Room for the logs or receipts of a full block many times over. */
const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;
/** Longest Retry-After that is believed. */
const RETRY_AFTER_MS_MAX = 600_000;

/**
 * JSON-RPC over HTTP POST, one call per request, one try per call.
 *
 * @throws ChainFault CHAIN_CONFIG_INVALID for a URL that is none.
 */
export function httpTransport(
  options: HttpTransportOptions,
  dependencies: HttpTransportDependencies,
): Transport {
  return new HttpTransport(options, dependencies);
}

class HttpTransport implements Transport {
  readonly name: string;
  readonly #address: EndpointAddress;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #bytesMax: number;
  readonly #environment: Environment;
  readonly #fetch: typeof fetch;
  #lastId = 0;

  constructor(options: HttpTransportOptions, dependencies: HttpTransportDependencies) {
    this.#address = endpointAddress(options.url, ['http', 'https']);
    this.name = options.name ?? this.#address.host;
    const own = { 'content-type': 'application/json', accept: 'application/json' };
    this.#headers = { ...own, ...this.#address.headers, ...options.headers };
    this.#bytesMax = options.responseBytesMax ?? RESPONSE_BYTES_MAX;
    this.#environment = dependencies.environment;
    this.#fetch = dependencies.fetch ?? fetch;
  }

  async request(call: RpcCall, options: TryOptions): Promise<unknown> {
    const { signal } = options;
    if (signal?.aborted === true) throw this.#failed('aborted', 'was not asked');
    const ending = new AbortController();
    const leave = (): void => ending.abort(LEFT);
    signal?.addEventListener('abort', leave, { once: true });
    const { clock } = this.#environment;
    const timer = clock.sleep(options.timeoutMs, ending.signal).then(
      () => ending.abort(TIME_IS_UP),
      () => undefined,
    );
    try {
      return await this.#exchange(call, ending.signal);
    } catch (error) {
      if (error instanceof TransportError || error instanceof RpcError) throw error;
      if (ending.signal.reason === LEFT) throw this.#failed('aborted', 'was left by the caller');
      if (ending.signal.reason === TIME_IS_UP) {
        throw this.#failed('timeout', `did not answer within ${options.timeoutMs} ms`);
      }
      throw this.#broken(error);
    } finally {
      signal?.removeEventListener('abort', leave);
      ending.abort(ENDED);
      await timer;
    }
  }

  async #exchange(call: RpcCall, signal: AbortSignal): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { method, params } = call;
    const response = await this.#fetch(this.#address.url, {
      method: 'POST',
      headers: this.#headers,
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      // A redirect would carry the call, and its keys, to somebody else.
      redirect: 'manual',
      signal,
    });
    const text = await this.#readText(response);
    const answer = parsed(text);
    if (!response.ok) throw this.#refusal(method, response, answer);
    if (answer === undefined) throw this.#failed('malformed', 'answered with something but JSON');
    return resultOf(answer, { endpoint: this.name, method, id });
  }

  /** Reads the body within its bound; a longer one is as useless as a broken one. */
  async #readText(response: Response): Promise<string> {
    if (response.body === null) return '';
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    let bytes = 0;
    let text = '';
    for (;;) {
      const { done, value: chunk } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += chunk.byteLength;
      if (bytes > this.#bytesMax) {
        await reader.cancel();
        throw this.#failed('malformed', `answered with more than ${this.#bytesMax} bytes`);
      }
      text += decoder.decode(chunk, { stream: true });
    }
  }

  /** An HTTP error that carries a JSON-RPC error is about the call; limits and keys come first. */
  #refusal(method: string, response: Response, answer: unknown): RpcError | TransportError {
    const { status: httpStatus, headers } = response;
    const isLimit = httpStatus === 429;
    const isKey = httpStatus === 401 || httpStatus === 402 || httpStatus === 403;
    const carried =
      typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined;
    const rpcError = typeof carried === 'object' ? rpcErrorOf(carried) : undefined;
    if (!isLimit && !isKey && rpcError !== undefined) return new RpcError(method, rpcError);
    const failure = isLimit ? 'rateLimited' : isKey ? 'unauthorized' : 'httpStatus';
    const hint = retryAfterMs(headers.get('retry-after'), this.#environment.clock.nowMs());
    return new TransportError(failure, `${this.name} answered with HTTP status ${httpStatus}`, {
      httpStatus,
      fields: { endpoint: this.name, httpStatus },
      ...(hint === undefined ? {} : { retryAfterMs: hint }),
    });
  }

  /** The words of fetch are left out: they may quote the URL. */
  #broken(error: unknown): TransportError {
    const code = causeCodeOf(error);
    const isRefused = NEVER_ARRIVED.has(code) || code.startsWith('ERR_TLS') || /CERT/.test(code);
    const sentence = isRefused ? 'cannot be reached' : 'ended the connection without an answer';
    return this.#failed(isRefused ? 'refused' : 'reset', `${sentence} (${code})`);
  }

  #failed(failure: TransportFailure, sentence: string): TransportError {
    const fields = { endpoint: this.name };
    return new TransportError(failure, `${this.name} ${sentence}`, { fields });
  }
}

const LEFT = 'the caller left';
const TIME_IS_UP = 'the time for this try is up';
const ENDED = 'the try has ended';

/** Codes of Node and undici for requests that never left this machine or reached no listener. */
const NEVER_ARRIVED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Milliseconds that a Retry-After header asks for, whether it is written in seconds or as a date.
 * @returns undefined for none, or one that cannot be read; ten minutes at most.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - nowMs;
  if (!Number.isFinite(waitMs)) return undefined;
  return Math.min(Math.max(0, Math.ceil(waitMs)), RETRY_AFTER_MS_MAX);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch failed` says nothing; the code is one or two causes below it. */
function causeCodeOf(error: unknown): string {
  let current: unknown = error;
  for (let depth = 0; depth < 4; depth += 1) {
    if (typeof current !== 'object' || current === null) break;
    if ('code' in current && typeof current.code === 'string') return current.code;
    // Several addresses were tried: they fail alike.
    if (current instanceof AggregateError) current = current.errors[0];
    else current = 'cause' in current ? current.cause : undefined;
  }
  return 'no code';
}
