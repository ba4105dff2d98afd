import { ClientFault } from '@lawbook/api/client/clientFault';
import { Fault } from '@lawbook/exchange/failures/fault';

/** What a person is told of a failure: what failed and what to do, from the fault's own table. */
export function troubleOf(cause: unknown): string {
  if (cause instanceof ClientFault && cause.code === 'REQUEST_REJECTED') {
    const { rule, actual } = cause.fields;
    return `The venue refused: ${rule}${actual === '' ? '' : `; found ${actual}`}`;
  }
  if (cause instanceof Fault) return cause.message;
  if (cause instanceof Error) return cause.message;
  return String(cause);
}
