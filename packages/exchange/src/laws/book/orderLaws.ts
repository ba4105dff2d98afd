import type { BookRule } from '../../markets/book/judge/bookJudge.ts';
import type { BookLaw } from './bookLaw.ts';
import { BOOK_HOLDS } from './bookVerdict.ts';

/**
 * The laws that a log of commands and reports keeps or breaks by itself. Priority, the resting
 * price, no early stop, a positive spread and conservation together leave a book one thing to do
 * after each command. One reader follows the log for all of them and stops at the first breach: the
 * law that is broken there says so, and the others speak of the events before it.
 */
export const ORDER_LAWS: readonly BookLaw[] = [
  law({
    id: 'B1',
    name: 'bookPriorityIsKept',
    statement: 'The best price trades first, and the oldest order at it; triggers act in turn.',
    rules: ['priorityIsKept'],
  }),
  law({
    id: 'B2',
    name: 'bookTradesAtRestingPrice',
    statement: 'Every execution is at the price of the order that rested.',
    rules: ['tradesAreAtRestingPrice'],
  }),
  law({
    id: 'B3',
    name: 'bookNothingStopsEarly',
    statement: 'An order stops only when filled, out of reach, or for a cause that holds.',
    rules: ['nothingStopsEarly'],
  }),
  law({
    id: 'B4',
    name: 'bookSpreadIsPositive',
    statement: 'After every input the best bid is below the best ask.',
    rules: ['spreadIsPositive'],
  }),
  law({
    id: 'B5',
    name: 'bookLimitsAreRespected',
    statement: 'Nobody trades beyond the own limit or outside the band of the breaker.',
    rules: ['limitsAreRespected', 'bandIsKept'],
  }),
  law({
    id: 'B7',
    name: 'bookTermsAreKept',
    statement: 'Orders are admitted, wait, hide, fire and end as their terms and the market say.',
    rules: [
      'commandsAreAnswered',
      'ordersAreKnown',
      'termsAreKept',
      'ownersDoNotTrade',
      'timeIsKept',
    ],
  }),
];

function law({
  rules,
  ...named
}: Omit<BookLaw, 'check'> & { readonly rules: readonly BookRule[] }): BookLaw {
  return {
    ...named,
    check: (_, { reading: { broken } }) => {
      return broken !== undefined && rules.includes(broken.rule) ? broken.violated : BOOK_HOLDS;
    },
  };
}
