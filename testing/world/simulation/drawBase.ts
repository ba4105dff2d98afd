import type { BaseKind } from './simulatedBase.ts';
import { stream } from './streams.ts';

/** Share of the worlds whose epochs settle, and of those the share that settles on bytecode. */
const SETTLES = 0.7;
const ON_EVM = 0.25;

/** What the world of a seed settles on, where nobody says something else. */
export function drawBase(seed: number): BaseKind {
  return doesSettle(seed) && stream(seed, 'kind of base').next() < ON_EVM ? 'evm' : 'memory';
}

/** Whether the epochs of a seed's world settle at all, where the base layer is in memory. */
export function doesSettle(seed: number): boolean {
  return stream(seed, 'settles').next() < SETTLES;
}

/** The base layer that a flag names; undefined leaves it to the seed. @throws RangeError. */
export function readBase(named: string | undefined): BaseKind | undefined {
  if (named === undefined || named === 'evm' || named === 'memory') return named;
  throw new RangeError(`--base is evm or memory, not ${named}`);
}
