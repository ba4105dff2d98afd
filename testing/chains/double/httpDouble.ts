import type { HttpTransportDependencies } from '@lawbook/chains/endpoints/httpTransport';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import type { Transport } from '@lawbook/chains/endpoints/transport';
import { RpcError, TransportError } from '@lawbook/chains/endpoints/transport';
import type { Environment } from '@lawbook/chains/environment';

/** Longer than any try: whoever asks has to give up by itself. */
const NEVER_MS = 3_600_000;

/**
 * The product's own HTTP transport to a simulated node. The address carries a secret wherever
 * addresses can, and what `fetch` throws quotes it, as errors of HTTP clients do.
 */
export function httpTo(
  node: Transport,
  dependencies: { readonly environment: Environment; readonly secret: string },
): Transport {
  const { environment, secret } = dependencies;
  const url = `https://${secret}:${secret}@${node.name}/v2/${secret}?key=${secret}`;
  const headers = { 'x-api-key': secret };
  return httpTransport({ url, headers }, { environment, fetch: fetchFrom(node) });
}

type Fetch = NonNullable<HttpTransportDependencies['fetch']>;

function fetchFrom(node: Transport): Fetch {
  return async (target, init) => {
    const { id, method, params } = JSON.parse(String(init?.body));
    const signal = init?.signal ?? undefined;
    const options = { timeoutMs: NEVER_MS, ...(signal && { signal }) };
    try {
      const result = await node.request({ method, params }, options);
      return answer(200, JSON.stringify({ jsonrpc: '2.0', id, result }));
    } catch (failure) {
      if (failure instanceof RpcError) {
        const { rpcCode: code, rpcMessage: message, detail } = failure;
        const error = { code, message, data: detail };
        return answer(200, JSON.stringify({ jsonrpc: '2.0', id, error }));
      }
      if (!(failure instanceof TransportError)) throw failure;
      if (signal?.aborted === true) throw signal.reason;
      return answerInstead(failure, { id, quoted: `${String(target)} ${JSON.stringify(init)}` });
    }
  };
}

/** What a broken exchange looks like below the transport. */
function answerInstead(
  { failure, httpStatus = 500, retryAfterMs }: TransportError,
  { id, quoted }: { readonly id: number; readonly quoted: string },
): Response {
  if (failure === 'rateLimited') {
    const seconds = retryAfterMs === undefined ? null : String(Math.ceil(retryAfterMs / 1000));
    return answer(429, quoted, seconds);
  }
  if (failure === 'httpStatus') return answer(httpStatus, quoted);
  if (failure === 'malformed') return answer(200, `<html>${quoted}</html>`);
  if (failure === 'wrongId') {
    return answer(200, JSON.stringify({ jsonrpc: '2.0', id: id + 1, result: null }));
  }
  const code = failure === 'refused' ? 'ECONNREFUSED' : 'ECONNRESET';
  const cause = Object.assign(new TypeError(`${code} at ${quoted}`), { code });
  throw new TypeError(`fetch failed: ${quoted}`, { cause });
}

/**
 * As much of a response as the transport reads. The real one reads its body by streams, which end
 * in turns of the event loop that a simulated clock does not wait for.
 */
function answer(status: number, text: string, retryAfter: string | null = null): Response {
  let chunks = [new TextEncoder().encode(text)];
  const read = async (): Promise<object> => {
    const [chunk] = chunks;
    chunks = [];
    return chunk === undefined ? { done: true } : { done: false, value: chunk };
  };
  const response = {
    ok: status === 200,
    status,
    headers: { get: (name: string) => (name === 'retry-after' ? retryAfter : null) },
    body: { getReader: () => ({ read, cancel: async () => undefined }) },
  };
  return response as unknown as Response;
}
