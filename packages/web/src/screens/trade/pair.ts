import type { MarketView, ProductView } from '@lawbook/api/schema/marketViews';

/** What is paid and what is received, by symbol. */
export interface Pair {
  readonly pay: string;
  readonly receive: string;
}

/** The way people quote a pair: which symbol is priced, and in which. */
export interface Quoting {
  readonly base: string;
  readonly quote: string;
}

/** The numeraire quotes whatever it is paired with; else what is paid quotes what is received. */
export function quotingOf({ pay, receive }: Pair): Quoting {
  return receive === 'USD' ? { base: pay, quote: receive } : { base: receive, quote: pay };
}

/** Dollars per whole unit of every product; a basket is worth its parts. */
export function dollarPrices(
  { products, parameters }: MarketView,
  prices: ReadonlyMap<string, string>,
): ReadonlyMap<string, number> {
  const worth = new Map<string, number>([['USD', 1]]);
  for (const [symbol, price] of prices) worth.set(symbol, Number(price));
  const decimals = new Map(products.map((product) => [product.symbol, product.decimals]));
  for (const { symbol, units } of parameters.baskets) {
    const parts = units.map((part) => {
      const whole = Number(part.units) / 10 ** (decimals.get(part.symbol) ?? 0);
      return whole * (worth.get(part.symbol) ?? Number.NaN);
    });
    worth.set(
      symbol,
      parts.reduce((sum, part) => sum + part, 0),
    );
  }
  return worth;
}

/** A product by its symbol. */
export function productOf({ products }: MarketView, symbol: string): ProductView | undefined {
  return products.find((product) => product.symbol === symbol);
}

/** Quote per base; NaN while a price is unknown. */
export function rateOf({ base, quote }: Quoting, worth: ReadonlyMap<string, number>): number {
  return (worth.get(base) ?? Number.NaN) / (worth.get(quote) ?? Number.NaN);
}
