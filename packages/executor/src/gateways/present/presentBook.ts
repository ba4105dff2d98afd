import { CHECKSUM_LEVELS, ladderChecksum } from '@lawbook/api/client/bookLadder';
import { BookScale } from '@lawbook/api/client/bookScale';
import type { BookOrderView, ExecutionView } from '@lawbook/api/schema/bookActions';
import type {
  BookEpochView,
  BookRestrictionView,
  BookVerdictView,
  BookView,
  FillView,
  LadderView,
  LevelView,
  QueuedOrderView,
  TradeView,
} from '@lawbook/api/schema/bookViews';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { BookLawVerdict } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { BookMarketParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import type { ExecutionReport } from '@lawbook/exchange/markets/book/executionReport';
import type {
  BookFill,
  BookOrderRecord,
  BookStateChange,
  BookTrade,
  Ladder,
  LadderLevel,
  QueueEntry,
  SealedBookEpoch,
} from '../../books/bookRecords.ts';
import { isoTime } from './moments.ts';

/** Reads ticks and lots of one market as people do. Prices are rounded down to twelve digits. */
export class BookUnits extends BookScale {
  constructor(state: ExchangeState, parameters: BookMarketParameters) {
    super({
      lotUnits: parameters.lotSize,
      tickUnits: parameters.tickSize,
      baseDecimals: at(state.assets, parameters.base).decimals,
      quoteDecimals: at(state.assets, parameters.quote).decimals,
    });
  }

  level([ticks, lots]: LadderLevel): LevelView {
    return { price: this.price(BigInt(ticks)), size: this.size(lots) };
  }

  /** A ladder, or changes of one, with the checksum of the ladder that it leads to. */
  ladder(levels: Ladder, whole: Ladder = levels): LadderView {
    return {
      bids: levels.bids.map((level) => this.level(level)),
      asks: levels.asks.map((level) => this.level(level)),
      checksum: this.#checksum(whole),
    };
  }

  #checksum({ bids, asks }: Ladder): string {
    const best = (half: readonly LadderLevel[]): LevelView[] => {
      return half.slice(0, CHECKSUM_LEVELS).map((level) => this.level(level));
    };
    return ladderChecksum({ bids: best(bids), asks: best(asks) });
  }
}

/** The units of a market that is known to exist. */
export function unitsOf(state: ExchangeState, marketId: number): BookUnits {
  const market = state.books.get(marketId);
  invariant(market !== undefined, 'what is told of a book belongs to a market');
  return new BookUnits(state, market.parameters);
}

/** A book with its rules, best prices as told, and the change that closed it. */
export function presentBook(
  state: ExchangeState,
  market: BookMarket,
  { ladder, change }: { readonly ladder: Ladder; readonly change?: BookStateChange },
): BookView {
  const { parameters, epoch, eventCount } = market;
  const units = new BookUnits(state, parameters);
  const [base, quote] = [at(state.assets, parameters.base), at(state.assets, parameters.quote)];
  const { lastTrade } = market.engine.book.core;
  return {
    marketId: String(market.marketId),
    symbol: `${base.symbol}-${quote.symbol}`,
    base: base.symbol,
    quote: quote.symbol,
    lotSize: units.size(1),
    tickSize: units.price(1n),
    lotUnits: String(parameters.lotSize),
    tickUnits: String(parameters.tickSize),
    baseDecimals: base.decimals,
    quoteDecimals: quote.decimals,
    notionalMin: units.quote(parameters.notionalMin),
    priceTicksMax: parameters.priceTicksMax,
    sizeLotsMax: parameters.sizeLotsMax,
    ordersMax: parameters.ordersMax,
    makerFeePpm: parameters.makerFeePpm,
    takerFeePpm: parameters.takerFeePpm,
    breakerBandPpm: parameters.breakerBandPpm,
    breakerWindowMs: parameters.breakerWindowMs,
    state: market.state,
    // A change that is being written may be older than the state.
    ...(change?.state === market.state && { restriction: presentRestriction(change) }),
    openOrders: market.open.size,
    ...presentQuote(units, ladder),
    ...(lastTrade > 0 && { lastPrice: units.price(BigInt(lastTrade)) }),
    epoch: { number: epoch.number, events: eventCount - epoch.firstEvent + 1 },
    settles: base.settles && quote.settles,
  };
}

function presentRestriction(change: BookStateChange): BookRestrictionView {
  const { cause, reason, timeMs, sequence } = change;
  return { cause, reason, since: isoTime(timeMs), sequence };
}

/** Best bid and ask, absent where there is none. */
export function presentQuote(
  units: BookUnits,
  { bids, asks }: Ladder,
): Pick<BookView, 'bestBid' | 'bestAsk'> {
  const [bid] = bids;
  const [ask] = asks;
  return {
    ...(bid !== undefined && { bestBid: units.level(bid) }),
    ...(ask !== undefined && { bestAsk: units.level(ask) }),
  };
}

/** A resting order, or that one rests no more. */
export function presentQueued(units: BookUnits, entry: QueueEntry): QueuedOrderView {
  const { orderId, side, priceTicks, lots, requeued } = entry;
  const place = lots > 0 ? { side, price: units.price(BigInt(priceTicks)) } : {};
  return { orderId: String(orderId), ...place, size: units.size(lots), requeued };
}

/** A trade as everybody sees it. */
export function presentTrade(units: BookUnits, trade: BookTrade): TradeView {
  const { tradeNumber, priceTicks, lots, takerSide, sequence, timeMs } = trade;
  const price = units.price(BigInt(priceTicks));
  return { tradeNumber, price, size: units.size(lots), takerSide, sequence, time: isoTime(timeMs) };
}

/** One owner's part of a trade. */
export function presentFill(units: BookUnits, fill: BookFill): FillView {
  const { side, role, fee, orderId } = fill;
  const { takerSide: _, ...trade } = presentTrade(units, { ...fill, takerSide: side });
  return { ...trade, orderId: String(orderId), side, role, fee: units.quote(fee) };
}

/** An order of a book: its signed terms, and where it stands in human units. */
export function presentBookOrder(units: BookUnits, record: BookOrderRecord): BookOrderView {
  const { order, filledLots, filledNotional, endedBy } = record;
  return {
    orderId: String(record.orderId),
    terms: {
      ...order,
      marketId: String(order.marketId),
      ocoWith: String(order.ocoWith),
      orderNonce: String(order.orderNonce),
    },
    status: record.status,
    reason: record.reason,
    price: units.price(BigInt(record.priceTicks)),
    size: units.size(record.sizeLots),
    filledSize: units.size(filledLots),
    leavesSize: units.size(record.leavesLots),
    ...(filledLots > 0 && { averagePrice: units.price(filledNotional, BigInt(filledLots)) }),
    sequence: record.sequence,
    admittedAt: isoTime(record.admittedAtMs),
    ...(endedBy !== undefined && { endedBy }),
  };
}

/** One change of one order. */
export function presentExecution(
  state: ExchangeState,
  marketId: number,
  report: ExecutionReport,
): ExecutionView {
  const units = unitsOf(state, marketId);
  const { cumulativeSize, cumulativeNotional, role } = report;
  return {
    marketId: String(marketId),
    execType: report.execType,
    orderStatus: report.orderStatus,
    reason: report.reason,
    orderId: String(report.orderId),
    clientOrderId: report.clientOrderId,
    side: report.side,
    price: units.price(BigInt(report.price)),
    size: units.size(report.size),
    cumulativeSize: units.size(cumulativeSize),
    leavesSize: units.size(report.leavesSize),
    ...(cumulativeSize > 0 && {
      averagePrice: units.price(cumulativeNotional, BigInt(cumulativeSize)),
    }),
    ...(role !== undefined && {
      lastPrice: units.price(BigInt(report.lastPrice)),
      lastSize: units.size(report.lastSize),
      fee: units.quote(report.fee),
      role,
      tradeNumber: report.tradeNumber,
    }),
  };
}

/** A sealed epoch of a book. */
export function presentBookEpoch(sealed: SealedBookEpoch): BookEpochView {
  const { sealedAtMs, verdicts: _, sequence: __, ...epoch } = sealed;
  return { ...epoch, marketId: String(epoch.marketId), sealedAt: isoTime(sealedAtMs) };
}

/** What one law said about an epoch of a book. */
export function presentBookVerdict({ id, name, verdict }: BookLawVerdict): BookVerdictView {
  if (verdict.kind === 'holds') {
    const { basis } = verdict;
    return { law: id, name, holds: true, ...(basis !== undefined && { basis }) };
  }
  const { rule, expected, actual, locus } = verdict;
  const place = 'orderId' in locus ? { ...locus, orderId: String(locus.orderId) } : { ...locus };
  return { law: id, name, holds: false, violation: { rule, expected, actual, locus: place } };
}
