import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { Withdrawal } from '@lawbook/exchange/orders/signedTypes';
import type { WithdrawalTerms } from './crossingViews.ts';
import type { OrderTerms } from './orderViews.ts';

/** The signed fields of an order as the wire has them; the venue shows them as it was sent them. */
export function wireTerms(order: BatchOrder): OrderTerms {
  return {
    owner: order.owner,
    marketId: String(order.marketId),
    pay: order.pay,
    receive: order.receive,
    budget: String(order.budget),
    limitNumerator: String(order.limitNumerator),
    limitDenominator: String(order.limitDenominator),
    minFillPpm: order.minFillPpm,
    orderNonce: String(order.orderNonce),
    expiresAtMs: order.expiresAtMs,
  };
}

/** The signed fields of a withdrawal as the wire has them. */
export function wireWithdrawal(withdrawal: Withdrawal): WithdrawalTerms {
  return {
    owner: withdrawal.owner,
    to: withdrawal.to,
    shard: withdrawal.shard,
    assetId: withdrawal.assetId,
    units: String(withdrawal.units),
    orderNonce: String(withdrawal.orderNonce),
    expiresAtMs: withdrawal.expiresAtMs,
  };
}
