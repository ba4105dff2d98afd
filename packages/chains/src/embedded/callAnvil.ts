import { ChainFault } from '../chainFault.ts';
import type { BlockReference } from '../tracker/chainTracker.ts';

/** One call, once. @throws ChainFault CHAIN_PROCESS_FAILED for whatever goes wrong. */
export async function callAnvil(
  port: number,
  call: { readonly method: string; readonly params?: readonly unknown[] },
  timeoutMs: number = CALL_TIMEOUT_MS,
): Promise<unknown> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, params: [], ...call }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = (await response.json()) as { readonly result?: unknown };
    return answer.result;
  } catch (cause) {
    throw failed(`${call.method} got no answer from the embedded chain.`, cause);
  }
}

/** The newest block of the chain. @throws ChainFault CHAIN_PROCESS_FAILED. */
export async function newestBlock(port: number): Promise<BlockReference> {
  const call = { method: 'eth_getBlockByNumber', params: ['latest', false] };
  const block = await callAnvil(port, call);
  const { number, hash } = (block ?? {}) as { readonly number?: unknown; readonly hash?: unknown };
  if (typeof number !== 'string' || !isHash(hash)) throw failed('The chain shows no newest block.');
  return { number: BigInt(number), hash };
}

function isHash(word: unknown): word is BlockReference['hash'] {
  return typeof word === 'string' && /^0x[0-9a-f]{64}$/.test(word);
}

/** What goes wrong with the chain's own process, in a sentence. */
export function failed(sentence: string, cause?: unknown): ChainFault {
  return new ChainFault('CHAIN_PROCESS_FAILED', sentence, cause === undefined ? {} : { cause });
}

const CALL_TIMEOUT_MS = 30_000;
