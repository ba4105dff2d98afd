import type { EpochBundle } from '@lawbook/exchange/bundle';
import { at, unreachable } from '@lawbook/exchange/failures/invariant';
import type { EpochFinding } from '@lawbook/exchange/judgeBundle';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import { LAWS } from '@lawbook/exchange/laws/judge';
import { NEVER_SHOWN, NOT_SHOWN } from '@lawbook/exchange/laws/notShown';
import type { PredicateVerdict } from '@lawbook/exchange/laws/predicates';
import type { Violated } from '@lawbook/exchange/laws/verdict';
import { locusText } from '@lawbook/exchange/laws/verdict';
import { INSECURE_SETUP } from '@lawbook/proofs/statements/proof';
import type { EpochProofStep, StepOutcome } from '@lawbook/proofs/verifier/verifyEpoch';
import { paint } from './terminal/terminal.ts';
import type { ProofFinding } from './verifyProof.ts';

/** Everything that was found out about one bundle. */
export interface Verification {
  readonly file: string;
  readonly bundle: EpochBundle;
  readonly batches: readonly (readonly LawVerdict[])[];
  /** Empty when a batch is already unlawful. */
  readonly findings: readonly EpochFinding[];
  readonly predicates: readonly PredicateVerdict[];
  /** Undefined for a bundle without a proof, and where a batch is already unlawful. */
  readonly proof: ProofFinding | undefined;
  readonly holds: boolean;
}

/** The verification for a person: each step, and what it does not show. */
export function verificationLines(verification: Verification): string[] {
  const { file, bundle, batches, findings, predicates, proof } = verification;
  const orders = bundle.batches.reduce((sum, batch) => sum + batch.orders.count, 0);
  const lines = [
    paint.bold(`${file}: market ${bundle.marketId}, epoch ${bundle.epochNumber}`),
    `  epoch hash   ${bundle.epochHash}`,
    `  parent       ${bundle.parentEpochHash}`,
    `  batches ${bundle.batches.length}, orders ${orders}, vaults ${bundle.diffs.accounts.length}`,
    ...additionLines(bundle),
    '',
  ];
  for (const [k, law] of LAWS.entries()) {
    const asked = batches.map((verdicts) => at(verdicts, k).verdict);
    const broken = asked.findIndex(({ kind }) => kind === 'violated');
    lines.push(`  ${mark(broken < 0)} ${law.id.padEnd(4)}${law.name}: ${law.statement}`);
    const verdict = broken < 0 ? undefined : asked[broken];
    if (verdict?.kind === 'violated') {
      lines.push(`       in batch ${at(bundle.batches, broken).batchNumber}, ${flawText(verdict)}`);
    }
    lines.push(paint.dim(`       does not show ${NOT_SHOWN[law.id]}`));
  }
  for (const { name, flaw } of findings) {
    lines.push(`  ${mark(flaw === undefined)} ${name}`);
    if (flaw !== undefined) lines.push(`       ${flawText(flaw)}`);
  }
  if (proof !== undefined) lines.push('', ...proofLines(proof));
  lines.push('', `  Predicates: ${predicates.map(predicateText).join(', ')}`);
  lines.push(paint.dim(`  ${NEVER_SHOWN}`), '', conclusion(verification));
  return lines;
}

/** What a bundle carries beside its batches; nothing for one that carries nothing. */
function additionLines({ withdrawals, attachments }: EpochBundle): string[] {
  const lines: string[] = [];
  if (withdrawals.length > 0) lines.push(`  withdrawals ${withdrawals.length}`);
  if (attachments.length === 0) return lines;
  const sections = attachments.map(({ name, bytes }) => `${name} (${bytes.length} bytes)`);
  return [...lines, `  attached, not judged here: ${sections.join(', ')}`];
}

/** The verification for a machine. */
export function verificationJson(verification: Verification): Readonly<Record<string, unknown>> {
  const { file, bundle, batches, findings, predicates, proof, holds } = verification;
  return {
    ok: holds,
    level: levelOf(verification),
    file,
    marketId: bundle.marketId,
    epochNumber: bundle.epochNumber,
    epochHash: bundle.epochHash,
    parentEpochHash: bundle.parentEpochHash,
    batches: batches.map((verdicts, k) => ({
      batchNumber: at(bundle.batches, k).batchNumber,
      orders: at(bundle.batches, k).orders.count,
      laws: verdicts.map(({ id, name, verdict }) => ({
        id,
        name,
        ...verdict,
        doesNotShow: NOT_SHOWN[id],
      })),
    })),
    epoch: findings.map(({ name, flaw }) => ({ name, holds: flaw === undefined, flaw })),
    withdrawals: bundle.withdrawals.length,
    attachments: bundle.attachments.map(({ name, bytes }) => ({ name, bytes: bytes.length })),
    predicates,
    ...(proof !== undefined && { proof: proofJson(proof) }),
    neverShown: NEVER_SHOWN,
  };
}

/** How far the epoch is established by what was looked at. */
export function levelOf({ holds, proof }: Verification): ProofFinding['level'] {
  return holds ? (proof?.level ?? 'checked') : 'refused';
}

function conclusion(verification: Verification): string {
  const level = levelOf(verification);
  const setup = verification.proof?.setup;
  const resting = setup === INSECURE_SETUP ? paint.warn(` It rests on an ${INSECURE_SETUP}.`) : '';
  switch (level) {
    case 'refused':
      return paint.bad('refused: this epoch breaks its laws, or its proof is not for it.');
    case 'checked':
      return paint.good(
        'checked: every law holds. Checked is not proven: you re-ran the rules yourself.',
      );
    case 'proven':
      return paint.good('proven: every law holds, and a proof shows it.') + resting;
    case 'settled':
      return (
        paint.good('settled: every law holds, proven, and the chain holds the list.') + resting
      );
    case 'finalized':
      return paint.good('finalized: proven, and the chain will not lose the list.') + resting;
    default:
      return unreachable(level);
  }
}

function proofLines({ attachment, keySource, setup, steps, chain }: ProofFinding): string[] {
  const { place, proof, transaction } = attachment;
  return [
    `  Proof: ${proof.circuit} of version ${proof.circuitVersion}, ${proof.bytes.length} bytes, ` +
      `verifying key from ${KEY_SOURCES[keySource]}`,
    `  setup        ${setup === INSECURE_SETUP ? paint.warn(setup) : setup}`,
    `  list         ${place.listNumber} of shard ${place.shard}, ${place.listHash}`,
    ...(transaction === undefined ? [] : [`  transaction  ${transaction.transactionHash}`]),
    ...steps.flatMap(({ step, outcome }) => outcomeLines(PROOF_STEPS[step], outcome)),
    ...chain.flatMap(({ name, outcome }) => outcomeLines(name, outcome)),
  ];
}

const KEY_SOURCES = {
  agreement: "the chain's agreement",
  file: 'the file that you named',
  development: 'the committed development keys',
  none: 'nowhere',
} as const;

const PROOF_STEPS: Readonly<Record<EpochProofStep, string>> = {
  shape: 'the epoch fits the circuit',
  listHash: "the list is the epoch's own",
  chain: 'the list names the one before it',
  publicInputs: "the public inputs are those of the epoch's figures",
  proof: 'the verifier accepts the proof',
  transaction: 'the transaction went to the contract that users signed for',
};

function outcomeLines(name: string, outcome: StepOutcome): string[] {
  if (outcome.kind === 'unasked') return [`  ${paint.dim('open    ')} ${name}: ${outcome.reason}`];
  const line = `  ${mark(outcome.kind === 'holds')} ${name}`;
  if (outcome.kind === 'holds') return [line];
  return [line, `       expected ${outcome.expected}, found ${outcome.actual}`];
}

function proofJson(finding: ProofFinding): Readonly<Record<string, unknown>> {
  const { attachment, keySource, setup, steps, chain } = finding;
  const { place, proof, transaction } = attachment;
  return {
    circuit: proof.circuit,
    circuitVersion: proof.circuitVersion,
    keySource,
    setup,
    shard: place.shard,
    listNumber: place.listNumber,
    listHash: place.listHash,
    previousListHash: place.previousListHash,
    ...(transaction !== undefined && { transaction: transaction.transactionHash }),
    steps: steps.map(({ step, outcome }) => ({ step, ...outcome })),
    chain: chain.map(({ name, outcome }) => ({ name, ...outcome })),
  };
}

function mark(holds: boolean): string {
  return holds ? paint.good('holds   ') : paint.bad('VIOLATED');
}

function flawText({ locus, rule, expected, actual }: Violated): string {
  return `${locusText(locus)}: ${rule}; expected ${expected}, found ${actual}`;
}

function predicateText({ name, holds }: PredicateVerdict): string {
  return `${name} ${holds ? 'holds' : 'does not hold'}`;
}
