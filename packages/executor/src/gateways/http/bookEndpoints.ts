import {
  listBookCandles,
  listBookEpochs,
  listBookOrders,
  listBooks,
  listFills,
  listTrades,
  readBook,
  readBookDepth,
  readBookEpoch,
  submitBookActions,
} from '@lawbook/api/schema/bookRoutes';
import { PAGE_LIMIT } from '@lawbook/api/schema/route';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { REJECTIONS } from '@lawbook/exchange/failures/rejectionCodes';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { Page } from '../../venueService.ts';
import type { BookIntake } from '../bookIntake.ts';
import type { Asker, GatewayCore } from '../gatewayCore.ts';
import { asOfState } from '../present/moments.ts';
import {
  BookUnits,
  presentBookEpoch,
  presentBookOrder,
  presentBookVerdict,
  presentFill,
  presentTrade,
} from '../present/presentBook.ts';
import { findBook, readBookCandles, readBookView, readLadder } from './bookReads.ts';
import type { Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** Reads about books, and wishes for them. */
export function bookEndpoints(core: GatewayCore, intake: BookIntake): Endpoint[] {
  const { state } = core.venue;
  return [
    endpoint(listBooks, async () => {
      const markets = [...state.books.values()];
      const books = await Promise.all(markets.map((market) => readBookView(core, market)));
      return answer({ books, asOf: asOfState(state) });
    }),
    endpoint(readBook, async ({ params }) => {
      const market = findBook(core, params.marketId);
      if (!market.ok) return market;
      const book = await readBookView(core, market.value);
      return answer({ book, asOf: asOfState(state) });
    }),
    endpoint(readBookDepth, ({ params, query }) => {
      const market = findBook(core, params.marketId);
      return market.ok ? answer(readLadder(core, market.value, query.levels)) : market;
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
      return market.ok ? answer(await readBookCandles(core, market.value, query)) : market;
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
    endpoint(readBookEpoch, async ({ params }) => {
      const market = findBook(core, params.marketId);
      if (!market.ok) return market;
      const { epochNumber } = params;
      const sealed = await books.epoch(market.value.marketId, epochNumber);
      if (sealed === undefined) {
        return refuse('notFound', { field: 'epochNumber', actual: epochNumber });
      }
      return answer({
        epoch: presentBookEpoch(sealed),
        holds: sealed.verdicts.every(({ verdict }) => verdict.kind === 'holds'),
        verdicts: sealed.verdicts.map(presentBookVerdict),
        asOf: asOfState(state),
      });
    }),
  ];
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
