// What proving costs, per circuit: gates, witness, proof by native code and by wasm, verification.
//
// Method: the claim is that of the ordinary day of the test world; medians over `n` runs after one
// that is not counted. `prove-native` and `prove-wasm` time a whole job: a child process of its own
// that starts, solves the witness, loads the string and proves on two threads; `memory` is the
// highest sum of resident memory over its processes, sampled every 50 ms. `witness` is the solving
// alone, in this process. `verify` executes the verifier contract's code in an EVM in this process;
// `verify-gas` is what that run used. Everything rests on the insecure development string.
// `string` is what making that string costs per point, `keys` a verifying key with its contract.
// Run with --quick for fewer repetitions.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJob } from '../packages/proofs/src/barretenberg/jobProcess.ts';
import type { Engine } from '../packages/proofs/src/barretenberg/session.ts';
import { hasNativeEngine } from '../packages/proofs/src/barretenberg/session.ts';
import { solveWitness } from '../packages/proofs/src/barretenberg/solveWitness.ts';
import { circuitOf } from '../packages/proofs/src/circuits/circuit.ts';
import { openDevelopmentString } from '../packages/proofs/src/keys/developmentString.ts';
import { makeVerifyingKey } from '../packages/proofs/src/keys/makeVerifyingKey.ts';
import type { ProofCost } from '../packages/proofs/src/provers/honk/honkProver.ts';
import { HonkProver } from '../packages/proofs/src/provers/honk/honkProver.ts';
import type { ValidityProof } from '../packages/proofs/src/statements/proof.ts';
import { evmVerifier } from '../packages/proofs/src/verifier/evmVerifier.ts';
import type { ProvingWorld } from '../testing/proofs/provingWorld.ts';
import { ordinaryClaim, provingWorld } from '../testing/proofs/provingWorld.ts';

const quick = process.argv.includes('--quick');
const RUNS = quick ? 3 : 9;
const CIRCUIT = 'assetsAreConserved8';
const NAME = 'proofs/assetsAreConserved';
const CLAIM = ordinaryClaim();
const LIMITS = { memoryBytesMax: 4 * 2 ** 30, timeoutMs: 600_000 } as const;

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly n: number;
}

function print(part: string, figure: Omit<Figure, 'name'>): void {
  const rounded = Number(figure.value.toPrecision(4));
  const line: Figure = { name: `${NAME}/${part}`, ...figure, value: rounded };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

/** Durations of `RUNS` calls after one that is not counted, ms. */
async function timed(work: () => Promise<unknown>): Promise<number[]> {
  await work();
  const samples: number[] = [];
  for (let k = 0; k < RUNS; k += 1) {
    const startedAt = performance.now();
    await work();
    samples.push(performance.now() - startedAt);
  }
  return samples;
}

async function benchmarkProver(engine: Engine, { string, key }: ProvingWorld): Promise<void> {
  const costs: ProofCost[] = [];
  const prover = new HonkProver({
    string,
    keys: [key],
    engine,
    threads: 2,
    workers: 1,
    queueMax: 0,
    ...LIMITS,
    onMeasured: (cost) => costs.push(cost),
  });
  let proof: ValidityProof | undefined;
  for (let k = 0; k <= RUNS; k += 1) proof = await prover.prove(CLAIM.statement, CLAIM.witness);
  await prover.close();
  const counted = costs.slice(1);
  print(`prove-${engine}`, {
    value: median(counted.map(({ elapsedMs }) => elapsedMs)),
    unit: 'ms',
    n: RUNS,
  });
  print(`memory-${engine}`, {
    value: median(counted.map(({ peakBytes }) => peakBytes)) / 2 ** 20,
    unit: 'MiB',
    n: RUNS,
  });
  if (proof !== undefined && engine === 'native') await benchmarkVerifier(proof, { string, key });
}

async function benchmarkVerifier(proof: ValidityProof, { key }: ProvingWorld): Promise<void> {
  const { publicInputs } = CLAIM.statement;
  print('proof', { value: proof.bytes.length, unit: 'bytes', n: 1 });
  const samples = await timed(() => evmVerifier.verify(proof, publicInputs, key));
  print('verify', { value: median(samples), unit: 'ms', n: RUNS });
  const { gasUsed, holds } = await evmVerifier.measure(proof, publicInputs, key);
  if (!holds) console.error('the proof does not verify');
  print('verify-gas', { value: Number(gasUsed), unit: 'gas', n: 1 });
  print('verifier', { value: key.verifierCode.length / 2, unit: 'bytes', n: 1 });
}

/** Makes a string and a key from nothing, in a folder of their own. */
async function benchmarkKeys(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lawbook-bench-'));
  try {
    const { gatesDyadic } = circuitOf(CIRCUIT);
    let startedAt = performance.now();
    const string = await openDevelopmentString({ directory, points: gatesDyadic + 1 });
    const perPoint = (1000 * (performance.now() - startedAt)) / string.pointCount;
    print('string', { value: perPoint, unit: 'us/point', n: string.pointCount });
    startedAt = performance.now();
    await makeVerifyingKey({ circuit: CIRCUIT, string, directory });
    print('keys', { value: performance.now() - startedAt, unit: 'ms', n: 1 });
    const { answer } = await runJob<'keys'>(
      { kind: 'keys', circuit: CIRCUIT },
      { session: { threads: 2, string }, ...LIMITS },
    );
    print('gates', { value: answer.gates, unit: 'gates', n: 1 });
  } finally {
    await rm(directory, { recursive: true });
  }
}

await benchmarkKeys();
const world = await provingWorld(CIRCUIT);
const solving = await timed(() => solveWitness(CIRCUIT, CLAIM.witness.inputs));
print('witness', { value: median(solving), unit: 'ms', n: RUNS });
if (hasNativeEngine()) await benchmarkProver('native', world);
else console.error('bb.js carries no native code for this machine: prove-native is left out');
await benchmarkProver('wasm', world);
