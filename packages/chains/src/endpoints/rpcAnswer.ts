import { RpcError, TransportError } from './transport.ts';

/** Longest message of a node that is kept. */
const MESSAGE_MAX = 2_000;

/**
 * Takes the result out of a JSON-RPC answer.
 *
 * An error is believed without an id, because nodes send none when they could not read the request;
 * a result is not.
 * @throws RpcError for an `error` member, TransportError `malformed` or `wrongId` otherwise.
 */
export function resultOf(answer: unknown, asked: AskedCall): unknown {
  const { endpoint, method, id } = asked;
  const fields = { endpoint, method };
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw new TransportError('malformed', `${endpoint} answered with no object`, { fields });
  }
  const answered = 'id' in answer ? answer.id : undefined;
  const error = 'error' in answer ? rpcErrorOf(answer.error) : undefined;
  const hasNoId = answered === undefined || answered === null;
  if (answered !== id && !(hasNoId && error !== undefined)) {
    throw new TransportError('wrongId', `${endpoint} answered another call`, { fields });
  }
  if (error !== undefined) throw new RpcError(method, error);
  if (!('result' in answer)) {
    throw new TransportError('malformed', `${endpoint} answered without a result`, { fields });
  }
  return answer.result;
}

/** What was asked, to compare an answer with. */
export interface AskedCall {
  readonly endpoint: string;
  readonly method: string;
  readonly id: number;
}

/** The error member of an answer, where it is one. Some gateways send a bare sentence. */
export function rpcErrorOf(
  error: unknown,
): { readonly code: number; readonly message: string; readonly data?: unknown } | undefined {
  if (typeof error === 'string' && error !== '') {
    return { code: -32_603, message: error.slice(0, MESSAGE_MAX) };
  }
  if (typeof error !== 'object' || error === null) return undefined;
  const code = 'code' in error && typeof error.code === 'number' ? error.code : -32_603;
  const message = 'message' in error && typeof error.message === 'string' ? error.message : '';
  const rest = 'data' in error ? { data: error.data } : {};
  return { code, message: message.slice(0, MESSAGE_MAX), ...rest };
}
