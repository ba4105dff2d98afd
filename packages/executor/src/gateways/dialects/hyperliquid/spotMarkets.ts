import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import { SpotUnits } from './spotUnits.ts';

/** A book as the dialect knows it: a pair of its spot universe. */
export interface SpotMarket {
  /** Place in the universe; books are never removed, so it stays. */
  readonly index: number;
  /** Name in subscriptions and requests, `@` and the index. */
  readonly coin: string;
  /** Number in orders and cancels. */
  readonly asset: number;
  readonly marketId: number;
  readonly baseSymbol: string;
  readonly quoteSymbol: string;
  readonly units: SpotUnits;
  readonly book: BookMarket;
}

/** Spot pairs are numbered from here in orders; numbers below are those of perpetuals. */
export const SPOT_ASSET_OFFSET = 10_000;

/**
 * Markets that the dialect tells of. Ids of orders and trades count per market here and over all
 * markets there, so the last three digits of theirs are the market's index.
 */
export const SPOT_MARKETS_MAX = 1000;

/** The books of a venue under the names and numbers of the dialect. */
export class SpotMarkets {
  readonly #state: ExchangeState;
  readonly #markets: SpotMarket[] = [];
  readonly #byId = new Map<number, SpotMarket>();

  constructor(state: ExchangeState) {
    this.#state = state;
  }

  /** Every market, in order of creation. */
  all(): readonly SpotMarket[] {
    const { books } = this.#state;
    const known = this.#markets.length;
    if (books.size > known && known < SPOT_MARKETS_MAX) {
      for (const book of [...books.values()].slice(known, SPOT_MARKETS_MAX)) this.#add(book);
    }
    return this.#markets;
  }

  byAsset(asset: number): SpotMarket | undefined {
    return this.all()[asset - SPOT_ASSET_OFFSET];
  }

  byCoin(coin: string): SpotMarket | undefined {
    const index = /^@(\d{1,6})$/.exec(coin)?.[1];
    const market = index === undefined ? undefined : this.all()[Number(index)];
    return market?.coin === coin ? market : undefined;
  }

  byMarketId(marketId: number): SpotMarket | undefined {
    this.all();
    return this.#byId.get(marketId);
  }

  /** The market and the number within it that an id of the dialect names. */
  resolve(id: number): { readonly market: SpotMarket; readonly number: number } | undefined {
    const index = id % SPOT_MARKETS_MAX;
    const market = this.all()[index];
    return market && { market, number: (id - index) / SPOT_MARKETS_MAX };
  }

  #add(book: BookMarket): void {
    const { parameters, marketId } = book;
    const index = this.#markets.length;
    const market = {
      index,
      coin: `@${index}`,
      asset: SPOT_ASSET_OFFSET + index,
      marketId,
      baseSymbol: at(this.#state.assets, parameters.base).symbol,
      quoteSymbol: at(this.#state.assets, parameters.quote).symbol,
      units: new SpotUnits(this.#state, parameters),
      book,
    };
    this.#markets.push(market);
    this.#byId.set(marketId, market);
  }
}

/** An order's or a trade's number within its market as an id over all markets. */
export function wideId({ index }: SpotMarket, number: number): number {
  return number * SPOT_MARKETS_MAX + index;
}
