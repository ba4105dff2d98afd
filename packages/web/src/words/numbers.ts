const GROUP = '\u202f';

/**
 * A decimal of the wire for people: thousands grouped by a thin space, a real minus sign, and as
 * many digits after the point as asked for. Cut, not rounded: a balance never looks larger than it
 * is; trailing digits that are cut show nowhere else than in the title.
 */
export function grouped(decimal: string, digits?: number): string {
  const negative = decimal.startsWith('-');
  const [whole = '0', fraction = ''] = decimal.replace(/^-/, '').split('.');
  const shown = digits === undefined ? fraction : fraction.padEnd(digits, '0').slice(0, digits);
  const wide = whole.replace(/\B(?=(\d{3})+$)/g, GROUP);
  return `${negative ? '\u2212' : ''}${wide}${shown === '' ? '' : `.${shown}`}`;
}

/** Whole numbers, grouped. */
export function counted(count: number | bigint | string): string {
  return grouped(String(count));
}

/** Digits after the point that people want to see of an amount of an asset. */
export function amountDigits(symbol: string, decimals: number): number {
  return symbol === 'JPY' ? Math.min(decimals, 0) : Math.min(decimals, 2);
}

/** A price or rate with six significant digits, at most eight after the point. */
export function rateText(rate: number): string {
  if (!Number.isFinite(rate) || rate <= 0) return '–';
  const digits = Math.max(0, Math.min(8, 5 - Math.floor(Math.log10(rate))));
  return grouped(rate.toFixed(digits));
}

/** Basis points of a part: 0.0001 is 1.00. Signed with a real minus. */
export function bpsText(part: number): string {
  return grouped((part * 10_000).toFixed(2).replace(/^-0\.00$/, '0.00'));
}

/** Percent of parts per million. */
export function percentOfPpm(ppm: number, digits = 2): string {
  return grouped((ppm / 10_000).toFixed(digits));
}

/** Large dollars for people: 1.24 m, 480.2 k. Exact figures stand in the title beside it. */
export function shortText(amount: number): string {
  const size = Math.abs(amount);
  const sign = amount < 0 ? '\u2212' : '';
  if (size >= 1e9) return `${sign}${(size / 1e9).toFixed(2)} bn`;
  if (size >= 1e6) return `${sign}${(size / 1e6).toFixed(2)} m`;
  if (size >= 1e4) return `${sign}${(size / 1e3).toFixed(1)} k`;
  return `${sign}${grouped(size.toFixed(2))}`;
}

/** A hash or address with its middle left out. */
export function shortHash(hash: string, ends = 6): string {
  return hash.length <= 2 * ends + 3 ? hash : `${hash.slice(0, ends + 2)}…${hash.slice(-ends)}`;
}

/** Bytes for people. */
export function bytesText(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(2)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} B`;
}

/** What was typed into a field of an amount, without the marks that only group digits. */
export function plainDecimal(typed: string): string {
  return typed.replace(/[\s\u202f_',]/g, '').trim();
}

/** A size without digits that say nothing: 12.500000 is 12.5. */
export function plainSize(size: number | string): string {
  const text = typeof size === 'number' ? size.toFixed(6) : size;
  return grouped(text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text);
}

/** Digits after the point that a step needs: 0.000100000000 needs four. */
export function digitsOfStep(step: string): number {
  return (step.split('.')[1] ?? '').replace(/0+$/, '').length;
}
