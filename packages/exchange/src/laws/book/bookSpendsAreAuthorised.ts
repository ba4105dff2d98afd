import { isSystemAccount } from '../../ledger/account.ts';
import type { BookInput } from '../../markets/book/bookInputs.ts';
import { BookSigning } from '../../orders/bookSigning.ts';
import type { BookTransition } from '../../transition.ts';
import type { Authority } from '../law.ts';
import { readPermissions } from '../permissions.ts';
import type { BookLaw, BookLawContext } from './bookLaw.ts';
import type { BookVerdict } from './bookVerdict.ts';
import { violatedBook, violatedEpoch } from './bookVerdict.ts';

/**
 * B8. Every placement, change, cancel and heartbeat is signed by its owner or under a trade grant
 * that outlasts it, its nonce is fresh in this market, its client order id new, and it is in time.
 * What the operator does alone - ticks and market states - places nothing.
 *
 * @see docs/protocol/bookSpendsAreAuthorised.md
 */
export const bookSpendsAreAuthorised: BookLaw = {
  id: 'B8',
  name: 'bookSpendsAreAuthorised',
  statement: 'What moves an owner was signed by it or under its grant, freshly, once and in time.',
  check,
};

function check(transition: BookTransition, { authority, reading }: BookLawContext): BookVerdict {
  const recover = authority.authority === 'recover' ? authority.recover : undefined;
  const permissions = readPermissions(transition, recover);
  if ('kind' in permissions) {
    const { rule, expected, actual } = permissions;
    return violatedEpoch('grants', rule, { expected, actual });
  }
  const signing = new BookSigning(transition.domain);
  for (const { input, eventNumber } of transition.events) {
    if (!('entry' in input)) continue;
    const { terms, authorisation } = input.entry;
    const { owner } = terms;
    const lastsUntilMs = 'expiresAtMs' in terms ? terms.expiresAtMs : 0;
    const digest = (): Uint8Array => digestOf(signing, input);
    const claim = { owner, digest, authorisation, lastsUntilMs };
    if (permissions.permits(claim) && !isSystemAccount(owner)) continue;
    const rule = 'what an owner wants is authorised by it or under a valid trade grant';
    const facts = { expected: owner, actual: 'no such authorisation' };
    return violatedBook({ kind: 'event', eventNumber, report: -1, orderId: 0 }, rule, facts);
  }
  return reading.stale ?? { kind: 'holds', basis: basisOf(authority) };
}

function basisOf({ authority }: Authority): 'recovered' | 'admitted' {
  return authority === 'recover' ? 'recovered' : 'admitted';
}

function digestOf(signing: BookSigning, input: Extract<BookInput, { entry: unknown }>): Uint8Array {
  switch (input.kind) {
    case 'submitBookOrder':
      return signing.orderDigest(input.entry.terms);
    case 'amendBookOrder':
      return signing.amendDigest(input.entry.terms);
    case 'cancelBookOrder':
      return signing.cancelDigest(input.entry.terms);
    case 'cancelAllBookOrders':
      return signing.cancelAllDigest(input.entry.terms);
    default:
      return signing.heartbeatDigest(input.entry.terms);
  }
}
