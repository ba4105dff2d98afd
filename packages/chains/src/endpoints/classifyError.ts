import type { ErrorMeaning, MethodClass, RetryAdvice } from './endpointPool.ts';
import type { ErrorRow } from './errorTable.ts';
import { ERROR_TABLE } from './errorTable.ts';
import { RpcError, TransportError } from './transport.ts';

/** What a failed try means for the call, for the next try, and for the endpoint. */
export interface ErrorVerdict {
  readonly meaning: ErrorMeaning;
  readonly advice: RetryAdvice;
  readonly countsAgainstEndpoint: boolean;
}

/**
 * Judges whatever a transport threw.
 *
 * An error that no row knows is an application error: it is asked elsewhere, and the endpoint keeps
 * its good name. Anything but RpcError and TransportError means a broken transport, and counts.
 */
export function classifyError(error: unknown, methodClass: MethodClass): ErrorVerdict {
  if (!(error instanceof RpcError) && !(error instanceof TransportError)) return BROKEN_TRANSPORT;
  const text = error instanceof RpcError ? wordsOf(error) : '';
  for (const row of ERROR_TABLE) {
    if (row.methodClass !== undefined && row.methodClass !== methodClass) continue;
    const fits = error instanceof RpcError ? fitsAnswer(row, error, text) : fitsSilence(row, error);
    if (fits) return verdictOf(row);
  }
  return UNRECOGNIZED;
}

const UNRECOGNIZED: ErrorVerdict = {
  meaning: 'unrecognized',
  advice: 'otherEndpoint',
  countsAgainstEndpoint: false,
};

const BROKEN_TRANSPORT: ErrorVerdict = {
  meaning: 'unavailable',
  advice: 'otherEndpoint',
  countsAgainstEndpoint: true,
};

/** Text of an answer that is looked at, at most: nodes append traces of any length. */
const WORDS_MAX = 2_000;

/** The message, and what some nodes hide in `data`: Besu, Conflux and gateways put words there. */
function wordsOf({ rpcMessage, detail }: RpcError): string {
  const message = rpcMessage.slice(0, WORDS_MAX);
  if (typeof detail === 'string' && !detail.startsWith('0x')) {
    return `${message}\n${detail.slice(0, WORDS_MAX)}`;
  }
  if (typeof detail !== 'object' || detail === null) return message;
  const inner = 'message' in detail ? detail.message : 'err' in detail ? detail.err : undefined;
  if (inner === undefined) return message;
  const words = typeof inner === 'string' ? inner : JSON.stringify(inner);
  return `${message}\n${words.slice(0, WORDS_MAX)}`;
}

function fitsAnswer(row: ErrorRow, error: RpcError, text: string): boolean {
  if (row.failures !== undefined || row.httpStatus !== undefined) return false;
  if (row.codes !== undefined && !row.codes.includes(error.rpcCode)) return false;
  return row.message === undefined || row.message.test(text);
}

function fitsSilence(row: ErrorRow, error: TransportError): boolean {
  if (row.failures === undefined && row.httpStatus === undefined) return false;
  if (row.failures !== undefined && !row.failures.includes(error.failure)) return false;
  if (row.httpStatus === undefined) return true;
  return error.httpStatus !== undefined && row.httpStatus.includes(error.httpStatus);
}

function verdictOf({ meaning, advice, counts }: ErrorRow): ErrorVerdict {
  return { meaning, advice, countsAgainstEndpoint: counts };
}
