import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { ChainFault } from '../chainFault.ts';

/** A JSON-RPC call; `params` are JSON already (hex strings, no bigint). */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** How long a try may take, and who may end it earlier. */
export interface TryOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * One way to one endpoint. It tries once: retries, hedges and breakers live in the pool, where the
 * class of the method and the text of the error are known.
 */
export interface Transport {
  /** Stable and free of secrets: names the endpoint in logs and metrics. */
  readonly name: string;
  /**
   * @returns the `result` member of the answer.
   * @throws RpcError when the endpoint answered with an `error` member.
   * @throws TransportError for everything else: refused, reset, timed out, HTTP status, not JSON,
   *   another id.
   */
  request(call: RpcCall, options: TryOptions): Promise<unknown>;
  close?(): Promise<void>;
}

/** The endpoint answered: the call itself was refused. Never a mark against the endpoint alone. */
export class RpcError extends ChainFault {
  readonly rpcCode: number;
  readonly rpcMessage: string;
  /** The `data` member as sent: revert bytes, or an object of the node's own making. */
  readonly detail: unknown;

  constructor(method: string, error: { code: number; message: string; data?: unknown }) {
    super('CHAIN_RPC_ERROR', `${method} was refused: ${error.message} (${error.code})`, {
      fields: { method, rpcCode: error.code },
    });
    this.rpcCode = error.code;
    this.rpcMessage = error.message;
    this.detail = error.data;
  }
}

/** Why a try failed without an answer that can be read. */
export type TransportFailure =
  | 'refused'
  | 'reset'
  | 'timeout'
  | 'aborted'
  | 'rateLimited'
  | 'httpStatus'
  | 'unauthorized'
  | 'malformed'
  | 'wrongId';

/** No readable answer. For a broadcast that means: the endpoint may have taken it. */
export class TransportError extends ChainFault {
  readonly failure: TransportFailure;
  readonly httpStatus: number | undefined;
  /** From Retry-After, where the endpoint sent one. */
  readonly retryAfterMs: number | undefined;

  constructor(
    failure: TransportFailure,
    message: string,
    detail: {
      readonly httpStatus?: number;
      readonly retryAfterMs?: number;
      readonly fields?: FaultFields;
      readonly cause?: unknown;
    } = {},
  ) {
    const { fields, cause } = detail;
    super('CHAIN_TRANSPORT_FAILED', message, {
      fields: { failure, ...fields },
      ...(cause === undefined ? {} : { cause }),
    });
    this.failure = failure;
    this.httpStatus = detail.httpStatus;
    this.retryAfterMs = detail.retryAfterMs;
  }
}
