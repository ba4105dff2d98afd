import type { MethodClass } from './endpointPool.ts';
import type { RpcCall } from './transport.ts';

/** How the answer of a read moves with the chain. */
export type HeadDependence =
  /** Same answer for ever: the chain's id. */
  | 'never'
  /** The answer belongs to a block named by its hash. */
  | 'blockHash'
  /** A block tag or number among the parameters says which block. */
  | 'blockTag'
  /** Changes with the head, and no parameter says so. */
  | 'head'
  /** About a transaction named by its hash: moves with inclusions and reorganisations. */
  | 'transaction'
  /** About the pool, the node itself or a filter of the caller: never the same twice. */
  | 'node';

/** What the engine knows of a method. */
export interface MethodRow {
  readonly methodClass: MethodClass;
  readonly dependence: HeadDependence;
  /** Where the block tag stands among the parameters, for `blockTag`. */
  readonly tagAt?: number;
  /** What the node takes when the tag is missing. */
  readonly missingTag?: 'latest' | 'pending';
  /** Known to take long: hedged later, and no measure of an endpoint's speed. */
  readonly heavy?: boolean;
}

/** The row of a method. Unknown methods are judged by their name: what may write is no read. */
export function methodRow(method: string): MethodRow {
  return METHODS.get(method) ?? rowByName(method);
}

/** Whether a call may be repeated and hedged, must be broadcast, or belongs to a subscription. */
export function methodClass(method: string): MethodClass {
  return methodRow(method).methodClass;
}

/** Whether a new head may change the answer to this call. */
export function dependsOnHead(call: RpcCall): boolean {
  const { dependence, tagAt } = methodRow(call.method);
  if (dependence !== 'blockTag') return dependence !== 'never' && dependence !== 'blockHash';
  const tag = blockTagOf(call) ?? (tagAt === undefined ? undefined : call.params[tagAt]);
  return typeof tag !== 'string' || (!tag.startsWith('0x') && tag !== 'earliest');
}

/**
 * The tag or hexadecimal number that a call names, with the node's default where it is missing.
 * @returns undefined for calls that name a block by its hash, or a range of blocks, or none.
 */
export function blockTagOf(call: RpcCall): string | undefined {
  const { dependence, tagAt, missingTag } = methodRow(call.method);
  if (dependence !== 'blockTag' || tagAt === undefined) return undefined;
  const tag = call.params[tagAt];
  if (tag === undefined || tag === null) return missingTag ?? 'latest';
  if (typeof tag === 'string') return tag;
  if (typeof tag === 'object' && 'blockNumber' in tag && typeof tag.blockNumber === 'string') {
    return tag.blockNumber;
  }
  return undefined;
}

const READ = { methodClass: 'read' } as const;
const NEVER: MethodRow = { ...READ, dependence: 'never' };
const HEAD: MethodRow = { ...READ, dependence: 'head' };
const NODE: MethodRow = { ...READ, dependence: 'node' };
const BY_HASH: MethodRow = { ...READ, dependence: 'blockHash' };
const BY_TRANSACTION: MethodRow = { ...READ, dependence: 'transaction' };
const BROADCAST: MethodRow = { methodClass: 'broadcast', dependence: 'node' };
const SUBSCRIPTION: MethodRow = { methodClass: 'subscription', dependence: 'node' };
const tagAt = (index: number): MethodRow => ({ ...READ, dependence: 'blockTag', tagAt: index });

/** Methods of EVM nodes, then those of Solana nodes. */
const METHODS: ReadonlyMap<string, MethodRow> = new Map<string, MethodRow>([
  ['eth_chainId', NEVER],
  ['net_version', NEVER],
  ['eth_blockNumber', HEAD],
  ['eth_gasPrice', HEAD],
  ['eth_maxPriorityFeePerGas', HEAD],
  ['eth_blobBaseFee', HEAD],
  ['eth_syncing', NODE],
  ['web3_clientVersion', NODE],
  ['eth_getBalance', tagAt(1)],
  ['eth_getCode', tagAt(1)],
  ['eth_getStorageAt', tagAt(2)],
  ['eth_getTransactionCount', tagAt(1)],
  ['eth_getProof', { ...tagAt(2), heavy: true }],
  ['eth_call', tagAt(1)],
  ['eth_estimateGas', { ...tagAt(1), missingTag: 'pending' }],
  ['eth_createAccessList', { ...tagAt(1), missingTag: 'pending' }],
  ['eth_feeHistory', tagAt(1)],
  ['eth_getBlockByNumber', tagAt(0)],
  ['eth_getBlockReceipts', { ...tagAt(0), heavy: true }],
  ['eth_getBlockTransactionCountByNumber', tagAt(0)],
  ['eth_getTransactionByBlockNumberAndIndex', tagAt(0)],
  ['eth_simulateV1', { ...tagAt(1), heavy: true }],
  ['debug_traceCall', { ...tagAt(1), heavy: true }],
  ['debug_traceTransaction', { ...BY_TRANSACTION, heavy: true }],
  ['eth_getBlockByHash', BY_HASH],
  ['eth_getBlockTransactionCountByHash', BY_HASH],
  ['eth_getTransactionByBlockHashAndIndex', BY_HASH],
  ['eth_getTransactionByHash', BY_TRANSACTION],
  ['eth_getTransactionReceipt', BY_TRANSACTION],
  ['eth_getTransactionBySenderAndNonce', HEAD],
  ['eth_getLogs', { ...HEAD, heavy: true }],
  ['txpool_status', NODE],
  ['txpool_content', { ...NODE, heavy: true }],
  ['txpool_contentFrom', NODE],
  ['eth_sendRawTransaction', BROADCAST],
  ['eth_sendRawTransactionSync', BROADCAST],
  ['eth_sendTransaction', BROADCAST],
  ['eth_sendBundle', BROADCAST],
  ['eth_sendPrivateTransaction', BROADCAST],
  ['eth_subscribe', SUBSCRIPTION],
  ['eth_unsubscribe', SUBSCRIPTION],
  ['getGenesisHash', NEVER],
  ['getSlot', HEAD],
  ['getBlockHeight', HEAD],
  ['getLatestBlockhash', HEAD],
  ['isBlockhashValid', HEAD],
  ['getBalance', HEAD],
  ['getAccountInfo', HEAD],
  ['getMultipleAccounts', HEAD],
  ['getTokenAccountBalance', HEAD],
  ['getProgramAccounts', { ...HEAD, heavy: true }],
  ['getFeeForMessage', HEAD],
  ['getRecentPrioritizationFees', HEAD],
  ['getMinimumBalanceForRentExemption', HEAD],
  ['getEpochInfo', HEAD],
  ['getSignatureStatuses', HEAD],
  ['getSignaturesForAddress', HEAD],
  ['getTransaction', BY_TRANSACTION],
  ['getBlock', { ...HEAD, heavy: true }],
  ['simulateTransaction', HEAD],
  ['getHealth', NODE],
  ['getVersion', NODE],
  ['sendTransaction', BROADCAST],
  ['requestAirdrop', BROADCAST],
]);

/** Namespaces through which a node's state, pool or chain is changed. */
const WRITING = /^(anvil|hardhat|evm|miner|admin|personal|engine|wallet)_|^eth_(send|sign|submit)/;

function rowByName(method: string): MethodRow {
  if (WRITING.test(method)) return BROADCAST;
  if (/(Subscribe|Unsubscribe)$/.test(method)) return SUBSCRIPTION;
  return { ...NODE, heavy: /^(debug|trace|arbtrace|ots)_/.test(method) };
}
