import type { RejectionView } from '@lawbook/api/schema/rejectionView';
import type { BookOrderStatus } from '@lawbook/exchange/markets/book/executionReport';
import type { SpotMarket } from './spotMarkets.ts';
import { wideId } from './spotMarkets.ts';
import { plainDecimal } from './spotUnits.ts';

/** What became of one order of an action. */
export type OrderReply =
  | { readonly resting: { readonly oid: number; readonly cloid?: string } }
  | {
      readonly filled: {
        readonly totalSz: string;
        readonly avgPx: string;
        readonly oid: number;
        readonly cloid?: string;
      };
    }
  | { readonly error: string };

/** What became of one cancel of an action. */
export type CancelReply = 'success' | { readonly error: string };

/** The answer to an action, in the dialect's shape. */
export type ActionReply =
  | { readonly status: 'err'; readonly response: string }
  | {
      readonly status: 'ok';
      readonly response:
        | { readonly type: 'default' }
        | { readonly type: 'order'; readonly data: { readonly statuses: readonly OrderReply[] } }
        | { readonly type: 'cancel'; readonly data: { readonly statuses: readonly CancelReply[] } };
    };

export const DONE: ActionReply = { status: 'ok', response: { type: 'default' } };

/** The dialect's sentence for what comes too often. */
export function tooMany(limit: number): string {
  return `Too many cumulative requests sent: at most ${limit} at once.`;
}

/** The answer that nothing was done, and why. */
export function failed(response: string): ActionReply {
  return { status: 'err', response };
}

/** An order by our number in its market and, where its sender gave one, its own id. */
export interface NamedOrder {
  readonly orderId: number;
  readonly cloid: string | undefined;
}

/** Where an order stands after an input, sizes and prices in human units. */
export interface OrderOutcome {
  readonly status: BookOrderStatus;
  readonly reason: string;
  readonly filledSize: string;
  /** Absent where nothing traded. */
  readonly averagePrice: string | undefined;
}

/**
 * The dialect's word for an order that was taken: it rests, it traded and is over, or it is over
 * without a trade, which the dialect calls an error.
 */
export function orderReply(
  { status, reason, filledSize, averagePrice }: OrderOutcome,
  { orderId, cloid }: NamedOrder,
  market: SpotMarket,
): OrderReply {
  const named = { oid: wideId(market, orderId), ...(cloid !== undefined && { cloid }) };
  if (status === 'new' || status === 'partiallyFilled') return { resting: named };
  if (averagePrice !== undefined) {
    const avgPx = plainDecimal(averagePrice);
    return { filled: { totalSz: plainDecimal(filledSize), avgPx, ...named } };
  }
  const asset = `asset=${market.asset}`;
  if (reason === 'unfilled' || reason === 'fokUnfilled') {
    return { error: `Order could not immediately match against any resting orders. ${asset}` };
  }
  return { error: `Order was canceled at once: ${reason}. ${asset}` };
}

/**
 * A refusal of the exchange in the words of the dialect, where it has any: clients tell errors
 * apart by how these sentences begin. The rest names our rule.
 */
export function refusalText(rejection: RejectionView, market: SpotMarket | undefined): string {
  const { code, rule, limit, actual } = rejection;
  const asset = market === undefined ? '' : ` asset=${market.asset}`;
  switch (code) {
    case 'orderUnknown':
    case 'orderClosed':
      return `${ORDER_GONE}${asset}`;
    case 'insufficientAvailable':
      return `Insufficient spot balance${asset}`;
    case 'postOnlyWouldCross': {
      const best = market !== undefined && limit !== undefined ? market.units.price(+limit) : '';
      return `Post only order would have immediately matched, best is ${best}.${asset}`;
    }
    case 'notionalTooSmall': {
      const least = market?.units.quote(market.book.parameters.notionalMin);
      return `Order must have minimum value of ${least} ${market?.quoteSymbol}.${asset}`;
    }
    case 'rateLimited':
      return tooMany(Number(limit));
    default: {
      const bound = limit === undefined ? '' : ` limit=${limit}`;
      const sent = actual === undefined ? '' : ` actual=${actual}`;
      return `${rule} (${code}${bound}${sent})${asset}`;
    }
  }
}

export const ORDER_GONE = 'Order was never placed, already canceled, or filled.';
