import type { Hash } from '../../codec/hash.ts';
import { ZERO_HASH } from '../../codec/hash.ts';
import { diffRoot } from '../../diffs/stateDiff.ts';
import { chainBookEpoch } from '../../markets/book/bookEpoch.ts';
import { chainBookEvent } from '../../markets/book/bookEvent.ts';
import { bookImageRoot } from '../../markets/book/bookImage.ts';
import { bookOf } from '../../markets/book/bookInputs.ts';
import { bookParameterHash } from '../../markets/book/bookMarketParameters.ts';
import type { BookTransition } from '../../transition.ts';
import type { BookLaw, BookLawContext } from './bookLaw.ts';
import type { BookVerdict, BookViolated } from './bookVerdict.ts';
import { BOOK_HOLDS, violatedBook, violatedEpoch } from './bookVerdict.ts';

/**
 * B0. The hash of the epoch binds its rules, the book before, every event, the book after and the
 * diff list; and the book after is the one to which the events lead.
 *
 * @see docs/protocol/bookLogIsBound.md
 */
export const bookLogIsBound: BookLaw = {
  id: 'B0',
  name: 'bookLogIsBound',
  statement: 'One hash binds rules, book before, events, book after and diffs of the epoch.',
  check,
};

function check(transition: BookTransition, { reading }: BookLawContext): BookVerdict {
  const { events, parameters, opening, diffs } = transition;
  const flaw = orderFlaw(transition);
  if (flaw !== undefined) return flaw;
  let logRoot: Hash = ZERO_HASH;
  for (const event of events) logRoot = chainBookEvent(logRoot, event);
  const facts: readonly (readonly [string, unknown, unknown])[] = [
    ['marketId', parameters.marketId, transition.marketId],
    ['eventCount', events.length, transition.eventCount],
    ['openingRoot', bookImageRoot(opening), transition.openingRoot],
    ['logRoot', logRoot, transition.logRoot],
    ['diffRoot', diffRoot(diffs), transition.diffRoot],
    [
      'epochHash',
      chainBookEpoch({ ...transition, parameterHash: bookParameterHash(parameters) }),
      transition.epochHash,
    ],
  ];
  for (const [field, expected, actual] of facts) {
    if (expected === actual) continue;
    return violatedEpoch(field, 'the epoch binds what it is made of', { expected, actual });
  }
  // A log that breaks a rule was not followed to its end: another law says so.
  if (reading.broken !== undefined) return BOOK_HOLDS;
  const expected = bookImageRoot(reading.closing);
  const { closingRoot: actual } = transition;
  if (expected === actual) return BOOK_HOLDS;
  const rule = 'the events lead to the book that the epoch leaves';
  return violatedEpoch('closingRoot', rule, { expected, actual });
}

/** Events count up one by one, in the order and at the times of their inputs, all of one market. */
function orderFlaw({
  events,
  firstEvent,
  marketId,
  opening,
}: BookTransition): BookViolated | undefined {
  let sequence = 0;
  let timeMs = opening.now;
  for (const [k, event] of events.entries()) {
    const isNext =
      event.eventNumber === firstEvent + k &&
      event.sequence > sequence &&
      event.timeMs >= timeMs &&
      bookOf(event.input) === marketId;
    if (!isNext) {
      const locus = { kind: 'event' as const, eventNumber: event.eventNumber };
      const wanted = `event ${firstEvent + k} of market ${marketId}`;
      const found = `event ${event.eventNumber} of market ${bookOf(event.input)}`;
      const facts = {
        expected: `${wanted}, after sequence ${sequence}, from ${timeMs} ms on`,
        actual: `${found}, sequence ${event.sequence}, at ${event.timeMs} ms`,
      };
      const rule = 'events follow one another in sequence and time, all in one market';
      return violatedBook({ ...locus, report: -1, orderId: 0 }, rule, facts);
    }
    ({ sequence, timeMs } = event);
  }
  return undefined;
}
