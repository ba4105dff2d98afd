/**
 * What proving an epoch costs, by the size of its circuit.
 *
 * Method: epochs of the real exchange that use every order row and every vault row of a circuit, in
 * eight batches. `prove-native` and `prove-wasm` time a whole job as the venue runs it: a child
 * process that starts, solves the witness, loads the string and proves on two threads; `memory` is
 * the highest sum of resident memory over its processes, sampled every 50 ms. `witness` is the
 * solving alone, in this process. `verify` executes the verifier contract's code in an EVM in this
 * process; `verify-gas` is what that run used, call data not included. Medians over `n` runs; wasm
 * and the first verification are run once before. Everything rests on the insecure development
 * string. Goals stand as peers: a ratio up to 1 reaches them.
 */
import { parseArgs } from 'node:util';
import { ZERO_HASH } from '../packages/exchange/src/codec/hash.ts';
import { at } from '../packages/exchange/src/failures/invariant.ts';
import { openPoseidon2 } from '../packages/proofs/src/barretenberg/poseidon2.ts';
import type { Engine } from '../packages/proofs/src/barretenberg/session.ts';
import { hasNativeEngine } from '../packages/proofs/src/barretenberg/session.ts';
import { solveWitness } from '../packages/proofs/src/barretenberg/solveWitness.ts';
import { circuitOf } from '../packages/proofs/src/circuits/circuit.ts';
import type { EpochShape } from '../packages/proofs/src/circuits/epochCircuit.ts';
import { EPOCH_SHAPES } from '../packages/proofs/src/circuits/epochCircuit.ts';
import type { ProofCost } from '../packages/proofs/src/provers/honk/honkProver.ts';
import { HonkProver } from '../packages/proofs/src/provers/honk/honkProver.ts';
import { epochClaim } from '../packages/proofs/src/statements/epoch/epochStatement.ts';
import type { ValidityProof } from '../packages/proofs/src/statements/proof.ts';
import type { Claim } from '../packages/proofs/src/statements/statement.ts';
import { evmVerifier } from '../packages/proofs/src/verifier/evmVerifier.ts';
import type { ProvingWorld } from '../testing/proofs/provingWorld.ts';
import { provingWorld } from '../testing/proofs/provingWorld.ts';
import { SettlingBench } from '../testing/settlement/exchangeEpochs.ts';
import { fullEpoch, peopleNames } from '../testing/settlement/fullEpochs.ts';
import { quantile } from './chains/figures.ts';
import { FigureList, writeSection } from './figurePage.ts';
import { gatesPerBatch } from './proofs/batchGates.ts';

const HELP = `npm run bench:proofs -- [--quick] [--markdown]

  --quick     one run each, wasm for the smallest circuit only; about a minute
  --markdown  also writes its section of docs/reference/settlement-figures.md
  --help      this

Figures, one JSON line each: name, value, unit, ratio (value by the goal's or peer's), peer, n.
  proofs/{orders}/{gates,witness,prove-native,prove-wasm,verify}   16, 64 and 256 orders
  proofs/{orders}/{memory-native,memory-wasm,proof,verify-gas,verifier}
  proofs/gates-per-order, proofs/gates-per-batch                   what one more costs
`;

const GOAL_GATES_PER_ORDER = 1_000;
const GOAL_GATES_PER_BATCH = 5_000;
const GOAL_ORDERS = 64;
const GOAL_MS = 6_000;
const LIMITS = { memoryBytesMax: 8 * 2 ** 30, timeoutMs: 300_000 } as const;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const RUNS = flags.quick ? 1 : 5;
const list = new FigureList();

/** A circuit with an epoch that fills it. */
interface Subject {
  readonly shape: EpochShape;
  readonly claim: Claim;
  readonly world: ProvingWorld;
}

async function main(): Promise<void> {
  if (flags.help) {
    process.stdout.write(HELP);
    return;
  }
  await benchmarkGates();
  for (const shape of EPOCH_SHAPES) {
    const subject = { shape, claim: await fullClaim(shape), world: await provingWorld(shape.name) };
    await benchmarkWitness(subject);
    const nativeMs = await benchmarkNative(subject);
    const isWasmTried = !flags.quick || shape === at(EPOCH_SHAPES, 0);
    if (isWasmTried) await benchmarkWasm(subject, nativeMs);
    else process.stderr.write(`${shape.orders} orders: wasm is left out with --quick\n`);
  }
  process.stderr.write(`${list.loadNote()}\n`);
  if (!flags.markdown) return;
  const lines = [`\`npm run bench:proofs\`. ${list.loadNote()}`];
  writeSection({ mark: 'bench:proofs', lines, figures: list.figures });
}

/** An epoch of eight batches with as many orders, by as many owners, as the circuit has rows. */
async function fullClaim(shape: EpochShape): Promise<Claim> {
  const bench = new SettlingBench(peopleNames(shape.orders));
  const epoch = fullEpoch(bench, { orders: shape.orders, batches: shape.batches });
  const place = { shard: 1, listNumber: 1n, previousListHash: ZERO_HASH, shape };
  return epochClaim(epoch, place, await openPoseidon2()).claim;
}

/** What the circuits are made of. Exact: the same on every machine. */
async function benchmarkGates(): Promise<void> {
  const gates = EPOCH_SHAPES.map(({ name }) => circuitOf(name).gates);
  EPOCH_SHAPES.forEach(({ orders }, k) => {
    list.print({ name: `proofs/${orders}/gates`, value: at(gates, k), unit: 'gates', n: 1 });
  });
  const last = EPOCH_SHAPES.length - 1;
  const moreOrders = at(EPOCH_SHAPES, last).orders - at(EPOCH_SHAPES, last - 1).orders;
  goal('proofs/gates-per-order', {
    value: (at(gates, last) - at(gates, last - 1)) / moreOrders,
    unit: 'gates',
    goal: GOAL_GATES_PER_ORDER,
    n: 1,
  });
  goal('proofs/gates-per-batch', {
    value: await gatesPerBatch(at(gates, 0)),
    unit: 'gates',
    goal: GOAL_GATES_PER_BATCH,
    n: 1,
  });
}

async function benchmarkWitness({ shape, claim }: Subject): Promise<void> {
  const samples: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const startedAt = performance.now();
    await solveWitness(shape.name, claim.witness.inputs);
    if (run > 0) samples.push(performance.now() - startedAt);
  }
  const medianMs = quantile(samples, 0.5);
  list.print({ name: `proofs/${shape.orders}/witness`, value: medianMs, unit: 'ms', n: RUNS });
}

/** @returns the median of the whole job, ms; undefined where there is no native code. */
async function benchmarkNative(subject: Subject): Promise<number | undefined> {
  if (!hasNativeEngine()) {
    process.stderr.write('bb.js carries no native code for this machine: it is left out\n');
    return undefined;
  }
  const { orders } = subject.shape;
  const { proof, costs } = await prove('native', subject, RUNS);
  const medianMs = quantile(elapsed(costs), 0.5);
  const figure = { value: medianMs, unit: 'ms', n: costs.length };
  const name = `proofs/${orders}/prove-native`;
  if (orders === GOAL_ORDERS) goal(name, { ...figure, goal: GOAL_MS });
  else list.print({ name, ...figure });
  printMemory(`proofs/${orders}/memory-native`, costs);
  await benchmarkVerifier(proof, subject);
  return medianMs;
}

async function benchmarkWasm(subject: Subject, nativeMs: number | undefined): Promise<void> {
  const { orders } = subject.shape;
  const { proof, costs } = await prove('wasm', subject, flags.quick ? 1 : 3);
  const medianMs = quantile(elapsed(costs), 0.5);
  list.print({
    name: `proofs/${orders}/prove-wasm`,
    value: medianMs,
    unit: 'ms',
    ...(nativeMs === undefined ? {} : { ratio: medianMs / nativeMs, peer: 'native' }),
    n: costs.length,
  });
  printMemory(`proofs/${orders}/memory-wasm`, costs);
  if (nativeMs === undefined) await benchmarkVerifier(proof, subject);
}

async function prove(
  engine: Engine,
  { claim, world }: Subject,
  runs: number,
): Promise<{ readonly proof: ValidityProof; readonly costs: readonly ProofCost[] }> {
  const costs: ProofCost[] = [];
  const prover = new HonkProver({
    string: world.string,
    keys: [world.key],
    engine,
    threads: 2,
    workers: 1,
    queueMax: 0,
    ...LIMITS,
    onMeasured: (cost) => costs.push(cost),
  });
  try {
    let proof = await prover.prove(claim.statement, claim.witness);
    for (let run = 1; run < runs; run += 1) {
      proof = await prover.prove(claim.statement, claim.witness);
    }
    return { proof, costs };
  } finally {
    await prover.close();
  }
}

async function benchmarkVerifier(proof: ValidityProof, subject: Subject): Promise<void> {
  const { claim, world, shape } = subject;
  const { publicInputs } = claim.statement;
  const place = `proofs/${shape.orders}`;
  const { gasUsed, holds } = await evmVerifier.measure(proof, publicInputs, world.key);
  if (!holds) {
    process.stderr.write(`${place}: the proof does not verify\n`);
    process.exitCode = 1;
  }
  const samples: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const startedAt = performance.now();
    await evmVerifier.verify(proof, publicInputs, world.key);
    samples.push(performance.now() - startedAt);
  }
  list.print({ name: `${place}/verify`, value: quantile(samples, 0.5), unit: 'ms', n: RUNS });
  list.print({ name: `${place}/verify-gas`, value: Number(gasUsed), unit: 'gas', n: 1 });
  list.print({ name: `${place}/proof`, value: proof.bytes.length, unit: 'bytes', n: 1 });
  const codeBytes = world.key.verifierCode.length / 2;
  list.print({ name: `${place}/verifier`, value: codeBytes, unit: 'bytes', n: 1 });
}

function printMemory(name: string, costs: readonly ProofCost[]): void {
  const peaks = costs.map(({ peakBytes }) => peakBytes / 2 ** 20);
  list.print({ name, value: quantile(peaks, 0.5), unit: 'MiB', n: costs.length });
}

function elapsed(costs: readonly ProofCost[]): number[] {
  return costs.map(({ elapsedMs }) => elapsedMs);
}

/** A figure with its goal: the most that it may be. */
function goal(
  name: string,
  figure: {
    readonly value: number;
    readonly unit: string;
    readonly goal: number;
    readonly n: number;
  },
): void {
  const { goal: most, ...rest } = figure;
  const peer = `goal ${most} ${figure.unit}`;
  list.print({ name, ...rest, ratio: figure.value / most, peer });
}

await main();
