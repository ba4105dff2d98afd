import { randomBytes } from 'node:crypto';
import type { RejectionBody } from '@lawbook/api/schema/rejectionView';
import type { Rejection } from '@lawbook/exchange/failures/rejection';
import { REJECTIONS } from '@lawbook/exchange/failures/rejectionCodes';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BucketAnswer } from '../tokenBuckets.ts';

/** Header that names the request in the logs. */
export const TRACE_HEADER = 'trace-id';

/** Answers with the one shape of refusals. */
export function sendRejection(
  request: FastifyRequest,
  reply: FastifyReply,
  rejection: Rejection,
): FastifyReply {
  const body: RejectionBody = { rejection, traceId: request.id };
  const { code } = rejection;
  void reply.header(TRACE_HEADER, request.id);
  if (code === 'unauthenticated' || code === 'sessionExpired' || code === 'timestampSkewed') {
    reply.header('www-authenticate', 'Lawbook');
  }
  if (code === 'notAdmitting' || code === 'sequenceNotReached') reply.header('retry-after', '1');
  return sendJson(reply.status(REJECTIONS[code].httpStatus), body);
}

/** Answers with JSON. */
export function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
}

/**
 * Announces the tightest of the limits that a request met.
 * @see draft-ietf-httpapi-ratelimit-headers-06: RateLimit-Limit, -Remaining, -Reset and -Policy
 */
export function announceLimits(
  reply: FastifyReply,
  quotas: readonly BucketAnswer[],
  policy: string,
): void {
  let tightest = quotas[0];
  if (tightest === undefined) return;
  for (const quota of quotas) if (share(quota) < share(tightest)) tightest = quota;
  reply.header('ratelimit-limit', String(tightest.limit));
  reply.header('ratelimit-remaining', String(tightest.remaining));
  reply.header('ratelimit-reset', String(tightest.resetSeconds));
  reply.header('ratelimit-policy', policy);
  if (!tightest.allowed) {
    reply.header('retry-after', String(Math.max(1, tightest.retryAfterSeconds)));
  }
}

/** How much of a bucket is left; a refusal is tighter than anything. */
function share({ allowed, remaining, limit }: BucketAnswer): number {
  return allowed ? remaining / limit : -1;
}

/** Fresh trace ids: a random half for this run and a count, which costs less than randomness. */
export function createTraceIds(): () => string {
  const run = randomBytes(8).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return run + count.toString(16).padStart(16, '0');
  };
}

/** The trace id of an incoming W3C trace context, if there is a valid one. */
export function traceIdFrom(traceparent: string): string | undefined {
  const match = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent);
  const [, traceId] = match ?? [];
  return traceId === undefined || /^0+$/.test(traceId) ? undefined : traceId;
}
