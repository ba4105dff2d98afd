import type { Address, Hex } from 'viem';
import { numberToHex } from 'viem';
import { floorGas, intrinsicGas, larger } from './chainRules.ts';
import type { ContractMachine, MachineBlock, MachineResult } from './contractMachine.ts';
import { creationGas } from './contractMachine.ts';
import type { NodeAnswer } from './nodeSight.ts';
import type { SimulatedCall } from './nodeSimulation.ts';
import { readCall, reverted, showOutcome } from './nodeSimulation.ts';
import type { TruthBlock } from './truth.ts';

/** `eth_call` in the block that it asks about; code may be put in the place of other code. */
export function machineCall(
  machine: ContractMachine,
  block: TruthBlock,
  asked: { readonly call: unknown; readonly overrides: unknown },
): Promise<NodeAnswer> {
  const overrides = (asked.overrides ?? {}) as Readonly<Record<Address, { readonly code?: Hex }>>;
  return machine.read(block, async (session) => {
    for (const [address, { code }] of Object.entries(overrides)) {
      if (code !== undefined) await session.putCode(address as Address, code);
    }
    const { success, output } = await session.call(readCall(asked.call), block);
    return success ? { result: output } : reverted(output);
  });
}

/** `eth_estimateGas`: the least of a few limits that suffices. */
export function machineEstimate(
  machine: ContractMachine,
  block: TruthBlock,
  fields: unknown,
): Promise<NodeAnswer> {
  const call = readCall(fields);
  return machine.read(block, async (session) => {
    const { balance = 0n } = block.accounts.get(call.from) ?? {};
    if (balance < call.amount) {
      return { error: { code: -32000, message: 'insufficient funds for transfer' } };
    }
    const ran = await session.call(call, block);
    if (!ran.success) return reverted(ran.output);
    return { result: numberToHex(withIntrinsic(call, withRoom(ran.gasNeeded))) };
  });
}

/** `eth_simulateV1`: calls one after another, in blocks after the one that is asked for. */
export function machineSimulate(
  machine: ContractMachine,
  block: TruthBlock,
  payload: unknown,
): Promise<NodeAnswer> {
  const { blockStateCalls, traceTransfers = false } = payload as {
    readonly blockStateCalls: readonly { readonly calls?: readonly unknown[] }[];
    readonly traceTransfers?: boolean;
  };
  return machine.read(block, async (session) => {
    const blocks: unknown[] = [];
    for (const [offset, { calls = [] }] of blockStateCalls.entries()) {
      const next = after(block, 1 + offset);
      const shown: unknown[] = [];
      for (const fields of calls) {
        const call = readCall(fields);
        const ran = withFixedGas(call, await session.call(call, next));
        shown.push(showOutcome(ran, { call, blockNumber: next.number, traceTransfers }));
      }
      const { number, baseFee } = next;
      blocks.push({
        number: numberToHex(number),
        baseFeePerGas: numberToHex(baseFee),
        calls: shown,
      });
    }
    return { result: blocks };
  });
}

/** `eth_getCode`. */
export async function codeAt(
  machine: ContractMachine,
  block: TruthBlock,
  address: Address,
): Promise<NodeAnswer> {
  return { result: await machine.read(block, (session) => session.codeAt(address)) };
}

/** `eth_getStorageAt`. */
export async function wordAt(
  machine: ContractMachine,
  block: TruthBlock,
  { address, slot }: { readonly address: Address; readonly slot: Hex },
): Promise<NodeAnswer> {
  return { result: await machine.read(block, (session) => session.wordAt(address, slot)) };
}

function after({ number, timestamp, baseFee }: TruthBlock, blocks: number): MachineBlock {
  return { number: number + blocks, timestamp: timestamp + blocks, baseFee };
}

function withFixedGas(call: SimulatedCall, ran: MachineResult): MachineResult {
  return { ...ran, gasUsed: withIntrinsic(call, ran.gasUsed) };
}

function withIntrinsic({ callData, to }: SimulatedCall, inner: bigint): bigint {
  const creation = to === undefined ? creationGas(callData) : 0n;
  return larger(intrinsicGas(callData) + creation + inner, floorGas(callData));
}

/**
 * A call gives 63 parts of 64 of what is left to each call within it, so that a limit of just what
 * is used may be too small; four levels deep a sixteenth more is enough. @see EIP-150.
 */
function withRoom(gasNeeded: bigint): bigint {
  return gasNeeded + (gasNeeded >> 4n) + 2_300n;
}
