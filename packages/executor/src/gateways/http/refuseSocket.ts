import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Rejection } from '@lawbook/exchange/failures/rejection';
import { REJECTIONS } from '@lawbook/exchange/failures/rejectionCodes';

/** Refuses on a socket that belongs to no request, in the shape of refusals, and ends it. */
export function refuseSocket(socket: Duplex, rejection: Rejection): void {
  const body = JSON.stringify({ rejection, traceId: randomBytes(16).toString('hex') });
  const head = [
    `HTTP/1.1 ${REJECTIONS[rejection.code].httpStatus} Refused`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  endSocket(socket, `${head.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * Writes the last words to a socket and ends it. A peer that does not leave by itself is cut: a
 * socket that is half closed belongs to no server any more, so that no other limit would end it,
 * and it would hold up the end of the venue.
 */
export function endSocket(socket: Duplex, lastWords: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(lastWords);
  // What still comes is thrown away: to cut at once could take the answer away from its reader.
  socket.resume();
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(cut));
}

/** Time for the answer to arrive, also on slow lines. */
const LINGER_MS = 1000;
