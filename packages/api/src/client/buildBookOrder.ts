import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { mulDivCeil, mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import type { BookOrder, ClientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { parseClientOrderId } from '@lawbook/exchange/orders/bookOrder';
import type { BookView } from '../schema/bookViews.ts';
import { BookScale } from './bookScale.ts';

/** An order for a book in the words of a person: decimals of whole units. */
export interface BookOrderRequest {
  readonly marketId: string;
  readonly side: 'buy' | 'sell';
  /** Whole units of the base asset, a whole number of lots. */
  readonly size: string;
  /**
   * The limit, quote per whole unit of base, a whole number of ticks; of a market order the worst
   * price. A limit order needs it; a market order without it accepts `slippagePpm`.
   */
  readonly price?: string;
  /** Unless stated: limit with a price, market without one. */
  readonly type?: 'limit' | 'market';
  /** Unless stated: gtc for limit orders, ioc for market orders, gtd with `goodUntilMs`. */
  readonly timeInForce?: BookOrder['timeInForce'];
  readonly postOnly?: boolean;
  readonly selfTradePolicy?: BookOrder['selfTradePolicy'];
  /** Whole units of an iceberg that show at once; absent shows all. */
  readonly displaySize?: string;
  /** Where the order wakes up. */
  readonly trigger?: {
    readonly kind: 'stop' | 'takeProfit';
    readonly price: string;
    readonly source?: BookOrder['triggerSource'];
  };
  /** Id of the open order with which this one makes a pair. */
  readonly ocoWith?: string;
  /** When a gtd order ends, milliseconds since 1970. */
  readonly goodUntilMs?: number;
  /** 0x and 32 hex digits; a fresh one unless stated. */
  readonly clientOrderId?: string;
  /** How far past the best price of the other side a market order may trade; 5 % unless stated. */
  readonly slippagePpm?: number;
  /** For how long the signature can place the order; a minute unless stated. */
  readonly ttlMs?: number;
}

/** Who orders, until when, and under which id unless the request names one. */
export interface BookOrderFrame {
  readonly owner: AccountId;
  readonly orderNonce: bigint;
  readonly expiresAtMs: number;
  readonly clientOrderId: ClientOrderId;
}

const SLIPPAGE_PPM = 50_000;
const PPM = 1_000_000n;

/**
 * Translates a person's order to the one that is signed. Exact: what is no whole number of ticks or
 * lots is refused rather than rounded. Only a market order's own worst price is rounded, away from
 * the best price.
 *
 * Rejections: sizeOutOfRange, priceOutOfRange, displayOutOfRange, triggerOutOfRange, ocoUnknown,
 * malformedRequest for a client order id that is none.
 */
export function buildBookOrder(
  request: BookOrderRequest,
  book: BookView,
  frame: BookOrderFrame,
): Result<BookOrder> {
  const scale = scaleOf(book);
  const sizeLots = scale.lots(request.size);
  if (sizeLots === undefined || sizeLots < 1) return refuseSize(book, 'size', request.size);
  const displayLots = request.displaySize === undefined ? 0 : scale.lots(request.displaySize);
  if (displayLots === undefined) {
    const limit = `a multiple of ${book.lotSize}`;
    return refuse('displayOutOfRange', {
      field: 'displaySize',
      limit,
      actual: request.displaySize ?? '',
    });
  }
  const price = priceTicksOf(request, book, scale);
  if (!price.ok) return price;
  const triggerTicks = request.trigger === undefined ? 0 : scale.ticks(request.trigger.price);
  if (triggerTicks === undefined) {
    const limit = `a multiple of ${book.tickSize}`;
    const actual = request.trigger?.price ?? '';
    return refuse('triggerOutOfRange', { field: 'trigger.price', limit, actual });
  }
  const ocoWith = Number(request.ocoWith ?? '0');
  if (!Number.isSafeInteger(ocoWith) || ocoWith < 0) {
    return refuse('ocoUnknown', { field: 'ocoWith', actual: request.ocoWith ?? '' });
  }
  const type = typeOf(request);
  const named = request.clientOrderId;
  const clientOrderId = named === undefined ? frame.clientOrderId : parseClientOrderId(named);
  if (clientOrderId === undefined) {
    const limit = '0x and 32 hexadecimal digits';
    return refuse('malformedRequest', { field: 'clientOrderId', limit, actual: named ?? '' });
  }
  return accepted({
    owner: frame.owner,
    marketId: Number(book.marketId),
    clientOrderId,
    side: request.side,
    type,
    timeInForce: request.timeInForce ?? lifeOf(request, type),
    postOnly: request.postOnly ?? false,
    selfTradePolicy: request.selfTradePolicy ?? 'cancelResting',
    priceTicks: price.value,
    sizeLots,
    displayLots,
    trigger: request.trigger?.kind ?? 'none',
    triggerSource: request.trigger?.source ?? 'lastTrade',
    triggerTicks,
    ocoWith,
    goodUntilMs: request.goodUntilMs ?? 0,
    orderNonce: frame.orderNonce,
    expiresAtMs: frame.expiresAtMs,
  });
}

/** The scale of a book as the venue shows it. */
export function scaleOf(book: BookView): BookScale {
  const { baseDecimals, quoteDecimals } = book;
  const units = { lotUnits: BigInt(book.lotUnits), tickUnits: BigInt(book.tickUnits) };
  return new BookScale({ ...units, baseDecimals, quoteDecimals });
}

/** The ticks of a price in whole units. Rejections: priceOutOfRange. */
export function ticksOf(book: BookView, field: string, price: string): Result<number> {
  const ticks = scaleOf(book).ticks(price);
  if (ticks !== undefined && ticks >= 1 && ticks <= book.priceTicksMax) return accepted(ticks);
  const most = scaleOf(book).price(BigInt(book.priceTicksMax));
  const limit = `a multiple of ${book.tickSize} up to ${most}`;
  return refuse('priceOutOfRange', { field, limit, actual: price });
}

/** The lots of a size in whole units. Rejections: sizeOutOfRange. */
export function lotsOf(book: BookView, field: string, size: string): Result<number> {
  const lots = scaleOf(book).lots(size);
  return lots === undefined ? refuseSize(book, field, size) : accepted(lots);
}

function refuseSize(book: BookView, field: string, actual: string): Result<never> {
  const most = scaleOf(book).size(book.sizeLotsMax);
  const limit = `a multiple of ${book.lotSize} up to ${most}`;
  return refuse('sizeOutOfRange', { field, limit, actual });
}

function priceTicksOf(request: BookOrderRequest, book: BookView, scale: BookScale): Result<number> {
  if (request.price !== undefined) return ticksOf(book, 'price', request.price);
  if (typeOf(request) === 'limit') {
    const limit = `a multiple of ${book.tickSize}`;
    return refuse('priceOutOfRange', { field: 'price', limit, actual: 'absent' });
  }
  const best = (request.side === 'buy' ? book.bestAsk : book.bestBid)?.price ?? book.lastPrice;
  const ticks = best === undefined ? undefined : scale.ticks(best);
  if (ticks === undefined) {
    const limit = 'a worst price, since the book shows none';
    return refuse('priceOutOfRange', { field: 'price', limit, actual: 'absent' });
  }
  const slippage = BigInt(request.slippagePpm ?? SLIPPAGE_PPM);
  const worst =
    request.side === 'buy'
      ? mulDivCeil(BigInt(ticks), PPM + slippage, PPM)
      : mulDivFloor(BigInt(ticks), slippage < PPM ? PPM - slippage : 0n, PPM);
  return accepted(Math.max(1, Math.min(Number(worst), book.priceTicksMax)));
}

function typeOf({ type, price }: BookOrderRequest): BookOrder['type'] {
  return type ?? (price === undefined ? 'market' : 'limit');
}

function lifeOf(
  { goodUntilMs }: BookOrderRequest,
  type: BookOrder['type'],
): BookOrder['timeInForce'] {
  if (goodUntilMs !== undefined) return 'gtd';
  return type === 'market' ? 'ioc' : 'gtc';
}
