/**
 * `node benchmarks/settlement/gasParts.ts [ORDERS] [BATCHES]`: where the gas of a settlement goes.
 *
 * One JSON line a part, in gas: the steps of the contract in an EVM in this process by what they
 * do, calls with what they cost altogether. People have settled once before. The verifier says yes
 * to everything for next to nothing, and the proof has two bytes.
 */
import type { EVM, InterpreterStep } from '@ethereumjs/evm';
import { createAddressFromString } from '@ethereumjs/util';
import { hexToBytes } from 'viem';
import { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { at, invariant } from '../../packages/exchange/src/failures/invariant.ts';
import { openPoseidon2 } from '../../packages/proofs/src/barretenberg/poseidon2.ts';
import { EPOCH_SHAPES } from '../../packages/proofs/src/circuits/epochCircuit.ts';
import { epochCut } from '../../packages/proofs/src/statements/epoch/epochStatement.ts';
import type { BaseLayerWorld } from '../../testing/settlement/baseLayerWorld.ts';
import {
  openBaseLayerWorld,
  settleCall,
  WORLD_SHARD,
} from '../../testing/settlement/baseLayerWorld.ts';
import { SettlingBench } from '../../testing/settlement/exchangeEpochs.ts';
import { fullEpoch, peopleNames } from '../../testing/settlement/fullEpochs.ts';

const COMMITMENT = 5n;
const TRANSACTION_GAS = 21_000;
const PRECOMPILES = 10;

async function main(orders: number, batches: number): Promise<void> {
  const shape = EPOCH_SHAPES.find((size) => size.orders >= orders && size.batches >= batches);
  invariant(shape !== undefined, 'some circuit has room for the epoch');
  const hash = await openPoseidon2();
  const bench = new SettlingBench(peopleNames(orders));
  const epochs = [1, 2].map(() => fullEpoch(bench, { orders, batches }));
  const place = { shard: WORLD_SHARD, listNumber: 1n, previousListHash: ZERO_HASH, shape };
  const first = epochCut(at(epochs, 0), place, hash);
  const cleared = epochs.flatMap((epoch) => epoch.batches);
  const world = await openBaseLayerWorld({
    batches: cleared,
    shape,
    parameterCommitments: cleared.map(() => at(first.list.batches, 0).parameters),
    epochNumber: at(epochs, 0).epochNumber,
    holdings: bench.holdings.filter(({ units }) => units > 0n),
  });
  await beginTransaction(world.evm, first.domain.address);
  const { listHash } = await mustSettle(world.settle(first, COMMITMENT));
  const next = { ...place, listNumber: 2n, previousListHash: listHash as typeof ZERO_HASH };
  const second = epochCut(at(epochs, 1), next, hash);
  await beginTransaction(world.evm, first.domain.address);
  const parts = new Map([['transaction', TRANSACTION_GAS]]);
  // EIP-2028.
  const bytes = hexToBytes(settleCall(second, COMMITMENT));
  parts.set(
    'calldata',
    bytes.reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), 0),
  );
  const { gasUsed } = await listening(world, parts, () => {
    return mustSettle(world.settle(second, COMMITMENT));
  });
  parts.set('all', Number(gasUsed) + TRANSACTION_GAS + (parts.get('calldata') as number));
  for (const [part, gas] of [...parts].sort(([, a], [, b]) => b - a)) {
    console.log(JSON.stringify({ part, gas, gasPerOrder: Math.round(gas / orders) }));
  }
}

/** Slots and accounts are cold again, but for those of every transaction. */
async function beginTransaction(evm: EVM, to: string): Promise<void> {
  const { journal } = evm;
  await journal.cleanup();
  evm.stateManager.originalStorageCache.clear();
  for (let code = 1; code <= PRECOMPILES; code += 1) {
    journal.addAlwaysWarmAddress(`0x${code.toString(16).padStart(40, '0')}`);
  }
  journal.addAlwaysWarmAddress(createAddressFromString(to).toString());
}

type SettleRun = Awaited<ReturnType<BaseLayerWorld['settle']>>;

async function mustSettle(run: Promise<SettleRun>): Promise<SettleRun> {
  const came = await run;
  invariant(came.refusal === undefined, `the epoch settles, and is not ${came.refusal}`);
  return came;
}

/** Adds up what the outermost call does until it stops. */
async function listening<T>(
  { evm }: BaseLayerWorld,
  parts: Map<string, number>,
  run: () => Promise<T>,
): Promise<T> {
  let last: { readonly part: string; readonly gasLeft: bigint } | undefined;
  let isOver = false;
  const listen = ({ depth, gasLeft, opcode, stack }: InterpreterStep): void => {
    if (depth !== 0 || isOver) return;
    if (last !== undefined) {
      const gas = Number(last.gasLeft - gasLeft);
      parts.set(last.part, (parts.get(last.part) ?? 0) + gas);
    }
    last = { part: partOf(opcode.name, stack), gasLeft };
    isOver = opcode.name === 'STOP';
  };
  const { events } = evm;
  invariant(events !== undefined, 'the EVM tells what it does');
  events.on('step', listen);
  try {
    return await run();
  } finally {
    events.off('step', listen);
  }
}

const CALLED: ReadonlyMap<bigint, string> = new Map([
  [1n, 'recovering signers'],
  [2n, 'SHA-256'],
]);

function partOf(opcode: string, stack: readonly bigint[]): string {
  if (opcode === 'SLOAD' || opcode === 'SSTORE') return 'storage';
  if (opcode.startsWith('LOG')) return 'events';
  if (opcode === 'KECCAK256') return 'keccak';
  if (opcode !== 'STATICCALL') return 'computing';
  return CALLED.get(stack.at(-2) ?? 0n) ?? 'registry and verifier';
}

const [orders = 32, batches = 8] = process.argv.slice(2).map(Number);
await main(orders, batches);
