import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';

/** How old the chain nonce of an action may be, and how far ahead of our clock, milliseconds. */
export const CHAIN_NONCE_PAST_MS = 60_000;
export const CHAIN_NONCE_AHEAD_MS = 10_000;

/** Who uses a chain nonce: the wallet that signed, and the account in whose name it acts. */
export interface ChainNonceUse {
  readonly signer: AccountId;
  readonly owner: AccountId;
  readonly chainNonce: number;
}

/**
 * Which chain nonces were used: each once per signer, in any order, while they are fresh.
 *
 * What was used before this process began is known from the journal. Every input that is not
 * idempotent uses an order nonce that is at least the chain nonce of its action (`OrderNonces`),
 * and a chain nonce is at most so far ahead of the clock. So one that is above the highest order
 * nonce of its owner, or above the start plus that lead, was not used before; all others are
 * refused. What is idempotent may be asked for again and does nothing more.
 */
export class ChainNonces {
  readonly #startedMs: number;
  readonly #floors = new Map<AccountId, number>();
  /** What signers used, the longest quiet first. */
  readonly #used = new Map<AccountId, Used>();

  constructor(books: ReadonlyMap<number, BookMarket>, startedMs: number) {
    this.#startedMs = startedMs;
    for (const book of books.values()) {
      for (const owner of book.owners) this.#raise(owner, book.nonceWindow(owner).highest);
    }
  }

  /** Uses a chain nonce up; otherwise why it cannot be used, in words. */
  use({ signer, owner, chainNonce }: ChainNonceUse, nowMs: number): string | undefined {
    const least = Math.max(nowMs - CHAIN_NONCE_PAST_MS, (this.#floors.get(owner) ?? -1) + 1);
    const most = nowMs + CHAIN_NONCE_AHEAD_MS;
    if (chainNonce < least || chainNonce > most) {
      return `Invalid nonce: must be within ${least}..${most}, got ${chainNonce}`;
    }
    const { chainNonces } = this.#usedBy(signer, nowMs);
    if (chainNonces.has(chainNonce)) return `Invalid nonce: duplicate nonce ${chainNonce}`;
    chainNonces.add(chainNonce);
    return undefined;
  }

  /** What a signer used, without what is refused for its age; others who went quiet are dropped. */
  #usedBy(signer: AccountId, nowMs: number): Used {
    const chainNonces = this.#used.get(signer)?.chainNonces ?? new Set<number>();
    // Most come in order of time, so what is stale stands in front; the rest waits its turn.
    for (const chainNonce of chainNonces) {
      if (chainNonce >= nowMs - CHAIN_NONCE_PAST_MS) break;
      chainNonces.delete(chainNonce);
    }
    const used = { lastMs: nowMs, chainNonces };
    this.#used.delete(signer);
    this.#used.set(signer, used);
    for (const [quiet, { lastMs }] of this.#used) {
      if (nowMs - lastMs <= CHAIN_NONCE_PAST_MS + CHAIN_NONCE_AHEAD_MS) break;
      this.#used.delete(quiet);
    }
    return used;
  }

  #raise(owner: AccountId, highest: bigint): void {
    const ahead = BigInt(this.#startedMs + CHAIN_NONCE_AHEAD_MS);
    const floor = Number(highest < ahead ? highest : ahead);
    if (floor > (this.#floors.get(owner) ?? -1)) this.#floors.set(owner, floor);
  }
}

interface Used {
  /** When it used one last, by our clock. */
  readonly lastMs: number;
  readonly chainNonces: Set<number>;
}

/**
 * Order nonces for what actions ask of books: above every one that was used or given out before,
 * and at least the chain nonce of the action. Inputs of an owner may still be on their way.
 */
export class OrderNonces {
  readonly #given = new Map<string, bigint>();

  next(book: BookMarket, owner: AccountId, chainNonce: number): bigint {
    const key = `${book.marketId}:${owner}`;
    const given = this.#given.get(key) ?? 0n;
    const { highest } = book.nonceWindow(owner);
    const next = (given > highest ? given : highest) + 1n;
    const least = BigInt(chainNonce);
    const orderNonce = next > least ? next : least;
    this.#given.set(key, orderNonce);
    return orderNonce;
  }
}
