import type { LawId } from './verdict.ts';

/** What each law leaves open even where it holds; said beside every verdict that people read. */
export const NOT_SHOWN: Readonly<Record<LawId, string>> = {
  L0: 'that these are the inputs that other people were shown',
  L1: 'that no order was turned away before it was admitted, or the true order of arrival',
  L2: 'that the owner of a key meant what the key signed',
  L3: 'that the oracle told the truth',
  L4: 'that every trader was told the same prices in time',
  L5: 'that a price is good, only that it is the same for all',
  L6: 'that a limit was wise',
  L7: 'that custody holds on a base layer what the ledger says it owes',
  L8: 'that risk aversion and covariance describe the world',
  L9: 'that accounts outside this batch are solvent',
  L10: 'that the diffs were settled anywhere',
};

/** What no law shows. */
export const NEVER_SHOWN: string =
  'No law shows the true order of arrival, that nobody was turned away before admission, or ' +
  'that the oracle told the truth.';
