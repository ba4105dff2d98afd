import type { BookCandle } from '@lawbook/analytics/bookCandles';
import { bookCandles } from '@lawbook/analytics/bookCandles';
import type { BookTrade } from '../../../books/bookRecords.ts';
import type { VenueService } from '../../../venueService.ts';
import type { CandleInterval, WireCandle } from './candleTimes.ts';
import { CANDLE_INTERVALS, wireCandle } from './candleTimes.ts';
import type { SpotMarket } from './spotMarkets.ts';

/** Trades of which the first candle of a stream is made. */
const TRADES_READ_MAX = 5_000;

/** The candle that is being made in one market at one interval. */
export class LiveCandle {
  readonly #market: SpotMarket;
  readonly #interval: CandleInterval;
  #candle: BookCandle | undefined;
  #lastNumber = 0;
  /** Trades that happen while the past is read. */
  #pending: BookTrade[] | undefined = [];

  constructor(market: SpotMarket, interval: CandleInterval) {
    this.#market = market;
    this.#interval = interval;
  }

  /** Begins with the trades there are. */
  async begin(venue: VenueService): Promise<void> {
    const { marketId } = this.#market;
    const trades = await venue.books.trades(marketId, { limit: TRADES_READ_MAX });
    const [first] = bookCandles(trades, CANDLE_INTERVALS[this.#interval]);
    this.#candle = first;
    this.#lastNumber = trades[0]?.tradeNumber ?? 0;
    for (const trade of this.#pending ?? []) this.#take(trade);
    this.#pending = undefined;
  }

  add(trade: BookTrade): void {
    if (trade.marketId !== this.#market.marketId) return;
    if (this.#pending !== undefined) this.#pending.push(trade);
    else this.#take(trade);
  }

  /** The candle as it stands; undefined before the first trade. */
  present(): WireCandle | undefined {
    return this.#candle && wireCandle(this.#market, this.#interval, this.#candle);
  }

  #take({ tradeNumber, timeMs, priceTicks, lots }: BookTrade): void {
    if (tradeNumber <= this.#lastNumber) return;
    this.#lastNumber = tradeNumber;
    const openTimeMs = timeMs - (timeMs % CANDLE_INTERVALS[this.#interval]);
    const known = this.#candle;
    const isSame = known?.openTimeMs === openTimeMs;
    this.#candle = {
      openTimeMs,
      open: isSame ? known.open : priceTicks,
      high: isSame ? Math.max(known.high, priceTicks) : priceTicks,
      low: isSame ? Math.min(known.low, priceTicks) : priceTicks,
      close: priceTicks,
      lots: isSame ? known.lots + lots : lots,
      trades: isSame ? known.trades + 1 : 1,
    };
  }
}
