import type { Address, Hex } from 'viem';
import { numberToHex, pad } from 'viem';
import { floorGas, intrinsicGas, larger, runCall } from './chainRules.ts';
import type { NodeAnswer, NodeSight } from './nodeSight.ts';
import type { ContractResult, TruthBlock } from './truth.ts';

interface CallFields {
  readonly from?: Address;
  readonly to?: Address | null;
  readonly value?: Hex;
  readonly input?: Hex;
  readonly data?: Hex;
  readonly gas?: Hex;
}

/** A call as nodes are asked to run it. */
export interface SimulatedCall {
  readonly from: Address;
  readonly to: Address | undefined;
  readonly amount: bigint;
  readonly callData: Hex;
}

/** `eth_estimateGas`: fails with code 3 where the call would revert. */
export function estimateGas(node: NodeSight, block: TruthBlock, fields: unknown): NodeAnswer {
  const call = readCall(fields);
  const { balance } = node.chain.accountAt(block, call.from);
  if (balance < call.amount) {
    return { error: { code: -32000, message: 'insufficient funds for transfer' } };
  }
  const result = run(node, block, call);
  if (!result.success) return reverted(result.output);
  return { result: numberToHex(gasOf(call, result.gasUsed)) };
}

/** `eth_call`: no bytes come back unless the script of the target returns some. */
export function simulateOne(node: NodeSight, block: TruthBlock, fields: unknown): NodeAnswer {
  const result = run(node, block, readCall(fields));
  return result.success ? { result: result.output ?? '0x' } : reverted(result.output);
}

/** `eth_simulateV1`, with native transfers as logs where the payload asks to trace them. */
export function simulateCalls(node: NodeSight, block: TruthBlock, payload: unknown): NodeAnswer {
  const { blockStateCalls, traceTransfers } = payload as {
    blockStateCalls: readonly { readonly calls?: readonly unknown[] }[];
    traceTransfers?: boolean;
  };
  const blocks = blockStateCalls.map(({ calls = [] }, offset) => ({
    number: numberToHex(block.number + 1 + offset),
    baseFeePerGas: numberToHex(block.baseFee),
    calls: calls.map((fields) => showCall(node, block, readCall(fields), traceTransfers === true)),
  }));
  return { result: blocks };
}

function showCall(
  node: NodeSight,
  block: TruthBlock,
  call: SimulatedCall,
  traceTransfers: boolean,
): Record<string, unknown> {
  const { balance } = node.chain.accountAt(block, call.from);
  if (balance < call.amount) {
    const message = `insufficient funds for gas * price + value: address ${call.from}`;
    return failedCall(gasOf(call, 0n), { code: -38014, message });
  }
  const result = run(node, block, call);
  const gasUsed = gasOf(call, result.gasUsed);
  return showOutcome(
    { ...result, gasUsed },
    { call, blockNumber: block.number + 1, traceTransfers },
  );
}

/** What a call of `eth_simulateV1` came to, in the words of a node. */
export function showOutcome(
  result: ContractResult,
  shown: {
    readonly call: SimulatedCall;
    readonly blockNumber: number;
    readonly traceTransfers: boolean;
  },
): Record<string, unknown> {
  const { call, blockNumber, traceTransfers } = shown;
  const { gasUsed } = result;
  if (!result.success) {
    const output = result.output ?? '0x';
    return failedCall(gasUsed, { code: 3, message: 'execution reverted', data: output }, output);
  }
  const own = (result.logs ?? []).map(({ address, topics, payload }) => ({
    address,
    topics,
    data: payload,
  }));
  const transfers = traceTransfers && call.amount > 0n ? [transferLog(call)] : [];
  const logs = [...transfers, ...own].map((log, index) => ({
    ...log,
    logIndex: numberToHex(index),
    blockNumber: numberToHex(blockNumber),
  }));
  const returnData = result.output ?? '0x';
  return { status: '0x1', gasUsed: numberToHex(gasUsed), returnData, logs };
}

function failedCall(
  gasUsed: bigint,
  error: Record<string, unknown>,
  returnData: Hex = '0x',
): Record<string, unknown> {
  return { status: '0x0', gasUsed: numberToHex(gasUsed), returnData, logs: [], error };
}

/** ERC-20 `Transfer` of the pseudo-contract by which geth shows native transfers. */
const NATIVE_LOG_ADDRESS: Address = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
const TRANSFER_TOPIC: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';

function transferLog(call: SimulatedCall): Record<string, unknown> {
  return {
    address: NATIVE_LOG_ADDRESS,
    topics: [TRANSFER_TOPIC, pad(call.from), pad(call.to ?? call.from)],
    data: pad(numberToHex(call.amount)),
  };
}

function run(node: NodeSight, block: TruthBlock, call: SimulatedCall): ReturnType<typeof runCall> {
  const { contracts } = node.chain;
  return runCall(call, { contracts, branch: block.branch, blockNumber: block.number + 1 });
}

function gasOf(call: SimulatedCall, inner: bigint): bigint {
  const wanted = intrinsicGas(call.callData) + inner;
  return larger(wanted, floorGas(call.callData));
}

/** Reads the fields of a call. */
export function readCall(fields: unknown): SimulatedCall {
  const { from, to, value: amount, input, data: legacy } = fields as CallFields;
  return {
    from: (from ?? '0x0000000000000000000000000000000000000000').toLowerCase() as Address,
    to: (to?.toLowerCase() as Address | undefined) ?? undefined,
    amount: BigInt(amount ?? 0),
    callData: input ?? legacy ?? '0x',
  };
}

/** The error of a call that reverts. */
export function reverted(output: Hex | undefined): NodeAnswer {
  return { error: { code: 3, message: 'execution reverted', data: output ?? '0x' } };
}
