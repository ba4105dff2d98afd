import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';

/** Every fault of the client with what it means; the pages of errors are derived from this. */
export const CLIENT_FAULTS = {
  VENUE_UNREACHABLE:
    'The venue did not answer. Orders may be submitted again: their id is the key.',
  REQUEST_TIMED_OUT: 'The venue did not answer in time. Orders may be submitted again.',
  REQUEST_ABORTED: 'The caller gave the request up.',
  ANSWER_MALFORMED: 'What answered does not speak this interface. Check the address of the venue.',
  REQUEST_REJECTED: 'The venue refused the request; the fields name the code.',
  FEED_CLOSED: 'The feed was closed, or lost its connection before the request was answered.',
  WEB_CRYPTO_MISSING: 'Sessions need WebCrypto: open the page over https or from localhost.',
  SIGNER_MISSING: 'The client was given no key and no session to act for an owner.',
} as const;

/** The code of a client's fault. */
export type ClientFaultCode = keyof typeof CLIENT_FAULTS;

const RETRYABLE: ReadonlySet<ClientFaultCode> = new Set([
  'VENUE_UNREACHABLE',
  'REQUEST_TIMED_OUT',
  'FEED_CLOSED',
]);

/** A failure between a client and a venue. */
export class ClientFault extends Fault {
  override readonly name = 'ClientFault';

  constructor(code: ClientFaultCode, fields: FaultFields = {}, cause?: unknown) {
    super(CLIENT_FAULTS[code], {
      code,
      fields,
      retryable: RETRYABLE.has(code),
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
