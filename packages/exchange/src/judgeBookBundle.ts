import type { BookViolated } from './laws/book/bookVerdict.ts';
import { violatedEpoch } from './laws/book/bookVerdict.ts';
import type { BookLawVerdict } from './laws/book/judgeBookEpoch.ts';
import { judgeBookEpoch } from './laws/book/judgeBookEpoch.ts';
import { recoverSigner } from './orders/signature.ts';
import type { BookTransition } from './transition.ts';

/** A check of a book epoch against what was learnt elsewhere. */
export interface BookFinding {
  readonly name: string;
  readonly flaw: BookViolated | undefined;
}

/** What the laws say about the bundle of a book epoch. */
export interface BookBundleJudgement {
  readonly verdicts: readonly BookLawVerdict[];
  /** Empty where nothing was learnt elsewhere. */
  readonly findings: readonly BookFinding[];
  /** Every law holds, and no finding has a flaw. */
  readonly holds: boolean;
}

/** What a bundle is judged with besides itself. */
export interface BookBundleBasis {
  /** The epoch hash that it must have, where one was learnt elsewhere; any letter case. */
  readonly epochHash?: string | undefined;
  /** The epoch before it, where that is at hand. */
  readonly previous?: BookTransition | undefined;
  /** Told of each signature before it is recovered, for whoever waits. */
  readonly onSignature?: (() => void) | undefined;
}

/**
 * Judges the bundle of a book epoch as a stranger: every signature is recovered and every law asked
 * again; the hash is compared with one that was learnt elsewhere, and the opening with the closing
 * of the epoch before, where they are given. Runs in Node and in browsers.
 */
export function judgeBookBundle(
  epoch: BookTransition,
  basis: BookBundleBasis = {},
): BookBundleJudgement {
  const { verdicts, holds } = judgeBookEpoch(epoch, {
    authority: 'recover',
    recover: (digest, signature) => {
      basis.onSignature?.();
      return recoverSigner(digest, signature);
    },
  });
  const findings = [...hashFindings(epoch, basis), ...joinFindings(epoch, basis)];
  const isWhole = findings.every(({ flaw }) => flaw === undefined);
  return { verdicts, findings, holds: holds && isWhole };
}

function hashFindings({ epochHash }: BookTransition, basis: BookBundleBasis): BookFinding[] {
  const wanted = basis.epochHash?.toLowerCase();
  if (wanted === undefined) return [];
  const flaw = flawAt('epochHash', wanted, epochHash);
  return [{ name: 'epoch hash is the one given', flaw }];
}

function joinFindings(epoch: BookTransition, { previous }: BookBundleBasis): BookFinding[] {
  if (previous === undefined) return [];
  const flaw =
    flawAt('marketId', previous.marketId, epoch.marketId) ??
    flawAt('epochNumber', previous.epochNumber + 1, epoch.epochNumber) ??
    flawAt('parentEpochHash', previous.epochHash, epoch.parentEpochHash) ??
    flawAt('openingRoot', previous.closingRoot, epoch.openingRoot) ??
    flawAt('firstEvent', previous.firstEvent + previous.eventCount, epoch.firstEvent);
  return [{ name: `opens as epoch ${previous.epochNumber} closed`, flaw }];
}

function flawAt(field: string, expected: unknown, actual: unknown): BookViolated | undefined {
  if (expected === actual) return undefined;
  return violatedEpoch(field, 'the epoch is the one that was learnt elsewhere', {
    expected,
    actual,
  });
}
