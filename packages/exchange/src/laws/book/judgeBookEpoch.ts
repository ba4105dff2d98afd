import type { BookTransition } from '../../transition.ts';
import type { Authority } from '../law.ts';
import type { BookLaw } from './bookLaw.ts';
import { bookLogIsBound } from './bookLogIsBound.ts';
import { readBookLog } from './bookReading.ts';
import { bookSpendsAreAuthorised } from './bookSpendsAreAuthorised.ts';
import type { BookLawId, BookVerdict } from './bookVerdict.ts';
import { BOOK_LAW_IDS } from './bookVerdict.ts';
import { bookAssetsAreConserved, bookDiffsMatchFills, bookVaultsAreSolvent } from './moneyLaws.ts';
import { ORDER_LAWS } from './orderLaws.ts';

/** The answer of one law, under its names. */
export interface BookLawVerdict {
  readonly id: BookLawId;
  readonly name: string;
  readonly verdict: BookVerdict;
}

/** What the laws say about a book epoch. */
export interface BookEpochVerdict {
  readonly verdicts: readonly BookLawVerdict[];
  readonly holds: boolean;
}

/** Every law of a book epoch, in order of its id. */
export const BOOK_LAWS: readonly BookLaw[] = [
  bookLogIsBound,
  ...ORDER_LAWS,
  bookAssetsAreConserved,
  bookSpendsAreAuthorised,
  bookVaultsAreSolvent,
  bookDiffsMatchFills,
].sort((a, b) => BOOK_LAW_IDS.indexOf(a.id) - BOOK_LAW_IDS.indexOf(b.id));

/**
 * Asks every law about an epoch of a book: its log is followed once, and nothing is matched again.
 * Never throws on an epoch whose branded fields are what their brands say.
 */
export function judgeBookEpoch(transition: BookTransition, authority: Authority): BookEpochVerdict {
  const context = { authority, reading: readBookLog(transition) };
  const verdicts = BOOK_LAWS.map(({ id, name, check }) => {
    return { id, name, verdict: check(transition, context) };
  });
  return { verdicts, holds: verdicts.every(({ verdict }) => verdict.kind === 'holds') };
}
