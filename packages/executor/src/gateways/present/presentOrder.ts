import type { OrderView, PreviewView } from '@lawbook/api/schema/orderViews';
import { wireTerms } from '@lawbook/api/schema/wireTerms';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { OrderRecord, TradePreview } from '../../venueTypes.ts';
import { asOfState, isoTime } from './moments.ts';
import { presentPrice, presentProducts, symbolOf } from './presentMarket.ts';

/** An admitted order: its signed terms, and the same in human units. */
export function presentOrder(state: ExchangeState, record: OrderRecord): OrderView {
  const { order } = record;
  const parameters = parametersOf(state, order.marketId);
  const pay = productOf(state, parameters, order.pay);
  const receive = productOf(state, parameters, order.receive);
  return {
    orderId: record.orderId,
    terms: wireTerms(order),
    pay: pay.symbol,
    receive: receive.symbol,
    budget: formatDecimal(order.budget, pay.decimals),
    sequence: record.sequence,
    admittedAt: isoTime(record.admittedAtMs),
    batchNumber: record.batchNumber,
    status: record.status,
    paid: formatDecimal(record.paid, pay.decimals),
    received: formatDecimal(record.received, receive.decimals),
    fee: formatDecimal(record.fee, receive.decimals),
    ...(record.residual !== undefined && { residual: record.residual }),
    ...(record.endedBy !== undefined && { endedBy: record.endedBy }),
  };
}

/** The clearing engine's answer to a trade that was not placed. */
export function presentPreview(
  state: ExchangeState,
  order: BatchOrder,
  preview: TradePreview,
): PreviewView {
  const parameters = parametersOf(state, order.marketId);
  const pay = productOf(state, parameters, order.pay);
  const receive = productOf(state, parameters, order.receive);
  const { costBpsE2, bound } = preview;
  return {
    marketId: String(order.marketId),
    pay: pay.symbol,
    receive: receive.symbol,
    paid: formatDecimal(preview.paid, pay.decimals),
    received: formatDecimal(preview.received, receive.decimals),
    fee: formatDecimal(preview.fee, receive.decimals),
    ...(costBpsE2 !== undefined && { costBps: formatDecimal(costBpsE2, 2) }),
    ...(bound !== undefined && { bound }),
    ordersBeside: preview.ordersBeside,
    prices: parameters.assets.map(({ assetId }, i) => ({
      symbol: symbolOf(state, assetId),
      price: presentPrice(at(preview.prices, i)),
      mid: presentPrice(at(preview.mids, i)),
    })),
    asOf: asOfState(state),
  };
}

function parametersOf(state: ExchangeState, marketId: number): BatchParameters {
  const market = state.markets.get(marketId);
  invariant(market !== undefined, 'an admitted order belongs to a market');
  return market.parameters;
}

/**
 * Products keep their assets for the life of a market; a basket that was dropped since reads as
 * `GONE` in whole units.
 */
function productOf(
  state: ExchangeState,
  parameters: BatchParameters,
  index: number,
): { readonly symbol: string; readonly decimals: number } {
  return presentProducts(state, parameters)[index] ?? { symbol: 'GONE', decimals: 0 };
}
