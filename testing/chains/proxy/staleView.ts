import type { ProxyCall } from './faultPlan.ts';
import type { NodeAnswer, Upstream } from './upstream.ts';

/** How much of the chain a replica has. */
export type HeadView =
  | { readonly kind: 'live' }
  /** Behind the head by this many blocks, asked at each call: a lag may flap. */
  | { readonly kind: 'behind'; readonly blocks: () => number }
  /** Stays where it is. */
  | { readonly kind: 'stuck'; readonly at: bigint };

/**
 * Answers as a replica whose head is older than the node's: tags name its own head, and whatever is
 * in newer blocks does not exist. Transactions that wait are those of the node: gossip is fast.
 */
export async function answerStale(
  call: ProxyCall,
  view: HeadView,
  upstream: Upstream,
): Promise<NodeAnswer> {
  const head = await headOf(view, upstream);
  const { method, params } = call;
  if (method === 'eth_blockNumber') return { result: toHex(head) };
  if (method === 'eth_getLogs') return answerLogs(params, head, upstream);
  const tagAt = TAG_AT.get(method);
  if (tagAt === undefined) return hideNewer(method, await upstream.ask(method, params), head);
  const placed = placeTag(params[tagAt], head);
  if (placed === undefined) {
    return method === 'eth_getBlockByNumber' ? { result: null } : HEADER_NOT_FOUND;
  }
  const changed = [...params];
  changed[tagAt] = placed;
  return capBlock(method, await upstream.ask(method, changed), head, upstream);
}

const HEADER_NOT_FOUND: NodeAnswer = { error: { code: -32000, message: 'header not found' } };

/** Where the block stands among the parameters. */
const TAG_AT: ReadonlyMap<string, number> = new Map([
  ['eth_getBalance', 1],
  ['eth_getCode', 1],
  ['eth_getStorageAt', 2],
  ['eth_getTransactionCount', 1],
  ['eth_call', 1],
  ['eth_estimateGas', 1],
  ['eth_feeHistory', 1],
  ['eth_getBlockByNumber', 0],
  ['eth_getBlockReceipts', 0],
  ['eth_simulateV1', 1],
  ['debug_traceCall', 1],
]);

async function headOf(view: HeadView, upstream: Upstream): Promise<bigint> {
  const head = BigInt((await upstream.call('eth_blockNumber')) as string);
  if (view.kind === 'live') return head;
  const seen = view.kind === 'stuck' ? view.at : head - BigInt(view.blocks());
  if (seen < 0n) return 0n;
  return seen < head ? seen : head;
}

/** The tag as the node shall read it; undefined for a block that the replica does not have. */
function placeTag(tag: unknown, head: bigint): unknown {
  if (tag === undefined || tag === 'latest' || tag === 'pending') return toHex(head);
  if (typeof tag === 'string' && tag.startsWith('0x') && tag.length < 60) {
    return BigInt(tag) > head ? undefined : tag;
  }
  return tag;
}

/** `safe` and `finalized` of the node may be beyond what the replica has. */
async function capBlock(
  method: string,
  answer: NodeAnswer,
  head: bigint,
  upstream: Upstream,
): Promise<NodeAnswer> {
  if (method !== 'eth_getBlockByNumber' || 'error' in answer) return answer;
  const block = answer.result as { number: string } | null;
  if (block === null || BigInt(block.number) <= head) return answer;
  return upstream.ask(method, [toHex(head), false]);
}

/** Blocks, transactions and receipts named by hash. */
function hideNewer(method: string, answer: NodeAnswer, head: bigint): NodeAnswer {
  if ('error' in answer || typeof answer.result !== 'object' || answer.result === null) {
    return answer;
  }
  const { number, blockNumber } = answer.result as { number?: unknown; blockNumber?: unknown };
  const place = method === 'eth_getBlockByHash' ? number : blockNumber;
  return typeof place === 'string' && BigInt(place) > head ? { result: null } : answer;
}

async function answerLogs(
  params: readonly unknown[],
  head: bigint,
  upstream: Upstream,
): Promise<NodeAnswer> {
  const filter = { ...(params[0] as Record<string, unknown>) };
  if (filter['blockHash'] === undefined) {
    const from = placeTag(filter['fromBlock'], head);
    if (from === undefined) return { result: [] };
    filter['fromBlock'] = from;
    filter['toBlock'] = placeTag(filter['toBlock'], head) ?? toHex(head);
  }
  const answer = await upstream.ask('eth_getLogs', [filter]);
  if ('error' in answer) return answer;
  const logs = answer.result as { blockNumber: string }[];
  return { result: logs.filter(({ blockNumber }) => BigInt(blockNumber) <= head) };
}

function toHex(block: bigint): string {
  return `0x${block.toString(16)}`;
}
