/** What a chain says of a transaction. */
export interface ChainReceipt {
  readonly succeeded: boolean;
  readonly blockNumber: bigint;
  /** In lower case; empty for the creation of a contract. */
  readonly to: string;
}

const TIMEOUT_MS = 5000;

interface ReceiptAnswer {
  readonly result?: {
    readonly status: string;
    readonly blockNumber: string;
    readonly to: string | null;
  } | null;
}

/**
 * Asks an endpoint for the receipt of a transaction.
 *
 * @returns undefined when the chain has none. Rejects when nothing answers there.
 */
export async function readReceipt(
  rpcUrl: string,
  transaction: string,
  signal: AbortSignal,
): Promise<ChainReceipt | undefined> {
  const call = { jsonrpc: '2.0', id: 1, method: 'eth_getTransactionReceipt' };
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...call, params: [transaction] }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  const { result } = (await response.json()) as ReceiptAnswer;
  if (result === null || result === undefined) return undefined;
  return {
    succeeded: BigInt(result.status) === 1n,
    blockNumber: BigInt(result.blockNumber),
    to: (result.to ?? '').toLowerCase(),
  };
}
