import type { CircuitName } from '../circuits/circuit.ts';
import type { Proof } from '../statements/proof.ts';
import type { Statement, Witness } from '../statements/statement.ts';

/** What a backend can do, as data: routers filter by it and operators read it. */
export interface Capabilities {
  /** `checked` convinces nobody else: it never settles an epoch. */
  readonly kind: Proof['kind'];
  /** No secret was ever involved in its setup. */
  readonly transparent: boolean;
  readonly setup: 'none' | 'universal' | 'circuit';
  /** The setup is the insecure development string; only the embedded chain may accept that. */
  readonly insecureSetup: boolean;
  readonly evmVerifiable: boolean;
  readonly zeroKnowledge: boolean;
  readonly recursive: boolean;
  readonly postQuantum: boolean;
  readonly circuits: readonly CircuitName[];
  /** Largest statement, in gates rounded up to a power of two; limited by the reference string. */
  readonly gatesMax: number;
  /** Figures measured in advance, ascending by gates, for sizes that were not yet run here. */
  readonly measured: readonly MeasuredSize[];
}

/** What a statement of some size takes, on two cores. */
export interface MeasuredSize {
  readonly gates: number;
  readonly proveMs: number;
  readonly memoryBytes: number;
  readonly proofBytes: number;
}

/** How urgent a statement is: withdrawals wait for their epoch, the rest only for its age. */
export const Urgency = { withdrawal: 'withdrawal', epoch: 'epoch' } as const;
export type Urgency = (typeof Urgency)[keyof typeof Urgency];

/** Where a proof stands. */
export interface Progress {
  readonly stage: 'queued' | 'witness' | 'proving' | 'proved';
}

/** How a statement is to be proved. */
export interface ProveOptions {
  /** Gives the statement up: a queued one leaves the queue, a running prover is killed. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly urgency?: Urgency;
  /** When the proof is wanted, ms since 1970; earlier ones go first. None goes last. */
  readonly deadlineAtMs?: number;
}

/** How busy a prover is. */
export interface Load {
  readonly running: number;
  readonly queued: number;
  /** Statements at once, and statements that may wait. */
  readonly workers: number;
  readonly queueMax: number;
}

/** A backend that turns statements into proofs. Slow, and on a machine that may fail. */
export interface Prover {
  readonly id: string;
  readonly capabilities: Capabilities;
  /**
   * @throws ProofFault PROOF_STATEMENT_FALSE when the witness does not satisfy the statement;
   *   PROOF_QUEUE_FULL, PROOF_PROVER_FAILED, PROOF_CLOSED; the signal's reason when it aborts.
   */
  prove(statement: Statement, witness: Witness, options?: ProveOptions): Promise<Proof>;
  /** How busy it is now. */
  load(): Load;
  /** Stops: running work is given up. */
  close(): Promise<void>;
}
