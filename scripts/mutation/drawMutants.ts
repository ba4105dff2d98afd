import { createHash } from 'node:crypto';
import type { Mutant } from './instrumentSources.ts';
import { nameOf } from './keptOutcomes.ts';

/**
 * Mutants in an order that looks drawn. It is the same for one seed, and the edit of one file
 * leaves the mutants of all others in theirs, so that a sample can be continued after it.
 */
export function drawMutants(mutants: readonly Mutant[], seed: number): readonly Mutant[] {
  const keyed = mutants.map((mutant) => [placeOf(mutant, seed), mutant] as const);
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, mutant]) => mutant);
}

function placeOf(mutant: Mutant, seed: number): string {
  return createHash('sha256')
    .update(`${seed} ${nameOf(mutant)}`)
    .digest('hex');
}
