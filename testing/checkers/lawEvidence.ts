/**
 * What whoever reads a refusal may rely on: it names a place that is in the batch or epoch, and
 * what the rule wants there differs from what is there.
 */
import assert from 'node:assert/strict';
import type { BookViolated } from '../../packages/exchange/src/laws/book/bookVerdict.ts';
import type { Locus, Violated } from '../../packages/exchange/src/laws/verdict.ts';
import { BOOK_RULES } from '../../packages/exchange/src/markets/book/judge/bookJudge.ts';
import type { BatchTransition, BookTransition } from '../../packages/exchange/src/transition.ts';

/** Asserts that a refusal of a batch can be looked up. */
export function assertEvidence(transition: BatchTransition, verdict: Violated): void {
  const { locus } = verdict;
  assertFacts(verdict);
  assertDiffer(verdict);
  assert.ok(isIn(transition, locus), `no such place: ${JSON.stringify(locus)}`);
}

function isIn(
  { orders, parameters, commitments, ...rest }: BatchTransition,
  locus: Locus,
): boolean {
  const isAsset = (asset: number): boolean => asset >= 0 && asset < parameters.assets.length;
  switch (locus.kind) {
    case 'order':
      return locus.row < orders.count && locus.orderId === orders.orderId(locus.row);
    case 'asset':
      return isAsset(locus.asset);
    case 'account': {
      const named = [...orders.owners, ...rest.before.accounts, ...rest.diffs.accounts];
      return named.includes(locus.account) && (locus.asset === undefined || isAsset(locus.asset));
    }
    case 'commitment':
      return locus.index >= 0 && locus.index < commitments.length;
    case 'batch':
      return /^\w/.test(locus.field);
    default:
      return false;
  }
}

/** Asserts that a refusal of a book epoch can be looked up. */
export function assertBookEvidence({ events }: BookTransition, verdict: BookViolated): void {
  const { locus, rule } = verdict;
  assertFacts(verdict);
  // The judge of a book may mean the order of a report, which the place names.
  if (!JUDGED.has(rule)) assertDiffer(verdict);
  if (locus.kind !== 'event') {
    assert.match(locus.kind === 'epoch' ? locus.field : locus.account, /^\w/);
    return;
  }
  const event = events.find(({ eventNumber }) => eventNumber === locus.eventNumber);
  assert.ok(event !== undefined, `no event ${locus.eventNumber}`);
  assert.ok(locus.report >= -1 && locus.report <= event.reports.length, `report ${locus.report}`);
  assert.ok(locus.orderId >= 0, `order ${locus.orderId}`);
}

const JUDGED: ReadonlySet<string> = new Set(Object.values(BOOK_RULES));

type Refusal = Violated | BookViolated;

function assertFacts({ rule, expected, actual }: Refusal): void {
  assert.ok(rule.length > 0);
  for (const fact of [expected, actual]) assert.doesNotMatch(fact, /undefined|\[object/, rule);
}

function assertDiffer({ rule, expected, actual }: Refusal): void {
  assert.notEqual(expected, actual, `what is wanted is there: ${rule}`);
}
