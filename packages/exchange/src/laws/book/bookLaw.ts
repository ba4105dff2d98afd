import type { BookTransition } from '../../transition.ts';
import type { Authority } from '../law.ts';
import type { BookReading } from './bookReading.ts';
import type { BookLawId, BookVerdict } from './bookVerdict.ts';

/** What a law of a book epoch may use besides the epoch; all of it follows from the epoch. */
export interface BookLawContext {
  readonly authority: Authority;
  /** The log, followed once for all laws. */
  readonly reading: BookReading;
}

/** A pure predicate over a book epoch. It answers for every input and never throws. */
export interface BookLaw {
  readonly id: BookLawId;
  /** Basename of the law's page. */
  readonly name: string;
  readonly statement: string;
  readonly check: (transition: BookTransition, context: BookLawContext) => BookVerdict;
}
