import type { Price } from '../../numbers/price.ts';

/**
 * What the search proposes for a batch. The search may use floats and take any path, because
 * nothing in a solution is believed: fills follow from it by integer rules and the laws judge them.
 */
export interface BatchSolution {
  /** Clearing price per market asset; the numeraire's is PRICE_SCALE. */
  readonly prices: readonly Price[];
  /**
   * Rationing per asset when orders *pay* it (pool full) and when they *receive* it (pool empty),
   * 1..RATION_SCALE; RATION_SCALE where not rationed.
   */
  readonly payFactors: readonly bigint[];
  readonly receiveFactors: readonly bigint[];
  /**
   * Rows whose minimum fill is met at these prices but whose admission would move the quote to
   * where it is not, ascending. Rows that simply miss their minimum are not listed.
   */
  readonly blocked: readonly number[];
  /** Newton steps over all re-solves. A claim of the solver; no law depends on it. */
  readonly iterations: number;
  /** Largest relative price change of the last step, times 10^12. A claim of the solver. */
  readonly stepNormE12: bigint;
}

/** Integer fills by row: what each order pays, and how many units of its product it receives. */
export interface BatchFills {
  readonly paid: BigUint64Array;
  readonly received: BigUint64Array;
}

/** What is proposed for a closed batch: a solution, or no trade at all and why. */
export type BatchProposal =
  | { readonly kind: 'cleared'; readonly solution: BatchSolution }
  | { readonly kind: 'halted'; readonly reason: string; readonly prices: readonly Price[] };
