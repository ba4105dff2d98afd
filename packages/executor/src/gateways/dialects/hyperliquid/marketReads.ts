import { bookCandles } from '@lawbook/analytics/bookCandles';
import { at } from '@lawbook/exchange/failures/invariant';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { AssetId } from '@lawbook/exchange/ledger/asset';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import type { Ladder } from '../../../books/bookRecords.ts';
import type { VenueService } from '../../../venueService.ts';
import type { CandleInterval, WireCandle } from './candleTimes.ts';
import { CANDLE_INTERVALS, wireCandle } from './candleTimes.ts';
import type { DayBoard } from './dayBoard.ts';
import type { SpotMarket, SpotMarkets } from './spotMarkets.ts';
import { plainDecimal } from './spotUnits.ts';
import type { WireLevel, WireTrade } from './wireOrders.ts';
import { wireLevel, wireTrade } from './wireOrders.ts';

/** What the reads of markets work with. */
export interface MarketReadsParts {
  readonly venue: VenueService;
  readonly markets: SpotMarkets;
  readonly days: DayBoard;
  readonly clock: () => number;
}

/** A book as the dialect shows it: bids, then asks, best first. */
export interface WireBook {
  readonly coin: string;
  readonly time: number;
  readonly levels: readonly [bids: readonly WireLevel[], asks: readonly WireLevel[]];
}

/** Prices and sums of one market. */
export interface WireSpotContext {
  readonly prevDayPx: string;
  readonly dayNtlVlm: string;
  readonly markPx: string;
  readonly midPx: string | null;
  readonly circulatingSupply: string;
  readonly coin: string;
  readonly totalSupply: string;
  readonly dayBaseVlm: string;
}

/** Levels of each half in an answer, as many as the dialect shows. */
const LEVELS = 20;
/** Trades in an answer about recent ones. */
export const RECENT_TRADES = 100;
/** A request for candles reads at most this many trades. */
const CANDLE_TRADES_MAX = 10_000;

/** What everybody may know of markets, in the dialect's shapes. */
export class MarketReads {
  readonly #parts: MarketReadsParts;

  constructor(parts: MarketReadsParts) {
    this.#parts = parts;
  }

  /** The tokens and pairs of this venue: every asset, and every book as a pair. */
  spotMeta(): object {
    const { venue, markets } = this.#parts;
    const all = markets.all();
    const tokens = venue.state.assets.map(({ symbol, decimals }, index) => {
      // Clients know one precision of sizes per token: the finest of the books that trade it.
      const traded = all.filter(({ book }) => book.parameters.base === index);
      const digits = traded.map(({ units }) => units.sizeDecimals);
      return {
        name: symbol,
        szDecimals: digits.length === 0 ? decimals : Math.max(...digits),
        weiDecimals: decimals,
        index,
        tokenId: `0x${index.toString(16).padStart(32, '0')}`,
        isCanonical: true,
        evmContract: null,
        fullName: null,
        deployerTradingFeeShare: '0.0',
      };
    });
    const universe = all.map(({ book, coin, index }) => {
      const { base, quote } = book.parameters;
      return { tokens: [base, quote], name: coin, index, isCanonical: true };
    });
    return { universe, tokens };
  }

  async spotContexts(): Promise<WireSpotContext[]> {
    return await Promise.all(this.#parts.markets.all().map((market) => this.context(market)));
  }

  async context(market: SpotMarket): Promise<WireSpotContext> {
    const { days, clock } = this.#parts;
    const { units, marketId, book } = market;
    const day = await days.day(marketId, clock());
    const lastTicks = book.engine.book.core.lastTrade;
    const mid = this.mid(market);
    const markPx = lastTicks > 0 ? units.price(lastTicks) : (mid ?? '0');
    const supply = this.#supply(book.parameters.base);
    return {
      prevDayPx: day.beforeTicks === undefined ? markPx : units.price(day.beforeTicks),
      dayNtlVlm: units.notional(day.ticksTimesLots),
      markPx,
      midPx: mid ?? null,
      circulatingSupply: supply,
      coin: market.coin,
      totalSupply: supply,
      dayBaseVlm: units.size(day.lots),
    };
  }

  /**
   * The middle of the best prices; with one half empty the best of the other, with both the last
   * trade; undefined where there was none. Clients round prices by it, so it is given if possible.
   */
  mid(market: SpotMarket): string | undefined {
    const { units, book, marketId } = market;
    const { bids, asks } = this.#parts.venue.books.ladder(marketId);
    const bid = bids[0]?.[0];
    const ask = asks[0]?.[0];
    if (bid !== undefined && ask !== undefined) return units.price(bid + ask, 2n);
    const known = bid ?? ask ?? book.engine.book.core.lastTrade;
    return known > 0 ? units.price(known) : undefined;
  }

  mids(): Record<string, string> {
    const entries = this.#parts.markets.all().flatMap((market) => {
      const mid = this.mid(market);
      return mid === undefined ? [] : [[market.coin, mid] as const];
    });
    return Object.fromEntries(entries);
  }

  book(market: SpotMarket): WireBook {
    const ladder = this.#parts.venue.books.ladder(market.marketId);
    const half = (side: keyof Ladder): WireLevel[] => {
      return ladder[side].slice(0, LEVELS).map((level) => wireLevel(market, level));
    };
    return { coin: market.coin, time: this.#now(), levels: [half('bids'), half('asks')] };
  }

  /** The best level of each half, null where it is empty. */
  bbo(market: SpotMarket): object {
    const { bids, asks } = this.#parts.venue.books.ladder(market.marketId);
    const [bid, ask] = [bids[0], asks[0]];
    const best = [bid, ask].map((level) => level && wireLevel(market, level));
    return { coin: market.coin, time: this.#now(), bbo: best.map((level) => level ?? null) };
  }

  /** The newest trades, new to old. */
  async trades(market: SpotMarket): Promise<WireTrade[]> {
    const { books } = this.#parts.venue;
    const trades = await books.trades(market.marketId, { limit: RECENT_TRADES });
    return trades.map((trade) => wireTrade(market, trade));
  }

  /** Candles that open within a span, old to new, of the last trades up to a bound. */
  async candles(
    market: SpotMarket,
    interval: CandleInterval,
    { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  ): Promise<WireCandle[]> {
    const page = { limit: CANDLE_TRADES_MAX };
    const trades = await this.#parts.venue.books.trades(market.marketId, page);
    return bookCandles(trades, CANDLE_INTERVALS[interval])
      .filter(({ openTimeMs }) => openTimeMs >= fromMs && openTimeMs <= toMs)
      .reverse()
      .map((candle) => wireCandle(market, interval, candle));
  }

  /** Units of an asset that are not in custody, in whole ones. */
  #supply(asset: AssetId): string {
    const { assets, ledger } = this.#parts.venue.state;
    const custody = ledger.total(systemAccount(SystemRole.custody), asset);
    return plainDecimal(formatDecimal(-custody, at(assets, asset).decimals));
  }

  #now(): number {
    return this.#parts.clock();
  }
}
