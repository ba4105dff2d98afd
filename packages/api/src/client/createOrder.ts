import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { parseDecimal } from '@lawbook/exchange/numbers/amount';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { MarketView, ProductView } from '../schema/marketViews.ts';
import { ratioLimit } from './limitRatio.ts';

/** An order in the words of a person. */
export interface OrderRequest {
  /** Symbol of the asset paid. */
  readonly pay: string;
  /** Symbol of the asset or basket received. */
  readonly receive: string;
  /** Most that is paid, whole units: `1000` or `1000.50`. */
  readonly amount: string;
  /**
   * Most paid per unit received, whole units: with pay USD and receive EUR, `1.1005` means at most
   * 1.1005 USD per EUR, fee included. Absent for a market order, which the protective band limits.
   */
  readonly limit?: string;
  /** Least part of the amount to spend if any, 0 to 1 with at most six decimals. */
  readonly minFill?: string;
  /** Life of the order from now. */
  readonly ttlMs?: number;
  readonly marketId?: string;
}

/** Who orders and until when. */
export interface OrderFrame {
  readonly owner: AccountId;
  readonly orderNonce: bigint;
  readonly expiresAtMs: number;
}

/**
 * Translates a person's order to the one that is signed. Exact: what cannot be expressed in ledger
 * units is refused rather than rounded.
 *
 * Rejections: assetUnknown, amountOutOfRange, limitOutOfRange, minFillOutOfRange.
 */
export function buildOrder(
  request: OrderRequest,
  market: MarketView,
  frame: OrderFrame,
): Result<BatchOrder> {
  const pay = productOf(market, request.pay, 'asset');
  if (pay === undefined) return refuse('assetUnknown', { field: 'pay', actual: request.pay });
  const receive = productOf(market, request.receive);
  if (receive === undefined) {
    return refuse('assetUnknown', { field: 'receive', actual: request.receive });
  }
  const budget = parseDecimal(request.amount, pay.decimals);
  if (budget === undefined || budget === 0n) {
    const limit = `a positive decimal with at most ${pay.decimals} digits after the point`;
    return refuse('amountOutOfRange', { field: 'amount', limit, actual: request.amount });
  }
  const limit =
    request.limit === undefined ? MARKET_ORDER : ratioLimit(request.limit, pay, receive);
  if (limit === undefined) {
    return refuse('limitOutOfRange', { field: 'limit', actual: request.limit ?? '' });
  }
  const minFill = parseDecimal(request.minFill ?? '0', 6);
  if (minFill === undefined || minFill > 1_000_000n) {
    const actual = request.minFill ?? '';
    return refuse('minFillOutOfRange', { field: 'minFill', limit: '0..1', actual });
  }
  return accepted({
    ...frame,
    marketId: Number(market.marketId),
    pay: pay.index,
    receive: receive.index,
    budget,
    limitNumerator: limit.numerator,
    limitDenominator: limit.denominator,
    minFillPpm: Number(minFill),
  });
}

const MARKET_ORDER = { numerator: 0n, denominator: 1n };

function productOf(
  { products }: MarketView,
  symbol: string,
  kind?: ProductView['kind'],
): ProductView | undefined {
  return products.find((product) => {
    return product.symbol === symbol && (kind === undefined || product.kind === kind);
  });
}
