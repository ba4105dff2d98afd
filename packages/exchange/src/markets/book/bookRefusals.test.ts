// Goal: what a book refuses is refused by the exchange under a name that says the same, with the
// field at fault. Method: the two tables of refusals side by side.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REJECTIONS } from '../../failures/rejectionCodes.ts';
import { BOOK_REFUSALS, refusalOf } from './bookRefusals.ts';
import type { BookRejectionCode } from './bookRejections.ts';
import { BOOK_REJECTION_NAMES, BOOK_REJECTIONS } from './bookRejections.ts';
import type { BookReport } from './bookReport.ts';

/** Refusals that traders of an exchange never cause by themselves, or that it calls otherwise. */
const OTHERWISE: Partial<Record<BookRejectionCode, string>> = {
  commandUnknown: 'bookTermsUnfit',
  accountOutOfRange: 'bookCapacityReached',
  stateForbids: 'bookStateForbids',
  orderIdUsed: 'bookTermsUnfit',
  termsUnfit: 'bookTermsUnfit',
  capacityReached: 'bookCapacityReached',
};

function rejected(code: BookRejectionCode): BookReport {
  return { kind: 'rejected', code, orderId: 5, limit: 7, actual: 9 };
}

test('numbers of refusals are 1, 2, 3, ... in the order in which rules are asked', () => {
  const numbers = BOOK_REJECTION_NAMES.map((code) => BOOK_REJECTIONS[code].number);
  assert.deepEqual(
    numbers,
    numbers.map((_, k) => k + 1),
  );
});

for (const code of BOOK_REJECTION_NAMES) {
  test(`${code} is told with its field, limit and number`, () => {
    const { rejection } = refusalOf([rejected(code)]);
    assert.equal(rejection.code, OTHERWISE[code] ?? code);
    assert.ok(rejection.code in REJECTIONS);
    assert.equal(BOOK_REFUSALS[code], rejection.code);
    assert.deepEqual(
      [rejection.field, rejection.limit, rejection.actual],
      [BOOK_REJECTIONS[code].field, '7', '9'],
    );
  });
}

test('stops rather than tell a refusal that is not alone, or none', () => {
  const state: BookReport = { kind: 'marketState', reason: 'operator', state: 'open' };
  for (const reports of [[rejected('bookFull'), state], [state]]) {
    assert.throws(() => refusalOf(reports), /a refused command reports it/);
  }
  assert.throws(() => refusalOf([]));
});
