import type { BookRequest } from '@lawbook/api/schema/bookOperatorRoutes';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { BookMarketParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import { refuseBookParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import { amount, parseDecimal } from '@lawbook/exchange/numbers/amount';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import { PRICE_DECIMALS, PRICE_SCALE } from '@lawbook/exchange/numbers/price';
import { AmountReader } from './acceptMarket.ts';

/**
 * Reads the rules of a new book in human units. Rejections: assetUnknown, amountOutOfRange,
 * sameAsset, parametersInvalid, the last also for a tick that is no whole ledger unit on a lot.
 */
export function acceptBook(
  state: ExchangeState,
  request: BookRequest,
): Result<BookMarketParameters> {
  const read = new AmountReader(state);
  const base = read.asset('base', request.base);
  const quote = read.asset('quote', request.quote);
  const lotSize = read.amount('lotSize', request.base, request.lotSize);
  const notionalMin = read.amount('notionalMin', request.quote, request.notionalMin);
  if (read.refusal !== undefined) return read.refusal;
  const scaled = parseDecimal(request.tickSize, PRICE_DECIMALS) ?? 0n;
  const above = scaled * lotSize * 10n ** BigInt(quote.decimals);
  const below = PRICE_SCALE * 10n ** BigInt(base.decimals);
  const tick = mulDivFloor(above, 1n, below);
  if (tick * below !== above) return refuseTick(request);
  const { marketId, priceTicksMax, sizeLotsMax, ordersMax, accountsMax } = request;
  const { makerFeePpm, takerFeePpm, breakerBandPpm, breakerWindowMs } = request;
  const parameters: BookMarketParameters = {
    marketId: Number(marketId),
    base: base.id,
    quote: quote.id,
    lotSize,
    tickSize: amount(tick),
    notionalMin,
    ...{ priceTicksMax, sizeLotsMax, ordersMax, accountsMax },
    ...{ makerFeePpm, takerFeePpm, breakerBandPpm, breakerWindowMs },
  };
  // Asked before the exchange asks: an input must encode before it can be refused.
  const refused = refuseBookParameters(parameters);
  if (refused === undefined) return accepted(parameters);
  const { rejection } = refused;
  // The fields of the request have the names of the parameters.
  return { ok: false, rejection: { ...rejection, field: rejection.field.replace(/^.*\./, '') } };
}

function refuseTick({ tickSize, lotSize: lot }: BookRequest): Refused {
  const limit = `a price at which a lot of ${lot} is worth whole ledger units of the quote asset`;
  return refuse('parametersInvalid', { field: 'tickSize', limit, actual: tickSize });
}
