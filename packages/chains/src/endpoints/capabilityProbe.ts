import type { Capability } from './endpointPool.ts';
import type { PoolEndpoint } from './poolEndpoint.ts';
import type { RpcCall } from './transport.ts';

const NOBODY = '0x0000000000000000000000000000000000000000';

/** The cheapest call that tells whether a method is there; whatever it answers but "unknown". */
const PROBES: Readonly<Record<Exclude<Capability, 'webSocket'>, RpcCall>> = {
  simulateV1: {
    method: 'eth_simulateV1',
    params: [{ blockStateCalls: [{ calls: [] }] }, 'latest'],
  },
  traceCall: {
    method: 'debug_traceCall',
    params: [{ to: NOBODY }, 'latest', { tracer: 'callTracer' }],
  },
  txpool: { method: 'txpool_status', params: [] },
};

/**
 * Asks one endpoint whether it offers something, unless that is known already.
 * @returns undefined while it cannot be told; the next call asks again.
 */
export async function probeCapability(
  endpoint: PoolEndpoint,
  capability: Capability,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean | undefined> {
  const known = endpoint.capabilities.get(capability);
  if (known !== undefined || capability === 'webSocket') return known;
  // A simulation waits for it.
  const rank = { methodClass: 'read', priority: 'high' } as const;
  const outcome = await endpoint.attempt(PROBES[capability], { ...options, ...rank });
  if (outcome.kind === 'skipped') return undefined;
  const offers = outcome.kind === 'answered' || meansOffered(outcome.verdict.meaning);
  if (offers !== undefined) endpoint.capabilities.set(capability, offers);
  return offers;
}

function meansOffered(meaning: string): boolean | undefined {
  if (meaning === 'methodUnsupported' || meaning === 'unauthorized') return false;
  if (meaning === 'rateLimited' || meaning === 'unavailable') return undefined;
  return true;
}
