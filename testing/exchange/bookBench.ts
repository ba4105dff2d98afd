import type { Applied } from '@lawbook/exchange/application/applied';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Result } from '@lawbook/exchange/failures/result';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { BookEpochRecord } from '@lawbook/exchange/markets/book/bookEpoch';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { BookMarketParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { Authorised, BookOrder } from '@lawbook/exchange/orders/bookOrder';
import { NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import { BookSigning } from '@lawbook/exchange/orders/bookSigning';
import { signDigest } from '@lawbook/exchange/orders/signature';
import type { Person } from './exchangeBench.ts';
import { ExchangeBench, person } from './exchangeBench.ts';

/** Order terms that a test states; the rest is a limit purchase of one lot at 100 ticks. */
export type BookTermsOf = Partial<Omit<BookOrder, 'owner'>>;

/** A small market of assets 0 (base) and 1 (quote), neither of which settles. */
export const BOOK_PARAMETERS: BookMarketParameters = {
  marketId: 7,
  base: assetId(0),
  quote: assetId(1),
  lotSize: amount(1_000n),
  tickSize: amount(10n),
  notionalMin: amount(100n),
  priceTicksMax: 1_000_000,
  sizeLotsMax: 1_000_000,
  ordersMax: 500,
  accountsMax: 50,
  makerFeePpm: -100,
  takerFeePpm: 500,
  breakerBandPpm: 0,
  breakerWindowMs: 0,
};

/** A bench with a book market: it signs what people do there and gathers the evidence. */
export class BookBench extends ExchangeBench {
  readonly bookSigning: BookSigning = new BookSigning(this.signing.domain);
  /** Events of the open epoch. */
  events: BookEvent[] = [];
  /** Off, wishes carry a form without content: quick, and as good to whoever trusts admission. */
  signs = true;
  #nonce = 0n;

  /** Registers two assets that do not settle and opens the market. */
  openBook(changes: Partial<BookMarketParameters> = {}): BookMarket {
    for (const symbol of ['BASE', 'QUOTE']) {
      this.must({ kind: 'registerAsset', symbol, decimals: 6, settles: false });
    }
    this.must({ kind: 'createBookMarket', parameters: { ...BOOK_PARAMETERS, ...changes } });
    return this.book();
  }

  book(): BookMarket {
    const market = this.machine.state.books.get(BOOK_PARAMETERS.marketId);
    invariant(market !== undefined, 'the bench has opened its book');
    return market;
  }

  /** A signed order with a fresh nonce. */
  bookOrder(owner: Person, terms: BookTermsOf = {}): Authorised<BookOrder> {
    const order: BookOrder = {
      owner: owner.account,
      marketId: BOOK_PARAMETERS.marketId,
      clientOrderId: NO_CLIENT_ORDER_ID,
      side: 'buy',
      type: 'limit',
      timeInForce: 'gtc',
      postOnly: false,
      selfTradePolicy: 'cancelResting',
      priceTicks: 100,
      sizeLots: 1,
      displayLots: 0,
      trigger: 'none',
      triggerSource: 'lastTrade',
      triggerTicks: 0,
      ocoWith: 0,
      goodUntilMs: 0,
      ...this.fresh(),
      ...terms,
    };
    return this.authorise(owner, order, this.bookSigning.orderDigest(order));
  }

  /** A fresh nonce and an expiry a minute away. */
  fresh(): { readonly orderNonce: bigint; readonly expiresAtMs: number } {
    this.#nonce += 1n;
    return { orderNonce: this.#nonce, expiresAtMs: this.timeMs + 60_000 };
  }

  /** Terms with their owner's signature. */
  authorise<T>(owner: Person, terms: T, digest: Uint8Array): Authorised<T> {
    if (this.signs) return { terms, authorisation: signDigest(digest, owner.secretKey) };
    const authorisation = new Uint8Array(65);
    authorisation[64] = 27;
    return { terms, authorisation };
  }

  place(owner: Person, terms: BookTermsOf = {}): Result<Applied> {
    return this.run({ kind: 'submitBookOrder', entry: this.bookOrder(owner, terms) });
  }

  /** Applies an input, ticking first where the book asks for it, and keeps its event. */
  run(input: Parameters<ExchangeBench['apply']>[0]): Result<Applied> {
    if (this.book().isDue(this.timeMs) && input.kind !== 'bookTick') this.tick();
    const result = this.apply(input);
    if (result.ok && result.value.kind === 'bookApplied') this.events.push(result.value.event);
    return result;
  }

  tick(oracleTicks = 0): Result<Applied> {
    return this.run({ kind: 'bookTick', marketId: BOOK_PARAMETERS.marketId, oracleTicks });
  }

  /** Seals the open epoch and hands its record and events over. */
  sealBook(): { readonly epoch: BookEpochRecord; readonly events: readonly BookEvent[] } {
    const sealed = this.must({ kind: 'sealEpoch', marketId: BOOK_PARAMETERS.marketId });
    invariant(sealed.kind === 'bookEpochSealed', 'an epoch with an event is sealed');
    const { events } = this;
    this.events = [];
    return { epoch: sealed.epoch, events };
  }
}

/** A bench with an open book and people who own a hundred thousand lots' worth of each asset. */
export function fundedBook(
  changes: Partial<BookMarketParameters> = {},
  names: readonly string[] = ['alice', 'bob'],
): { readonly bench: BookBench; readonly people: readonly Person[] } {
  const bench = new BookBench();
  bench.openBook(changes);
  const people = names.map(person);
  for (const one of people) for (const asset of [0, 1]) bench.fund(one, asset, 100_000_000n);
  at(people, 0);
  return { bench, people };
}
