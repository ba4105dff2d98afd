import { formatDecimal, parseDecimal } from '@lawbook/exchange/numbers/amount';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import { PRICE_DECIMALS, PRICE_SCALE } from '@lawbook/exchange/numbers/price';

/** What ticks and lots of a book are worth. */
export interface BookScaleUnits {
  /** Ledger units of the base asset in one lot. */
  readonly lotUnits: bigint;
  /** Ledger units of the quote asset by which one tick changes the price of one lot. */
  readonly tickUnits: bigint;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
}

/**
 * Translates between ticks and lots of one book and the decimals that people read. Prices are shown
 * with twelve digits, rounded down; every text that is shown is read back as what it stands for,
 * and what is no whole tick or lot is refused rather than rounded.
 */
export class BookScale {
  readonly #units: BookScaleUnits;
  /** A price is `ticks * above / below`, scaled by PRICE_SCALE. */
  readonly #above: bigint;
  readonly #below: bigint;

  constructor(units: BookScaleUnits) {
    this.#units = units;
    this.#above = units.tickUnits * 10n ** BigInt(units.baseDecimals) * PRICE_SCALE;
    this.#below = units.lotUnits * 10n ** BigInt(units.quoteDecimals);
  }

  /** A price, or with `of` the average of a sum of ticks times lots over so many lots. */
  price(ticks: bigint, of = 1n): string {
    return formatDecimal(mulDivFloor(ticks, this.#above, of * this.#below), PRICE_DECIMALS);
  }

  /** Lots in whole units of the base asset. */
  size(lots: number): string {
    return formatDecimal(BigInt(lots) * this.#units.lotUnits, this.#units.baseDecimals);
  }

  /** Quote ledger units in whole units. */
  quote(units: bigint): string {
    return formatDecimal(units, this.#units.quoteDecimals);
  }

  /** The ticks of a price; undefined for what is no decimal, no whole tick, or above 2^53. */
  ticks(text: string): number | undefined {
    const scaled = parseDecimal(text, PRICE_DECIMALS);
    if (scaled === undefined) return undefined;
    const floor = mulDivFloor(scaled, this.#below, this.#above);
    const shown = formatDecimal(scaled, PRICE_DECIMALS);
    // A price that was rounded down when it was shown stands one tick higher.
    const ticks = [floor, floor + 1n].find((candidate) => this.price(candidate) === shown);
    return ticks === undefined || ticks > SAFE_MAX ? undefined : Number(ticks);
  }

  /** The lots of a size; undefined for what is no decimal, no whole lot, or above 2^53. */
  lots(text: string): number | undefined {
    const units = parseDecimal(text, this.#units.baseDecimals);
    if (units === undefined) return undefined;
    const lots = mulDivFloor(units, 1n, this.#units.lotUnits);
    const isWhole = lots * this.#units.lotUnits === units;
    return isWhole && lots <= SAFE_MAX ? Number(lots) : undefined;
  }
}

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);
