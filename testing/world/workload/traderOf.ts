import { at } from '@lawbook/exchange/failures/invariant';
import type { World } from '../simulation/world.ts';
import type { Trader } from './trader.ts';

/** The trader of a number, which goes round. */
export function traderOf(world: World, who: number): Trader {
  return at(world.traders, who % world.traders.length);
}
