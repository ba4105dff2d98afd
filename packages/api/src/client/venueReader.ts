import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import * as account from '../schema/accountRoutes.ts';
import type { AccountView, SessionList, TypedDataView } from '../schema/accountViews.ts';
import { listDeposits, listWithdrawals } from '../schema/crossingRoutes.ts';
import type { DepositList, WithdrawalList } from '../schema/crossingViews.ts';
import type { CandleQuery } from '../schema/marketRoutes.ts';
import * as market from '../schema/marketRoutes.ts';
import type {
  AssetList,
  CandleList,
  DepthView,
  MarketAnswer,
  MarketList,
  MarketView,
  OracleView,
  PoolView,
  PricesView,
} from '../schema/marketViews.ts';
import type { Readiness, StatusView } from '../schema/operatorViews.ts';
import type { OrdersQuery } from '../schema/orderRoutes.ts';
import { listOrders, readOrder } from '../schema/orderRoutes.ts';
import type { OrderList, OrderReply } from '../schema/orderViews.ts';
import type {
  BatchList,
  BatchReply,
  EpochList,
  EpochReply,
  EpochVerdicts,
  LawList,
} from '../schema/recordViews.ts';
import type { PageQuery } from '../schema/route.ts';
import type {
  AgreementReply,
  EpochSettlementReply,
  ProofReply,
  SettlementReply,
} from '../schema/settlementViews.ts';
import type { CallOptions, TransportOptions } from './transport.ts';
import { call, unwrap } from './transport.ts';

/** What every read may set: wait for a sequence, give up, take longer. */
export interface ReadOptions extends CallOptions {
  readonly atLeast?: number;
}

/** A page of a read that runs from new to old. */
export interface PageOptions extends ReadOptions {
  readonly limit?: number;
  readonly before?: number;
}

const query = ({ atLeast }: ReadOptions = {}): object => ({ atLeast });

const page = ({ atLeast, limit, before }: PageOptions = {}): PageQuery => {
  return { atLeast, limit, before };
};

/** Everything that anybody may read of a venue. Refusals are returned, faults thrown. */
export class VenueReader {
  readonly transport: TransportOptions;
  readonly #markets = new Map<string, MarketView>();

  constructor(transport: TransportOptions) {
    this.transport = transport;
  }

  listAssets(options?: ReadOptions): Promise<Result<AssetList>> {
    return call(this.transport, market.listAssets, { query: query(options) }, options);
  }

  listMarkets(options?: ReadOptions): Promise<Result<MarketList>> {
    return call(this.transport, market.listMarkets, { query: query(options) }, options);
  }

  /** A batch market; `books.read` of the client reads a book. */
  readMarket(marketId: string, options?: ReadOptions): Promise<Result<MarketAnswer>> {
    const parts = { params: { marketId }, query: query(options) };
    return call(this.transport, market.readMarket, parts, options);
  }

  /** A market's metadata, kept after the first read: products never change their index. */
  async market(marketId: string, options?: CallOptions): Promise<Result<MarketView>> {
    const known = this.#markets.get(marketId);
    if (known !== undefined) return accepted(known);
    const result = await this.readMarket(marketId, options);
    if (!result.ok) return result;
    this.#markets.set(marketId, result.value.market);
    return accepted(result.value.market);
  }

  readOracle(marketId: string, options?: ReadOptions): Promise<Result<OracleView>> {
    const parts = { params: { marketId }, query: query(options) };
    return call(this.transport, market.readOracle, parts, options);
  }

  readPool(marketId: string, options?: ReadOptions): Promise<Result<PoolView>> {
    const parts = { params: { marketId }, query: query(options) };
    return call(this.transport, market.readPool, parts, options);
  }

  readPrices(marketId: string, options?: ReadOptions): Promise<Result<PricesView>> {
    const parts = { params: { marketId }, query: query(options) };
    return call(this.transport, market.readPrices, parts, options);
  }

  /** Candles of an asset of a batch market, or of a book, which needs no symbol. */
  listCandles(
    marketId: string,
    candles: CandleQuery,
    options?: CallOptions,
  ): Promise<Result<CandleList>> {
    const parts = { params: { marketId }, query: candles };
    return call(this.transport, market.listCandles, parts, options);
  }

  /** Depth of an asset of a batch market, or of the base of a book. */
  readDepth(marketId: string, symbol: string, options?: ReadOptions): Promise<Result<DepthView>> {
    const parts = { params: { marketId }, query: { ...query(options), symbol } };
    return call(this.transport, market.readDepth, parts, options);
  }

  /** Balances of an account at each level. */
  readAccount(owner: string, options?: ReadOptions): Promise<Result<AccountView>> {
    const parts = { params: { owner }, query: query(options) };
    return call(this.transport, account.readAccount, parts, options);
  }

  /** Withdrawals of an account, new to old. */
  listWithdrawals(owner: string, options?: PageOptions): Promise<Result<WithdrawalList>> {
    const parts = { params: { owner }, query: page(options) };
    return call(this.transport, listWithdrawals, parts, options);
  }

  /** Deposits from the base layer into an account, new to old. */
  listDeposits(owner: string, options?: PageOptions): Promise<Result<DepositList>> {
    const parts = { params: { owner }, query: page(options) };
    return call(this.transport, listDeposits, parts, options);
  }

  readOrder(orderId: string, options?: ReadOptions): Promise<Result<OrderReply>> {
    const parts = { params: { orderId }, query: query(options) };
    return call(this.transport, readOrder, parts, options);
  }

  listOrders(orders: OrdersQuery, options?: CallOptions): Promise<Result<OrderList>> {
    return call(this.transport, listOrders, { query: orders }, options);
  }

  listBatches(marketId: string, options?: PageOptions): Promise<Result<BatchList>> {
    const parts = { params: { marketId }, query: page(options) };
    return call(this.transport, market.listBatches, parts, options);
  }

  readBatch(
    marketId: string,
    batchNumber: number,
    options?: ReadOptions,
  ): Promise<Result<BatchReply>> {
    const parts = { params: { marketId, batchNumber }, query: query(options) };
    return call(this.transport, market.readBatch, parts, options);
  }

  listEpochs(marketId: string, options?: PageOptions): Promise<Result<EpochList>> {
    const parts = { params: { marketId }, query: page(options) };
    return call(this.transport, market.listEpochs, parts, options);
  }

  readEpoch(
    marketId: string,
    epochNumber: number,
    options?: ReadOptions,
  ): Promise<Result<EpochReply>> {
    const parts = { params: { marketId, epochNumber }, query: query(options) };
    return call(this.transport, market.readEpoch, parts, options);
  }

  /** The bytes of an epoch's bundle. */
  readBundle(
    marketId: string,
    epochNumber: number,
    options?: ReadOptions,
  ): Promise<Result<Uint8Array>> {
    const parts = { params: { marketId, epochNumber }, query: query(options) };
    return call(this.transport, market.readBundle, parts, options);
  }

  readVerdicts(
    marketId: string,
    epochNumber: number,
    options?: ReadOptions,
  ): Promise<Result<EpochVerdicts>> {
    const parts = { params: { marketId, epochNumber }, query: query(options) };
    return call(this.transport, market.readVerdicts, parts, options);
  }

  readProof(
    marketId: string,
    epochNumber: number,
    options?: ReadOptions,
  ): Promise<Result<ProofReply>> {
    const parts = { params: { marketId, epochNumber }, query: query(options) };
    return call(this.transport, market.readProof, parts, options);
  }

  readBaseLayerTransaction(
    marketId: string,
    epochNumber: number,
    options?: ReadOptions,
  ): Promise<Result<EpochSettlementReply>> {
    const parts = { params: { marketId, epochNumber }, query: query(options) };
    return call(this.transport, market.readBaseLayerTransaction, parts, options);
  }

  readAgreement(options?: CallOptions): Promise<Result<AgreementReply>> {
    return call(this.transport, account.readAgreement, {}, options);
  }

  readSettlement(options?: CallOptions): Promise<Result<SettlementReply>> {
    return call(this.transport, account.readSettlement, {}, options);
  }

  listLaws(options?: CallOptions): Promise<Result<LawList>> {
    return call(this.transport, market.listLaws, {}, options);
  }

  /** Sessions in force of the session that asks. */
  listSessions(options?: ReadOptions): Promise<Result<SessionList>> {
    return call(this.transport, account.listSessions, { query: query(options) }, options);
  }

  readStatus(options?: ReadOptions): Promise<Result<StatusView>> {
    return call(this.transport, account.readStatus, { query: query(options) }, options);
  }

  readReadiness(options?: CallOptions): Promise<Result<Readiness>> {
    return call(this.transport, account.readReadiness, {}, options);
  }

  /** The EIP-712 domain and types. @throws ClientFault REQUEST_REJECTED when refused. */
  async readTypedData(options?: CallOptions): Promise<TypedDataView> {
    return unwrap(await call(this.transport, account.readTypedData, {}, options));
  }
}
