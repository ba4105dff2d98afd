/** One row of the table of refusals. */
export interface RejectionRow {
  /**
   * Stable number: 1xx request, 2xx authorisation, 3xx order, 4xx ledger, 5xx market, 6xx operator.
   */
  readonly number: number;
  /** The rule as a sentence. */
  readonly rule: string;
  /** What the sender can do. */
  readonly fix: string;
  /** Status when the refusal is the answer to an HTTP request. */
  readonly httpStatus: number;
}

/**
 * Every expected refusal of the exchange, in order of precedence: where several apply, the one with
 * the lowest number is answered, so that two implementations refuse alike.
 *
 * Numbers are part of the protocol: they are never reused and never change their meaning.
 */
export const REJECTIONS = {
  malformedRequest: {
    number: 100,
    rule: 'The request matches the published schema.',
    fix: 'Compare the named field with the schema at /docs.',
    httpStatus: 400,
  },
  bodyTooLarge: {
    number: 101,
    rule: 'A request body stays within the announced size and depth.',
    fix: 'Send fewer orders in one request.',
    httpStatus: 413,
  },
  rateLimited: {
    number: 102,
    rule: 'Requests stay within the token bucket announced in the RateLimit headers.',
    fix: 'Wait for the seconds named in Retry-After.',
    httpStatus: 429,
  },
  notFound: {
    number: 103,
    rule: 'The path names something that exists.',
    fix: 'Check the identifier, or wait for the sequence with ?atLeast=.',
    httpStatus: 404,
  },
  notAdmitting: {
    number: 104,
    rule: 'The venue admits orders only while it can make them durable.',
    fix: 'Read /health/ready for the reason and submit the same order again.',
    httpStatus: 503,
  },
  requestTimeout: {
    number: 105,
    rule: 'A request arrives whole within the time that the venue waits for it.',
    fix: 'Send the headers and the body without pauses.',
    httpStatus: 408,
  },
  unsupportedMediaType: {
    number: 106,
    rule: 'A body is JSON and says so: Content-Type application/json.',
    fix: 'Send JSON with that header.',
    httpStatus: 415,
  },
  sequenceNotReached: {
    number: 107,
    rule: 'A read with ?atLeast= waits for the sequence within the announced time.',
    fix: 'Ask again; the sequence comes from the answer to the write that you wait for.',
    httpStatus: 503,
  },
  notSettleable: {
    number: 407,
    rule: 'With a base layer, a change of balances rests on what the base layer can check.',
    fix: 'Deposit on the base layer; sign orders with the account key or a delegated key.',
    httpStatus: 409,
  },
  notConfigured: {
    number: 108,
    rule: 'The venue was given the part that the request needs.',
    fix: 'Read /v1/status for the parts that this venue has.',
    httpStatus: 501,
  },
  headersTooLarge: {
    number: 109,
    rule: 'The request line and headers stay within 16 KiB.',
    fix: 'Send fewer or shorter headers.',
    httpStatus: 431,
  },
  internalFault: {
    number: 110,
    rule: 'A well-formed request is answered.',
    fix: 'Ask again; report the trace id if it stays. Orders: submit the same order again.',
    httpStatus: 500,
  },
  methodNotAllowed: {
    number: 111,
    rule: 'A path is asked with a method that it takes.',
    fix: 'Use a method of the Allow header.',
    httpStatus: 405,
  },
  unauthenticated: {
    number: 200,
    rule: 'A private route needs a session or an operator token.',
    fix: 'Open a session with a signed grant and send its authorisation header.',
    httpStatus: 401,
  },
  forbidden: {
    number: 201,
    rule: 'The session carries the scope that the route needs.',
    fix: 'Open a session with the named scope.',
    httpStatus: 403,
  },
  signatureInvalid: {
    number: 202,
    rule: 'The signature is a low-s secp256k1 signature by the owner over the EIP-712 digest.',
    fix: 'Sign the typed data of /v1/typed-data with the key of the owner address.',
    httpStatus: 422,
  },
  sessionExpired: {
    number: 203,
    rule: 'A session is used before it expires or is revoked.',
    fix: 'Open a new session.',
    httpStatus: 401,
  },
  timestampSkewed: {
    number: 204,
    rule: 'The time of an authenticated request is within the announced skew of the venue.',
    fix: 'Set your clock, or sign the request again just before you send it.',
    httpStatus: 401,
  },
  sessionTooLong: {
    number: 205,
    rule: 'A session ends within the longest life that the venue allows.',
    fix: 'Sign a grant that expires earlier.',
    httpStatus: 422,
  },
  sessionLimitReached: {
    number: 206,
    rule: 'An owner keeps a bounded number of sessions in force.',
    fix: 'Revoke a session, or wait until one expires.',
    httpStatus: 409,
  },
  marketUnknown: {
    number: 300,
    rule: 'The order names a registered market.',
    fix: 'List the markets at /v1/markets.',
    httpStatus: 422,
  },
  assetUnknown: {
    number: 301,
    rule: 'The order names assets or baskets of its market.',
    fix: 'List the assets of the market at /v1/markets.',
    httpStatus: 422,
  },
  sameAsset: {
    number: 302,
    rule: 'An order pays one asset and receives another.',
    fix: 'Choose two different assets.',
    httpStatus: 422,
  },
  amountOutOfRange: {
    number: 303,
    rule: 'An amount is a positive integer of ledger units within the market limits.',
    fix: 'Send the amount in smallest units, within the limit named.',
    httpStatus: 422,
  },
  limitOutOfRange: {
    number: 304,
    rule: 'A limit is a fraction of positive integers within a factor of 1000 of the mid, or 0/1.',
    fix: 'State ledger units received per ledger unit paid, or 0/1 for a market order.',
    httpStatus: 422,
  },
  minFillOutOfRange: {
    number: 305,
    rule: 'The minimum fill lies between 0 and 1,000,000 parts per million.',
    fix: 'Send 0 for any fill, 1000000 for all or nothing.',
    httpStatus: 422,
  },
  orderExpired: {
    number: 306,
    rule: 'An order expires after the time at which the venue sequences it.',
    fix: 'Sign the order again with a later expiry; check your clock.',
    httpStatus: 422,
  },
  orderNonceReplayed: {
    number: 307,
    rule: 'An order nonce is used once.',
    fix: 'Sign with a nonce larger than any used before.',
    httpStatus: 409,
  },
  orderNonceTooOld: {
    number: 308,
    rule: 'An order nonce is below 2^63 and not more than 255 below the highest nonce used.',
    fix: 'Sign with a nonce within the limit named.',
    httpStatus: 422,
  },
  orderNonceTooFar: {
    number: 309,
    rule: 'A nonce is at most 2^32 above the highest one used or the time in nanoseconds.',
    fix: 'Count nonces up, or read them from a clock in milliseconds, microseconds or nanoseconds.',
    httpStatus: 422,
  },
  orderUnknown: {
    number: 310,
    rule: 'A cancel names an open order of its owner.',
    fix: 'List the open orders at /v1/orders.',
    httpStatus: 404,
  },
  orderClosed: {
    number: 311,
    rule: 'An order is cancelled only while its batch collects.',
    fix: 'Wait for the report of the batch.',
    httpStatus: 409,
  },
  orderExpiryTooFar: {
    number: 312,
    rule: 'An order expires at most 30 days after the time at which the venue sequences it.',
    fix: 'State the expiry in milliseconds since 1970, and sign again with an earlier one.',
    httpStatus: 422,
  },
  withdrawalExpiresTooSoon: {
    number: 313,
    rule: 'A withdrawal expires at least ten minutes after the venue sequences it.',
    fix: 'Sign it again with a later expiry: it is paid by an epoch that closes before then.',
    httpStatus: 422,
  },
  recipientInvalid: {
    number: 314,
    rule: 'A withdrawal goes to an address that somebody can hold: not zero, not of the venue.',
    fix: 'Name the address that shall claim the tokens on the chain.',
    httpStatus: 422,
  },
  shardMismatch: {
    number: 315,
    rule: 'A withdrawal names the shard in which the venue settles.',
    fix: 'Read the shard at /v1/settlement and sign again.',
    httpStatus: 422,
  },
  clientOrderIdUsed: {
    number: 316,
    rule: 'A client order id is used once by its owner in a market.',
    fix: 'This names the order that has it: read that order, or choose another id.',
    httpStatus: 409,
  },
  bookTermsUnfit: {
    number: 317,
    rule: 'Terms fit together: only limit orders until canceled or expired post, rest or hide.',
    fix: 'Compare type, time in force, postOnly and display with the market rules.',
    httpStatus: 422,
  },
  priceOutOfRange: {
    number: 318,
    rule: 'A price is a whole number of ticks from 1 to the market limit.',
    fix: 'State the price in ticks, within the limit named.',
    httpStatus: 422,
  },
  sizeOutOfRange: {
    number: 319,
    rule: 'A size is a whole number of lots from 1 to the market limit.',
    fix: 'State the size in lots, within the limit named.',
    httpStatus: 422,
  },
  sizeNotReduced: {
    number: 320,
    rule: 'A reduction states a size below the present one.',
    fix: 'Name a price as well to replace the order.',
    httpStatus: 422,
  },
  displayOutOfRange: {
    number: 321,
    rule: 'An iceberg shows lots up to its size, in at most 256 tranches.',
    fix: 'Show more lots at once, or all of them with 0.',
    httpStatus: 422,
  },
  timeOutOfRange: {
    number: 322,
    rule: 'The end of a gtd order and the deadline of a heartbeat lie ahead; others state 0.',
    fix: 'State milliseconds since 1970; check your clock.',
    httpStatus: 422,
  },
  triggerOutOfRange: {
    number: 323,
    rule: 'A trigger is a whole number of ticks up to the market limit; 0 without a trigger.',
    fix: 'State the trigger in ticks, within the limit named.',
    httpStatus: 422,
  },
  notionalTooSmall: {
    number: 324,
    rule: 'Price times size of a limit order reaches the least notional, in ticks times lots.',
    fix: 'Raise the size to the limit named.',
    httpStatus: 422,
  },
  notionalTooLarge: {
    number: 325,
    rule: 'Price times size stays below 2^53 ticks times lots.',
    fix: 'Split the order.',
    httpStatus: 422,
  },
  ocoUnknown: {
    number: 326,
    rule: 'The other order of a pair is open, of the same owner and not yet paired.',
    fix: 'List the open orders of the market.',
    httpStatus: 422,
  },
  ocoUnfit: {
    number: 327,
    rule: 'At least one order of a pair waits for a trigger, and only one may rest.',
    fix: 'Give this order a trigger, or pair it with one that waits.',
    httpStatus: 422,
  },
  insufficientAvailable: {
    number: 400,
    rule: 'A hold does not exceed the available balance.',
    fix: 'Deposit, cancel another order or lower the budget.',
    httpStatus: 422,
  },
  accountLimitReached: {
    number: 401,
    rule: 'The venue holds at most the configured number of accounts.',
    fix: 'Ask the operator to raise the limit.',
    httpStatus: 503,
  },
  depositOutOfOrder: {
    number: 402,
    rule: 'Deposits are credited each once, in the order in which the base layer counts them.',
    fix: 'Hand over the deposit with the number named as limit.',
    httpStatus: 409,
  },
  exitOutOfOrder: {
    number: 403,
    rule: 'Payments of exits are debited each once, in the order of the base layer.',
    fix: 'Hand over the payment with the number named as limit.',
    httpStatus: 409,
  },
  ownerIsExiting: {
    number: 404,
    rule: 'An owner who has asked the base layer for an exit places no orders or withdrawals.',
    fix: 'Cancel the exit on the base layer, or complete it there.',
    httpStatus: 409,
  },
  exitUnknown: {
    number: 405,
    rule: 'An exit is taken back after it was asked for.',
    fix: 'Check the owner; nothing has to be done.',
    httpStatus: 404,
  },
  withdrawalLimitReached: {
    number: 406,
    rule: 'An owner has at most 16 withdrawals that wait for an epoch, and the venue 4096.',
    fix: 'Wait until an epoch is sealed.',
    httpStatus: 409,
  },
  marketHalted: {
    number: 500,
    rule: 'A market takes orders while it is open.',
    fix: 'Read the reason at /v1/markets and wait for the operator.',
    httpStatus: 503,
  },
  batchFull: {
    number: 501,
    rule: 'A batch holds at most the configured number of orders.',
    fix: 'Submit to the next batch.',
    httpStatus: 503,
  },
  phaseMismatch: {
    number: 502,
    rule: 'Commits arrive while the batch collects and reveals while it reveals.',
    fix: 'Read the phase and its deadline at /v1/markets.',
    httpStatus: 409,
  },
  commitMismatch: {
    number: 503,
    rule: 'A commitment is new and for the open batch; a reveal matches one that is still hidden.',
    fix: 'Commit with the open batch number; reveal the exact order bytes and salt committed.',
    httpStatus: 422,
  },
  oracleStale: {
    number: 504,
    rule: 'The oracle snapshot is younger than the market allows.',
    fix: 'Wait for the oracle; see /health/ready.',
    httpStatus: 503,
  },
  oracleContradictory: {
    number: 505,
    rule: 'Oracle sources agree within the configured deviation.',
    fix: 'Wait for the sources to agree; see /health/ready.',
    httpStatus: 503,
  },
  oracleOutlier: {
    number: 506,
    rule: 'A mid that jumps further than configured is confirmed by further observations.',
    fix: 'Wait for the confirmation; see /health/ready.',
    httpStatus: 503,
  },
  oracleUnavailable: {
    number: 507,
    rule: 'The oracle has a mid for every asset, from enough sources that answer.',
    fix: 'Wait for the sources; see /health/ready.',
    httpStatus: 503,
  },
  bookFull: {
    number: 508,
    rule: 'A book holds at most the configured number of orders.',
    fix: 'Wait until orders trade or end.',
    httpStatus: 503,
  },
  postOnlyWouldCross: {
    number: 509,
    rule: 'A post-only order does not reach the best price of the other side.',
    fix: 'Move the price away from the limit named.',
    httpStatus: 422,
  },
  bookStateForbids: {
    number: 510,
    rule: 'The state of the market allows the input: open, postOnly, cancelOnly or halted.',
    fix: 'Read the state of the market and wait for the operator.',
    httpStatus: 503,
  },
  bookTickDue: {
    number: 511,
    rule: 'What is due in a book ends before anything else happens in it.',
    fix: 'Submit again: the venue sends the tick.',
    httpStatus: 503,
  },
  bookCapacityReached: {
    number: 512,
    rule: 'A market has at most the configured owners, and its orders hold at most 2^52 units.',
    fix: 'Place a smaller order, or wait until orders trade or end.',
    httpStatus: 503,
  },
  settlementMixed: {
    number: 513,
    rule: 'A market mixes no assets that settle on the base layer with others; a book has others.',
    fix: 'Choose assets that are registered with the same settlement.',
    httpStatus: 422,
  },
  notOperator: {
    number: 600,
    rule: 'Only the operator changes assets, markets and development balances.',
    fix: 'Use the operator token.',
    httpStatus: 403,
  },
  assetLimitReached: {
    number: 601,
    rule: 'A venue registers at most 64 assets.',
    fix: 'Reuse a registered asset.',
    httpStatus: 422,
  },
  assetExists: {
    number: 602,
    rule: 'An asset symbol is new, of 2 to 12 capital letters or digits, with 0 to 9 decimals.',
    fix: 'Choose another symbol.',
    httpStatus: 409,
  },
  parametersInvalid: {
    number: 603,
    rule: 'Market parameters are complete, sized alike and within their ranges.',
    fix: 'Correct the named field.',
    httpStatus: 422,
  },
  covarianceNotPositiveDefinite: {
    number: 604,
    rule: 'The scaled covariance is symmetric and positive definite.',
    fix: 'Check correlations and volatilities; shrink the correlations towards zero.',
    httpStatus: 422,
  },
  restoredTooLate: {
    number: 605,
    rule: 'Vaults and counts are restored before the first order of the venue, each once.',
    fix: 'Start with an empty journal and restore first.',
    httpStatus: 409,
  },
} as const;

/** The name of a refusal; stable on the wire together with its number. */
export type RejectionCode = keyof typeof REJECTIONS;
