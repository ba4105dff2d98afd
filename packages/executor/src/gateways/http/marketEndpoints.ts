import {
  listAssets,
  listBatches,
  listCandles,
  listEpochs,
  listLaws,
  listMarkets,
  readBatch,
  readBundle,
  readDepth,
  readEpoch,
  readMarket,
  readOracle,
  readPool,
  readPrices,
  readVerdicts,
} from '@lawbook/api/schema/marketRoutes';
import type { MarketView } from '@lawbook/api/schema/marketViews';
import { PAGE_LIMIT } from '@lawbook/api/schema/route';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import { BOOK_LAWS } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import { LAWS } from '@lawbook/exchange/laws/judge';
import { PREDICATES, readPredicates } from '@lawbook/exchange/laws/predicates';
import type { BatchMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { Page } from '../../venueService.ts';
import type { BatchRecord, SealedEpoch } from '../../venueTypes.ts';
import { CANDLE_BATCHES_MAX, candlesOf } from '../candles.ts';
import type { GatewayCore } from '../gatewayCore.ts';
import type { MidsBoard } from '../midsBoard.ts';
import { asOfState, isoTime } from '../present/moments.ts';
import {
  presentAsset,
  presentDepth,
  presentMarket,
  presentMids,
  presentPool,
  presentPrice,
  symbolOf,
} from '../present/presentMarket.ts';
import { presentBatch, presentEpoch, presentVerdict } from '../present/presentRecords.ts';
import { batchCandles, bookDepth, readBookView } from './bookReads.ts';
import type { Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** Reads about markets as they stand. */
export function marketEndpoints(core: GatewayCore): Endpoint[] {
  const { venue, options, dependencies } = core;
  const { state } = venue;
  const present = (market: BatchMarket): MarketView =>
    presentMarket(state, market, { options, nowMs: dependencies.clock() });
  return [
    endpoint(listAssets, () => {
      return answer({ assets: state.assets.map(presentAsset), asOf: asOfState(state) });
    }),
    endpoint(listMarkets, async () => {
      const markets = [...state.markets.values()].map(present);
      const views = [...state.books.values()].map((book) => readBookView(core, book));
      return answer({ markets, books: await Promise.all(views), asOf: asOfState(state) });
    }),
    endpoint(readMarket, ({ params }) => {
      const market = findMarket(core, params.marketId);
      if (!market.ok) return market;
      const view = present(market.value);
      return answer({ market: view, asOf: asOfState(state) });
    }),
  ];
}

/** Reads about the prices and the pool of a market. */
export function priceEndpoints(core: GatewayCore, mids: MidsBoard): Endpoint[] {
  const { venue } = core;
  const { state } = venue;
  return [
    endpoint(readOracle, ({ params }) => {
      const market = findMarket(core, params.marketId);
      if (!market.ok) return market;
      const { parameters, reference, marketId } = market.value;
      const latest = mids.latest(marketId);
      return answer({
        marketId: params.marketId,
        reference: {
          mids: presentMids(state, parameters, reference.mids),
          observedAt: isoTime(reference.observedAtMs),
          source: reference.source,
        },
        ...(latest !== undefined && {
          latest: {
            mids: presentMids(state, parameters, latest.mids),
            receivedAt: isoTime(latest.receivedAtMs),
          },
        }),
        oracleAgeMsMax: parameters.oracleAgeMsMax,
        asOf: asOfState(state),
      });
    }),
    endpoint(readPool, ({ params }) => {
      const market = findMarket(core, params.marketId);
      return market.ok ? answer(presentPool(state, market.value)) : market;
    }),
    endpoint(readPrices, async ({ params }) => {
      const market = findMarket(core, params.marketId);
      if (!market.ok) return market;
      const { parameters, reference, marketId } = market.value;
      const [last] = await venue.batches(marketId, { limit: 1 });
      const midOf = mids.latest(marketId)?.mids ?? reference.mids;
      return answer({
        marketId: params.marketId,
        ...(last !== undefined && { batchNumber: last.report.batchNumber }),
        prices: parameters.assets.map(({ assetId }, i) => ({
          symbol: symbolOf(state, assetId),
          mid: presentPrice(at(midOf, i)),
          ...(last !== undefined && { cleared: presentPrice(at(last.report.prices, i)) }),
        })),
        asOf: asOfState(state),
      });
    }),
    ...chartEndpoints(core),
  ];
}

/** Depth and candles, which markets of both kinds have. */
function chartEndpoints(core: GatewayCore): Endpoint[] {
  const { venue } = core;
  const { state } = venue;
  return [
    endpoint(readDepth, ({ params, query }) => {
      const book = state.books.get(Number(params.marketId));
      if (book !== undefined) {
        return refuseSymbol(core, book, query.symbol) ?? answer(bookDepth(core, book, query));
      }
      const place = findAsset(core, params.marketId, query.symbol);
      if (!place.ok) return place;
      return answer(presentDepth(state, place.value.market, place.value.index));
    }),
    endpoint(listCandles, async ({ params, query }) => {
      const book = state.books.get(Number(params.marketId));
      if (book !== undefined) {
        const refused = refuseSymbol(core, book, query.symbol);
        return refused ?? answer(await batchCandles(core, book, query));
      }
      const place = findAsset(core, params.marketId, query.symbol);
      if (!place.ok) return place;
      const { market, index } = place.value;
      const { intervalMs = 60_000, limit = PAGE_LIMIT.preset, before } = query;
      const page = { limit: CANDLE_BATCHES_MAX, ...(before !== undefined && { before }) };
      const records = await venue.batches(market.marketId, page);
      return answer({
        marketId: params.marketId,
        symbol: place.value.symbol,
        intervalMs,
        candles: candlesOf(records, index, intervalMs).slice(0, limit),
        asOf: asOfState(state),
      });
    }),
  ];
}

/** Lists of what was cleared and sealed. */
export function recordEndpoints(core: GatewayCore): Endpoint[] {
  const { venue } = core;
  const { state } = venue;
  return [
    endpoint(listBatches, async ({ params, query }) => {
      const market = findMarket(core, params.marketId);
      if (!market.ok) return market;
      const page = pageOf(query);
      const records = await venue.batches(market.value.marketId, page);
      const last = records.length === page.limit ? records.at(-1)?.report.batchNumber : undefined;
      return answer({
        batches: records.map((record) => presentBatch(state, record)),
        ...(last !== undefined && { nextBefore: last }),
        asOf: asOfState(state),
      });
    }),
    endpoint(readBatch, async ({ params }) => {
      const record = await venue.batch(Number(params.marketId), params.batchNumber);
      if (record === undefined) {
        return refuse('notFound', { field: 'batchNumber', actual: params.batchNumber });
      }
      return answer({ batch: presentBatch(state, record), asOf: asOfState(state) });
    }),
    endpoint(listEpochs, async ({ params, query }) => {
      const market = findMarket(core, params.marketId);
      if (!market.ok) return market;
      const page = pageOf(query);
      const records = await venue.epochs(market.value.marketId, page);
      const last = records.length === page.limit ? records.at(-1)?.epoch.epochNumber : undefined;
      return answer({
        epochs: records.map(presentEpoch),
        ...(last !== undefined && { nextBefore: last }),
        asOf: asOfState(state),
      });
    }),
  ];
}

/** Reads about one sealed epoch, and the published laws. */
export function epochEndpoints(core: GatewayCore): Endpoint[] {
  const { venue } = core;
  const { state } = venue;
  return [
    endpoint(readEpoch, async ({ params }) => {
      const sealed = await findEpoch(core, params);
      if (!sealed.ok) return sealed;
      return answer({ epoch: presentEpoch(sealed.value), asOf: asOfState(state) });
    }),
    endpoint(readBundle, async ({ params }) => {
      const bundle = await venue.bundle(Number(params.marketId), params.epochNumber);
      if (bundle !== undefined) return answer(bundle);
      return refuse('notFound', { field: 'epochNumber', actual: params.epochNumber });
    }),
    endpoint(readVerdicts, async ({ params }) => {
      const sealed = await findEpoch(core, params);
      if (!sealed.ok) return sealed;
      const { firstBatch, lastBatch, epochNumber } = sealed.value.epoch;
      const page = { before: lastBatch + 1, limit: lastBatch - firstBatch + 1 };
      const records = (await venue.batches(Number(params.marketId), page)).reverse();
      return answer({
        marketId: params.marketId,
        epochNumber,
        level: 'checked',
        ...presentVerdicts(records),
        asOf: asOfState(state),
      });
    }),
    endpoint(listLaws, () => {
      const laws = LAWS.map(({ id, name, statement }) => {
        return { id, name, statement, page: `docs/protocol/${name}.md` };
      });
      const bookLaws = BOOK_LAWS.map(({ id, name, statement }) => {
        return { id, name, statement, page: `docs/protocol/${name}.md` };
      });
      return answer({ laws, predicates: PREDICATES, bookLaws });
    }),
  ];
}

function findMarket({ venue }: GatewayCore, marketId: string): Result<BatchMarket> {
  const market = venue.state.markets.get(Number(marketId));
  if (market !== undefined) return accepted(market);
  return refuse('notFound', {
    field: 'marketId',
    ...(venue.state.books.has(Number(marketId)) && {
      limit: `a batch market; this is an order book: /v1/books/${marketId}`,
    }),
    actual: marketId,
  });
}

/** A book has one price; whoever names an asset means its base. */
function refuseSymbol(
  { venue }: GatewayCore,
  { parameters }: BookMarket,
  symbol: string | undefined,
): Refused | undefined {
  const base = symbolOf(venue.state, parameters.base);
  if (symbol === undefined || symbol === base) return undefined;
  return refuse('assetUnknown', { field: 'query.symbol', limit: base, actual: symbol });
}

function findAsset(
  core: GatewayCore,
  marketId: string,
  symbol: string | undefined,
): Result<{ readonly market: BatchMarket; readonly index: number; readonly symbol: string }> {
  const market = findMarket(core, marketId);
  if (!market.ok) return market;
  if (symbol === undefined) {
    const limit = 'an asset of the market besides the numeraire';
    return refuse('malformedRequest', { field: 'query.symbol', limit, actual: 'absent' });
  }
  const { assets } = market.value.parameters;
  const index = assets.findIndex(({ assetId }) => symbolOf(core.venue.state, assetId) === symbol);
  if (index > 0) return accepted({ market: market.value, index, symbol });
  const limit = 'an asset of the market besides the numeraire';
  return refuse('assetUnknown', { field: 'query.symbol', limit, actual: symbol });
}

async function findEpoch(
  { venue }: GatewayCore,
  params: { readonly marketId: string; readonly epochNumber: number },
): Promise<Result<SealedEpoch>> {
  const sealed = await venue.epoch(Number(params.marketId), params.epochNumber);
  if (sealed !== undefined) return accepted(sealed);
  return refuse('notFound', { field: 'epochNumber', actual: params.epochNumber });
}

function pageOf(query: {
  readonly limit?: number | undefined;
  readonly before?: number | undefined;
}): Page {
  const { limit = PAGE_LIMIT.preset, before } = query;
  return { limit, ...(before !== undefined && { before }) };
}

function presentVerdicts(records: readonly BatchRecord[]): {
  readonly holds: boolean;
  readonly batches: { batchNumber: number; verdicts: ReturnType<typeof presentVerdict>[] }[];
  readonly predicates: ReturnType<typeof readPredicates>;
} {
  const verdicts = records.flatMap((record) => record.verdicts);
  return {
    holds: verdicts.length > 0 && verdicts.every(({ verdict }) => verdict.kind === 'holds'),
    batches: records.map((record) => ({
      batchNumber: record.report.batchNumber,
      verdicts: record.verdicts.map(presentVerdict),
    })),
    predicates: readPredicates(verdicts),
  };
}
