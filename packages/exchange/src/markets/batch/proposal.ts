import { price } from '../../numbers/price.ts';
import type { BatchProposal } from './solution.ts';
import type { ClearingOutcome } from './solver.ts';

/** The part of a search's outcome that is written to the journal and judged. */
export function proposalOf(outcome: ClearingOutcome): BatchProposal {
  if (outcome.kind === 'cleared') return { kind: 'cleared', solution: outcome.solution };
  return { kind: 'halted', reason: outcome.reason, prices: outcome.prices.map(price) };
}
