import type { BookOrderNaming } from '@lawbook/api/client/bookTrader';
import type { BookOrderRequest } from '@lawbook/api/client/buildBookOrder';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { Command } from 'commander';
import { UsageFault } from '../terminal/cliFault.ts';

/** Flags that say what an order of a book is to do. */
export interface BookOrderFlags {
  readonly price?: string;
  readonly market?: boolean;
  readonly slippageBps?: string;
  readonly tif?: string;
  readonly postOnly?: boolean;
  readonly goodFor?: string;
  readonly goodUntil?: string;
  readonly stop?: string;
  readonly takeProfit?: string;
  readonly watches?: string;
  readonly oco?: string;
  readonly display?: string;
  readonly selfTrade?: string;
  readonly clientId?: string;
  readonly expires: string;
}

const TIMES_IN_FORCE = ['gtc', 'gtd', 'ioc', 'fok'] as const;
const SELF_TRADE = ['cancelResting', 'cancelArriving', 'decrement'] as const;
const WATCHED = ['lastTrade', 'oracle'] as const;

/** Adds the flags. */
export function withOrderFlags(command: Command): Command {
  return command
    .option('-p, --price <price>', 'limit; with --market the worst price')
    .option('--market', 'take what is there at once, up to the worst price')
    .option('--slippage-bps <bps>', 'worst price of a market order, from the best one', '500')
    .option('--tif <word>', `${TIMES_IN_FORCE.join(', ')}; gtc for limits, ioc for market orders`)
    .option('--post-only', 'rest, or be refused')
    .option('--good-for <time>', 'end after this, such as 90s, 15m, 8h or 2d (gtd)')
    .option('--good-until <time>', 'end at this ISO time, such as 2027-01-31T17:00Z (gtd)')
    .option('--stop <price>', 'wait until the price has moved here against the order')
    .option('--take-profit <price>', 'wait until the price has moved here in its favour')
    .option('--watches <price>', `what a trigger watches: ${WATCHED.join(' or ')}`, 'lastTrade')
    .option('--oco <order>', 'cancel that open order when this one trades, and the reverse')
    .option('--display <size>', 'show only this much at once (iceberg)')
    .option('--self-trade <policy>', `on meeting own orders: ${SELF_TRADE.join(', ')}`)
    .option('--client-id <id>', 'own id of the order: 0x and 32 hex digits, or up to 16 letters')
    .option('--expires <seconds>', 'the signature is void after this', '60');
}

/**
 * The order as the client takes it; prices and sizes are checked there, against the book.
 *
 * @param nowMs the clock, for orders that end.
 * @throws UsageFault for flags that are no words, or do not go together.
 */
export function bookOrderRequest(
  flags: BookOrderFlags,
  what: { readonly marketId: string; readonly side: string; readonly size: string },
  nowMs: number,
): BookOrderRequest {
  const { price } = flags;
  const isMarket = flags.market === true;
  if (!isMarket && price === undefined) {
    throw new UsageFault('name a limit with --price, or --market to take what is there');
  }
  const goodUntilMs = endOf(flags, nowMs);
  const trigger = triggerOf(flags);
  const timeInForce = pick('--tif', flags.tif, TIMES_IN_FORCE);
  if (timeInForce !== undefined && (timeInForce === 'gtd') !== (goodUntilMs !== undefined)) {
    throw new UsageFault('gtd goes with --good-for or --good-until, and they with gtd');
  }
  const selfTradePolicy = pick('--self-trade', flags.selfTrade, SELF_TRADE);
  return {
    marketId: what.marketId,
    side: readSide(what.side),
    size: plainDecimal('the size', what.size),
    type: isMarket ? 'market' : 'limit',
    slippagePpm: slippagePpm(flags.slippageBps ?? '500'),
    ttlMs: wholeSeconds('--expires', flags.expires) * 1000,
    ...(price !== undefined && { price: plainDecimal('--price', price) }),
    ...(timeInForce !== undefined && { timeInForce }),
    ...(goodUntilMs !== undefined && { goodUntilMs }),
    ...(flags.postOnly === true && { postOnly: true }),
    ...(trigger !== undefined && { trigger }),
    ...(flags.oco !== undefined && { ocoWith: readOrderId('--oco', flags.oco) }),
    ...(flags.display !== undefined && { displaySize: plainDecimal('--display', flags.display) }),
    ...(selfTradePolicy !== undefined && { selfTradePolicy }),
    ...(flags.clientId !== undefined && { clientOrderId: readClientOrderId(flags.clientId) }),
  };
}

/** Which open order a word means: digits are the venue's id, all else is the sender's own. */
export function orderNaming(word: string): BookOrderNaming {
  return /^\d+$/.test(word)
    ? { orderId: readOrderId('an order', word) }
    : { clientOrderId: readClientOrderId(word) };
}

/**
 * Sixteen bytes in hex: as written, or a short text and zeros behind it.
 * @throws UsageFault for what is neither.
 */
export function readClientOrderId(text: string): string {
  if (/^0x[0-9a-fA-F]{32}$/.test(text)) return text.toLowerCase();
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < 1 || bytes.length > ID_BYTES || /^0x/.test(text)) {
    throw new UsageFault(
      `an own id is 0x and 32 hexadecimal digits, or up to 16 letters, not ${text}`,
    );
  }
  const id = new Uint8Array(ID_BYTES);
  id.set(bytes);
  return bytesToHex(id);
}

const ID_BYTES = 16;

/** Reads `10`, `1_000.5` or `1,000.5`. @throws UsageFault */
export function plainDecimal(what: string, text: string): string {
  const plain = text.replaceAll(/[_,]/g, '');
  if (/^\d{1,19}(\.\d{1,18})?$/.test(plain)) return plain;
  throw new UsageFault(`${what} is a decimal such as 1.25, not ${text}`);
}

/** Reads 90s, 15m, 8h or 2d as milliseconds. @throws UsageFault */
export function readSpan(flag: string, text: string): number {
  const match = /^([1-9]\d{0,6})([smhd])$/.exec(text);
  if (match === null)
    throw new UsageFault(`${flag} takes a time such as 90s, 15m, 8h, not ${text}`);
  return Number(match[1]) * SPANS_MS[match[2] as keyof typeof SPANS_MS];
}

const SPANS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function endOf({ goodFor, goodUntil }: BookOrderFlags, nowMs: number): number | undefined {
  if (goodFor !== undefined && goodUntil !== undefined) {
    throw new UsageFault('--good-for and --good-until exclude each other');
  }
  if (goodFor !== undefined) return nowMs + readSpan('--good-for', goodFor);
  if (goodUntil === undefined) return undefined;
  const endMs = Date.parse(goodUntil);
  if (/^\d{4}-\d{2}-\d{2}T.*Z$/.test(goodUntil) && endMs > nowMs) return endMs;
  throw new UsageFault(`--good-until takes a later time in UTC, ending in Z, not ${goodUntil}`);
}

function triggerOf({
  stop,
  takeProfit,
  watches,
}: BookOrderFlags): BookOrderRequest['trigger'] | undefined {
  if (stop !== undefined && takeProfit !== undefined) {
    throw new UsageFault('an order has one trigger: pair a stop and a take-profit with --oco');
  }
  const source = pick('--watches', watches, WATCHED) ?? 'lastTrade';
  if (stop !== undefined) return { kind: 'stop', price: plainDecimal('--stop', stop), source };
  if (takeProfit === undefined) return undefined;
  return { kind: 'takeProfit', price: plainDecimal('--take-profit', takeProfit), source };
}

function readSide(word: string): 'buy' | 'sell' {
  const side = word.toLowerCase();
  if (side === 'buy' || side === 'sell') return side;
  throw new UsageFault(`an order says buy or sell, not ${word}`);
}

function slippagePpm(bps: string): number {
  const ppm = Math.round(Number(bps) * 100);
  if (/^\d{1,4}(\.\d{1,2})?$/.test(bps) && ppm <= 1_000_000) return ppm;
  throw new UsageFault(`--slippage-bps takes basis points from 0 to 10000, not ${bps}`);
}

function readOrderId(flag: string, text: string): string {
  if (/^[1-9]\d{0,15}$/.test(text)) return text;
  throw new UsageFault(`${flag} is named by its number, not ${text}`);
}

/** Reads whole seconds. @throws UsageFault */
export function wholeSeconds(flag: string, text: string): number {
  const seconds = Number(text);
  if (/^\d{1,7}$/.test(text) && seconds > 0) return seconds;
  throw new UsageFault(`${flag} takes whole seconds, not ${text}`);
}

function pick<T extends string>(
  flag: string,
  word: string | undefined,
  words: readonly T[],
): T | undefined {
  if (word === undefined) return undefined;
  const found = words.find((one) => one.toLowerCase() === word.toLowerCase());
  if (found !== undefined) return found;
  throw new UsageFault(`${flag} takes one of ${words.join(', ')}, not ${word}`);
}
