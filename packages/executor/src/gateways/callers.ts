import type { ScopeName } from '@lawbook/api/schema/accountViews';
import type { Access } from '@lawbook/api/schema/route';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AuthorisedGrant } from '@lawbook/exchange/orders/signedTypes';
import { Scope } from '@lawbook/exchange/orders/signedTypes';
import type { ClaimedRequest, SessionKeys, SessionWorld } from './sessionKeys.ts';
import { equalSecrets, parseClaim } from './sessionKeys.ts';

/** Who asks. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'session'; readonly grant: AuthorisedGrant }
  | { readonly kind: 'operator' };

export const ANONYMOUS: Caller = { kind: 'anonymous' };

/** What callers are recognised by. */
export interface CallerKeys {
  readonly sessions: SessionKeys;
  readonly operatorToken: string | undefined;
}

/**
 * Reads who asks from the Authorization header. Credentials that are wrong are refused even where
 * none are needed: their sender believes something untrue.
 */
export function identify(
  authorization: string | undefined,
  request: ClaimedRequest,
  keys: CallerKeys,
  world: SessionWorld,
): Result<Caller> {
  if (authorization === undefined) return accepted(ANONYMOUS);
  const claim = parseClaim(authorization);
  if (claim !== undefined) {
    const verified = keys.sessions.verify(claim, request, world);
    return verified.ok ? accepted({ kind: 'session', grant: verified.value }) : verified;
  }
  const token = /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization)?.[1];
  if (token === undefined) {
    return refuse('unauthenticated', {
      field: 'authorization',
      limit: 'Lawbook <sessionId>:<timestampMs>:<mac>, or Bearer <token>',
      actual: 'another form',
    });
  }
  if (keys.operatorToken === undefined || !equalSecrets(token, keys.operatorToken)) {
    return refuse('notOperator', { field: 'authorization' });
  }
  return accepted({ kind: 'operator' });
}

/** Refuses a caller whom a route does not serve; `signed` routes decide by what they are sent. */
export function refuseCaller(access: Access, caller: Caller): Refused | undefined {
  switch (access.role) {
    case 'public':
    case 'signed':
      return undefined;
    case 'operator':
      if (caller.kind === 'operator') return undefined;
      return refuse('notOperator', { field: 'authorization', actual: caller.kind });
    default:
      if (caller.kind !== 'session') {
        return refuse('unauthenticated', { field: 'authorization', actual: caller.kind });
      }
      if (access.scope === undefined || hasScope(caller.grant, access.scope)) return undefined;
      return refuse('forbidden', {
        field: 'scopes',
        limit: access.scope,
        actual: scopeNames(caller.grant.grant.scopes).join(' '),
      });
  }
}

/** Whether a grant carries a scope. */
export function hasScope({ grant }: AuthorisedGrant, scope: ScopeName): boolean {
  return (grant.scopes & Scope[scope]) !== 0;
}

/** The scopes of a grant by name. */
export function scopeNames(scopes: number): ScopeName[] {
  return (['read', 'trade', 'withdraw'] as const).filter((name) => (scopes & Scope[name]) !== 0);
}
