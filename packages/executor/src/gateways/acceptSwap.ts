import { ratioLimit } from '@lawbook/api/client/limitRatio';
import type { Swap } from '@lawbook/api/schema/compatibility';
import type { SignedOrder } from '@lawbook/api/schema/orderViews';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import { parseDecimal } from '@lawbook/exchange/numbers/amount';
import { PPM } from '@lawbook/exchange/numbers/price';
import { presentProducts } from './present/presentMarket.ts';

/**
 * Translates a swap of the batch-FX executor API to the order that its signature must cover.
 * Rejections: marketUnknown, assetUnknown, amountOutOfRange, limitOutOfRange, minFillOutOfRange.
 */
export function acceptSwap(state: ExchangeState, swap: Swap, place: string): Result<SignedOrder> {
  const marketId = swap.market_id ?? '1';
  const market = state.markets.get(Number(marketId));
  if (market === undefined || !/^[1-9]\d{0,8}$/.test(marketId)) {
    return refuse('marketUnknown', { field: `${place}.market_id`, actual: marketId });
  }
  const products = presentProducts(state, market.parameters);
  const pay = products.find(({ symbol, kind }) => symbol === swap.pay_asset && kind === 'asset');
  const receive = products.find(({ symbol }) => symbol === swap.receive_asset);
  if (pay === undefined || receive === undefined) {
    const [field, actual] =
      pay === undefined ? ['pay_asset', swap.pay_asset] : ['receive_asset', swap.receive_asset];
    return refuse('assetUnknown', { field: `${place}.${field}`, actual });
  }
  const budget = parseDecimal(plain(swap.budget), pay.decimals);
  if (budget === undefined) {
    const limit = `at most ${pay.decimals} digits after the point`;
    return refuse('amountOutOfRange', { field: `${place}.budget`, limit, actual: swap.budget });
  }
  const ratio = swap.limit_ratio ?? undefined;
  const limit = ratio === undefined ? MARKET : ratioLimit(plain(ratio), pay, receive);
  if (limit === undefined) {
    return refuse('limitOutOfRange', { field: `${place}.limit_ratio`, actual: String(ratio) });
  }
  const minFill = parseDecimal(plain(swap.min_fill_fraction ?? '0'), 6);
  if (minFill === undefined || minFill > PPM) {
    const field = `${place}.min_fill_fraction`;
    return refuse('minFillOutOfRange', {
      field,
      limit: '0..1',
      actual: swap.min_fill_fraction ?? 0,
    });
  }
  return accepted({
    owner: swap.owner,
    marketId,
    pay: pay.index,
    receive: receive.index,
    budget: String(budget),
    limitNumerator: String(limit.numerator),
    limitDenominator: String(limit.denominator),
    minFillPpm: Number(minFill),
    orderNonce: String(swap.nonce),
    expiresAtMs: swap.expires_at_ms,
    signature: swap.signature,
  });
}

const MARKET = { numerator: 0n, denominator: 1n };

/** A JSON number is read by its shortest decimal form; exponents fail to parse and are refused. */
function plain(number: string | number): string {
  return String(number);
}
