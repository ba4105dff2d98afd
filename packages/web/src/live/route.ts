import { Live } from './live.ts';

/** The screens of the page, in the order of its navigation. */
export const SCREENS = [
  'trade',
  'pool',
  'epochs',
  'verify',
  'laws',
  'account',
  'compare',
  'status',
] as const;
export type ScreenName = (typeof SCREENS)[number];

/** A place on the page: `#/epochs/12`. */
export interface Place {
  readonly screen: ScreenName;
  readonly rest: readonly string[];
}

/** The place that the address names. */
export const place: Live<Place> = new Live<Place>({ screen: 'trade', rest: [] });

/** Follows the address bar. */
export function followAddress(): void {
  const read = (): void => place.set(parsePlace(location.hash));
  addEventListener('hashchange', read);
  read();
}

/** The address of a place, for links. */
export function addressOf(screen: ScreenName, ...rest: readonly (string | number)[]): string {
  return `#/${[screen, ...rest].map((part) => encodeURIComponent(String(part))).join('/')}`;
}

/** Reads an address; an unknown one is the trading screen. */
export function parsePlace(hash: string): Place {
  const [first = '', ...rest] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  const screen = SCREENS.find((name) => name === first);
  return screen === undefined ? { screen: 'trade', rest: [] } : { screen, rest };
}

/** An address that somebody typed may hold anything. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
