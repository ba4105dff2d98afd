import type { CircuitName } from '../circuits/circuit.ts';

/** Words that stand beside everything that rests on the development string. */
export const INSECURE_SETUP = 'insecure development setup';

/** On what the reference string of a proof rests. */
export type Setup = typeof INSECURE_SETUP | 'ceremony';

/** A validity proof: whoever verifies it knows that the circuit accepts the public inputs. */
export interface ValidityProof {
  readonly kind: 'validity';
  readonly system: 'ultraHonk';
  readonly circuit: CircuitName;
  readonly circuitVersion: number;
  readonly setup: Setup;
  /** Which reference string; see `ReferenceString.stringId`. */
  readonly stringId: string;
  readonly publicInputs: readonly bigint[];
  /** Field elements, 32 bytes each, without the public inputs. */
  readonly bytes: Uint8Array;
}

/** Not a proof: the laws were run again here and held. Convinces nobody who did not run them. */
export interface CheckedReport {
  readonly kind: 'checked';
  readonly circuit: CircuitName;
  readonly circuitVersion: number;
  readonly publicInputs: readonly bigint[];
}

/** What a prover hands out. `kind` says what may be said of it: proven, or only checked. */
export type Proof = ValidityProof | CheckedReport;
