import { exactDecimal } from '@lawbook/analytics/exactDecimal';
import type { BookView } from '@lawbook/api/schema/bookViews';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';

/** Decimal places that prices and sizes of a book need: those of its tick and its lot. */
export interface BookPlaces {
  readonly price: number;
  readonly size: number;
}

/** The places of a book. */
export function placesOf({
  tickSize,
  lotSize,
}: Pick<BookView, 'tickSize' | 'lotSize'>): BookPlaces {
  return { price: neededPlaces(tickSize), size: neededPlaces(lotSize) };
}

/**
 * A decimal with so many places, thousands apart. Zeros are left out; digits never are, so a number
 * that is no multiple of the step keeps all that it has.
 */
export function shownDecimal(text: string, places: number): string {
  const [whole = '', fraction = ''] = text.split('.');
  const kept = Math.max(places, fraction.replace(/0+$/, '').length);
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return kept === 0 ? grouped : `${grouped}.${fraction.padEnd(kept, '0').slice(0, kept)}`;
}

/** The sum of decimals with as many places each, as such a decimal. */
export function addDecimals(a: string, b: string): string {
  const [x, y] = [exactDecimal(a), exactDecimal(b)];
  const places = Math.max(x.places, y.places);
  return formatDecimal(at(x, places) + at(y, places), places);
}

/** The difference of two decimals. */
export function subtractDecimals(a: string, b: string): string {
  const [x, y] = [exactDecimal(a), exactDecimal(b)];
  const places = Math.max(x.places, y.places);
  return formatDecimal(at(x, places) - at(y, places), places);
}

function at({ digits, places }: ReturnType<typeof exactDecimal>, wanted: number): bigint {
  invariant(wanted >= places, 'a decimal is widened only');
  return digits * 10n ** BigInt(wanted - places);
}

function neededPlaces(step: string): number {
  return (step.split('.')[1] ?? '').replace(/0+$/, '').length;
}
