import type { KeyObject } from 'node:crypto';
import { createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AuthorisedGrant } from '@lawbook/exchange/orders/signedTypes';
import { NO_DELEGATE } from '@lawbook/exchange/orders/signedTypes';

/** A claim to speak for a session. */
export interface SessionClaim {
  readonly sessionId: string;
  readonly timestampMs: number;
  /** HMAC-SHA256 of the claim's text under the session secret, 0x and 64 hex digits. */
  readonly mac: string;
}

/** What a claim is about. */
export interface ClaimedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly body: Uint8Array;
}

/** What session keys are checked against. */
export interface SessionWorld {
  readonly grants: ReadonlyMap<Hash, AuthorisedGrant>;
  readonly nowMs: number;
  readonly skewMs: number;
}

/**
 * Session secrets are HMAC-SHA256(server key, grant id): nothing secret is stored, and a secret
 * ends with its grant. A request is authenticated by HMAC-SHA256 over
 * `method LF path LF timestampMs LF hex(SHA-256(body))`.
 *
 * Within the clock skew a request could be sent twice by someone who read it; every write here is
 * idempotent by its id, so that gains nothing.
 */
export class SessionKeys {
  readonly #serverKey: KeyObject;
  /** Keys of sessions that were verified lately: preparing one costs as much as using it. */
  readonly #keys = new Map<Hash, KeyObject>();

  constructor(serverKey: Uint8Array) {
    this.#serverKey = createSecretKey(serverKey);
  }

  /** The secret of a session, 0x and 64 hex digits. */
  secretOf(grantId: Hash): Hash {
    return `0x${this.#secret(grantId).toString('hex')}` as Hash;
  }

  /**
   * Checks a claim.
   * Rejections: unauthenticated for a wrong code, timestampSkewed, sessionExpired.
   */
  verify(
    claim: SessionClaim,
    request: ClaimedRequest,
    world: SessionWorld,
  ): Result<AuthorisedGrant> {
    const grantId = claim.sessionId.toLowerCase() as Hash;
    const text = claimText(request, claim.timestampMs);
    const known = this.#keys.get(grantId);
    const key = known ?? createSecretKey(this.#secret(grantId));
    const expected = createHmac('sha256', key).update(text).digest();
    if (!timingSafeEqual(expected, hexToBytes(claim.mac))) {
      return refuse('unauthenticated', { field: 'authorization', actual: 'a wrong code' });
    }
    if (known === undefined) this.#remember(grantId, key);
    const skewMs = Math.abs(world.nowMs - claim.timestampMs);
    if (skewMs > world.skewMs) {
      return refuse('timestampSkewed', {
        field: 'timestampMs',
        limit: `${world.nowMs} +- ${world.skewMs}`,
        actual: claim.timestampMs,
      });
    }
    const entry = world.grants.get(grantId);
    const inForce = entry !== undefined && entry.grant.expiresAtMs > world.nowMs;
    if (!inForce || entry.grant.delegate !== NO_DELEGATE) {
      return refuse('sessionExpired', { field: 'sessionId', actual: grantId });
    }
    return accepted(entry);
  }

  /** Only verified sessions are remembered, so that strangers cannot fill the memory. */
  #remember(grantId: Hash, key: KeyObject): void {
    const [oldest] = this.#keys.keys();
    if (this.#keys.size >= KEYS_MAX && oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.set(grantId, key);
  }

  #secret(grantId: Hash): Buffer {
    return createHmac('sha256', this.#serverKey).update(hexToBytes(grantId)).digest();
  }
}

const KEYS_MAX = 10_000;

/** Reads `Lawbook <sessionId>:<timestampMs>:<mac>`; undefined for anything else. */
export function parseClaim(authorization: string): SessionClaim | undefined {
  const match = CLAIM.exec(authorization);
  if (match === null) return undefined;
  const [, sessionId = '', timestamp = '', mac = ''] = match;
  return { sessionId, timestampMs: Number(timestamp), mac };
}

const CLAIM = /^Lawbook (0x[0-9a-fA-F]{64}):(\d{1,15}):(0x[0-9a-fA-F]{64})$/;

/** Compares two secrets in a time that does not depend on where they differ. */
export function equalSecrets(given: string, expected: string): boolean {
  // Digests have one length, so that the comparison does not tell the length of the secret.
  return timingSafeEqual(digestOf(given), digestOf(expected));
}

function claimText(request: ClaimedRequest, timestampMs: number): string {
  const bodyHash = hash('sha256', request.body, 'hex');
  return `${request.method}\n${request.path}\n${timestampMs}\n${bodyHash}`;
}

function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
