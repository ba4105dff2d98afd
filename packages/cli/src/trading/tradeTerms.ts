import type { MarketView, ProductView } from '@lawbook/api/schema/marketViews';
import type { PreviewRequest } from '@lawbook/api/schema/orderViews';
import { AMOUNT_MAX, parseDecimal } from '@lawbook/exchange/numbers/amount';
import { divFloor } from '@lawbook/exchange/numbers/mulDiv';
import { UsageFault } from '../terminal/cliFault.ts';

/** What a person wants, in words. */
export interface TradeWords {
  /** `1000 USD`, as one word or two. */
  readonly pay: readonly string[];
  readonly receive: string;
  /** Least whole units received per whole unit paid, fee included. */
  readonly limit?: string | undefined;
  /** Least part of the budget, percent. */
  readonly minFill?: string | undefined;
}

/**
 * The terms of an order as they are signed: ledger units, and the limit as an exact rational.
 * @throws UsageFault naming the word that does not fit the market.
 */
export function tradeTerms(market: MarketView, words: TradeWords): PreviewRequest {
  const { amountText, symbol } = readPay(words.pay);
  const pay = productOf(market, symbol);
  const receive = productOf(market, words.receive.toUpperCase());
  if (pay.kind === 'basket') throw new UsageFault(`an order pays an asset, and ${symbol} is none`);
  const budget = parseDecimal(amountText, pay.decimals);
  if (budget === undefined) {
    throw new UsageFault(`${symbol} has ${pay.decimals} decimals, so ${amountText} is no amount`);
  }
  return {
    marketId: market.marketId,
    pay: pay.index,
    receive: receive.index,
    budget: String(budget),
    ...limitTerms(words.limit, { pay, receive }),
    minFillPpm: readMinFill(words.minFill),
  };
}

/** The product of a symbol. */
export function productOf(market: MarketView, symbol: string): ProductView {
  const product = market.products.find((known) => known.symbol === symbol);
  if (product !== undefined) return product;
  const known = market.products.map((one) => one.symbol).join(' ');
  throw new UsageFault(`market ${market.marketId} has no ${symbol}: it has ${known}`);
}

/** Splits `1000 USD` or `1000USD`. */
export function readPay(words: readonly string[]): {
  readonly amountText: string;
  readonly symbol: string;
} {
  const match = /^([\d_]+(?:\.\d+)?)\s*([A-Za-z][A-Za-z0-9]*)$/.exec(words.join(' '));
  if (match !== null) {
    return {
      amountText: (match[1] as string).replaceAll('_', ''),
      symbol: (match[2] as string).toUpperCase(),
    };
  }
  throw new UsageFault(`write an amount and a symbol such as 1000 USD, not ${words.join(' ')}`);
}

/**
 * A rate of whole units as a rational of ledger units:
 *   receive units / pay units = rate * 10^(decimals received) / 10^(decimals paid)
 */
function limitTerms(
  limit: string | undefined,
  { pay, receive }: { readonly pay: ProductView; readonly receive: ProductView },
): Pick<PreviewRequest, 'limitNumerator' | 'limitDenominator'> {
  if (limit === undefined) return { limitNumerator: '0', limitDenominator: '1' };
  const match = /^(\d{1,12})(?:\.(\d{1,12}))?$/.exec(limit);
  if (match === null) {
    throw new UsageFault(`--limit takes a decimal such as 0.9085, not ${limit}`);
  }
  const fraction = match[2] ?? '';
  const numerator = BigInt(`${match[1]}${fraction}`) * 10n ** BigInt(receive.decimals);
  const denominator = 10n ** BigInt(fraction.length + pay.decimals);
  if (numerator === 0n)
    throw new UsageFault('--limit is above zero; leave it out to trade at market');
  const divisor = commonDivisor(numerator, denominator);
  const [least, per] = [divFloor(numerator, divisor), divFloor(denominator, divisor)];
  if (least > AMOUNT_MAX || per > AMOUNT_MAX) {
    throw new UsageFault(`--limit ${limit} has more digits than an order can carry`);
  }
  return { limitNumerator: String(least), limitDenominator: String(per) };
}

function readMinFill(text: string | undefined): number {
  if (text === undefined) return 0;
  const percent = /^(\d{1,3}(?:\.\d{1,4})?)%?$/.exec(text)?.[1];
  const ppm = percent === undefined ? Number.NaN : Math.round(Number(percent) * 10_000);
  if (ppm >= 0 && ppm <= 1_000_000) return ppm;
  throw new UsageFault(`--min-fill takes percent from 0 to 100, not ${text}`);
}

function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}
