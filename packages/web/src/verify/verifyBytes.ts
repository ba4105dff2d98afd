import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle } from '@lawbook/exchange/bundle';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BundleJudgement } from '@lawbook/exchange/judgeBundle';
import { judgeBundle } from '@lawbook/exchange/judgeBundle';
import { LAWS } from '@lawbook/exchange/laws/judge';
import { NOT_SHOWN } from '@lawbook/exchange/laws/notShown';
import type { Violated } from '@lawbook/exchange/laws/verdict';
import { locusText } from '@lawbook/exchange/laws/verdict';
import { committedKey } from '@lawbook/proofs/keys/committedKey';
import type { SettlementAttachment } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import {
  decodeSettlementAttachment,
  SETTLEMENT_ATTACHMENT,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { evmVerifier } from '@lawbook/proofs/verifier/evmVerifier';
import type { EpochProofStep, StepOutcome } from '@lawbook/proofs/verifier/verifyEpoch';
import { verifyEpochProof } from '@lawbook/proofs/verifier/verifyEpoch';
import { fieldHash } from './fieldHash.ts';
import type { VerifyConclusion, VerifyStep } from './verifySteps.ts';

/** What a verification tells while it goes on. */
export interface VerifyListener {
  readonly onStage: (sentence: string) => void;
  readonly onStep: (step: VerifyStep) => void;
}

/**
 * Verifies an epoch from its bytes alone: decodes them, re-runs every law with every signer
 * recovered, and verifies the proof that they carry with the committed development keys. Asks
 * nobody anything. A bundle that does not hold ends in a failed step, never in an exception.
 */
export async function verifyBytes(
  bytes: Uint8Array,
  listener: VerifyListener,
): Promise<VerifyConclusion> {
  listener.onStage('Reading the bytes');
  const bundle = decoded(bytes, listener);
  if (bundle === undefined) return { level: 'refused', setup: undefined, contents: undefined };
  const contents = contentsOf(bundle, bytes.length);
  const judgement = judgeBundle(bundle, {
    onBatch: (batch) => listener.onStage(`Re-running every law on batch ${batch}`),
  });
  for (const step of [...lawSteps(bundle, judgement), ...epochSteps(judgement)]) {
    listener.onStep(step);
  }
  if (!judgement.holds) return { level: 'refused', setup: undefined, contents };
  listener.onStage('Verifying the proof');
  const proof = await proofSteps(bundle);
  for (const step of proof.steps) listener.onStep(step);
  return { level: proof.level, setup: proof.setup, contents };
}

function decoded(bytes: Uint8Array, { onStep }: VerifyListener): EpochBundle | undefined {
  const step = { id: 'bytes', group: 'bundle', name: 'The bytes are a bundle' } as const;
  try {
    const bundle = decodeBundle(bytes);
    onStep({ ...step, outcome: { kind: 'holds' }, notShown: 'who wrote them' });
    return bundle;
  } catch (failure) {
    if (!(failure instanceof DecodeError)) throw failure;
    const outcome = { kind: 'fails', where: 'bytes', expected: 'a bundle' } as const;
    onStep({ ...step, outcome: { ...outcome, actual: failure.message } });
    return undefined;
  }
}

function contentsOf(bundle: EpochBundle, bytes: number): VerifyConclusion['contents'] {
  const { marketId, epochNumber, epochHash, parentEpochHash, batches, diffs } = bundle;
  return {
    marketId,
    epochNumber,
    epochHash,
    parentEpochHash,
    batches: batches.length,
    orders: batches.reduce((sum, { orders }) => sum + orders.count, 0),
    vaults: diffs.accounts.length,
    withdrawals: bundle.withdrawals.length,
    bytes,
  };
}

/** One step a law, over all batches; the first broken place is the one that is named. */
function lawSteps(bundle: EpochBundle, { batches }: BundleJudgement): VerifyStep[] {
  return LAWS.map((law, k) => {
    const asked = batches.map((verdicts) => at(verdicts, k).verdict);
    const broken = asked.findIndex(({ kind }) => kind === 'violated');
    const verdict = broken < 0 ? undefined : at(asked, broken);
    const batch = broken < 0 ? 0 : at(bundle.batches, broken).batchNumber;
    return {
      id: law.id,
      group: 'laws',
      name: law.name,
      statement: law.statement,
      notShown: NOT_SHOWN[law.id],
      outcome:
        verdict?.kind === 'violated'
          ? failed(verdict, `batch ${batch}, `)
          : { kind: 'holds', note: `on ${bundle.batches.length} batches` },
    };
  });
}

function epochSteps({ findings, isLawful }: BundleJudgement): VerifyStep[] {
  if (!isLawful) return [];
  return findings.map(({ name, flaw }) => ({
    id: name,
    group: 'epoch',
    name: `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
    outcome: flaw === undefined ? { kind: 'holds' } : failed(flaw, ''),
  }));
}

function failed(flaw: Violated, prefix: string): VerifyStep['outcome'] {
  const { locus, rule, expected, actual } = flaw;
  return { kind: 'fails', where: `${prefix}${locusText(locus)}`, rule, expected, actual };
}

interface ProofJudgement {
  readonly steps: readonly VerifyStep[];
  readonly level: 'refused' | 'checked' | 'proven';
  readonly setup: string | undefined;
}

async function proofSteps(bundle: EpochBundle): Promise<ProofJudgement> {
  const carried = bundle.attachments.find(({ name }) => name === SETTLEMENT_ATTACHMENT);
  if (carried === undefined) {
    const reason = 'the bundle carries no proof; export it again once the epoch is proven';
    return { steps: [wholeProof({ kind: 'open', reason })], level: 'checked', setup: undefined };
  }
  let attachment: SettlementAttachment;
  try {
    attachment = decodeSettlementAttachment(carried.bytes);
  } catch (failure) {
    if (!(failure instanceof DecodeError)) throw failure;
    const outcome = { kind: 'fails', where: 'attachment', expected: 'a proof' } as const;
    const step = wholeProof({ ...outcome, actual: failure.message });
    return { steps: [step], level: 'refused', setup: undefined };
  }
  const { circuit, stringId, setup } = attachment.proof;
  const key = committedKey(circuit);
  if (key === undefined || key.stringId !== stringId) {
    const reason = 'no key of this setup is known to the page; the command takes one with --key';
    return { steps: [wholeProof({ kind: 'open', reason })], level: 'checked', setup };
  }
  const report = await verifyEpochProof(bundle, attachment, {
    verifyingKey: key,
    verifier: evmVerifier,
    hash: fieldHash,
  });
  const steps = report.steps.map(({ step, outcome }) => proofStep(step, outcome));
  const isRefused = report.steps.some(({ outcome }) => outcome.kind === 'fails');
  const level = isRefused ? 'refused' : report.isProven ? 'proven' : 'checked';
  return { steps, level, setup: key.setup };
}

function wholeProof(outcome: VerifyStep['outcome']): VerifyStep {
  return { id: 'proof', group: 'proof', name: 'The epoch carries a proof', outcome };
}

/** The question of a step, and what it leaves open. */
const PROOF_STEPS: Readonly<Record<EpochProofStep, readonly [string, string | undefined]>> = {
  shape: ['The epoch fits the circuit', undefined],
  listHash: ['The list is the epoch’s own', 'that the chain holds this list'],
  chain: ['The list names the one before it', 'the lists before that'],
  publicInputs: ['The public inputs are those of the epoch’s figures', undefined],
  proof: [
    'The verifier accepts the proof',
    'more than the setup allows: whoever knows its secret can forge proofs',
  ],
  transaction: [
    'The transaction went to the contract that users signed for',
    'that the chain still holds it',
  ],
};

function proofStep(step: EpochProofStep, outcome: StepOutcome): VerifyStep {
  const [name, notShown] = PROOF_STEPS[step];
  return {
    id: `proof-${step}`,
    group: 'proof',
    name,
    ...(notShown === undefined ? {} : { notShown }),
    outcome:
      outcome.kind === 'unasked'
        ? { kind: 'open', reason: outcome.reason }
        : outcome.kind === 'fails'
          ? { ...outcome, where: 'proof' }
          : outcome,
  };
}
