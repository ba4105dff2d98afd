import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import type { AccountId } from '../ledger/account.ts';
import { AUTHORISATION_BYTES } from '../orders/batchOrder.ts';
import type { RecoverSigner } from '../orders/signature.ts';
import type { AuthorisedGrant } from '../orders/signedTypes.ts';
import { NO_DELEGATE, Scope, Signing } from '../orders/signedTypes.ts';
import type { BatchTransition } from '../transition.ts';
import type { Violated } from './verdict.ts';
import { violatedField } from './verdict.ts';

/** A claim that an owner wants what a digest says. */
export interface Claim {
  readonly owner: AccountId;
  /** Asked for only where a signer is recovered. */
  readonly digest: () => Uint8Array;
  readonly authorisation: Uint8Array;
  /**
   * Until when what is claimed can take effect: a grant that expires earlier does not carry it.
   * Zero for a wish that takes effect at once, whose time only the executor knows.
   */
  readonly lastsUntilMs: number;
}

/** The grants of a batch or an epoch, and the venue for which they were signed. */
export type Granted = Pick<BatchTransition, 'grants' | 'domain'>;

/** Decides claims of one batch against its owners and grants. */
export interface Permissions {
  /** Whether signers are recovered here; false when that was done at admission. */
  readonly recovers: boolean;
  readonly permits: (claim: Claim) => boolean;
}

/**
 * Reads the grants of a batch. With `recover`, the id and the owner's signature of every grant are
 * checked, whether or not an order uses it. A grant permits an order if it carries the trade scope
 * and does not expire before the order does: so a grant that was good at admission stays good,
 * however long a batch has to wait.
 */
export function readPermissions(
  transition: Granted,
  recover: RecoverSigner | undefined,
): Permissions | Violated {
  if (recover !== undefined) {
    const flaw = grantFlaw(transition, recover);
    if (flaw !== undefined) return flaw;
  }
  const delegates = new Map<string, number>();
  const sessions = new Map<number, SessionKey[]>();
  for (const { grant, grantId } of transition.grants) {
    const trades = (grant.scopes & Scope.trade) !== 0;
    if (!trades) continue;
    const { expiresAtMs } = grant;
    if (grant.delegate !== NO_DELEGATE) {
      const pair = `${grant.owner}:${grant.delegate}`;
      delegates.set(pair, Math.max(expiresAtMs, delegates.get(pair) ?? 0));
      continue;
    }
    const id = hexToBytes(grantId);
    const bucket = sessions.get(firstWord(id)) ?? [];
    bucket.push({ owner: grant.owner, id, expiresAtMs });
    sessions.set(firstWord(id), bucket);
  }
  const permits = ({ owner, digest, authorisation, lastsUntilMs }: Claim): boolean => {
    if (authorisation.length !== AUTHORISATION_BYTES) return false;
    const form = authorisation[64];
    if (form === 0) {
      const session = namedSession(sessions, owner, authorisation);
      return session !== undefined && session.expiresAtMs >= lastsUntilMs;
    }
    if (form !== 27 && form !== 28) return false;
    if (recover === undefined) return true;
    const signer = recover(digest(), authorisation);
    if (signer === owner) return true;
    const grantedUntilMs = delegates.get(`${owner}:${signer}`);
    return grantedUntilMs !== undefined && grantedUntilMs >= lastsUntilMs;
  };
  return { recovers: recover !== undefined, permits };
}

interface SessionKey {
  readonly owner: AccountId;
  readonly id: Uint8Array;
  readonly expiresAtMs: number;
}

/** The session grant of this owner that the first 32 bytes name; the rest is filler. */
function namedSession(
  sessions: ReadonlyMap<number, readonly SessionKey[]>,
  owner: AccountId,
  authorisation: Uint8Array,
): SessionKey | undefined {
  const bucket = sessions.get(firstWord(authorisation)) ?? [];
  return bucket.find(
    (session) =>
      session.owner === owner && session.id.every((byte, k) => byte === authorisation[k]),
  );
}

/** The first four bytes as a key: grant ids are digests, so few share them. */
function firstWord(bytes: Uint8Array): number {
  const [a, b, c, d] = bytes as unknown as readonly [number, number, number, number];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function grantFlaw(transition: Granted, recover: RecoverSigner): Violated | undefined {
  const signing = new Signing(transition.domain);
  for (const [k, authorised] of transition.grants.entries()) {
    const actual = grantFault(signing, authorised, recover);
    if (actual === undefined) continue;
    return violatedField(`grants[${k}]`, 'a grant is signed by its owner under its own id', {
      expected: authorised.grant.owner,
      actual,
    });
  }
  return undefined;
}

function grantFault(
  signing: Signing,
  { grant, grantId, signature }: AuthorisedGrant,
  recover: RecoverSigner,
): string | undefined {
  const sound =
    Number.isSafeInteger(grant.expiresAtMs) &&
    grant.expiresAtMs >= 0 &&
    Number.isInteger(grant.scopes) &&
    grant.scopes >= 0 &&
    grant.scopes <= 0xff &&
    grant.orderNonce >= 0n &&
    grant.orderNonce < 1n << 64n;
  if (!sound) return 'fields outside their widths';
  const digest = signing.grantDigest(grant);
  if (bytesToHex(digest) !== grantId) return `the id of another grant: ${grantId}`;
  return recover(digest, signature) === grant.owner ? undefined : 'another signer';
}
