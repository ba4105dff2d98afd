import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { RecoverSigner } from '@lawbook/exchange/orders/signature';
import { recoverSigner } from '@lawbook/exchange/orders/signature';
import { NO_DELEGATE, Scope, Signing } from '@lawbook/exchange/orders/signedTypes';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type {
  ListOrder,
  ListWithdrawal,
  OrderBook,
  OrderRow,
  SignedGrant,
} from '@lawbook/proofs/statements/epoch/diffList';
import { revert } from './refusedAct.ts';

/** Whether a contract wallet accepts a signature. @see ERC-1271 */
export type WalletAccepts = (
  owner: AccountId,
  digest: Uint8Array,
  signature: Uint8Array,
) => boolean;

/** Who signed what: contracts/src's Authority, rule by rule and in its order. */
export class Authority {
  readonly #signing: Signing;
  readonly #walletAccepts: WalletAccepts;
  readonly #recover: RecoverSigner;

  /** `recover` has to refuse what `recoverSigner` refuses. */
  constructor(
    domain: VenueDomain,
    walletAccepts: WalletAccepts = () => false,
    recover: RecoverSigner = recoverSigner,
  ) {
    this.#signing = new Signing(domain);
    this.#walletAccepts = walletAccepts;
    this.#recover = recover;
  }

  /** The order id. */
  orderDigest(order: ListOrder): Uint8Array {
    const { product, budget, expiresAtMs, ...terms } = order;
    const times = { expiresAtMs: Number(expiresAtMs) };
    return this.#signing.orderDigest({
      ...terms,
      ...times,
      receive: product,
      budget: amount(budget),
    });
  }

  cancelDigest(owner: AccountId, orderId: Uint8Array): Uint8Array {
    return this.#signing.cancelDigest(owner, hashFromBytes(orderId));
  }

  withdrawalDigest(wish: ListWithdrawal): Uint8Array {
    const expiresAtMs = Number(wish.expiresAtMs);
    const units = amount(wish.units);
    return this.#signing.withdrawalDigest({
      ...wish,
      assetId: assetId(wish.assetId),
      units,
      expiresAtMs,
    });
  }

  /** Each grant carries its owner's signature. @throws RefusedAct GrantIsNotSigned. */
  checkGrants(grants: readonly SignedGrant[]): void {
    grants.forEach(({ grant, signature }, k) => {
      const expiresAtMs = Number(grant.expiresAtMs);
      const digest = this.#signing.grantDigest({ ...grant, expiresAtMs });
      const counts = grant.delegate !== NO_DELEGATE && (grant.scopes & Scope.trade) !== 0;
      if (!counts || !this.isSignedBy(grant.owner, digest, hexToBytes(signature))) {
        revert('GrantIsNotSigned', k, grant.owner);
      }
    });
  }

  /**
   * The owner's signature, or that of a delegate whom a grant covers.
   * @throws RefusedAct SpendsAreAuthorised, GrantDoesNotCover.
   */
  checkAuthorised(
    entry: OrderRow,
    {
      book,
      row,
      digest,
      lastsUntilMs,
    }: {
      readonly book: OrderBook;
      readonly row: number;
      readonly digest: Uint8Array;
      readonly lastsUntilMs: bigint;
    },
  ): void {
    const { owner } = entry.order;
    const signature = hexToBytes(entry.signature);
    if (entry.grant === 0) {
      if (!this.isSignedBy(owner, digest, signature)) revert('SpendsAreAuthorised', row, owner);
      return;
    }
    const place = entry.grant - 1;
    const signed = book.grants[place];
    if (signed === undefined) revert('GrantDoesNotCover', row, place);
    const { grant } = signed;
    if (grant.owner !== owner || grant.expiresAtMs < lastsUntilMs) {
      revert('GrantDoesNotCover', row, place);
    }
    if (this.#recover(digest, signature) !== grant.delegate) {
      revert('SpendsAreAuthorised', row, owner);
    }
  }

  /** By the curve, or by the owner's own code. */
  isSignedBy(owner: AccountId, digest: Uint8Array, signature: Uint8Array): boolean {
    if (this.#recover(digest, signature) === owner) return true;
    return this.#walletAccepts(owner, digest, signature);
  }
}
