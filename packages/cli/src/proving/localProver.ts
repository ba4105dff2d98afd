import { join } from 'node:path';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { circuitOf } from '@lawbook/proofs/circuits/circuit';
import type { EpochCircuitName } from '@lawbook/proofs/circuits/epochCircuit';
import { committedKey } from '@lawbook/proofs/keys/committedKey';
import { openDevelopmentString } from '@lawbook/proofs/keys/developmentString';
import { makeVerifyingKey } from '@lawbook/proofs/keys/makeVerifyingKey';
import type { ReferenceString } from '@lawbook/proofs/keys/referenceString';
import { openCeremonyString } from '@lawbook/proofs/keys/referenceString';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import { HonkProver } from '@lawbook/proofs/provers/honk/honkProver';
import type { Progress } from '@lawbook/proofs/provers/prover';
import type { ValidityProof } from '@lawbook/proofs/statements/proof';
import { INSECURE_SETUP } from '@lawbook/proofs/statements/proof';
import type { Claim } from '@lawbook/proofs/statements/statement';

/** A reference string that is named; without one the insecure development string. */
export interface StringChoice {
  /** Folder for the development string and for keys that have to be made. */
  readonly directory: string;
  readonly ceremony: { readonly directory: string; readonly digest: string } | undefined;
}

/** One proof at a time: a person waits for it. */
const LIMITS = { workers: 1, queueMax: 1, threads: 2 } as const;
const MEMORY_BYTES_MAX = 4 * 2 ** 30;
const TIMEOUT_MS = 600_000;

/** The reference string of a circuit; the development string is made on first use. */
export async function openString(
  circuit: EpochCircuitName,
  { directory, ceremony }: StringChoice,
): Promise<ReferenceString> {
  if (ceremony !== undefined) return await openCeremonyString(ceremony);
  const points = circuitOf(circuit).gatesDyadic + 1;
  return await openDevelopmentString({ directory: join(directory, 'reference'), points });
}

/** The verifying key of a circuit: committed for the development string, else made and kept. */
export async function keyOf(
  circuit: EpochCircuitName,
  string: ReferenceString,
  directory: string,
): Promise<VerifyingKey> {
  const committed = string.setup === INSECURE_SETUP ? committedKey(circuit) : undefined;
  if (committed?.stringId === string.stringId) return committed;
  return await makeVerifyingKey({ circuit, string, directory: join(directory, 'keys') });
}

/**
 * Proves a claim on this machine, in a child process of its own.
 * @throws ProofFault PROOF_STATEMENT_FALSE for an unlawful epoch, PROOF_PROVER_FAILED,
 *   PROOF_PROVER_TIMED_OUT; the signal's reason.
 */
export async function proveLocally(
  claim: Claim,
  parts: {
    readonly string: ReferenceString;
    readonly key: VerifyingKey;
    readonly onProgress: (progress: Progress) => void;
    readonly signal: AbortSignal;
  },
): Promise<ValidityProof> {
  const { string, key, onProgress, signal } = parts;
  const prover = new HonkProver({
    ...LIMITS,
    string,
    keys: [key],
    memoryBytesMax: MEMORY_BYTES_MAX,
    timeoutMs: TIMEOUT_MS,
  });
  try {
    const proof = await prover.prove(claim.statement, claim.witness, { onProgress, signal });
    invariant(proof.kind === 'validity', 'this backend makes validity proofs');
    return proof;
  } finally {
    await prover.close();
  }
}
