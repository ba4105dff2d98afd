import type { SessionOpened, SessionRequest } from '@lawbook/api/schema/accountViews';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import { accountId } from '@lawbook/exchange/ledger/account';
import { ORDER_NONCE_MAX } from '@lawbook/exchange/orders/orderNonces';
import type { SessionGrant } from '@lawbook/exchange/orders/signedTypes';
import { NO_DELEGATE } from '@lawbook/exchange/orders/signedTypes';
import { scopeNames } from './callers.ts';
import type { Asker, GatewayCore } from './gatewayCore.ts';
import type { OrderIntake } from './orderIntake.ts';
import { isoTime } from './present/moments.ts';

/**
 * Puts a signed grant in force and answers its secret, once. A grant is sequenced before the secret
 * is answered and its order nonce is used up, so that nobody who reads the grant later in a bundle
 * can ask for the secret again.
 *
 * Rejections: signatureInvalid, notSettleable, sessionTooLong, sessionLimitReached, rateLimited,
 * notAdmitting, and those of the exchange.
 */
export async function openSessionByGrant(
  core: GatewayCore,
  intake: OrderIntake,
  request: SessionRequest,
  asker: Asker,
): Promise<Result<SessionOpened>> {
  const { venue, sessions, dependencies } = core;
  const grant: SessionGrant = {
    owner: accountId(request.owner),
    delegate: accountId(request.delegate),
    scopes: request.scopes,
    expiresAtMs: request.expiresAtMs,
    orderNonce: BigInt(request.orderNonce),
  };
  const digest = venue.signing.grantDigest(grant);
  const grantId = hashFromBytes(digest);
  const signature = hexToBytes(request.signature);
  const signer = venue.recover(digest, signature);
  if (signer !== grant.owner) {
    const actual = signer ?? 'no signer';
    return refuse('signatureInvalid', { field: 'signature', limit: grant.owner, actual });
  }
  const trades = scopeNames(grant.scopes).includes('trade');
  const settles = venue.settlement().phase !== 'notConfigured';
  if (grant.delegate === NO_DELEGATE && trades && settles) {
    // Its orders would carry nothing that the owner signed, so no debit of theirs could settle.
    return refuse('notSettleable', { field: 'delegate', actual: 'a secret that would trade' });
  }
  const refused = refuseGrant(core, grant, asker) ?? (await makeRoom(core, intake, grant));
  if (refused !== undefined) return refused;
  const opened = await intake.execute({
    kind: 'openSession',
    grant: { grant, grantId, signature },
  });
  if (!opened.ok) return opened;
  dependencies.metrics.sessionsOpened.inc();
  const delegated = grant.delegate !== NO_DELEGATE;
  return accepted({
    sessionId: grantId,
    owner: grant.owner,
    scopes: scopeNames(grant.scopes),
    expiresAt: isoTime(grant.expiresAtMs),
    sequence: opened.value.sequence,
    ...(delegated ? { delegate: grant.delegate } : { secret: sessions.secretOf(grantId) }),
  });
}

function refuseGrant(
  { options, dependencies, accountBuckets }: GatewayCore,
  grant: SessionGrant,
  { quotas }: Asker,
): Refused | undefined {
  const nowMs = dependencies.clock();
  const latestMs = nowMs + options.sessionTtlMsMax;
  if (grant.expiresAtMs > latestMs) {
    const actual = grant.expiresAtMs;
    return refuse('sessionTooLong', { field: 'expiresAtMs', limit: latestMs, actual });
  }
  if (grant.orderNonce > ORDER_NONCE_MAX) {
    const actual = grant.orderNonce;
    return refuse('orderNonceTooOld', { field: 'orderNonce', limit: ORDER_NONCE_MAX, actual });
  }
  const quota = accountBuckets.take(grant.owner, 1, nowMs);
  quotas.push(quota);
  if (quota.allowed) return undefined;
  return refuse('rateLimited', { field: 'owner', limit: quota.limit, actual: grant.owner });
}

/** Ends an owner's expired grants when their number reaches the bound. */
async function makeRoom(
  { venue, options, dependencies }: GatewayCore,
  intake: OrderIntake,
  { owner }: SessionGrant,
): Promise<Refused | undefined> {
  const limit = options.sessionsPerOwnerMax;
  const standing = venue.state.grantsOf(owner);
  if (standing.length < limit) return undefined;
  const nowMs = dependencies.clock();
  const expired = standing.filter(({ grant }) => grant.expiresAtMs <= nowMs);
  if (standing.length - expired.length >= limit) {
    return refuse('sessionLimitReached', { field: 'owner', limit, actual: standing.length + 1 });
  }
  for (const { grantId } of expired) await intake.execute({ kind: 'revokeSession', grantId });
  return undefined;
}
