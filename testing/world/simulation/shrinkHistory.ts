import type { History, Step } from '../workload/acts.ts';
import type { Failure } from './playHistory.ts';
import { playHistory } from './playHistory.ts';

/** A failure with the fewest steps that were found to lead to it. */
export interface Shrunken {
  readonly history: History;
  readonly failure: Failure;
  /** Histories that were played on the way. */
  readonly runs: number;
}

/** How long to search. */
export interface ShrinkBudget {
  readonly runsMax: number;
}

/**
 * Leaves steps out of a failing history as long as the same promise is broken: first all that come
 * after the failure, then ever smaller parts (delta debugging). What is left need not be the least.
 *
 * @see Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002
 */
export async function shrinkHistory(
  history: History,
  failure: Failure,
  { runsMax }: ShrinkBudget,
): Promise<Shrunken> {
  const { steps: _, ...kept } = history;
  const isBefore = ({ id }: Step): boolean => failure.step === 0 || id <= failure.step;
  let best = { steps: history.steps.filter(isBefore), failure };
  let runs = 0;
  const attempt = async (steps: readonly Step[]): Promise<boolean> => {
    runs += 1;
    const { failure: found } = await playHistory({ ...kept, steps });
    if (found?.checker !== failure.checker) return false;
    best = {
      steps: steps.filter(({ id }) => found.step === 0 || id <= found.step),
      failure: found,
    };
    return true;
  };
  let width = Math.ceil(best.steps.length / 2);
  while (width >= 1 && runs < runsMax) {
    let removed = false;
    for (let start = 0; start < best.steps.length && runs < runsMax; ) {
      const without = [...best.steps.slice(0, start), ...best.steps.slice(start + width)];
      if (without.length < best.steps.length && (await attempt(without))) removed = true;
      else start += width;
    }
    if (!removed && width === 1) break;
    if (!removed) width = Math.floor(width / 2);
    else width = Math.min(width, Math.max(1, Math.ceil(best.steps.length / 2)));
  }
  return { history: { ...kept, steps: best.steps }, failure: best.failure, runs };
}
