import type { VerifyingKey } from '../keys/verifyingKey.ts';
import type { Proof } from './proof.ts';

/** Decides on proofs. */
export interface Verifier {
  /**
   * Whether the proof shows that the circuit of the key accepts these public inputs.
   *
   * A false, damaged or foreign proof is `false`, never an exception; so is a mere check. Whether
   * the key is the right one is for the caller to know: it comes from the chain or the agreement.
   */
  verify(
    proof: Proof,
    publicInputs: readonly bigint[],
    verifyingKey: VerifyingKey,
  ): Promise<boolean>;
}

/** The proof as bytes, if it is of the kind, circuit and string that the key is for. */
export function fittingProof(
  proof: Proof,
  publicInputs: readonly bigint[],
  key: VerifyingKey,
): Uint8Array | undefined {
  if (proof.kind !== 'validity' || proof.system !== 'ultraHonk') return undefined;
  const fits =
    proof.circuit === key.circuit &&
    proof.circuitVersion === key.circuitVersion &&
    proof.stringId === key.stringId &&
    publicInputs.length === key.publicInputCount;
  return fits ? proof.bytes : undefined;
}
