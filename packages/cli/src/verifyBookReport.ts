import { at, unreachable } from '@lawbook/exchange/failures/invariant';
import { BOOK_NEVER_SHOWN, BOOK_NOT_SHOWN } from '@lawbook/exchange/laws/book/bookNotShown';
import type { BookLocus, BookViolated } from '@lawbook/exchange/laws/book/bookVerdict';
import { BOOK_LAWS } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import { paint } from './terminal/terminal.ts';
import type { BookVerification } from './verifyBook.ts';

/** The verification of a book epoch for a person: each law, and what it does not show. */
export function bookLines(verification: BookVerification): string[] {
  const { file, epoch, verdicts, findings, holds } = verification;
  const trades = tradesOf(verification);
  const last = epoch.firstEvent + epoch.eventCount - 1;
  const lines = [
    paint.bold(`${file}: book ${epoch.marketId}, epoch ${epoch.epochNumber}`),
    `  epoch hash   ${epoch.epochHash}`,
    `  parent       ${epoch.parentEpochHash}`,
    `  events ${epoch.firstEvent}..${last}, trades ${trades}, ` +
      `opened with ${epoch.opening.orders.length} orders, vaults ${epoch.diffs.accounts.length}`,
    '',
  ];
  for (const [k, { id, name, verdict }] of verdicts.entries()) {
    const { statement } = at(BOOK_LAWS, k);
    lines.push(`  ${mark(verdict.kind === 'holds')} ${id.padEnd(4)}${name}: ${statement}`);
    if (verdict.kind === 'violated') lines.push(`       ${flawText(verdict)}`);
    lines.push(paint.dim(`       does not show ${BOOK_NOT_SHOWN[id]}`));
  }
  for (const { name, flaw } of findings) {
    lines.push(`  ${mark(flaw === undefined)} ${name}`);
    if (flaw !== undefined) lines.push(`       ${flawText(flaw)}`);
  }
  lines.push('', paint.dim(`  ${BOOK_NEVER_SHOWN}`), '');
  lines.push(holds ? paint.good(CHECKED) : paint.bad(REFUSED));
  return lines;
}

const CHECKED =
  'checked: every law holds. Checked is not proven: you re-ran the rules yourself, and the epoch ' +
  'of a book is neither proved nor settled.';
const REFUSED = 'refused: this epoch of a book breaks its laws, or is not the one it should be.';

/** The verification of a book epoch for a machine. */
export function bookJson(verification: BookVerification): Readonly<Record<string, unknown>> {
  const { file, epoch, verdicts, findings, holds } = verification;
  return {
    ok: holds,
    level: holds ? 'checked' : 'refused',
    file,
    kind: 'book',
    marketId: epoch.marketId,
    epochNumber: epoch.epochNumber,
    epochHash: epoch.epochHash,
    parentEpochHash: epoch.parentEpochHash,
    openingRoot: epoch.openingRoot,
    closingRoot: epoch.closingRoot,
    firstEvent: epoch.firstEvent,
    eventCount: epoch.eventCount,
    trades: tradesOf(verification),
    laws: verdicts.map(({ id, name, verdict }) => {
      return { id, name, ...verdict, doesNotShow: BOOK_NOT_SHOWN[id] };
    }),
    epoch: findings.map(({ name, flaw }) => ({ name, holds: flaw === undefined, flaw })),
    neverShown: BOOK_NEVER_SHOWN,
  };
}

function tradesOf({ epoch }: BookVerification): number {
  const reports = epoch.events.flatMap((event) => event.reports);
  return reports.filter(({ kind }) => kind === 'trade').length;
}

function mark(holds: boolean): string {
  return holds ? paint.good('holds   ') : paint.bad('VIOLATED');
}

function flawText({ locus, rule, expected, actual }: BookViolated): string {
  return `${locusText(locus)}: ${rule}; expected ${expected}, found ${actual}`;
}

function locusText(locus: BookLocus): string {
  switch (locus.kind) {
    case 'event': {
      const order = locus.orderId === 0 ? '' : `, order ${locus.orderId}`;
      const report = locus.report < 0 ? '' : `, report ${locus.report}`;
      return `event ${locus.eventNumber}${report}${order}`;
    }
    case 'account':
      return `account ${locus.account}`;
    case 'epoch':
      return locus.field;
    default:
      return unreachable(locus);
  }
}
