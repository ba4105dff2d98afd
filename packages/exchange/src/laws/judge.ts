import type { StateDiffList } from '../diffs/stateDiff.ts';
import type { SignedWithdrawal } from '../orders/signedTypes.ts';
import type { BatchTransition } from '../transition.ts';
import { assetsAreConserved } from './assetsAreConserved.ts';
import { bindsItsInputs } from './bindsItsInputs.ts';
import { diffsMatchFills } from './diffsMatchFills.ts';
import { epochFlaw, nettingFlaw } from './epochChain.ts';
import { fillsFollowPrices } from './fillsFollowPrices.ts';
import { fillsSettleAtPrices } from './fillsSettleAtPrices.ts';
import type { Authority, Law } from './law.ts';
import { lawContext } from './law.ts';
import { limitsAreRespected } from './limitsAreRespected.ts';
import { ordersAreComplete } from './ordersAreComplete.ts';
import { poolQuoteIsOptimal } from './poolQuoteIsOptimal.ts';
import type { PredicateVerdict } from './predicates.ts';
import { readPredicates } from './predicates.ts';
import { pricesAreInDomain } from './pricesAreInDomain.ts';
import { spendsAreAuthorised } from './spendsAreAuthorised.ts';
import { vaultsAreSolvent } from './vaultsAreSolvent.ts';
import type { LawId, Verdict } from './verdict.ts';
import { HOLDS } from './verdict.ts';
import { withdrawalsFlaw } from './withdrawalsFlaw.ts';

/** Every law of a batch, in order of its id. */
export const LAWS: readonly Law[] = [
  bindsItsInputs,
  ordersAreComplete,
  spendsAreAuthorised,
  pricesAreInDomain,
  fillsFollowPrices,
  fillsSettleAtPrices,
  limitsAreRespected,
  assetsAreConserved,
  poolQuoteIsOptimal,
  vaultsAreSolvent,
  diffsMatchFills,
];

/** The answer of one law, under its names. */
export interface LawVerdict {
  readonly id: LawId;
  /** Basename of the law's file and page. */
  readonly name: string;
  readonly verdict: Verdict;
}

/**
 * Asks every law about a batch; O(orders + vaults * assets + assets^2), nothing is re-solved.
 * Never throws on a transition whose branded fields are what their brands say.
 *
 * @returns one answer per law, in order of `LAWS`; the batch is checked when all hold.
 */
export function judgeBatch(
  transition: BatchTransition,
  authority: Authority,
): readonly LawVerdict[] {
  const context = lawContext(transition, authority);
  return LAWS.map(({ id, name, check }) => ({ id, name, verdict: check(transition, context) }));
}

/** Whether every law holds. */
export function allHold(verdicts: readonly LawVerdict[]): boolean {
  return verdicts.every(({ verdict }) => verdict.kind === 'holds');
}

/** What the laws say about an epoch: each batch, how the batches join, and the netted diff list. */
export interface EpochVerdict {
  readonly batches: readonly (readonly LawVerdict[])[];
  /** Parent hashes, numbers, pool and nonces lead from each batch to the next. */
  readonly chain: Verdict;
  /** The netted diff list is the sum of the batches' lists. */
  readonly netting: Verdict;
  /** The withdrawals are what their owners signed, in time and once. */
  readonly withdrawals: Verdict;
  /** The five predicates over all batches. */
  readonly predicates: readonly PredicateVerdict[];
  readonly holds: boolean;
}

/** An epoch as a bundle states it. */
export interface ClaimedEpoch {
  readonly batches: readonly BatchTransition[];
  /** The netted diff list that settles the epoch. */
  readonly diffs: StateDiffList;
  readonly withdrawals: readonly SignedWithdrawal[];
}

/** Judges the batches of an epoch in order, its diff list and its withdrawals. */
export function judgeEpoch(epoch: ClaimedEpoch, authority: Authority): EpochVerdict {
  const { batches, diffs } = epoch;
  const verdicts = batches.map((transition) => judgeBatch(transition, authority));
  const each = verdicts.every(allHold);
  // Joining batches reads their reports and diffs, which only lawful batches are sure to carry.
  const chain: Verdict = each ? (epochFlaw(batches) ?? HOLDS) : BATCH_BREAKS;
  const netting: Verdict = each ? (nettingFlaw(batches, diffs) ?? HOLDS) : BATCH_BREAKS;
  const withdrawals: Verdict = each ? judgeWithdrawals(epoch, authority) : BATCH_BREAKS;
  const holds = each && [chain, netting, withdrawals].every(({ kind }) => kind === 'holds');
  const predicates = readPredicates(verdicts.flat());
  return { batches: verdicts, chain, netting, withdrawals, predicates, holds };
}

/** Judges the withdrawals of an epoch whose batches are lawful. */
export function judgeWithdrawals(
  { batches, withdrawals }: ClaimedEpoch,
  authority: Authority,
): Verdict {
  const last = batches[batches.length - 1];
  if (last === undefined) return withdrawals.length === 0 ? HOLDS : WITHOUT_BATCH;
  const { domain, closedAtMs: lastClosedAtMs } = last;
  const flaw = withdrawalsFlaw({ domain, lastClosedAtMs, withdrawals }, authority);
  if (flaw !== undefined) return flaw;
  return { kind: 'holds', basis: authority.authority === 'recover' ? 'recovered' : 'admitted' };
}

const WITHOUT_BATCH: Verdict = {
  kind: 'violated',
  locus: { kind: 'batch', field: 'withdrawals' },
  rule: 'withdrawals leave with an epoch of one batch or more',
  expected: 'no withdrawals',
  actual: 'withdrawals without a batch',
};

const BATCH_BREAKS: Verdict = {
  kind: 'violated',
  locus: { kind: 'batch', field: 'batches' },
  rule: 'an epoch is made of lawful batches',
  expected: 'every law holds for every batch',
  actual: 'a law is violated',
};
