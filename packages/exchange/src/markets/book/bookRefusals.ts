import { at, invariant } from '../../failures/invariant.ts';
import type { Refused } from '../../failures/rejection.ts';
import { refuse } from '../../failures/rejection.ts';
import type { RejectionCode } from '../../failures/rejectionCodes.ts';
import type { BookRejectionCode } from './bookRejections.ts';
import { BOOK_REJECTIONS } from './bookRejections.ts';
import type { BookReport } from './bookReport.ts';

/** What a refusal of the book is called among those of the exchange. */
export const BOOK_REFUSALS: Readonly<Record<BookRejectionCode, RejectionCode>> = {
  commandUnknown: 'bookTermsUnfit',
  accountOutOfRange: 'bookCapacityReached',
  stateForbids: 'bookStateForbids',
  orderIdUsed: 'bookTermsUnfit',
  orderUnknown: 'orderUnknown',
  termsUnfit: 'bookTermsUnfit',
  priceOutOfRange: 'priceOutOfRange',
  sizeOutOfRange: 'sizeOutOfRange',
  sizeNotReduced: 'sizeNotReduced',
  displayOutOfRange: 'displayOutOfRange',
  timeOutOfRange: 'timeOutOfRange',
  triggerOutOfRange: 'triggerOutOfRange',
  notionalTooSmall: 'notionalTooSmall',
  notionalTooLarge: 'notionalTooLarge',
  ocoUnknown: 'ocoUnknown',
  ocoUnfit: 'ocoUnfit',
  bookFull: 'bookFull',
  postOnlyWouldCross: 'postOnlyWouldCross',
  insufficientAvailable: 'insufficientAvailable',
  capacityReached: 'bookCapacityReached',
};

/** The refusal that a book reported alone. */
export function refusalOf(reports: readonly BookReport[]): Refused {
  const report = at(reports, 0);
  invariant(reports.length === 1 && report.kind === 'rejected', 'a refused command reports it');
  const { code, limit, actual } = report;
  return refuse(BOOK_REFUSALS[code], { field: BOOK_REJECTIONS[code].field, limit, actual });
}
