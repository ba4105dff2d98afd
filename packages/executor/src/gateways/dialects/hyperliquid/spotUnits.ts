import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BookMarketParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import { BookUnits } from '../../present/presentBook.ts';

/**
 * Prices and sizes of one book as the dialect writes them: decimals without zeros at the end.
 * Reading is exact; what does not fall on a tick or a lot is told, never rounded.
 */
export class SpotUnits {
  readonly #units: BookUnits;
  readonly #tickSize: bigint;
  readonly #lotSize: bigint;
  readonly #base: bigint;
  readonly #quote: bigint;

  constructor(state: ExchangeState, parameters: BookMarketParameters) {
    this.#units = new BookUnits(state, parameters);
    this.#tickSize = parameters.tickSize;
    this.#lotSize = parameters.lotSize;
    this.#base = 10n ** BigInt(at(state.assets, parameters.base).decimals);
    this.#quote = 10n ** BigInt(at(state.assets, parameters.quote).decimals);
  }

  /** Price of so many ticks; `of` averages a sum of ticks times lots over so many lots. */
  price(ticks: bigint | number, of = 1n): string {
    return plainDecimal(this.#units.price(BigInt(ticks), of));
  }

  size(lots: number): string {
    return plainDecimal(this.#units.size(lots));
  }

  quote(units: bigint): string {
    return plainDecimal(this.#units.quote(units));
  }

  /** Quote units of a sum of ticks times lots. */
  notional(ticksTimesLots: bigint): string {
    return this.quote(ticksTimesLots * this.#tickSize);
  }

  /** Fraction digits that sizes have: those of one lot. */
  get sizeDecimals(): number {
    return this.size(1).split('.')[1]?.length ?? 0;
  }

  /**
   * The ticks of a price; undefined when it is between two. A market whose tick is no finite
   * decimal reads prices as it writes them, rounded down to twelve digits.
   */
  ticks(text: string): number | undefined {
    const decimal = readDecimal(text);
    if (decimal === undefined) return undefined;
    const { digits, scale } = decimal;
    const above = digits * this.#quote;
    const below = scale * this.#base * this.#tickSize;
    const floor = mulDivFloor(above, this.#lotSize, below);
    if (floor * below === above * this.#lotSize) return Number(floor);
    const written = plainDecimal(text);
    const near = [floor, floor + 1n].find((ticks) => this.price(ticks) === written);
    return near === undefined ? undefined : Number(near);
  }

  /** The lots of a size; undefined when it is between two. */
  lots(text: string): number | undefined {
    const decimal = readDecimal(text);
    if (decimal === undefined) return undefined;
    const { digits, scale } = decimal;
    const below = scale * this.#lotSize;
    const floor = mulDivFloor(digits, this.#base, below);
    return floor * below === digits * this.#base ? Number(floor) : undefined;
  }
}

/** A decimal without zeros at its end, or at its start before another digit. */
export function plainDecimal(text: string): string {
  const [whole = '0', fraction = ''] = text.split('.');
  const digits = fraction.replace(/0+$/, '');
  const front = whole.replace(/^(-?)0+(?=\d)/, '$1');
  return digits === '' ? front : `${front}.${digits}`;
}

/** Decimals as the dialect's clients write them; bounded, so that no number is huge. */
export const DECIMAL_PATTERN: RegExp = /^\d{1,20}(?:\.\d{1,20})?$/;

function readDecimal(
  text: string,
): { readonly digits: bigint; readonly scale: bigint } | undefined {
  if (!DECIMAL_PATTERN.test(text)) return undefined;
  const [whole = '', fraction = ''] = text.split('.');
  return { digits: BigInt(whole + fraction), scale: 10n ** BigInt(fraction.length) };
}
