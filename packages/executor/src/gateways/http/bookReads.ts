import { bookCandles } from '@lawbook/analytics/bookCandles';
import type { BookCandleList, BookDepth, BookView } from '@lawbook/api/schema/bookViews';
import type { CandleList, DepthView } from '@lawbook/api/schema/marketViews';
import { PAGE_LIMIT } from '@lawbook/api/schema/route';
import { at } from '@lawbook/exchange/failures/invariant';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { Ladder, LadderLevel } from '../../books/bookRecords.ts';
import type { GatewayCore } from '../gatewayCore.ts';
import { asOfState, isoTime } from '../present/moments.ts';
import { BookUnits, presentBook } from '../present/presentBook.ts';

/** Levels of a depth unless asked otherwise. */
const DEPTH_LEVELS = 20;

/** A request for candles reads at most this many trades. */
const CANDLE_TRADES_MAX = 10_000;

/** A book by its number. Rejections: notFound, naming the kind that a batch market has. */
export function findBook({ venue }: GatewayCore, marketId: string): Result<BookMarket> {
  const market = venue.state.books.get(Number(marketId));
  if (market !== undefined) return accepted(market);
  const isBatch = venue.state.markets.has(Number(marketId));
  return refuse('notFound', {
    field: 'marketId',
    ...(isBatch && { limit: `a book; this is a batch market: /v1/markets/${marketId}` }),
    actual: marketId,
  });
}

/** A book with its rules, its best prices as told, and why it is not open. */
export async function readBookView({ venue }: GatewayCore, market: BookMarket): Promise<BookView> {
  const { state, books } = venue;
  const change = market.state === 'open' ? undefined : await books.stateChange(market.marketId);
  return presentBook(state, market, {
    ladder: books.ladder(market.marketId),
    ...(change !== undefined && { change }),
  });
}

/** The ladder of a book. */
export function readLadder(
  { venue }: GatewayCore,
  market: BookMarket,
  levels: number = DEPTH_LEVELS,
): BookDepth {
  const { state, books } = venue;
  const { marketId, parameters } = market;
  const whole = books.ladder(marketId);
  const shown = { bids: whole.bids.slice(0, levels), asks: whole.asks.slice(0, levels) };
  const ladder = new BookUnits(state, parameters).ladder(shown, whole);
  return { marketId: String(marketId), ...ladder, asOf: asOfState(state) };
}

/** The ladder of a book in the form that the depth of any market has. */
export function bookDepth(
  core: GatewayCore,
  market: BookMarket,
  { levels = DEPTH_LEVELS }: { readonly levels?: number | undefined },
): DepthView {
  const { state, books } = core.venue;
  const { parameters } = market;
  const units = new BookUnits(state, parameters);
  const { asOf, marketId, ...ladder } = readLadder(core, market, levels);
  const whole = books.ladder(market.marketId);
  const steps = (side: 'buy' | 'sell', half: readonly LadderLevel[]): DepthView['levels'] => {
    let paid = 0n;
    return half.slice(0, levels).map(([ticks, lots]) => {
      paid += BigInt(ticks) * BigInt(lots) * parameters.tickSize;
      const quote = units.price(BigInt(ticks));
      return { side, notional: units.quote(paid), quote, withinBounds: true };
    });
  };
  return {
    marketId,
    symbol: at(state.assets, parameters.base).symbol,
    mid: units.price(...midTicks(market, whole)),
    levels: [...steps('buy', whole.asks), ...steps('sell', whole.bids)],
    ladder,
    asOf,
  };
}

interface CandlesWanted {
  readonly intervalMs?: number | undefined;
  readonly limit?: number | undefined;
  readonly before?: number | undefined;
}

/** Candles of a book in the form that those of any market have. */
export async function batchCandles(
  core: GatewayCore,
  market: BookMarket,
  query: CandlesWanted,
): Promise<CandleList> {
  const { marketId, intervalMs, candles, asOf } = await readBookCandles(core, market, query);
  const { symbol } = at(core.venue.state.assets, market.parameters.base);
  const plain = candles.map(({ trades, firstTrade, ...candle }) => {
    return { ...candle, firstBatch: firstTrade, lastBatch: firstTrade + trades - 1 };
  });
  return { marketId, symbol, intervalMs, candles: plain, asOf };
}

/** Candles of a book, new to old. */
export async function readBookCandles(
  { venue }: GatewayCore,
  market: BookMarket,
  query: CandlesWanted,
): Promise<BookCandleList> {
  const { state, books } = venue;
  const { intervalMs = 60_000, limit = PAGE_LIMIT.preset, before } = query;
  const page = { limit: CANDLE_TRADES_MAX, ...(before !== undefined && { before }) };
  const trades = await books.trades(market.marketId, page);
  const units = new BookUnits(state, market.parameters);
  const price = (ticks: number): string => units.price(BigInt(ticks));
  let lastTrade = trades[0]?.tradeNumber ?? 0;
  const candles = bookCandles(trades, intervalMs).slice(0, limit);
  return {
    marketId: String(market.marketId),
    intervalMs,
    candles: candles.map((candle) => {
      // Trades of a book are numbered without holes.
      const firstTrade = lastTrade - candle.trades + 1;
      lastTrade = firstTrade - 1;
      return {
        openTime: isoTime(candle.openTimeMs),
        open: price(candle.open),
        high: price(candle.high),
        low: price(candle.low),
        close: price(candle.close),
        volume: units.size(candle.lots),
        trades: candle.trades,
        firstTrade,
      };
    }),
    asOf: asOfState(state),
  };
}

/** Halfway between the best prices, or the last price, as ticks over a divisor. */
function midTicks({ engine }: BookMarket, { bids, asks }: Ladder): [bigint, bigint] {
  const [bid] = bids;
  const [ask] = asks;
  if (bid !== undefined && ask !== undefined) return [BigInt(bid[0]) + BigInt(ask[0]), 2n];
  return [BigInt(engine.book.core.lastTrade), 1n];
}
