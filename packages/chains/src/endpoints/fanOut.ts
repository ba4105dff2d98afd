import pLimit from 'p-limit';
import type { EndpointAnswer } from './endpointPool.ts';
import type { Attempt, AttemptOptions, PoolEndpoint } from './poolEndpoint.ts';
import type { RpcCall } from './transport.ts';
import { TransportError } from './transport.ts';

/** How a call is put to several endpoints at once. */
export interface FanOutOptions extends AttemptOptions {
  /** Tries at the same time, at most. */
  readonly concurrency: number;
}

/** Puts one call to several endpoints, once each. Silence becomes an answer; it never rejects. */
export function fanOut(
  endpoints: readonly PoolEndpoint[],
  call: RpcCall,
  options: FanOutOptions,
): Promise<readonly EndpointAnswer[]> {
  const ask = async (endpoint: PoolEndpoint): Promise<EndpointAnswer> => {
    return answerOf(endpoint.name, await endpoint.attempt(call, options));
  };
  const isNarrow = endpoints.length <= options.concurrency;
  return isNarrow
    ? Promise.all(endpoints.map(ask))
    : pLimit(options.concurrency).map(endpoints, ask);
}

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
