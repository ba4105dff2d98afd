import { bookCandles } from '@lawbook/analytics/bookCandles';
import {
  listBookCandles,
  listBookEpochs,
  listBookOrders,
  listBooks,
  listFills,
  listTrades,
  readBook,
  readBookDepth,
  submitBookActions,
} from '@lawbook/api/schema/bookRoutes';
import type { BookView } from '@lawbook/api/schema/bookViews';
import { PAGE_LIMIT } from '@lawbook/api/schema/route';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { REJECTIONS } from '@lawbook/exchange/failures/rejectionCodes';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { Page } from '../../venueService.ts';
import type { BookIntake } from '../bookIntake.ts';
import type { Asker, GatewayCore } from '../gatewayCore.ts';
import { asOfState, isoTime } from '../present/moments.ts';
import {
  BookUnits,
  presentBook,
  presentBookEpoch,
  presentBookOrder,
  presentFill,
  presentTrade,
} from '../present/presentBook.ts';
import type { Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** Levels of a depth unless asked otherwise. */
const DEPTH_LEVELS = 20;

/** A request for candles reads at most this many trades. */
const CANDLE_TRADES_MAX = 10_000;

/** Reads about books, and wishes for them. */
export function bookEndpoints(core: GatewayCore, intake: BookIntake): Endpoint[] {
  const { state, books } = core.venue;
  const present = (market: BookMarket): BookView => {
    return presentBook(state, market, books.ladder(market.marketId));
  };
  return [
    endpoint(listBooks, () => {
      const views = [...state.books.values()].map(present);
      return answer({ books: views, asOf: asOfState(state) });
    }),
    endpoint(readBook, ({ params }) => {
      const market = findBook(core, params.marketId);
      if (!market.ok) return market;
      return answer({ book: present(market.value), asOf: asOfState(state) });
    }),
    endpoint(readBookDepth, ({ params, query }) => {
      const market = findBook(core, params.marketId);
      if (!market.ok) return market;
      const { levels = DEPTH_LEVELS } = query;
      const whole = books.ladder(market.value.marketId);
      const shown = { bids: whole.bids.slice(0, levels), asks: whole.asks.slice(0, levels) };
      const ladder = new BookUnits(state, market.value.parameters).ladder(shown, whole);
      return answer({ marketId: params.marketId, ...ladder, asOf: asOfState(state) });
    }),
    endpoint(submitBookActions, async ({ body, asker }) => {
      const refused = refuseMany(core, body.actions.length, asker);
      if (refused !== undefined) return refused;
      const answers = await intake.submit(body.actions, asker);
      const [first] = answers;
      const refusal = answers.length === 1 && first?.kind !== 'accepted' ? first : undefined;
      const status = refusal === undefined ? 200 : REJECTIONS[refusal.rejection.code].httpStatus;
      return accepted({ status, body: { answers } });
    }),
    ...tradeEndpoints(core),
    ...recordEndpoints(core),
  ];
}

/** What was traded. */
function tradeEndpoints(core: GatewayCore): Endpoint[] {
  const { state, books } = core.venue;
  return [
    endpoint(listTrades, async ({ params, query }) => {
      const market = findBook(core, params.marketId);
      if (!market.ok) return market;
      const page = pageOf(query);
      const trades = await books.trades(market.value.marketId, page);
      const units = new BookUnits(state, market.value.parameters);
      const last = trades.length === page.limit ? trades.at(-1)?.tradeNumber : undefined;
      return answer({
        marketId: params.marketId,
        trades: trades.map((trade) => presentTrade(units, trade)),
        ...(last !== undefined && { nextBefore: last }),
        asOf: asOfState(state),
      });
    }),
    endpoint(listBookCandles, async ({ params, query }) => {
      const market = findBook(core, params.marketId);
      if (!market.ok) return market;
      const { intervalMs = 60_000, limit = PAGE_LIMIT.preset, before } = query;
      const page = { limit: CANDLE_TRADES_MAX, ...(before !== undefined && { before }) };
      const trades = await books.trades(market.value.marketId, page);
      const units = new BookUnits(state, market.value.parameters);
      const price = (ticks: number): string => units.price(BigInt(ticks));
      const candles = bookCandles(trades, intervalMs).slice(0, limit);
      return answer({
        marketId: params.marketId,
        intervalMs,
        candles: candles.map((candle) => ({
          openTime: isoTime(candle.openTimeMs),
          open: price(candle.open),
          high: price(candle.high),
          low: price(candle.low),
          close: price(candle.close),
          volume: units.size(candle.lots),
          trades: candle.trades,
        })),
        asOf: asOfState(state),
      });
    }),
  ];
}

/** What became of the orders of an owner, and of the epochs of a book. */
function recordEndpoints(core: GatewayCore): Endpoint[] {
  const { state, books } = core.venue;
  return [
    endpoint(listBookOrders, async ({ params, query }) => {
      const market = findBook(core, params.marketId);
      if (!market.ok) return market;
      const page = { ...pageOf(query), open: query.open ?? false };
      const owner = accountId(query.owner);
      const records = await books.orders(market.value.marketId, owner, page);
      const units = new BookUnits(state, market.value.parameters);
      const last = records.length === page.limit ? records.at(-1)?.sequence : undefined;
      return answer({
        orders: records.map((record) => presentBookOrder(units, record)),
        ...(last !== undefined && { nextBefore: last }),
        asOf: asOfState(state),
      });
    }),
    endpoint(listFills, async ({ params, query }) => {
      const market = findBook(core, params.marketId);
      if (!market.ok) return market;
      const page = pageOf(query);
      const owner = accountId(query.owner);
      const fills = await books.fills(market.value.marketId, owner, page);
      const units = new BookUnits(state, market.value.parameters);
      const last = fills.length === page.limit ? fills.at(-1)?.tradeNumber : undefined;
      return answer({
        marketId: params.marketId,
        owner,
        fills: fills.map((fill) => presentFill(units, fill)),
        ...(last !== undefined && { nextBefore: last }),
        asOf: asOfState(state),
      });
    }),
    endpoint(listBookEpochs, async ({ params, query }) => {
      const market = findBook(core, params.marketId);
      if (!market.ok) return market;
      const page = pageOf(query);
      const epochs = await books.epochs(market.value.marketId, page);
      const last = epochs.length === page.limit ? epochs.at(-1)?.epochNumber : undefined;
      return answer({
        epochs: epochs.map(presentBookEpoch),
        ...(last !== undefined && { nextBefore: last }),
        asOf: asOfState(state),
      });
    }),
  ];
}

function findBook({ venue }: GatewayCore, marketId: string): Result<BookMarket> {
  const market = venue.state.books.get(Number(marketId));
  if (market !== undefined) return accepted(market);
  return refuse('notFound', { field: 'marketId', actual: marketId });
}

/** A request with many actions costs as many tokens of its address. */
function refuseMany(core: GatewayCore, count: number, asker: Asker): Result<never> | undefined {
  const { options, addressBuckets, dependencies } = core;
  if (count > options.ordersPerRequestMax) {
    const limit = options.ordersPerRequestMax;
    return refuse('bodyTooLarge', { field: 'actions', limit, actual: count });
  }
  if (count === 1) return undefined;
  const quota = addressBuckets.take(asker.addressKey, count - 1, dependencies.clock());
  asker.quotas.push(quota);
  if (quota.allowed) return undefined;
  return refuse('rateLimited', { field: 'actions', limit: quota.limit, actual: count });
}

function pageOf(query: {
  readonly limit?: number | undefined;
  readonly before?: number | undefined;
}): Page {
  const { limit = PAGE_LIMIT.preset, before } = query;
  return { limit, ...(before !== undefined && { before }) };
}
