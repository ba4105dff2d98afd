import type { EndpointAnswer, EndpointStats } from '@lawbook/chains/endpoints/endpointPool';
import type { RpcCall, Transport } from '@lawbook/chains/endpoints/transport';
import { TransportError } from '@lawbook/chains/endpoints/transport';
import type { Clock } from '@lawbook/chains/environment';
import type { SolanaEndpoints } from '@lawbook/chains/solana/solanaRpc';
import { at } from '@lawbook/exchange/failures/invariant';

/** Milliseconds of one try. */
const TRY_MS = 2_000;

/**
 * Endpoints without any cleverness: a read goes to one after the other until one answers, a
 * question and a broadcast go to all. The pool of the product does better; here a seed shall show
 * what the lane does, not what the pool hides from it.
 */
export function plainEndpoints(transports: readonly Transport[], clock: Clock): SolanaEndpoints {
  const attempt = async (transport: Transport, call: RpcCall): Promise<EndpointAnswer> => {
    const endpoint = transport.name;
    try {
      return { endpoint, ok: true, result: await withTimeout(transport, call, clock) };
    } catch (fault) {
      return { endpoint, ok: false, meaning: 'unrecognized', fault };
    }
  };
  let turn = 0;
  return {
    read: async (call) => {
      turn += 1;
      let last: unknown;
      for (let offset = 0; offset < transports.length; offset += 1) {
        const answer = await attempt(at(transports, (turn + offset) % transports.length), call);
        if (answer.ok) return answer.result;
        last = answer.fault;
      }
      throw last;
    },
    ask: (call) => Promise.all(transports.map((transport) => attempt(transport, call))),
    broadcast: (call, { endpoints = 2 }) => {
      turn += 1;
      const chosen = transports.map((_, index) => {
        return at(transports, (turn + index) % transports.length);
      });
      const sends = chosen.slice(0, endpoints).map((transport) => attempt(transport, call));
      return Promise.all(sends);
    },
    stats: () => transports.map(({ name }) => quietStats(name)),
    close: async () => {
      for (const transport of transports) await transport.close?.();
    },
  };
}

async function withTimeout(transport: Transport, call: RpcCall, clock: Clock): Promise<unknown> {
  const ending = new AbortController();
  const request = transport.request(call, { timeoutMs: TRY_MS, signal: ending.signal });
  const late = clock.sleep(TRY_MS, ending.signal);
  late.catch(() => 'the request came first');
  try {
    return await Promise.race([request, late.then(tooLate)]);
  } finally {
    ending.abort(new Error('over'));
  }
}

function tooLate(): never {
  throw new TransportError('timeout', 'the endpoint took too long');
}

function quietStats(endpoint: string): EndpointStats {
  return {
    endpoint,
    requests: 0,
    errors: 0,
    queued: 0,
    running: 0,
    breaker: 'closed',
    ejected: undefined,
    headNumber: undefined,
    headLag: undefined,
    score: 1,
    latencyMsMedian: undefined,
    limiterDebt: 0,
    capabilities: [],
  };
}
