import type { LawId, Verdict } from './verdict.ts';

export type PredicateName =
  | 'convergence'
  | 'priceConsistency'
  | 'fillFeasibility'
  | 'inventoryConservation'
  | 'objectiveOptimality';

/** One of the five predicates by which the field describes a batch clearing engine. */
export interface Predicate {
  readonly name: PredicateName;
  /** The laws that together say it. */
  readonly laws: readonly LawId[];
  readonly meaning: string;
}

/** The five predicates in terms of the laws. */
export const PREDICATES: readonly Predicate[] = [
  {
    name: 'convergence',
    laws: ['L8'],
    meaning:
      'The prices are within a certified distance of the unique clearing price: the residual is ' +
      'recomputed, not claimed.',
  },
  {
    name: 'priceConsistency',
    laws: ['L3', 'L5'],
    meaning: 'One positive price vector near the oracle settles every fill.',
  },
  {
    name: 'fillFeasibility',
    laws: ['L4', 'L6'],
    meaning: 'Every fill follows from the prices and respects its order.',
  },
  {
    name: 'inventoryConservation',
    laws: ['L7'],
    meaning: 'Nothing is made or lost, and the pool moves by exactly the trade less the fees.',
  },
  {
    name: 'objectiveOptimality',
    laws: ['L0', 'L8'],
    meaning:
      'The prices satisfy the optimality conditions of the objective of the pool, and its ' +
      'published terms are recomputed.',
  },
];

/** A predicate's answer, with the laws it rests on. */
export interface PredicateVerdict {
  readonly name: PredicateName;
  readonly laws: readonly LawId[];
  readonly holds: boolean;
}

/**
 * Reads answers of laws in the vocabulary of the five predicates. A predicate holds when each of
 * its laws was asked at least once and always held.
 */
export function readPredicates(
  verdicts: readonly { readonly id: LawId; readonly verdict: Verdict }[],
): readonly PredicateVerdict[] {
  return PREDICATES.map(({ name, laws }) => {
    const holds = laws.every((id) => {
      const answers = verdicts.filter((answer) => answer.id === id);
      return answers.length > 0 && answers.every(({ verdict }) => verdict.kind === 'holds');
    });
    return { name, laws, holds };
  });
}
