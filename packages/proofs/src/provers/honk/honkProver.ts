import { at } from '@lawbook/exchange/failures/invariant';
import type { JobOutcome } from '../../barretenberg/jobProcess.ts';
import { runJob } from '../../barretenberg/jobProcess.ts';
import type { Engine, RawProof } from '../../barretenberg/session.ts';
import { hasNativeEngine } from '../../barretenberg/session.ts';
import type { CircuitName } from '../../circuits/circuit.ts';
import { CIRCUIT_VERSION } from '../../circuits/circuitVersion.ts';
import type { ReferenceString } from '../../keys/referenceString.ts';
import type { VerifyingKey } from '../../keys/verifyingKey.ts';
import { ProofFault } from '../../proofFault.ts';
import { bytesToNumber } from '../../statements/fieldElement.ts';
import type { ValidityProof } from '../../statements/proof.ts';
import { INSECURE_SETUP } from '../../statements/proof.ts';
import type { Statement, Witness } from '../../statements/statement.ts';
import type { Capabilities, Load, MeasuredSize, ProveOptions, Prover } from '../prover.ts';
import type { QueueLimits } from '../provingQueue.ts';
import { ProvingQueue } from '../provingQueue.ts';

/** How the backend proves. */
export interface HonkOptions extends QueueLimits {
  readonly string: ReferenceString;
  /** Keys of the circuits that it may be asked for, made under that string. */
  readonly keys: readonly VerifyingKey[];
  /** Threads of one proof. */
  readonly threads: number;
  /** Limit of one proof, all its processes together. */
  readonly memoryBytesMax: number;
  /** One proof is stopped when it takes longer, its time in the queue not counted. */
  readonly timeoutMs: number;
  /** Native code where there is any, unless named. */
  readonly engine?: Engine;
  /** Told what each finished proof cost, for metrics. */
  readonly onMeasured?: (cost: ProofCost) => void;
}

/** What one proof cost. */
export interface ProofCost {
  readonly circuit: CircuitName;
  readonly elapsedMs: number;
  readonly peakBytes: number;
  readonly proofBytes: number;
}

/**
 * Validity proofs: Noir circuits, UltraHonk by Barretenberg, in the flavour that an EVM verifies.
 *
 * Every proof has a child process of its own. A child that dies costs its proof and nothing else.
 */
export class HonkProver implements Prover {
  readonly id: string;
  readonly capabilities: Capabilities;
  readonly #options: HonkOptions;
  readonly #queue: ProvingQueue;
  readonly #closing = new AbortController();
  readonly #work = new Set<Promise<unknown>>();

  constructor(options: HonkOptions) {
    const engine = options.engine ?? (hasNativeEngine() ? 'native' : 'wasm');
    this.id = `honk-${engine}`;
    this.#options = { ...options, engine };
    this.#queue = new ProvingQueue(options);
    this.capabilities = {
      kind: 'validity',
      transparent: false,
      setup: 'universal',
      insecureSetup: options.string.setup === INSECURE_SETUP,
      evmVerifiable: true,
      zeroKnowledge: false,
      recursive: false,
      postQuantum: false,
      circuits: options.keys.map(({ circuit }) => circuit),
      gatesMax: 2 ** Math.floor(Math.log2(options.string.pointCount - 1)),
      measured: MEASURED[engine],
    };
  }

  async prove(
    statement: Statement,
    witness: Witness,
    options: ProveOptions = {},
  ): Promise<ValidityProof> {
    if (this.#closing.signal.aborted) throw closed();
    const stops = [this.#closing.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const signal = AbortSignal.any(stops);
    const work = this.#queue.run(() => this.#proveNow(statement, witness, { ...options, signal }), {
      ...options,
      signal,
    });
    this.#work.add(work);
    try {
      return await work;
    } finally {
      this.#work.delete(work);
    }
  }

  load(): Load {
    const { running, queued, limits } = this.#queue;
    return { running, queued, workers: limits.workers, queueMax: limits.queueMax };
  }

  async close(): Promise<void> {
    this.#closing.abort(closed());
    await Promise.allSettled(this.#work);
  }

  async #proveNow(
    statement: Statement,
    witness: Witness,
    { signal, onProgress }: ProveOptions,
  ): Promise<ValidityProof> {
    const { circuit } = statement;
    const { string, threads, engine, memoryBytesMax, timeoutMs, keys, onMeasured } = this.#options;
    const key = keys.find((known) => known.circuit === circuit);
    if (key === undefined) {
      throw new ProofFault('PROOF_KEYS_FAILED', 'The prover has no key for the circuit.', {
        fields: { circuit },
      });
    }
    const keyBytes = Buffer.from(key.keyBytes, 'hex');
    const outcome = await runJob<'prove'>(
      { kind: 'prove', circuit, inputs: witness.inputs, keyBytes: new Uint8Array(keyBytes) },
      {
        session: { threads, string, ...(engine === undefined ? {} : { engine }) },
        memoryBytesMax,
        timeoutMs,
        signal,
        onStage: (stage) => onProgress?.({ stage }),
      },
    );
    requireSameInputs(statement, outcome);
    onProgress?.({ stage: 'proved' });
    const { elapsedMs, peakBytes, answer } = outcome;
    onMeasured?.({ circuit, elapsedMs, peakBytes, proofBytes: answer.bytes.length });
    return {
      kind: 'validity',
      system: 'ultraHonk',
      circuit,
      circuitVersion: CIRCUIT_VERSION,
      setup: string.setup,
      stringId: string.stringId,
      publicInputs: statement.publicInputs,
      bytes: answer.bytes,
    };
  }
}

/** A witness may be lawful and yet be that of another statement. */
function requireSameInputs(
  { circuit, publicInputs }: Statement,
  { answer }: JobOutcome<RawProof>,
): void {
  const proved = answer.publicInputs.map(bytesToNumber);
  const same =
    proved.length === publicInputs.length && proved.every((x, k) => x === at(publicInputs, k));
  if (same) return;
  const message = 'The witness gives other public inputs than the statement.';
  throw new ProofFault('PROOF_STATEMENT_FALSE', message, { fields: { circuit } });
}

function closed(): ProofFault {
  return new ProofFault('PROOF_CLOSED', 'The prover was closed.');
}

const MIB = 2 ** 20;

/**
 * Two threads of two shared, busy cores; time and memory are rough, proof sizes exact. The smallest
 * size is what `npm run bench:proofs` prints, the others were taken with chains of Poseidon2.
 */
const MEASURED: Readonly<Record<Engine, readonly MeasuredSize[]>> = {
  native: [
    { gates: 4_000, proveMs: 800, memoryBytes: 190 * MIB, proofBytes: 6_368 },
    { gates: 59_000, proveMs: 5_900, memoryBytes: 240 * MIB, proofBytes: 7_776 },
    { gates: 244_000, proveMs: 11_000, memoryBytes: 480 * MIB, proofBytes: 8_480 },
  ],
  wasm: [
    { gates: 4_000, proveMs: 1_600, memoryBytes: 230 * MIB, proofBytes: 6_368 },
    { gates: 59_000, proveMs: 11_000, memoryBytes: 300 * MIB, proofBytes: 7_776 },
    { gates: 244_000, proveMs: 28_500, memoryBytes: 530 * MIB, proofBytes: 8_480 },
  ],
};
