import type { BookLawId } from './bookVerdict.ts';

/** What each law of a book epoch leaves open even where it holds; said beside every verdict. */
export const BOOK_NOT_SHOWN: Readonly<Record<BookLawId, string>> = {
  B0: 'that the opening is the closing of the epoch before: compare the two, or their chain',
  B1: 'that events stand in the order in which they arrived',
  B2: 'anything about fees, which B10 recomputes',
  B3: 'that orders which were never admitted would not have matched',
  B4: 'anything beyond the orders of this market',
  B5: 'that the band of the breaker was well chosen',
  B6: 'that a diff reaches the right vault, which B10 asks',
  B7: 'that a refused input deserved it',
  B8: 'that a session by secret was authentic, or not revoked earlier',
  B9: 'that the stated availability is true: the state root binds balances',
  B10: 'that anything is settled by it: a book epoch settles nowhere yet',
};

/** What no law of a book epoch shows. */
export const BOOK_NEVER_SHOWN: string =
  'No law shows the true order of arrival, that nobody was turned away before admission, that ' +
  "the oracle's price or the clock was right, or that a market had to be halted.";
