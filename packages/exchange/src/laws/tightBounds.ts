import { TIGHT_TOLERANCE } from '../markets/batch/parameters.ts';
import { divFloor } from '../numbers/mulDiv.ts';
import type { BatchTransition } from '../transition.ts';

/** Which bounds the pool's inventory after the batch lies on, by asset. */
export interface TightBounds {
  readonly lower: readonly boolean[];
  readonly upper: readonly boolean[];
}

/** Tight: no further inside than floor(width / TIGHT_TOLERANCE) + 1 ledger units. */
export function tightBounds({ parameters, after }: BatchTransition): TightBounds {
  const pool = (after.accounts.length - 2) * parameters.assets.length;
  const facts = parameters.assets.map(({ inventoryMin, inventoryMax }, i) => {
    const position = after.balances[pool + i] as bigint;
    const slack = divFloor(inventoryMax - inventoryMin, TIGHT_TOLERANCE) + 1n;
    return { lower: position - inventoryMin <= slack, upper: inventoryMax - position <= slack };
  });
  return { lower: facts.map(({ lower }) => lower), upper: facts.map(({ upper }) => upper) };
}
