import { runJob } from '../../barretenberg/jobProcess.ts';
import type { ReferenceString } from '../../keys/referenceString.ts';
import { ProofFault } from '../../proofFault.ts';
import { ELEMENT_BYTES, elementsToBytes, FIELD_MODULUS } from '../../statements/fieldElement.ts';
import { INSECURE_SETUP } from '../../statements/proof.ts';
import type { Verifier } from '../../statements/verifier.ts';
import { fittingProof } from '../../statements/verifier.ts';

/**
 * Barretenberg's own verifier, as a second opinion beside the contract's code. Runs in a child
 * process. Native code knows the public ceremony only; for the development string the wasm build
 * that accepts it answers.
 */
export function barretenbergVerifier(string: ReferenceString): Verifier {
  const engine = string.setup === INSECURE_SETUP ? { engine: 'wasm' as const } : {};
  return {
    verify: async (proof, publicInputs, verifyingKey) => {
      const bytes = fittingProof(proof, publicInputs, verifyingKey);
      const isReduced = publicInputs.every((element) => element >= 0n && element < FIELD_MODULUS);
      const isWhole = bytes !== undefined && bytes.length % ELEMENT_BYTES === 0;
      if (!isWhole || !isReduced || verifyingKey.stringId !== string.stringId) return false;
      const raw = {
        bytes,
        publicInputs: publicInputs.map((element) => elementsToBytes([element])),
      };
      const keyBytes = new Uint8Array(Buffer.from(verifyingKey.keyBytes, 'hex'));
      try {
        const { answer } = await runJob<'verify'>(
          { kind: 'verify', raw, keyBytes },
          { session: { threads: 1, string, ...engine }, ...LIMITS },
        );
        return answer;
      } catch (cause) {
        // Barretenberg throws on bytes that are not a proof at all: that is a no, too.
        if (cause instanceof ProofFault && cause.fields['job'] === 'verify') return false;
        throw cause;
      }
    },
  };
}

const LIMITS = { memoryBytesMax: 2 ** 30, timeoutMs: 60_000 } as const;
