import type { CircuitName } from '../circuits/circuit.ts';
import type { Setup } from '../statements/proof.ts';

/** What anybody needs to verify the proofs of one circuit under one reference string. */
export interface VerifyingKey {
  readonly circuit: CircuitName;
  readonly circuitVersion: number;
  readonly setup: Setup;
  /** Which reference string; see `ReferenceString.stringId`. */
  readonly stringId: string;
  readonly publicInputCount: number;
  readonly gates: number;
  /** Barretenberg's key, hex without prefix. */
  readonly keyBytes: string;
  /** The key's hash, hex without prefix, as its contract names it. */
  readonly keyHash: string;
  /** The verifier contract as it lies on a chain, hex without prefix. */
  readonly verifierCode: string;
  /** What deploys the verifier contract, hex without prefix; it takes no arguments. */
  readonly verifierCreationCode: string;
}
