/** Claims of epochs, and what the circuit says of them without proving. */
import { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';
import { openPoseidon2 } from '../../packages/proofs/src/barretenberg/poseidon2.ts';
import { solveWitness } from '../../packages/proofs/src/barretenberg/solveWitness.ts';
import type { EpochShape } from '../../packages/proofs/src/circuits/epochCircuit.ts';
import { EPOCH_SHAPES } from '../../packages/proofs/src/circuits/epochCircuit.ts';
import { ProofFault } from '../../packages/proofs/src/proofFault.ts';
import { evaluate } from '../../packages/proofs/src/statements/epoch/dataVector.ts';
import { epochClaim } from '../../packages/proofs/src/statements/epoch/epochStatement.ts';
import type { CircuitInputs, Claim } from '../../packages/proofs/src/statements/statement.ts';
import { withoutSessions } from '../settlement/epochWorld.ts';
import { ordinaryDay } from '../world/batchSpecs.ts';
import type { BatchSpec } from '../world/lawfulBatch.ts';
import { clearedBatch } from '../world/lawfulBatch.ts';

/** The smallest size. */
export const SMALLEST: EpochShape = at(EPOCH_SHAPES, 0);

/** The claim that these batches are one lawful epoch, the first of its shard. */
export async function claimOf(
  batches: readonly BatchTransition[],
  shape: EpochShape = SMALLEST,
): Promise<Claim> {
  const hash = await openPoseidon2();
  const place = { shard: 1, listNumber: 1n, previousListHash: ZERO_HASH, shape };
  return epochClaim({ epochNumber: 1, batches, withdrawals: [] }, place, hash).claim;
}

/** Whether the circuit has a witness for these inputs. */
export async function accepts(
  inputs: CircuitInputs,
  shape: EpochShape = SMALLEST,
): Promise<boolean> {
  try {
    await solveWitness(shape.name, inputs);
    return true;
  } catch (cause) {
    if (cause instanceof ProofFault && cause.code === 'PROOF_STATEMENT_FALSE') return false;
    throw cause;
  }
}

/** Whether the circuit has a witness for these batches, their figures taken as they are. */
export async function acceptsBatches(
  batches: readonly BatchTransition[],
  shape: EpochShape = SMALLEST,
): Promise<boolean> {
  return await accepts((await claimOf(batches, shape)).witness.inputs, shape);
}

/** The inputs with another data vector, its commitment and its value to match. */
export async function withVector(
  inputs: CircuitInputs,
  vector: readonly bigint[],
): Promise<CircuitInputs> {
  const hash = await openPoseidon2();
  const point = inputs['point'] as bigint;
  return { ...inputs, vector, commitment: hash(vector), evaluation: evaluate(vector, point) };
}

/** A spec that a contract can settle and a circuit can prove. */
export function provable(spec: BatchSpec): BatchSpec {
  const parameters = { ...spec.parameters, scarcity: 'proRata' as const };
  return withoutSessions({ ...spec, parameters });
}

/** A lawful batch with every kind of order that can be settled. */
export function provableBatch(spec: BatchSpec = ordinaryDay()): BatchTransition {
  return clearedBatch(provable(spec));
}
