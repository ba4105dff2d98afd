import type { Hash } from '@lawbook/exchange/codec/hash';
import { bytesToHex, hexToBytes } from '@lawbook/exchange/codec/hex';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { recoverSigner } from '@lawbook/exchange/orders/signature';
import type { AuthorisedGrant } from '@lawbook/exchange/orders/signedTypes';
import { NO_DELEGATE, Scope, Signing } from '@lawbook/exchange/orders/signedTypes';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { ProofFault } from '../../proofFault.ts';
import type { Hex, HexAccount, SignedGrant } from './diffList.ts';

/** What an owner wished: an order, or its cancel. */
export interface SignedWish {
  readonly order: BatchOrder;
  readonly orderId: Hash;
  readonly signature: Uint8Array | undefined;
  readonly isCanceled: boolean;
}

/** Finds under whose signature a row stands, and collects the grants that rows need. */
export class GrantBook {
  /** By owner and delegate the grant that lasts longest: it covers all that the others do. */
  readonly #grants = new Map<string, AuthorisedGrant>();
  readonly #granting = new Set<string>();
  readonly #used = new Map<Hash, AuthorisedGrant>();

  constructor(batches: readonly BatchTransition[]) {
    for (const entry of batches.flatMap(({ grants }) => grants)) {
      const { owner, delegate, scopes } = entry.grant;
      if (delegate === NO_DELEGATE || (scopes & Scope.trade) === 0) continue;
      const pair = `${owner}:${delegate}`;
      this.#granting.add(owner);
      const known = this.#grants.get(pair);
      if (known === undefined || lastsLonger(entry, known)) this.#grants.set(pair, entry);
    }
  }

  /**
   * The signature of a row and the grant behind it. A signer is recovered only where a delegate
   * could have signed: whether signatures are good is for laws and contract to say.
   *
   * @throws ProofFault PROOF_STATEMENT_UNFIT for a session secret, or a stranger's signature.
   */
  authority(
    { order, orderId, signature, isCanceled }: SignedWish,
    batch: BatchTransition,
  ): { readonly signature: Hex; readonly grantId: Hash | undefined } {
    const wish = isCanceled ? 'The cancel of order' : 'Order';
    const refuse = (reason: string): ProofFault =>
      new ProofFault('PROOF_STATEMENT_UNFIT', `${wish} ${orderId} cannot be settled: ${reason}.`, {
        fields: { orderId, owner: order.owner, batchNumber: batch.batchNumber },
      });
    if (signature === undefined) throw refuse('nothing shows that its owner wanted it');
    if (signature[64] === 0) throw refuse('a session secret authorised it, and nobody signed it');
    const signed = { signature: bytesToHex(signature) as Hex, grantId: undefined };
    if (!this.#granting.has(order.owner)) return signed;
    const signing = new Signing(batch.domain);
    const digest = isCanceled
      ? signing.cancelDigest(order.owner, orderId)
      : hexToBytes(signing.orderId(order));
    const signer = recoverSigner(digest, signature);
    if (signer === order.owner) return signed;
    const entry = this.#grants.get(`${order.owner}:${signer}`);
    if (entry === undefined) throw refuse('neither its owner nor a delegate signed it');
    this.#used.set(entry.grantId, entry);
    return { ...signed, grantId: entry.grantId };
  }

  /** The grants that rows needed, ascending by id. */
  used(): SignedGrant[] {
    return this.#usedEntries().map(({ grant, signature }) => ({
      grant: {
        ...grant,
        owner: grant.owner as HexAccount,
        delegate: grant.delegate as HexAccount,
        expiresAtMs: BigInt(grant.expiresAtMs),
      },
      signature: bytesToHex(signature) as Hex,
    }));
  }

  /** Zero without a grant, else one more than its place in `used`. */
  placeOf(grantId: Hash | undefined): number {
    if (grantId === undefined) return 0;
    const place = this.#usedEntries().findIndex((entry) => entry.grantId === grantId);
    invariant(place >= 0, 'a grant that a row points to is used');
    return place + 1;
  }

  #usedEntries(): AuthorisedGrant[] {
    return [...this.#used.values()].sort((a, b) => (a.grantId < b.grantId ? -1 : 1));
  }
}

function lastsLonger(a: AuthorisedGrant, b: AuthorisedGrant): boolean {
  if (a.grant.expiresAtMs !== b.grant.expiresAtMs) return a.grant.expiresAtMs > b.grant.expiresAtMs;
  return a.grantId < b.grantId;
}
