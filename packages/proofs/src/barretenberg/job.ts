import type { CircuitName } from '../circuits/circuit.ts';
import type { ProofFaultCode } from '../proofFault.ts';
import type { CircuitInputs } from '../statements/statement.ts';
import type { KeyMaterial, RawProof, SessionOptions } from './session.ts';

/** What a child process is asked to do, once. */
export type Job =
  | { readonly kind: 'keys'; readonly circuit: CircuitName }
  | {
      readonly kind: 'prove';
      readonly circuit: CircuitName;
      readonly inputs: CircuitInputs;
      readonly keyBytes: Uint8Array;
    }
  | { readonly kind: 'verify'; readonly raw: RawProof; readonly keyBytes: Uint8Array };

/** What each kind of job answers. */
export interface JobAnswers {
  readonly keys: KeyMaterial;
  readonly prove: RawProof;
  readonly verify: boolean;
}

/** The first and only message to the child. */
export interface JobOrder {
  readonly job: Job;
  readonly session: SessionOptions;
}

/** Where a proof stands. */
export type JobStage = 'witness' | 'proving';

/** Messages of the child: any number of stages, then an answer or a fault. */
export type JobReport =
  | { readonly kind: 'stage'; readonly stage: JobStage }
  | { readonly kind: 'answer'; readonly answer: JobAnswers[Job['kind']] }
  | { readonly kind: 'fault'; readonly code: ProofFaultCode; readonly message: string };
