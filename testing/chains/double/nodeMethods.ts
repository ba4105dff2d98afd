import type { Address, Hash, Hex } from 'viem';
import { numberToHex } from 'viem';
import { ancestorAt, isAncestor, transactionsOf } from './chainDouble.ts';
import { baseFeeAfter } from './chainRules.ts';
import type { NodeError } from './nodeDialects.ts';
import { codeAt, machineCall, machineEstimate, machineSimulate, wordAt } from './nodeMachine.ts';
import type { NodeAnswer, NodeReply, NodeSight } from './nodeSight.ts';
import { estimateGas, simulateCalls, simulateOne } from './nodeSimulation.ts';
import type { PaperTransaction } from './paperSigner.ts';
import { paperHash } from './paperSigner.ts';
import type { TruthBlock, TruthLog, TruthReceipt } from './truth.ts';

/** Answers every method but sending, from what the node sees at this moment. */
export function answerCall(node: NodeSight, method: string, params: readonly unknown[]): NodeReply {
  const answer = METHODS[method];
  if (answer === undefined) {
    const message = `the method ${method} does not exist/is not available`;
    return { error: { code: -32601, message } };
  }
  return answer(node, params);
}

type Method = (node: NodeSight, params: readonly unknown[]) => NodeReply;

const METHODS: Readonly<Record<string, Method>> = {
  eth_chainId: (node) => ok(quantity(node.chainIdShown ?? node.chain.terms.chainId)),
  net_version: (node) => ok(String(node.chainIdShown ?? node.chain.terms.chainId)),
  eth_syncing: () => ok(false),
  eth_blockNumber: (node) => ok(quantity(node.view().number)),
  eth_getBlockByNumber: (node, [tag, full]) =>
    ok(showBlock(blockFor(node, node.view(), tag), full === true)),
  eth_getBlockByHash: (node, [hash, full]) => {
    const block = node.chain.blocks.get(hash as Hash);
    return ok(block !== undefined && node.knows(block) ? showBlock(block, full === true) : null);
  },
  eth_getTransactionCount: answerCount,
  eth_getBalance: (node, [address, tag]) => {
    const block = blockFor(node, node.view(), tag);
    if (block === undefined) return HEADER_NOT_FOUND;
    return ok(quantity(node.chain.accountAt(block, address as Address).balance));
  },
  eth_getCode: (node, [address, tag]) => {
    const { machine } = node.chain;
    if (machine !== undefined) {
      return onMachine(node, tag, (block) => codeAt(machine, block, address as Address));
    }
    const known = node.chain.contracts.has((address as string).toLowerCase() as Address);
    return ok(known ? '0x60806040' : '0x');
  },
  eth_getTransactionReceipt: (node, [hash]) => ok(showReceipt(node, hash as Hash)),
  eth_getTransactionByHash: (node, [hash]) => ok(showTransaction(node, hash as Hash)),
  eth_feeHistory: answerFeeHistory,
  eth_gasPrice: (node) => ok(quantity(baseFeeAfter(node.view()) + MEDIAN_TIP)),
  eth_maxPriorityFeePerGas: () => ok(quantity(MEDIAN_TIP)),
  eth_getStorageAt: (node, [address, slot, tag]) => {
    const { machine } = node.chain;
    if (machine === undefined) return ok(EMPTY_HASH);
    const place = { address: address as Address, slot: slot as Hex };
    return onMachine(node, tag, (block) => wordAt(machine, block, place));
  },
  eth_estimateGas: (node, [call, tag]) => {
    const { machine } = node.chain;
    if (machine !== undefined) {
      return onMachine(node, tag, (block) => machineEstimate(machine, block, call));
    }
    const block = blockFor(node, node.view(), tag);
    return block === undefined ? HEADER_NOT_FOUND : estimateGas(node, block, call);
  },
  eth_call: (node, [call, tag, overrides]) => {
    const { machine } = node.chain;
    if (machine !== undefined) {
      return onMachine(node, tag, (block) => machineCall(machine, block, { call, overrides }));
    }
    const block = blockFor(node, node.view(), tag);
    return block === undefined ? HEADER_NOT_FOUND : simulateOne(node, block, call);
  },
  eth_simulateV1: (node, [payload, tag]) => {
    const { machine } = node.chain;
    if (machine !== undefined) {
      return onMachine(node, tag, (block) => machineSimulate(machine, block, payload));
    }
    const block = blockFor(node, node.view(), tag);
    return block === undefined ? HEADER_NOT_FOUND : simulateCalls(node, block, payload);
  },
  eth_getLogs: (node, [filter]) => answerLogs(node, filter as LogFilter),
  txpool_status: (node) => {
    const pending = node.pool.executable().length;
    return ok({ pending: quantity(pending), queued: quantity(node.pool.size() - pending) });
  },
};

/** Wei per gas that half of the transactions of a block tip. */
export const MEDIAN_TIP = 1_000_000_000n;

const HEADER_NOT_FOUND: NodeAnswer = failed({ code: -32000, message: 'header not found' });

/** Asks the machine about the block that a tag names. */
function onMachine(
  node: NodeSight,
  tag: unknown,
  ask: (block: TruthBlock) => Promise<NodeAnswer>,
): NodeReply {
  const block = blockFor(node, node.view(), tag);
  return block === undefined ? HEADER_NOT_FOUND : ask(block);
}

function ok(result: unknown): NodeAnswer {
  return { result };
}

function failed(error: NodeError): NodeAnswer {
  return { error };
}

function quantity(amount: bigint | number): Hex {
  return numberToHex(amount);
}

/** The block that a tag, a number or an EIP-1898 object names, seen from `view`. */
function blockFor(node: NodeSight, view: TruthBlock, tag: unknown): TruthBlock | undefined {
  const { safeDepth, finalizedDepth } = node.chain.terms;
  if (tag === undefined || tag === 'latest' || tag === 'pending') return view;
  if (tag === 'safe') return ancestorAt(view, view.number - safeDepth);
  if (tag === 'finalized') return ancestorAt(view, view.number - finalizedDepth);
  if (tag === 'earliest') return ancestorAt(view, 0);
  if (typeof tag === 'string') return ancestorAt(view, Number(tag));
  const { blockHash, blockNumber } = tag as { blockHash?: Hash; blockNumber?: Hex };
  if (blockHash === undefined) return ancestorAt(view, Number(blockNumber));
  const block = node.chain.blocks.get(blockHash);
  return block !== undefined && node.knows(block) ? block : undefined;
}

function answerCount(node: NodeSight, [address, tag]: readonly unknown[]): NodeAnswer {
  const view = node.view();
  const block = blockFor(node, view, tag);
  if (block === undefined) return HEADER_NOT_FOUND;
  const sender = (address as string).toLowerCase() as Address;
  const pending = tag === 'pending' ? node.pool.pendingOf(sender, view).length : 0;
  return ok(quantity(node.chain.accountAt(block, sender).count + pending));
}

function showBlock(block: TruthBlock | undefined, full: boolean): unknown {
  if (block === undefined) return null;
  const transactions = transactionsOf(block);
  return {
    number: quantity(block.number),
    hash: block.hash,
    parentHash: block.parent?.hash ?? EMPTY_HASH,
    timestamp: quantity(block.timestamp),
    baseFeePerGas: quantity(block.baseFee),
    gasLimit: quantity(block.gasLimit),
    gasUsed: quantity(block.gasUsed),
    miner: '0x0000000000000000000000000000000000000000',
    logsBloom: block.logsBloom ?? '0x',
    transactions: full
      ? transactions.map((tx, index) => transactionFields(tx, block, index))
      : transactions.map(({ hash }) => hash),
  };
}

const EMPTY_HASH: Hash = paperHash('');

function transactionFields(
  transaction: PaperTransaction,
  block: TruthBlock | undefined,
  index: number,
): Record<string, unknown> {
  return {
    hash: transaction.hash,
    from: transaction.from,
    to: transaction.to ?? null,
    nonce: quantity(transaction.chainNonce),
    value: quantity(transaction.amount),
    input: transaction.callData,
    gas: quantity(transaction.gasLimit),
    maxFeePerGas: quantity(transaction.maxFeePerGas),
    maxPriorityFeePerGas: quantity(transaction.maxPriorityFeePerGas),
    type: '0x2',
    chainId: quantity(transaction.chainId),
    blockHash: block?.hash ?? null,
    blockNumber: block === undefined ? null : quantity(block.number),
    transactionIndex: block === undefined ? null : quantity(index),
  };
}

function showTransaction(node: NodeSight, hash: Hash): unknown {
  const place = node.chain.receiptAt(node.view(), hash);
  if (place !== undefined) {
    const index = place.block.receipts.indexOf(place.receipt);
    return transactionFields(place.receipt.transaction, place.block, index);
  }
  const waiting = node.pool.get(hash);
  return waiting === undefined ? null : transactionFields(waiting, undefined, 0);
}

function showReceipt(node: NodeSight, hash: Hash): unknown {
  const place = node.chain.receiptAt(node.view(), hash);
  if (place === undefined) return null;
  const { block, receipt } = place;
  const index = block.receipts.indexOf(receipt);
  return {
    transactionHash: hash,
    transactionIndex: quantity(index),
    blockHash: block.hash,
    blockNumber: quantity(block.number),
    from: receipt.transaction.from,
    to: receipt.transaction.to ?? null,
    contractAddress: receipt.created ?? null,
    cumulativeGasUsed: quantity(receipt.gasUsed),
    gasUsed: quantity(receipt.gasUsed),
    effectiveGasPrice: quantity(receipt.effectiveGasPrice),
    status: receipt.success ? '0x1' : '0x0',
    type: '0x2',
    logsBloom: '0x',
    logs: showLogs(block, receipt),
  };
}

function showLogs(block: TruthBlock, receipt: TruthReceipt): Record<string, unknown>[] {
  return receipt.logs.map((log, index) => ({
    ...logFields(log),
    logIndex: quantity(logsBefore(block, receipt) + index),
    blockHash: block.hash,
    blockNumber: quantity(block.number),
    transactionHash: receipt.transaction.hash,
    transactionIndex: quantity(block.receipts.indexOf(receipt)),
    removed: false,
  }));
}

function logFields(log: TruthLog): Record<string, unknown> {
  return { address: log.address, topics: log.topics, data: log.payload };
}

function logsBefore(block: TruthBlock, receipt: TruthReceipt): number {
  let count = 0;
  for (const other of block.receipts) {
    if (other === receipt) break;
    count += other.logs.length;
  }
  return count;
}

/** Tips of the background: the percentile scales the median. */
function answerFeeHistory(node: NodeSight, params: readonly unknown[]): NodeAnswer {
  const view = node.view();
  const newest = blockFor(node, view, params[1]);
  if (newest === undefined) return failed({ code: -32000, message: 'request beyond head block' });
  const wanted = Math.min(Number(params[0]), 1024);
  const blocks: TruthBlock[] = [];
  for (let b: TruthBlock | undefined = newest; b !== undefined; b = b.parent) {
    if (blocks.length >= wanted) break;
    blocks.unshift(b);
  }
  const percentiles = (params[2] ?? []) as readonly number[];
  const rewards = percentiles.map((p) => quantity((MEDIAN_TIP * BigInt(Math.round(p))) / 50n));
  return ok({
    oldestBlock: quantity(blocks[0]?.number ?? newest.number),
    baseFeePerGas: [...blocks.map((b) => quantity(b.baseFee)), quantity(baseFeeAfter(newest))],
    gasUsedRatio: blocks.map((b) => Number(b.gasUsed) / Number(b.gasLimit)),
    ...(percentiles.length === 0 ? {} : { reward: blocks.map(() => rewards) }),
  });
}

interface LogFilter {
  readonly fromBlock?: unknown;
  readonly toBlock?: unknown;
  readonly blockHash?: Hash;
  readonly address?: Address | readonly Address[];
  readonly topics?: readonly (Hex | readonly Hex[] | null)[];
}

function answerLogs(node: NodeSight, filter: LogFilter): NodeAnswer {
  const view = node.view();
  const blocks: TruthBlock[] = [];
  if (filter.blockHash !== undefined) {
    const block = node.chain.blocks.get(filter.blockHash);
    if (block === undefined || !node.knows(block)) {
      return failed({ code: -32000, message: 'unknown block' });
    }
    if (isAncestor(block, view)) blocks.push(block);
    else return failed({ code: -32000, message: 'hash is not currently canonical' });
  } else {
    const from = blockFor(node, view, filter.fromBlock);
    const to = blockFor(node, view, filter.toBlock) ?? view;
    if (from === undefined) return ok([]);
    for (let b: TruthBlock | undefined = to; b !== undefined; b = b.parent) {
      if (b.number < from.number) break;
      blocks.unshift(b);
    }
  }
  const logs = blocks.flatMap((block) =>
    block.receipts.flatMap((receipt) => showLogs(block, receipt)),
  );
  return ok(logs.filter((log) => matches(log as unknown as TruthLog, filter)));
}

function matches(log: TruthLog, { address, topics }: LogFilter): boolean {
  if (address !== undefined) {
    const wanted = (typeof address === 'string' ? [address] : address).map((a) => a.toLowerCase());
    if (!wanted.includes(log.address.toLowerCase())) return false;
  }
  return (topics ?? []).every((topic, index) => {
    if (topic === null) return true;
    return (typeof topic === 'string' ? [topic] : topic).includes(log.topics[index] as Hex);
  });
}
