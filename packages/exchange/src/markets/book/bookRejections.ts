/**
 * Why a book refuses a command, in order of precedence: where several rules are broken, the lowest
 * number is answered. A refusal changes nothing; it cites the field at fault, the limit and the
 * number that was sent.
 */
export const BOOK_REJECTIONS = {
  commandUnknown: { number: 1, field: 'kind', rule: 'A command is one of the nine kinds.' },
  accountOutOfRange: {
    number: 2,
    field: 'account',
    rule: 'An account is a registered number of the market.',
  },
  stateForbids: {
    number: 3,
    field: 'kind',
    rule: 'The state of the market allows the command.',
  },
  orderIdUsed: {
    number: 4,
    field: 'orderId',
    rule: 'The id of a new order is above every id accepted before.',
  },
  orderUnknown: {
    number: 5,
    field: 'orderId',
    rule: 'The order is open and belongs to the account.',
  },
  termsUnfit: {
    number: 6,
    field: 'terms',
    rule: 'Terms fit together: only limit orders until canceled or expired post, rest or hide.',
  },
  priceOutOfRange: {
    number: 7,
    field: 'priceTicks',
    rule: 'A price is a whole number of ticks from 1 to the limit.',
  },
  sizeOutOfRange: {
    number: 8,
    field: 'sizeLots',
    rule: 'A size is a whole number of lots from 1 to the limit.',
  },
  sizeNotReduced: {
    number: 9,
    field: 'sizeLots',
    rule: 'A reduction states a size below the present one.',
  },
  displayOutOfRange: {
    number: 10,
    field: 'displayLots',
    rule: 'An iceberg shows a whole number of lots up to its size, in at most 256 tranches.',
  },
  timeOutOfRange: {
    number: 11,
    field: 'time',
    rule: 'An expiry or a deadline lies after the time of the book, and time never runs back.',
  },
  triggerOutOfRange: {
    number: 12,
    field: 'triggerTicks',
    rule: 'A trigger is a whole number of ticks from 1 to the limit; 0 without a trigger.',
  },
  notionalTooSmall: {
    number: 13,
    field: 'sizeLots',
    rule: 'Price times size of a limit order reaches the least notional of the market.',
  },
  notionalTooLarge: {
    number: 14,
    field: 'sizeLots',
    rule: 'Price times size stays below 2^53 ticks times lots.',
  },
  ocoUnknown: {
    number: 15,
    field: 'ocoWith',
    rule: 'The other order of a pair is open, of the same account and not yet paired.',
  },
  ocoUnfit: {
    number: 16,
    field: 'ocoWith',
    rule: 'At least one order of a pair waits for a trigger, and only one may rest.',
  },
  bookFull: {
    number: 17,
    field: 'kind',
    rule: 'The book holds at most the configured number of orders.',
  },
  postOnlyWouldCross: {
    number: 18,
    field: 'priceTicks',
    rule: 'A post-only order does not reach the best price of the other side.',
  },
  insufficientAvailable: {
    number: 19,
    field: 'sizeLots',
    rule: 'With a ledger: what the order can cost at most is available to its account.',
  },
  capacityReached: {
    number: 20,
    field: 'sizeLots',
    rule: 'With a ledger: all orders of the market together hold at most 2^52 units of an asset.',
  },
} as const;

/** The name of a refusal. */
export type BookRejectionCode = keyof typeof BOOK_REJECTIONS;

/** Names by number; index 0 is unused. */
export const BOOK_REJECTION_NAMES: readonly BookRejectionCode[] = Object.keys(
  BOOK_REJECTIONS,
) as BookRejectionCode[];
