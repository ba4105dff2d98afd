import { divFloor, mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import type { Price } from '@lawbook/exchange/numbers/price';
import { PRICE_DECIMALS, PRICE_MAX, PRICE_SCALE, price } from '@lawbook/exchange/numbers/price';

const DECIMAL = /^(\d{1,30})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * Reads a decimal such as `1.1591515` or `8.8e-3` as a price, without floats. Digits beyond 1e-12
 * are dropped (rounds down).
 *
 * @returns undefined for anything but a positive decimal within the range of a price.
 */
export function parsePriceDecimal(text: string): Price | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const fraction = match[2] ?? '';
  const digits = BigInt(`${match[1]}${fraction}`);
  const shift = PRICE_DECIMALS + Number(match[3] ?? 0) - fraction.length;
  const scaled =
    shift >= 0 ? digits * 10n ** BigInt(shift) : divFloor(digits, 10n ** BigInt(-shift));
  return scaled > 0n && scaled <= PRICE_MAX ? price(scaled) : undefined;
}

/**
 * Turns units per dollar into dollars per unit, or back. Rounds down.
 *
 * @returns undefined where the reciprocal is not within the range of a price.
 */
export function reciprocalPrice(quoted: Price): Price | undefined {
  const scaled = mulDivFloor(PRICE_SCALE, PRICE_SCALE, quoted);
  return scaled > 0n && scaled <= PRICE_MAX ? price(scaled) : undefined;
}
