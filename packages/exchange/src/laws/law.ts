import type { RecoverSigner } from '../orders/signature.ts';
import type { BatchTransition } from '../transition.ts';
import type { FillTotals } from './fillTotals.ts';
import { totalFills } from './fillTotals.ts';
import type { RuleTable } from './ruleTable.ts';
import { restateRules } from './ruleTable.ts';
import type { LawId, Verdict } from './verdict.ts';

/** Who answers for signatures: this judge, or the executor that admitted the orders. */
export type Authority =
  | { readonly authority: 'recover'; readonly recover: RecoverSigner }
  | { readonly authority: 'admitted' };

/** What a law may use besides the transition; all of it follows from the transition. */
export interface LawContext {
  readonly authority: Authority;
  /** The transition's rules restated once for all laws. */
  readonly rules: RuleTable;
  /** Sums over the fills, taken on first use; only asked while the rules have no flaw. */
  readonly totals: () => FillTotals;
}

/** A pure predicate over a transition. It answers for every input and never throws. */
export interface Law {
  readonly id: LawId;
  /** Basename of the law's file and page. */
  readonly name: string;
  readonly statement: string;
  readonly check: (transition: BatchTransition, context: LawContext) => Verdict;
}

/** Builds the context in which one transition is judged. */
export function lawContext(transition: BatchTransition, authority: Authority): LawContext {
  const rules = restateRules(transition);
  let totals: FillTotals | undefined;
  return {
    authority,
    rules,
    totals: () => {
      totals ??= totalFills(transition, rules);
      return totals;
    },
  };
}
