/**
 * Claims, keys and the development string for tests and benchmarks. Strings and keys are kept in a
 * folder of the system's temporary directory: their names carry digests, so all runs share them.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';
import type { CircuitName } from '../../packages/proofs/src/circuits/circuit.ts';
import { circuitOf } from '../../packages/proofs/src/circuits/circuit.ts';
import { openDevelopmentString } from '../../packages/proofs/src/keys/developmentString.ts';
import { makeVerifyingKey } from '../../packages/proofs/src/keys/makeVerifyingKey.ts';
import type { ReferenceString } from '../../packages/proofs/src/keys/referenceString.ts';
import type { VerifyingKey } from '../../packages/proofs/src/keys/verifyingKey.ts';
import { conservationClaim } from '../../packages/proofs/src/statements/assetsAreConserved.ts';
import type { Claim } from '../../packages/proofs/src/statements/statement.ts';
import { hiddenDay, ordinaryDay } from '../world/batchSpecs.ts';
import { clearedBatch } from '../world/lawfulBatch.ts';

/** Where strings and keys are kept between runs. */
export const PROVING_CACHE: string = join(tmpdir(), 'lawbook-proofs');

/** A string and a key under it. */
export interface ProvingWorld {
  readonly string: ReferenceString;
  readonly key: VerifyingKey;
}

/** The development string and the key of a circuit. */
export async function provingWorld(circuit: CircuitName): Promise<ProvingWorld> {
  const points = circuitOf(circuit).gatesDyadic + 1;
  const string = await openDevelopmentString({ directory: PROVING_CACHE, points });
  const key = await makeVerifyingKey({ circuit, string, directory: PROVING_CACHE });
  return { string, key };
}

/** A lawful batch with every kind of order, unsigned. */
export function ordinaryBatch(): BatchTransition {
  return clearedBatch({ ...ordinaryDay(), signed: false });
}

/** L7 of the ordinary batch. */
export function ordinaryClaim(): Claim {
  return conservationClaim(ordinaryBatch());
}

/** L7 of another lawful batch: one with forfeited bonds. */
export function otherClaim(): Claim {
  return conservationClaim(clearedBatch({ ...hiddenDay(), silent: [1], signed: false }));
}
