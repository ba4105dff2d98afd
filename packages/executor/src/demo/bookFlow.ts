import { demoBooks, PLAY_ASSETS } from '@lawbook/analytics/demoBooks';
import { at } from '@lawbook/exchange/failures/invariant';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { BookInput } from '@lawbook/exchange/markets/book/bookInputs';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import { NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import { BookSigning } from '@lawbook/exchange/orders/bookSigning';
import { signDigest } from '@lawbook/exchange/orders/signature';
import type { VenueService } from '../venueService.ts';
import { BOOK_TRADERS, bookTrader } from './demoBookInputs.ts';

/** How lively the simulated traders of each book are. */
export interface BookFlowOptions {
  readonly seed: number;
  readonly ordersPerSecond: number;
}

/** What the flow needs. */
export interface BookFlowDependencies {
  readonly venue: VenueService;
  readonly clock: () => number;
}

/** Orders that a maker keeps open before it takes its oldest back. */
const OPEN_ORDERS_MAX = 15;
/** Furthest that the makers' price walks from where it began, parts of it: one in twenty. */
const WALK_PART = 20;

/**
 * Makers who quote around a price that walks, and takers who trade with them: signed orders like
 * everybody's. Two thirds of the traders make, the others take.
 */
export class BookFlow {
  readonly #options: BookFlowOptions;
  readonly #venue: VenueService;
  readonly #clock: () => number;
  readonly #signing: BookSigning;
  readonly #traders = Array.from({ length: BOOK_TRADERS }, (_, number) => bookTrader(number));
  readonly #mids = new Map<number, { readonly start: number; mid: number }>();
  #state: number;
  #owed = 0;
  #lastMs: number;

  constructor(options: BookFlowOptions, { venue, clock }: BookFlowDependencies) {
    this.#options = options;
    this.#venue = venue;
    this.#clock = clock;
    this.#signing = new BookSigning(venue.signing.domain);
    this.#state = options.seed | 0;
    this.#lastMs = clock();
    for (const { parameters, startTicks } of demoBooks(PLAY_ASSETS.map((_, k) => assetId(k)))) {
      this.#mids.set(parameters.marketId, { start: startTicks, mid: startTicks });
    }
  }

  /** Submits what is due in every demo book since the last call, at most a second's worth. */
  async tick(): Promise<void> {
    const now = this.#clock();
    const { ordersPerSecond } = this.#options;
    this.#owed += ((now - this.#lastMs) / 1000) * ordersPerSecond;
    this.#owed = Math.min(this.#owed, ordersPerSecond);
    this.#lastMs = now;
    const due: Promise<unknown>[] = [];
    for (; this.#owed >= 1; this.#owed -= 1) {
      for (const [marketId, walk] of this.#mids) {
        const market = this.#venue.state.books.get(marketId);
        if (market?.state === 'open') due.push(this.#venue.books.submit(this.#act(market, walk)));
      }
    }
    await Promise.all(due);
  }

  #act(market: BookMarket, walk: { readonly start: number; mid: number }): BookInput {
    if (this.#below(10) === 0) {
      const reach = Math.floor(walk.start / WALK_PART);
      const next = walk.mid + this.#below(3) - 1;
      walk.mid = Math.min(Math.max(next, walk.start - reach), walk.start + reach);
    }
    const number = this.#below(BOOK_TRADERS);
    const isMaker = number % 3 !== 2;
    const side = this.#below(2) === 0 ? 'buy' : 'sell';
    const towards = side === 'buy' ? -1 : 1;
    if (!isMaker) {
      const priceTicks = walk.mid - towards * (5 + this.#below(20));
      const sizeLots = 10 + this.#below(400);
      return this.#order(market, number, { side, timeInForce: 'ioc', priceTicks, sizeLots });
    }
    const { account } = at(this.#traders, number);
    const [oldest, ...others] = this.#venue.books.openOrders(market.marketId, account);
    if (oldest !== undefined && others.length + 1 >= OPEN_ORDERS_MAX) {
      return this.#cancel(market, number, oldest.orderId);
    }
    const priceTicks = walk.mid + towards * (1 + this.#below(25));
    const sizeLots = 50 + this.#below(950);
    return this.#order(market, number, { side, postOnly: true, priceTicks, sizeLots });
  }

  #order(
    market: BookMarket,
    number: number,
    wish: Pick<BookOrder, 'side' | 'priceTicks' | 'sizeLots'> & Partial<BookOrder>,
  ): BookInput {
    const { account: owner, secretKey } = at(this.#traders, number);
    const terms: BookOrder = {
      owner,
      marketId: market.marketId,
      clientOrderId: NO_CLIENT_ORDER_ID,
      type: 'limit',
      timeInForce: 'gtc',
      postOnly: false,
      selfTradePolicy: 'cancelResting',
      displayLots: 0,
      trigger: 'none',
      triggerSource: 'lastTrade',
      triggerTicks: 0,
      ocoWith: 0,
      goodUntilMs: 0,
      orderNonce: market.nonceWindow(owner).highest + 1n,
      expiresAtMs: this.#clock() + 60_000,
      ...wish,
    };
    const authorisation = signDigest(this.#signing.orderDigest(terms), secretKey);
    return { kind: 'submitBookOrder', entry: { terms, authorisation } };
  }

  #cancel({ marketId }: BookMarket, number: number, orderId: number): BookInput {
    const { account: owner, secretKey } = at(this.#traders, number);
    const terms = { owner, marketId, orderId, clientOrderId: NO_CLIENT_ORDER_ID };
    const authorisation = signDigest(this.#signing.cancelDigest(terms), secretKey);
    return { kind: 'cancelBookOrder', entry: { terms, authorisation } };
  }

  /** A number in 0..n-1 from mulberry32, so that a seed walks the same way everywhere. */
  #below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }
}
