import type {
  BookFill,
  BookOrderRecord,
  BookTrade,
  LadderLevel,
} from '../../../books/bookRecords.ts';
import type { SpotMarket } from './spotMarkets.ts';
import { wideId } from './spotMarkets.ts';

/** B for bids and buyers, A for asks and sellers. */
export type WireSide = 'B' | 'A';

/** There are no transactions of a chain behind orders of a book. */
export const NO_TRANSACTION: string = `0x${'0'.repeat(64)}`;
/** Parties of a trade are not told; whoever reads the bundle of the epoch finds them. */
export const NOBODY: string = `0x${'0'.repeat(40)}`;

/** One price of a book. */
export interface WireLevel {
  readonly px: string;
  readonly sz: string;
  readonly n: number;
}

/** An open order in short. */
export interface WireOpenOrder {
  readonly coin: string;
  readonly side: WireSide;
  readonly limitPx: string;
  readonly sz: string;
  readonly oid: number;
  readonly timestamp: number;
  readonly origSz: string;
  readonly cloid: string;
}

/** An order with what a user interface shows. */
export interface WireFrontendOrder extends WireOpenOrder {
  readonly triggerCondition: string;
  readonly isTrigger: boolean;
  readonly triggerPx: string;
  readonly children: readonly never[];
  readonly isPositionTpsl: boolean;
  readonly reduceOnly: boolean;
  readonly orderType: string;
  readonly tif: 'Gtc' | 'Ioc' | 'Alo' | 'FrontendMarket' | null;
}

/** A change of an order, or where it stands. */
export interface WireOrderUpdate<O = WireFrontendOrder> {
  readonly order: O;
  readonly status: string;
  readonly statusTimestamp: number;
}

/** A trade as everybody sees it. */
export interface WireTrade {
  readonly coin: string;
  readonly side: WireSide;
  readonly px: string;
  readonly sz: string;
  readonly time: number;
  readonly hash: string;
  readonly tid: number;
  readonly users: readonly [buyer: string, seller: string];
}

/** The part of a trade that one owner had. */
export interface WireFill extends Omit<WireTrade, 'users'> {
  readonly startPosition: string;
  readonly dir: string;
  readonly closedPnl: string;
  readonly oid: number;
  readonly crossed: boolean;
  readonly fee: string;
  readonly feeToken: string;
  readonly twapId: null;
}

/** A level; the dialect counts orders, this venue's ladder does not, so a level counts as one. */
export function wireLevel({ units }: SpotMarket, [ticks, lots]: LadderLevel): WireLevel {
  return { px: units.price(ticks), sz: units.size(lots), n: 1 };
}

/** An open order in short; `sz` is what has not traded, also of an order that has ended. */
export function wireOpenOrder(market: SpotMarket, record: BookOrderRecord): WireOpenOrder {
  const { units, coin } = market;
  const { order, sizeLots, filledLots } = record;
  return {
    coin,
    side: order.side === 'buy' ? 'B' : 'A',
    limitPx: units.price(record.priceTicks),
    sz: units.size(sizeLots - filledLots),
    oid: wideId(market, record.orderId),
    timestamp: record.admittedAtMs,
    origSz: units.size(sizeLots),
    cloid: order.clientOrderId,
  };
}

/** An order with what a user interface shows. */
export function wireFrontendOrder(market: SpotMarket, record: BookOrderRecord): WireFrontendOrder {
  const { order } = record;
  const isTrigger = order.trigger !== 'none';
  const triggerPx = market.units.price(order.triggerTicks);
  const isRise = (order.trigger === 'stop') === (order.side === 'buy');
  return {
    ...wireOpenOrder(market, record),
    triggerCondition: isTrigger ? `Price ${isRise ? 'above' : 'below'} ${triggerPx}` : 'N/A',
    isTrigger,
    triggerPx,
    children: [],
    isPositionTpsl: false,
    reduceOnly: false,
    orderType: `${TRIGGER_WORDS[order.trigger]}${order.type === 'limit' ? 'Limit' : 'Market'}`,
    tif: tifOf(record),
  };
}

/** Where an order stands, in the dialect's word. */
export function wireStatus({ status, reason, filledLots, order }: BookOrderRecord): string {
  if (status === 'new' || status === 'partiallyFilled') return 'open';
  if (status === 'filled') return 'filled';
  switch (reason) {
    case 'selfTrade':
      return 'selfTradeCanceled';
    case 'deadMan':
      return 'scheduledCancel';
    case 'oco':
      return 'siblingFilledCanceled';
    case 'postOnly':
      return 'badAloPxRejected';
    case 'unfilled':
    case 'fokUnfilled': {
      const none = order.type === 'market' ? 'marketOrderNoLiquidityRejected' : 'iocCancelRejected';
      return filledLots > 0 ? 'canceled' : none;
    }
    case 'breaker':
    case 'operator':
      return 'internalCancel';
    default:
      return 'canceled';
  }
}

/** A trade as everybody sees it. */
export function wireTrade(market: SpotMarket, trade: BookTrade): WireTrade {
  return { ...traded(market, trade, trade.takerSide), users: [NOBODY, NOBODY] };
}

/**
 * The part of a trade that one owner had. Nothing is known of positions and profits: a book trades
 * assets, and what somebody paid for those it holds is not kept.
 */
export function wireFill(market: SpotMarket, fill: BookFill): WireFill {
  return {
    ...traded(market, fill, fill.side),
    startPosition: '0',
    dir: fill.side === 'buy' ? 'Buy' : 'Sell',
    closedPnl: '0',
    oid: wideId(market, fill.orderId),
    crossed: fill.role === 'taker',
    fee: market.units.quote(fill.fee),
    feeToken: market.quoteSymbol,
    twapId: null,
  };
}

function traded(
  market: SpotMarket,
  trade: Pick<BookTrade, 'priceTicks' | 'lots' | 'timeMs' | 'tradeNumber'>,
  side: 'buy' | 'sell',
): Omit<WireTrade, 'users'> {
  return {
    coin: market.coin,
    side: side === 'buy' ? 'B' : 'A',
    px: market.units.price(trade.priceTicks),
    sz: market.units.size(trade.lots),
    time: trade.timeMs,
    hash: NO_TRANSACTION,
    tid: wideId(market, trade.tradeNumber),
  };
}

const TRIGGER_WORDS = { none: '', stop: 'Stop ', takeProfit: 'Take Profit ' } as const;

function tifOf({ order }: BookOrderRecord): WireFrontendOrder['tif'] {
  if (order.postOnly) return 'Alo';
  return order.timeInForce === 'gtc' || order.timeInForce === 'gtd' ? 'Gtc' : 'Ioc';
}
