import type { Hash } from '../codec/hash.ts';
import { AccountTree } from '../commitments/accountTree.ts';
import type { AccountId } from '../ledger/account.ts';
import type { Asset } from '../ledger/asset.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { BatchMarket } from '../markets/batch/batchMarket.ts';
import type { BookMarket } from '../markets/book/bookMarket.ts';
import { BookSigning } from '../orders/bookSigning.ts';
import type { OrderNonceWindow } from '../orders/orderNonces.ts';
import { EMPTY_WINDOW } from '../orders/orderNonces.ts';
import type { AuthorisedGrant } from '../orders/signedTypes.ts';
import { Signing } from '../orders/signedTypes.ts';
import type { VenueDomain } from '../orders/typedData.ts';
import { BaseLayerBook } from './baseLayerBook.ts';

/** Everything the exchange remembers: a function of the inputs so far and of nothing else. */
export class ExchangeState {
  readonly domain: VenueDomain;
  /** Digests of what users sign here. */
  readonly signing: Signing;
  readonly bookSigning: BookSigning;
  readonly assets: Asset[] = [];
  readonly markets: Map<number, BatchMarket> = new Map();
  /** Book markets; no number is used in both maps. */
  readonly books: Map<number, BookMarket> = new Map();
  readonly nonceWindows: Map<AccountId, OrderNonceWindow> = new Map();
  /** Session grants in force, by grant id, and the ids of each owner. */
  readonly grants: Map<Hash, AuthorisedGrant> = new Map();
  readonly #grantsOf = new Map<AccountId, Set<Hash>>();
  ledger: Ledger = new Ledger();
  /** What is known of the base layer. */
  baseLayer: BaseLayerBook = new BaseLayerBook();
  /** Commitment to the accounts; brought up to date when a root is asked for. */
  readonly accountTree: AccountTree = new AccountTree();
  /** Sequence and time of the last input applied. */
  sequence = 0;
  timeMs = 0;

  constructor(domain: VenueDomain) {
    this.domain = domain;
    this.signing = new Signing(domain);
    this.bookSigning = new BookSigning(domain);
  }

  /** The order nonces that an owner has used. */
  nonceWindow(owner: AccountId): OrderNonceWindow {
    return this.nonceWindows.get(owner) ?? EMPTY_WINDOW;
  }

  /** Records a used nonce. */
  setNonceWindow(owner: AccountId, window: OrderNonceWindow): void {
    this.nonceWindows.set(owner, window);
    this.baseLayer.hasTraded = true;
    this.ledger.touch(owner);
  }

  /** Puts a grant in force. */
  addGrant(entry: AuthorisedGrant): void {
    this.grants.set(entry.grantId, entry);
    const { owner } = entry.grant;
    const ids = this.#grantsOf.get(owner) ?? new Set<Hash>();
    this.#grantsOf.set(owner, ids.add(entry.grantId));
  }

  /** Ends a grant; false when it was not in force. */
  removeGrant(grantId: Hash): boolean {
    const entry = this.grants.get(grantId);
    if (entry === undefined) return false;
    this.grants.delete(grantId);
    const ids = this.#grantsOf.get(entry.grant.owner);
    ids?.delete(grantId);
    if (ids?.size === 0) this.#grantsOf.delete(entry.grant.owner);
    return true;
  }

  /** The grants of an owner that are in force, in order of opening. */
  grantsOf(owner: AccountId): AuthorisedGrant[] {
    return [...(this.#grantsOf.get(owner) ?? [])].flatMap((id) => this.grants.get(id) ?? []);
  }
}
