import type { EpochBundle } from '@lawbook/exchange/bundle';
import { at, unreachable } from '@lawbook/exchange/failures/invariant';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import { LAWS } from '@lawbook/exchange/laws/judge';
import type { PredicateVerdict } from '@lawbook/exchange/laws/predicates';
import type { LawId, Locus, Violated } from '@lawbook/exchange/laws/verdict';
import { paint } from './terminal/terminal.ts';

/** A check of the epoch as a whole. */
export interface EpochFinding {
  readonly name: string;
  readonly flaw: Violated | undefined;
}

/** Everything that was found out about one bundle. */
export interface Verification {
  readonly file: string;
  readonly bundle: EpochBundle;
  readonly batches: readonly (readonly LawVerdict[])[];
  /** Empty when a batch is already unlawful. */
  readonly findings: readonly EpochFinding[];
  readonly predicates: readonly PredicateVerdict[];
  readonly holds: boolean;
}

/** What each law leaves open even where it holds. */
const NOT_SHOWN: Readonly<Record<LawId, string>> = {
  L0: 'that these are the inputs that other people were shown',
  L1: 'that no order was turned away before it was admitted, or the true order of arrival',
  L2: 'that the owner of a key meant what the key signed',
  L3: 'that the oracle told the truth',
  L4: 'that every trader was told the same prices in time',
  L5: 'that a price is good, only that it is the same for all',
  L6: 'that a limit was wise',
  L7: 'that custody holds on a base layer what the ledger says it owes',
  L8: 'that risk aversion and covariance describe the world',
  L9: 'that accounts outside this batch are solvent',
  L10: 'that the diffs were settled anywhere',
};

/** What no law shows, said under every verdict. */
const NEVER_SHOWN =
  'No law shows the true order of arrival, that nobody was turned away before admission, or ' +
  'that the oracle told the truth.';

/** The verification for a person: each step, and what it does not show. */
export function verificationLines(verification: Verification): string[] {
  const { file, bundle, batches, findings, predicates, holds } = verification;
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
  lines.push('', `  Predicates: ${predicates.map(predicateText).join(', ')}`);
  lines.push(paint.dim(`  ${NEVER_SHOWN}`), '', conclusion(holds));
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
  const { file, bundle, batches, findings, predicates, holds } = verification;
  return {
    ok: holds,
    level: holds ? 'checked' : 'refused',
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
    neverShown: NEVER_SHOWN,
  };
}

function conclusion(holds: boolean): string {
  return holds
    ? paint.good('checked: every law holds. Checked is not proven: you re-ran the rules yourself.')
    : paint.bad('refused: this epoch breaks its laws.');
}

function mark(holds: boolean): string {
  return holds ? paint.good('holds   ') : paint.bad('VIOLATED');
}

function flawText({ locus, rule, expected, actual }: Violated): string {
  return `${locusText(locus)}: ${rule}; expected ${expected}, found ${actual}`;
}

function locusText(locus: Locus): string {
  switch (locus.kind) {
    case 'order':
      return `order ${locus.row} (${locus.orderId})`;
    case 'asset':
      return `asset ${locus.asset}`;
    case 'account':
      return `account ${locus.account}`;
    case 'commitment':
      return `commitment ${locus.index}`;
    case 'batch':
      return locus.field;
    default:
      return unreachable(locus);
  }
}

function predicateText({ name, holds }: PredicateVerdict): string {
  return `${name} ${holds ? 'holds' : 'does not hold'}`;
}
