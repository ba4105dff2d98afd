import pLimit from 'p-limit';
import type { Clock } from '../environment.ts';
import type { EndpointAnswer, MethodClass } from './endpointPool.ts';
import type { Attempt, PoolEndpoint } from './poolEndpoint.ts';
import type { RpcCall } from './transport.ts';
import { TransportError } from './transport.ts';

/** How a call is put to several endpoints at once. */
export interface FanOutOptions {
  readonly methodClass: MethodClass;
  /** All of it, the wait in queues included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Tries at the same time, at most. */
  readonly concurrency: number;
}

/** Puts one call to several endpoints, once each. Silence becomes an answer; it never rejects. */
export async function fanOut(
  endpoints: readonly PoolEndpoint[],
  call: RpcCall,
  options: FanOutOptions,
  clock: Clock,
): Promise<readonly EndpointAnswer[]> {
  if (endpoints.length === 0) return [];
  const ending = new AbortController();
  const stop = (): void => ending.abort(options.signal.reason);
  if (options.signal.aborted) stop();
  options.signal.addEventListener('abort', stop, { once: true });
  const { methodClass, timeoutMs } = options;
  const attemptOptions = { methodClass, timeoutMs, signal: ending.signal };
  const ask = async (endpoint: PoolEndpoint): Promise<EndpointAnswer> => {
    return answerOf(endpoint.name, await endpoint.attempt(call, attemptOptions));
  };
  // Bounds the wait in queues; the tries themselves are bounded by their transports.
  const timer = clock.sleep(timeoutMs, ending.signal).then(
    () => ending.abort(TIME_IS_UP),
    () => undefined,
  );
  try {
    if (endpoints.length <= options.concurrency) return await Promise.all(endpoints.map(ask));
    return await pLimit(options.concurrency).map(endpoints, ask);
  } finally {
    options.signal.removeEventListener('abort', stop);
    ending.abort(TIME_IS_UP);
    await timer;
  }
}

const TIME_IS_UP = 'the time for this question is up';

function answerOf(endpoint: string, outcome: Attempt): EndpointAnswer {
  if (outcome.kind === 'answered') return { endpoint, ok: true, result: outcome.result };
  if (outcome.kind === 'failed') {
    const { meaning } = outcome.verdict;
    return { endpoint, ok: false, meaning, fault: outcome.error };
  }
  const sentence = `${endpoint} was not asked: ${outcome.refusal}`;
  const fault = new TransportError('refused', sentence, { fields: { endpoint } });
  return { endpoint, ok: false, meaning: 'unavailable', fault };
}
