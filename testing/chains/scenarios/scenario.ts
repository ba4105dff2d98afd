import type { SeededRandom } from '../../world/seededRandom.ts';
import type { EngineTerms } from '../double/engineDouble.ts';
import type { AcceptedIntent } from '../double/invariants.ts';
import type { WorldTerms } from '../double/worldDouble.ts';
import type { Stage } from './stage.ts';

/** One row of the specification's table: what goes wrong, and what must hold all the same. */
export interface Scenario {
  /** The row's number in the specification. */
  readonly number: number;
  readonly name: string;
  /** What is asked beyond the invariants, in words. */
  readonly criterion: string;
  /** The world, varied by the seed. */
  readonly world?: (random: SeededRandom) => Partial<WorldTerms>;
  /** The engine, varied by the seed. */
  readonly engine?: (random: SeededRandom) => Omit<EngineTerms, 'onAlert'>;
  /** The story: submits, breaks things, and mends them. Ends when everything is healthy again. */
  readonly play: (stage: Stage) => Promise<void>;
  /** What the criterion finds wrong once all is over, as sentences. */
  readonly judge?: (stage: Stage, intents: readonly AcceptedIntent[]) => readonly string[];
}
