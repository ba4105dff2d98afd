import { chainEpoch } from './application/batchInputs.ts';
import type { EpochBundle } from './bundle.ts';
import type { Hash } from './codec/hash.ts';
import { diffRoot } from './diffs/stateDiff.ts';
import { at } from './failures/invariant.ts';
import { epochFlaw, nettingFlaw } from './laws/epochChain.ts';
import type { LawVerdict } from './laws/judge.ts';
import { allHold, judgeBatch, judgeWithdrawals } from './laws/judge.ts';
import type { PredicateVerdict } from './laws/predicates.ts';
import { readPredicates } from './laws/predicates.ts';
import type { Violated } from './laws/verdict.ts';
import { recoverSigner } from './orders/signature.ts';
import { Signing } from './orders/signedTypes.ts';

/** A check of an epoch as a whole. */
export interface EpochFinding {
  readonly name: string;
  readonly flaw: Violated | undefined;
}

/** What the laws say about a bundle; its attachments are not judged. */
export interface BundleJudgement {
  readonly batches: readonly (readonly LawVerdict[])[];
  /** Empty when a batch is already unlawful: the checks read what only lawful batches carry. */
  readonly findings: readonly EpochFinding[];
  readonly predicates: readonly PredicateVerdict[];
  /** Every batch is lawful. */
  readonly isLawful: boolean;
  /** Every batch is lawful, and no finding has a flaw. */
  readonly holds: boolean;
}

/** What a bundle is judged with besides itself. */
export interface BundleBasis {
  /** The epoch hash that it must have, where one was learnt elsewhere; any letter case. */
  readonly epochHash?: string | undefined;
  /** Told of each batch before it is judged, for whoever waits. */
  readonly onBatch?: ((batchNumber: number) => void) | undefined;
}

/**
 * Judges a bundle as a stranger: every signature is recovered, every law re-run on every batch, and
 * the epoch compared with what its hash says. Runs in Node and in browsers.
 */
export function judgeBundle(bundle: EpochBundle, basis: BundleBasis = {}): BundleJudgement {
  const batches = bundle.batches.map((batch) => {
    basis.onBatch?.(batch.batchNumber);
    return judgeBatch(batch, { authority: 'recover', recover: recoverSigner });
  });
  const isLawful = batches.every(allHold);
  const findings = isLawful ? epochFindings(bundle, basis) : [];
  const isWhole = findings.every(({ flaw }) => flaw === undefined);
  const predicates = readPredicates(batches.flat());
  return { batches, findings, predicates, isLawful, holds: isLawful && isWhole };
}

/** What the laws about single batches cannot see; asked only of lawful batches. */
function epochFindings(bundle: EpochBundle, basis: BundleBasis): EpochFinding[] {
  const { batches, diffs, marketId, epochNumber, parentEpochHash, epochHash } = bundle;
  const recomputed = chainEpoch({
    marketId,
    epochNumber,
    parentEpochHash,
    diffRoot: diffRoot(diffs),
    withdrawalIds: withdrawalIds(bundle),
  });
  const wanted = basis.epochHash?.toLowerCase();
  return [
    { name: 'batches join', flaw: epochFlaw(batches) },
    { name: 'diffs are the sum of the batches', flaw: nettingFlaw(batches, diffs) },
    { name: 'withdrawals are signed, unexpired and fresh', flaw: withdrawalFlaw(bundle) },
    { name: 'one market', flaw: marketFlaw(bundle) },
    {
      name: 'epoch hash binds the diffs and the withdrawals',
      flaw: hashFlaw('epochHash', recomputed, epochHash),
    },
    ...(wanted === undefined
      ? []
      : [{ name: 'epoch hash is the one given', flaw: hashFlaw('epochHash', wanted, epochHash) }]),
  ];
}

function withdrawalFlaw(bundle: EpochBundle): Violated | undefined {
  const verdict = judgeWithdrawals(bundle, { authority: 'recover', recover: recoverSigner });
  return verdict.kind === 'violated' ? verdict : undefined;
}

function withdrawalIds({ batches, withdrawals }: EpochBundle): Hash[] {
  const signing = new Signing(at(batches, 0).domain);
  return withdrawals.map(({ withdrawal }) => signing.withdrawalId(withdrawal));
}

function marketFlaw({ marketId, batches }: EpochBundle): Violated | undefined {
  const stranger = batches.find(({ parameters }) => parameters.marketId !== marketId);
  return stranger === undefined
    ? undefined
    : flawAt('marketId', String(marketId), String(stranger.parameters.marketId));
}

function hashFlaw(field: string, expected: string, actual: string): Violated | undefined {
  return expected === actual ? undefined : flawAt(field, expected, actual);
}

function flawAt(field: string, expected: string, actual: string): Violated {
  const rule = 'the epoch states what its contents say';
  return { kind: 'violated', locus: { kind: 'batch', field }, rule, expected, actual };
}
