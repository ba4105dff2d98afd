import type { CustomTransport } from 'viem';
import { custom, isHex, keccak256, RpcRequestError } from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { EndpointPool } from './endpointPool.ts';
import { methodClass } from './methods.ts';
import type { RpcCall } from './transport.ts';
import { RpcError } from './transport.ts';

/**
 * A viem transport over a pool, for clients that only read, estimate and prepare.
 *
 * Retries, hedges and fail-over happen in the pool, so viem's own are off. A raw transaction is
 * broadcast like any other and counts as sent once one endpoint took it, or knew it; what lands
 * exactly once is a matter of signer lanes, not of this transport.
 *
 * @example
 * const client = createPublicClient({ chain: mainnet, transport: rpcTransportOf(pool) });
 */
export function rpcTransportOf(pool: EndpointPool): CustomTransport {
  const request = async ({
    method,
    params,
  }: {
    method: string;
    params?: unknown;
  }): Promise<unknown> => {
    const call: RpcCall = { method, params: Array.isArray(params) ? params : [] };
    try {
      if (methodClass(method) !== 'broadcast') return await pool.read(call);
      return await broadcastOnce(pool, call);
    } catch (error) {
      throw error instanceof RpcError ? viemErrorOf(call, error) : error;
    }
  };
  return custom({ request }, { retryCount: 0, name: 'endpoint pool' });
}

/** Only signed bytes may go to several endpoints: whatever else writes goes to one. */
async function broadcastOnce(pool: EndpointPool, call: RpcCall): Promise<unknown> {
  const isSigned = call.method === 'eth_sendRawTransaction' || call.method === 'sendTransaction';
  const count = isSigned ? {} : { endpoints: 1 };
  const answers = await pool.broadcast(call, { route: 'public', ...count });
  for (const answer of answers) if (answer.ok) return answer.result;
  const [raw] = call.params;
  const isKnown = answers.some((answer) => !answer.ok && answer.meaning === 'alreadyKnown');
  if (isKnown && call.method === 'eth_sendRawTransaction' && isHex(raw)) return keccak256(raw);
  const [first] = answers;
  if (first !== undefined && !first.ok) throw first.fault;
  const sentence = `${call.method}: no endpoint is fit to take it`;
  throw new ChainFault('CHAIN_ENDPOINTS_UNAVAILABLE', sentence, {
    fields: { method: call.method },
  });
}

/** viem finds revert bytes and tells errors apart by number; it needs its own kind of error. */
function viemErrorOf(call: RpcCall, error: RpcError): RpcRequestError {
  const { rpcCode: code, rpcMessage: message, detail } = error;
  const body = { method: call.method, params: [...call.params] };
  return new RpcRequestError({
    body,
    url: 'endpoint-pool',
    error: { code, message, data: detail },
  });
}
