import type { Hash } from 'viem';
import { blockTagOf, methodRow } from '../endpoints/methods.ts';
import type { RpcCall } from '../endpoints/transport.ts';
import type { ChainTracker } from '../tracker/chainTracker.ts';

/** How long answers are kept at most, in milliseconds. A new head ends most of them earlier. */
export const CACHE_TTL_MS = {
  balance: 30_000,
  state: 30_000,
  blockNumber: 12_000,
  transaction: 12_000,
  block: 30_000,
  gasPrice: 15_000,
  tokenMetadata: 3_600_000,
  /** Named by its own hash: right for ever, kept while it is likely to be asked for. */
  byHash: 3_600_000,
} as const;

/** What the rules look at in the tracker. */
export type ChainView = Pick<ChainTracker, 'head' | 'finality' | 'blockAt'>;

/** How one read is cached. */
export type CachePlan =
  /** Asked each time. */
  | { readonly kind: 'never' }
  | {
      readonly kind: 'kept';
      /** What the answer belongs to: a block hash, or a scope that no head ends. */
      readonly anchor: string;
      /** 0 keeps it until it is crowded out. */
      readonly ttlMs: number;
      /** The answer has to come from a node that has this block. */
      readonly atLeastBlock: bigint | undefined;
      /** Kept only if this is still the head once the answer is there. */
      readonly head: Hash | undefined;
    };

/** Anchor of answers that no reorganisation can change any more. */
export const FINAL_ANCHOR = 'final';

const NEVER: CachePlan = { kind: 'never' };

/** Kept for time alone. Chain ids do not change; prices of gas are estimates anyway. */
const BY_TIME: ReadonlyMap<string, number> = new Map([
  ['eth_chainId', 0],
  ['net_version', 0],
  ['eth_gasPrice', CACHE_TTL_MS.gasPrice],
  ['eth_maxPriorityFeePerGas', CACHE_TTL_MS.gasPrice],
  ['eth_blobBaseFee', CACHE_TTL_MS.gasPrice],
]);

/**
 * Kept for a block. What is missing here is never cached: nonces, because a stale one costs a gap;
 * estimates and simulations, because they have to fail when the chain moved.
 */
const BY_BLOCK: ReadonlyMap<string, number> = new Map([
  ['eth_blockNumber', CACHE_TTL_MS.blockNumber],
  ['eth_feeHistory', CACHE_TTL_MS.gasPrice],
  ['eth_getBalance', CACHE_TTL_MS.balance],
  ['eth_getCode', CACHE_TTL_MS.state],
  ['eth_getStorageAt', CACHE_TTL_MS.state],
  ['eth_getProof', CACHE_TTL_MS.state],
  ['eth_call', CACHE_TTL_MS.state],
  ['eth_getLogs', CACHE_TTL_MS.block],
  ['eth_getBlockByNumber', CACHE_TTL_MS.block],
  ['eth_getBlockReceipts', CACHE_TTL_MS.block],
  ['eth_getBlockTransactionCountByNumber', CACHE_TTL_MS.block],
  ['eth_getTransactionByBlockNumberAndIndex', CACHE_TTL_MS.block],
  ['eth_getBlockByHash', CACHE_TTL_MS.byHash],
  ['eth_getBlockTransactionCountByHash', CACHE_TTL_MS.byHash],
  ['eth_getTransactionByBlockHashAndIndex', CACHE_TTL_MS.byHash],
  ['eth_getTransactionByHash', CACHE_TTL_MS.transaction],
  ['eth_getTransactionReceipt', CACHE_TTL_MS.transaction],
]);

/** name(), symbol(), decimals(). */
const METADATA_SELECTORS: ReadonlySet<string> = new Set(['0x06fdde03', '0x95d89b41', '0x313ce567']);

/** Decides how a read is cached, given where the chain stands. */
export function planOf(call: RpcCall, view: ChainView): CachePlan {
  const timeMs = BY_TIME.get(call.method) ?? metadataMs(call);
  if (timeMs !== undefined) return kept('time', timeMs);
  const ttlMs = BY_BLOCK.get(call.method);
  if (ttlMs === undefined) return NEVER;
  const { dependence } = methodRow(call.method);
  if (dependence === 'blockHash' || namesBlockHash(call)) return kept('hash', CACHE_TTL_MS.byHash);
  if (call.method === 'eth_getLogs') return planOfLogs(call, ttlMs, view);
  return dependence === 'blockTag'
    ? planOfTag(blockTagOf(call), ttlMs, view)
    : planOfHead(ttlMs, view);
}

/** Whether an answer that names its block belongs to one that no reorganisation reaches. */
export function isFinalAnswer(result: unknown, view: ChainView): boolean {
  if (typeof result !== 'object' || result === null) return false;
  const named = 'blockNumber' in result ? result.blockNumber : undefined;
  const number = numberOf(named);
  return number !== undefined && isFinal(number, view);
}

function planOfTag(tag: string | undefined, ttlMs: number, view: ChainView): CachePlan {
  if (tag === 'latest') return planOfHead(ttlMs, view);
  if (tag === 'earliest') return kept(FINAL_ANCHOR, 0);
  if (tag === 'safe' || tag === 'finalized') {
    const block = view.finality()[tag];
    return block === undefined ? NEVER : kept(block.hash, ttlMs, block.number);
  }
  const number = numberOf(tag);
  if (number === undefined) return NEVER;
  if (isFinal(number, view)) return kept(FINAL_ANCHOR, 0, number);
  const head = view.head();
  if (head === undefined || number > head.number) return NEVER;
  const block = view.blockAt(number);
  // Outside the ring: its hash is unknown, but it is no younger than the head.
  return block === undefined ? planOfHead(ttlMs, view) : kept(block.hash, ttlMs, number, head.hash);
}

function planOfHead(ttlMs: number, view: ChainView): CachePlan {
  const head = view.head();
  return head === undefined ? NEVER : kept(head.hash, ttlMs, head.number, head.hash);
}

/** A range of logs is final once its end is; until then it may change with the head. */
function planOfLogs(call: RpcCall, ttlMs: number, view: ChainView): CachePlan {
  const [filter] = call.params;
  if (typeof filter !== 'object' || filter === null) return NEVER;
  const from = 'fromBlock' in filter ? filter.fromBlock : 'latest';
  const to = 'toBlock' in filter ? filter.toBlock : 'latest';
  if (from === 'pending' || to === 'pending') return NEVER;
  const [first, last] = [numberOf(from), numberOf(to)];
  if (first !== undefined && last !== undefined && isFinal(last, view)) {
    return kept(FINAL_ANCHOR, 0, last);
  }
  return planOfHead(ttlMs, view);
}

function kept(anchor: string, ttlMs: number, atLeastBlock?: bigint, head?: Hash): CachePlan {
  return { kind: 'kept', anchor, ttlMs, atLeastBlock, head };
}

function isFinal(number: bigint, view: ChainView): boolean {
  const { finalized } = view.finality();
  return finalized !== undefined && number <= finalized.number;
}

function numberOf(quantity: unknown): bigint | undefined {
  if (typeof quantity !== 'string' || !/^0x[0-9a-f]{1,16}$/i.test(quantity)) return undefined;
  return BigInt(quantity);
}

/** EIP-1898, and the filter of eth_getLogs. */
function namesBlockHash(call: RpcCall): boolean {
  const { tagAt = 0 } = methodRow(call.method);
  const parameter = call.params[tagAt];
  return typeof parameter === 'object' && parameter !== null && 'blockHash' in parameter;
}

/** Names, symbols and decimals of tokens do not follow the head; proxies that do change slowly. */
function metadataMs(call: RpcCall): number | undefined {
  if (call.method !== 'eth_call' || call.params.length > 2) return undefined;
  if (blockTagOf(call) !== 'latest') return undefined;
  const [target] = call.params;
  if (typeof target !== 'object' || target === null) return undefined;
  const bytes = 'data' in target ? target.data : 'input' in target ? target.input : undefined;
  if (typeof bytes !== 'string' || !METADATA_SELECTORS.has(bytes.toLowerCase())) return undefined;
  return CACHE_TTL_MS.tokenMetadata;
}
