import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { Fault } from '@lawbook/exchange/failures/fault';
import { at } from '@lawbook/exchange/failures/invariant';
import type { VerifyingKey } from '../keys/verifyingKey.ts';
import type { ListCut, SettledEpoch } from '../statements/epoch/cutDiffList.ts';
import { listHash } from '../statements/epoch/dataVector.ts';
import type { EpochPlace } from '../statements/epoch/epochStatement.ts';
import { epochCut, epochPublicInputs, epochShapeOf } from '../statements/epoch/epochStatement.ts';
import type { FieldHash } from '../statements/epoch/fieldHash.ts';
import type { SettlementAttachment } from '../statements/epoch/settlementAttachment.ts';
import { FIELD_MODULUS } from '../statements/fieldElement.ts';
import type { Verifier } from '../statements/verifier.ts';

/** What is asked of the proof of an epoch, in this order. */
export const EPOCH_PROOF_STEPS = [
  /** The epoch fits circuit and shard that the proof names, so that a list can be cut from it. */
  'shape',
  /** The list hash is the one of the epoch's own list. */
  'listHash',
  /** The list names the one before it. */
  'chain',
  /** The public inputs are those of the epoch's data: r from list and commitment, y from r. */
  'publicInputs',
  /** The verifier contract's own code accepts the proof under the verifying key. */
  'proof',
  /** The transaction that is named went to the chain and contract that users signed for. */
  'transaction',
] as const;
export type EpochProofStep = (typeof EPOCH_PROOF_STEPS)[number];

/** What came of a step. */
export type StepOutcome =
  | { readonly kind: 'holds' }
  | { readonly kind: 'fails'; readonly expected: string; readonly actual: string }
  /** Nobody could tell: what it rests on is missing, or failed before. */
  | { readonly kind: 'unasked'; readonly reason: string };

/** One step with its outcome. */
export interface StepResult {
  readonly step: EpochProofStep;
  readonly outcome: StepOutcome;
}

/** What a verification found: the epoch is proven when `isProven`. */
export interface EpochProofReport {
  readonly steps: readonly StepResult[];
  /** No step fails, and the proof holds for the epoch's own public inputs. */
  readonly isProven: boolean;
}

/** What a verification rests on. */
export interface EpochProofBasis {
  /** From the chain or the agreement: whoever takes the venue's word for it verifies nothing. */
  readonly verifyingKey: VerifyingKey;
  readonly verifier: Verifier;
  /** The circuits' hash, for the commitment to the parameters. */
  readonly hash: FieldHash;
  /** List hash of the list before, from where the reader knows it; undefined where it does not. */
  readonly previousListHash?: Hash;
}

/**
 * Checks offline that a proof shows the laws for just this epoch. The shard and the number of the
 * list are the attachment's claims, bound by the list hash; whether that list hash is the one that
 * the chain holds is for the chain to say. Signatures are no part of it: `judgeEpoch` and the
 * contract look at them.
 *
 * A false, damaged or foreign proof ends in a failed step, never in an exception.
 */
export async function verifyEpochProof(
  epoch: SettledEpoch,
  attachment: SettlementAttachment,
  basis: EpochProofBasis,
): Promise<EpochProofReport> {
  const cut = cutAgain(epoch, attachment, basis.hash);
  const outcomes: Record<EpochProofStep, StepOutcome> = {
    shape: typeof cut === 'string' ? fails('an epoch that fits', cut) : HOLDS,
    listHash: NO_LIST,
    chain: chainOutcome(attachment, basis),
    publicInputs: NO_LIST,
    proof: { kind: 'unasked', reason: 'the public inputs are not those of the epoch' },
    transaction: transactionOutcome(epoch, attachment),
  };
  if (typeof cut !== 'string') {
    outcomes.listHash = same(listHash(cut.list), attachment.place.listHash);
    outcomes.publicInputs = inputsOutcome(cut, attachment);
  }
  if (outcomes.publicInputs.kind === 'holds') {
    outcomes.proof = await proofOutcome(attachment, basis);
  }
  const steps = EPOCH_PROOF_STEPS.map((step) => ({ step, outcome: outcomes[step] }));
  const isProven =
    steps.every(({ outcome }) => outcome.kind !== 'fails') && outcomes.proof.kind === 'holds';
  return { steps, isProven };
}

const HOLDS: StepOutcome = { kind: 'holds' };
const NO_LIST: StepOutcome = { kind: 'unasked', reason: 'no list can be cut from the epoch' };

function fails(expected: string, actual: string): StepOutcome {
  return { kind: 'fails', expected, actual };
}

function same(expected: string, actual: string): StepOutcome {
  return expected === actual ? HOLDS : fails(expected, actual);
}

/** A list with the circuit that it is for. */
interface ShapedCut {
  readonly list: ListCut;
  readonly shape: EpochPlace['shape'];
}

/** The epoch's list in the place that the attachment claims, or why there is none. */
function cutAgain(
  epoch: SettledEpoch,
  { proof, place }: SettlementAttachment,
  hash: FieldHash,
): ShapedCut | string {
  const shape = epochShapeOf(proof.circuit);
  if (shape === undefined) return `The circuit ${proof.circuit} proves no epoch.`;
  // A proof says nothing of withdrawals but that they stand in the list hash.
  const stranger = epoch.withdrawals.find(({ withdrawal }) => withdrawal.shard !== place.shard);
  if (stranger !== undefined) {
    return `A list of shard ${place.shard} pays none out of shard ${stranger.withdrawal.shard}.`;
  }
  try {
    return { list: epochCut(epoch, { ...place, shape }, hash), shape };
  } catch (failure) {
    if (failure instanceof Fault) return failure.message;
    throw failure;
  }
}

function inputsOutcome(
  { list, shape }: ShapedCut,
  { place, proof }: SettlementAttachment,
): StepOutcome {
  const { dataCommitment } = place;
  const isReduced = dataCommitment >= 0n && dataCommitment < FIELD_MODULUS;
  if (!isReduced) return fails('a commitment within the field', String(dataCommitment));
  const expected = epochPublicInputs(list, shape, dataCommitment);
  return same(expected.join(' '), proof.publicInputs.join(' '));
}

function chainOutcome(
  { place }: SettlementAttachment,
  { previousListHash }: EpochProofBasis,
): StepOutcome {
  if (place.listNumber === 1n) return same(ZERO_HASH, place.previousListHash);
  if (previousListHash !== undefined) return same(previousListHash, place.previousListHash);
  return { kind: 'unasked', reason: 'the list before is not known here' };
}

async function proofOutcome(
  { proof }: SettlementAttachment,
  { verifyingKey, verifier }: EpochProofBasis,
): Promise<StepOutcome> {
  const made = `${proof.circuit} ${proof.circuitVersion} under ${proof.stringId}`;
  const { circuit, circuitVersion, stringId } = verifyingKey;
  const wanted = `${circuit} ${circuitVersion} under ${stringId}`;
  if (made !== wanted) return fails(`a proof for ${wanted}`, `one for ${made}`);
  const holds = await verifier.verify(proof, proof.publicInputs, verifyingKey);
  return holds ? HOLDS : fails('a proof that the verifier contract accepts', 'one that it refuses');
}

function transactionOutcome(
  { batches }: SettledEpoch,
  { transaction }: SettlementAttachment,
): StepOutcome {
  if (transaction === undefined) return { kind: 'unasked', reason: 'no transaction is named' };
  if (batches.length === 0) return NO_LIST;
  const { domain } = at(batches, 0);
  return same(
    `chain ${domain.chainId}, contract ${domain.address}`,
    `chain ${transaction.chainId}, contract ${transaction.contract}`,
  );
}
