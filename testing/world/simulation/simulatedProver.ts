import { invariant } from '@lawbook/exchange/failures/invariant';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import { ProofFault } from '@lawbook/proofs/proofFault';
import type { Capabilities, Load, ProveOptions, Prover } from '@lawbook/proofs/provers/prover';
import { ProvingQueue } from '@lawbook/proofs/provers/provingQueue';
import type { ValidityProof } from '@lawbook/proofs/statements/proof';
import { INSECURE_SETUP } from '@lawbook/proofs/statements/proof';
import type { Statement } from '@lawbook/proofs/statements/statement';
import type { VenueEnvironment } from '../../../packages/executor/src/venueEnvironment.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { proofFor } from './simulatedBase.ts';

/** How provers behave now; faults change it while they run. */
export interface ProverTerms {
  /** Milliseconds of a proof, the least and the most. */
  proofMs: readonly [number, number];
  /** Share of the proofs that die. */
  dies: number;
  /** Share of the proofs that never end. */
  hangs: number;
  /** Share of the proofs that are garbage, which only the base layer finds out. */
  garbage: number;
  /** Share of the proofs in which the prover meets a bug of its own. */
  breaks: number;
}

/** Provers with which nothing goes wrong. */
export const GOOD_PROVERS: ProverTerms = {
  proofMs: [200, 2_000],
  dies: 0,
  hangs: 0,
  garbage: 0,
  breaks: 0,
};

/** What a backend of one life works with. */
export interface SimulatedProverParts {
  readonly environment: VenueEnvironment;
  readonly terms: ProverTerms;
  readonly random: SeededRandom;
}

/** A backend that takes its time, dies, hangs, or hands out garbage; its queue is the real one. */
export class SimulatedProver implements Prover {
  readonly id: string;
  readonly capabilities: Capabilities = CAPABILITIES;
  readonly #parts: SimulatedProverParts;
  readonly #queue = new ProvingQueue({ workers: 1, queueMax: 8 });
  readonly #closing = new AbortController();
  readonly #work = new Set<Promise<unknown>>();

  constructor(id: string, parts: SimulatedProverParts) {
    this.id = id;
    this.#parts = parts;
  }

  async prove(
    statement: Statement,
    _: unknown,
    options: ProveOptions = {},
  ): Promise<ValidityProof> {
    const own = this.#closing.signal;
    const signal = options.signal === undefined ? own : AbortSignal.any([own, options.signal]);
    const work = this.#queue.run(() => this.#proveNow(statement, { ...options, signal }), {
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
    return { running, queued, ...limits };
  }

  async close(): Promise<void> {
    this.#closing.abort(new ProofFault('PROOF_CLOSED', 'The prover was closed.'));
    await Promise.allSettled(this.#work);
  }

  async #proveNow(
    { circuit, publicInputs }: Statement,
    { signal, onProgress }: ProveOptions,
  ): Promise<ValidityProof> {
    const { environment, terms, random } = this.#parts;
    onProgress?.({ stage: 'witness' });
    const [least, most] = terms.proofMs;
    const hangs = random.next() < terms.hangs;
    await environment.clock.sleep(hangs ? HANG_MS : random.integer(least, most), signal);
    // Drawn for only where it can be: no fault of fate is a bug.
    invariant(terms.breaks === 0 || random.next() >= terms.breaks, BUG_OF_PROVER);
    if (random.next() < terms.dies) {
      throw new ProofFault('PROOF_PROVER_FAILED', 'The simulated prover died.');
    }
    const bytes = Uint8Array.from(proofFor(publicInputs));
    if (random.next() < terms.garbage) bytes[31] = (bytes[31] ?? 0) ^ 1;
    onProgress?.({ stage: 'proved' });
    return {
      kind: 'validity',
      system: 'ultraHonk',
      circuit,
      circuitVersion: 1,
      setup: INSECURE_SETUP,
      stringId: STRING_ID,
      publicInputs,
      bytes,
    };
  }
}

/** What a prover with a bug says. */
export const BUG_OF_PROVER = 'the simulated prover keeps its invariants';

const STRING_ID = '5e'.repeat(32);
/** Longer than any attempt may take. */
const HANG_MS = 86_400_000;

const CAPABILITIES: Capabilities = {
  kind: 'validity',
  transparent: false,
  setup: 'universal',
  insecureSetup: true,
  evmVerifiable: true,
  zeroKnowledge: false,
  recursive: false,
  postQuantum: false,
  circuits: EPOCH_SHAPES.map(({ name }) => name),
  gatesMax: 2 ** 24,
  measured: [{ gates: 2 ** 18, proveMs: 1_000, memoryBytes: 1, proofBytes: 32 }],
};
