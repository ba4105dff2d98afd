import { UsageFault } from '../terminal/cliFault.ts';

/** A count with its thousands apart. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Reads a whole number; underscores may group digits. @throws UsageFault */
export function readCount(flag: string, text: string, low: number, high: number): number {
  const count = Number(text.replaceAll('_', ''));
  if (/^[\d_]{1,16}$/.test(text) && count >= low && count <= high) return count;
  throw new UsageFault(`${flag} takes a whole number from ${low} to ${high}, not ${text}`);
}
