import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { AUTHORISATION_BYTES } from '@lawbook/exchange/orders/batchOrder';
import type { AuthorisedGrant } from '@lawbook/exchange/orders/signedTypes';
import { NO_DELEGATE } from '@lawbook/exchange/orders/signedTypes';
import type { VenueService } from '../venueService.ts';
import type { Caller } from './callers.ts';
import { hasScope } from './callers.ts';

/** Something that only its owner, or one whom the owner trusts, may want. */
export interface Claim {
  readonly owner: AccountId;
  readonly digest: Uint8Array;
  /** 65 bytes in hex, or undefined where a session speaks. */
  readonly signature: string | undefined;
  /** Until when the wish can take effect; a grant that ends earlier does not carry it. */
  readonly lastsUntilMs?: number;
}

/**
 * Checks that the owner wants what a digest says: by its own signature, by that of a delegate with
 * trade scope, or through an authenticated session with trade scope.
 *
 * A grant must outlive the batch in which its order will be judged: the laws ask for grants in
 * force when the batch closes.
 *
 * @returns the 65 bytes of authorisation. Rejections: unauthenticated, forbidden, signatureInvalid,
 * sessionExpired.
 */
export function ownerConsent(
  venue: VenueService,
  claim: Claim,
  caller: Caller,
  nowMs: number,
): Result<Uint8Array> {
  const untilMs = Math.max(nowMs + 1, venue.state.timeMs + 1, claim.lastsUntilMs ?? 0);
  if (claim.signature !== undefined) return bySignature(venue, claim, claim.signature, untilMs);
  if (caller.kind !== 'session') {
    return refuse('unauthenticated', { field: 'signature', actual: 'no signature and no session' });
  }
  if (caller.grant.grant.owner !== claim.owner) {
    return refuse('forbidden', {
      field: 'owner',
      limit: caller.grant.grant.owner,
      actual: claim.owner,
    });
  }
  const usable = usableGrant(caller.grant, untilMs);
  if (!usable.ok) return usable;
  const authorisation = new Uint8Array(AUTHORISATION_BYTES);
  authorisation.set(hexToBytes(caller.grant.grantId), 0);
  return accepted(authorisation);
}

function bySignature(
  venue: VenueService,
  claim: Claim,
  signature: string,
  untilMs: number,
): Result<Uint8Array> {
  const bytes = hexToBytes(signature);
  const signer = venue.recover(claim.digest, bytes);
  if (signer === claim.owner) return accepted(bytes);
  const delegated =
    signer === undefined || signer === NO_DELEGATE
      ? []
      : venue.state.grantsOf(claim.owner).filter(({ grant }) => grant.delegate === signer);
  const judged = delegated.map((entry) => usableGrant(entry, untilMs));
  if (judged.some((result) => result.ok)) return accepted(bytes);
  const [first] = judged;
  if (first !== undefined && !first.ok) return first;
  return refuse('signatureInvalid', {
    field: 'signature',
    limit: claim.owner,
    actual: signer ?? 'no signer',
  });
}

function usableGrant(entry: AuthorisedGrant, untilMs: number): Result<undefined> {
  if (!hasScope(entry, 'trade')) {
    return refuse('forbidden', { field: 'scopes', limit: 'trade', actual: entry.grant.scopes });
  }
  if (entry.grant.expiresAtMs < untilMs) {
    return refuse('sessionExpired', {
      field: 'expiresAtMs',
      limit: untilMs,
      actual: entry.grant.expiresAtMs,
    });
  }
  return accepted(undefined);
}
