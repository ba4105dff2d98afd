import type { Price } from '@lawbook/exchange/numbers/price';
import { parsePriceDecimal, reciprocalPrice } from './decimalPrice.ts';
import { OracleFault } from './oracleFault.ts';

/** How one place quotes. Exactly one of `mapPath` and `paths` is set. */
export interface JsonSource {
  readonly name: string;
  readonly url: string;
  readonly quotes: 'usdPerUnit' | 'unitsPerUsd';
  /** JSON Pointer of an object that maps symbols to prices. */
  readonly mapPath?: string | undefined;
  /** JSON Pointer of the price of each symbol. */
  readonly paths?: Readonly<Record<string, string>> | undefined;
  /** JSON Pointer of the time of the quote: ISO 8601 or whole Unix milliseconds. */
  readonly timePath?: string | undefined;
}

/** What one source says. */
export interface SourceQuote {
  readonly name: string;
  readonly mids: ReadonlyMap<string, Price>;
  /** By the source's own clock where it tells the time, else when it was asked. */
  readonly observedAtMs: number;
}

/**
 * Reads the mids of `symbols` from an answer. Numbers are read from their digits in the text, so no
 * price passes through a float. A symbol that the source does not quote is left out.
 *
 * @throws OracleFault ORACLE_SOURCE_INVALID on anything that is not JSON, a price that is none, or
 *   a time that is none.
 */
export function readAnswer(
  source: JsonSource,
  text: string,
  ask: { readonly symbols: readonly string[]; readonly nowMs: number },
): SourceQuote {
  const answer = parseExact(source, text);
  const mids = new Map<string, Price>();
  for (const symbol of ask.symbols) {
    const pointer = source.paths?.[symbol] ?? `${source.mapPath ?? ''}/${symbol}`;
    if (source.paths !== undefined && source.paths[symbol] === undefined) continue;
    const found = follow(answer, pointer);
    if (found !== undefined) mids.set(symbol, toPrice(source, symbol, found));
  }
  return { name: source.name, mids, observedAtMs: toTime(source, answer, ask.nowMs) };
}

interface ParseContext {
  readonly source?: string;
}

/** JSON in which every number is replaced by its source text. */
function parseExact(source: JsonSource, text: string): unknown {
  const keepDigits = (_: string, parsed: unknown, context: ParseContext): unknown =>
    typeof parsed === 'number' ? context.source : parsed;
  try {
    return JSON.parse(text, keepDigits as (key: string, parsed: unknown) => unknown);
  } catch (cause) {
    throw invalid(source, 'the answer is not JSON', cause);
  }
}

/** Follows a JSON Pointer (RFC 6901) through own properties. */
function follow(answer: unknown, pointer: string): unknown {
  let here = answer;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Record<string, unknown>)[name];
  }
  return here;
}

function toPrice(source: JsonSource, symbol: string, found: unknown): Price {
  const quoted = typeof found === 'string' ? parsePriceDecimal(found) : undefined;
  const inverted = source.quotes === 'unitsPerUsd' && quoted !== undefined;
  const mid = inverted ? reciprocalPrice(quoted) : quoted;
  if (mid === undefined) throw invalid(source, `the price of ${symbol} is not a positive decimal`);
  return mid;
}

function toTime(source: JsonSource, answer: unknown, nowMs: number): number {
  if (source.timePath === undefined) return nowMs;
  const found = follow(answer, source.timePath);
  const text = typeof found === 'string' ? found : '';
  const iso = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text);
  const timeMs = /^\d{12,14}$/.test(text) ? Number(text) : Date.parse(iso ? text : '');
  if (!Number.isSafeInteger(timeMs)) throw invalid(source, 'the time of the quote is not a time');
  // A source whose clock runs ahead must not make its quotes last longer.
  return Math.min(timeMs, nowMs);
}

function invalid(source: JsonSource, reason: string, cause?: unknown): OracleFault {
  const message = `Oracle source ${source.name}: ${reason}. Check its URL and paths.`;
  return new OracleFault('ORACLE_SOURCE_INVALID', message, { source: source.name }, cause);
}
