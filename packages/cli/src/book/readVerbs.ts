import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { BookOrderView } from '@lawbook/api/schema/bookActions';
import type { BookView, FillView, TradeView } from '@lawbook/api/schema/bookViews';
import type { Command } from 'commander';
import { UsageFault } from '../terminal/cliFault.ts';
import type { Program } from '../terminal/program.ts';
import { tableLines } from '../terminal/table.ts';
import { paint, printResult } from '../terminal/terminal.ts';
import type { AddressFlags } from '../terminal/venueFlags.ts';
import { venueUrl, withAddressFlags } from '../terminal/venueFlags.ts';
import { ownerOf } from '../trading/accounts.ts';
import { granted } from '../trading/granted.ts';
import { bookNamed, bookTitle } from './bookNamed.ts';
import { candleChart } from './candleChart.ts';
import { readSpan } from './orderWords.ts';
import { placesOf, shownDecimal } from './quantities.ts';

interface PageFlags extends AddressFlags {
  readonly limit: string;
}

const ORDERS_EXAMPLES = `
Examples:
  lawbook book orders 101 alice
  lawbook book orders 101 alice.key --ended --limit 200 --json`;

const FILLS_EXAMPLES = `
Examples:
  lawbook book fills 101 alice
  lawbook book fills EUR-USD 0xb2755771d818621ed250c26f9377abc2d74fb68b --json

A fee below zero was paid to the account.`;

const TRADES_EXAMPLES = `
Examples:
  lawbook book trades 101
  lawbook book trades 101 --limit 200 --json`;

const CANDLES_EXAMPLES = `
Examples:
  lawbook book candles 101
  lawbook book candles 101 --interval 1h --limit 120

One column each, old to new: a line from low to high, a body from open to close, light where the
price rose and full where it fell. Intervals without a trade have no candle.`;

/** Adds the verbs that read a book: orders, fills, trades, candles. */
export function addReadVerbs(book: Command, program: Program): void {
  withAddressFlags(book.command('orders'))
    .description('Orders of an account in a book, new to old; open ones unless --ended')
    .argument('<market>', 'book by number or symbol')
    .argument('<account>', 'address, key file or demo account')
    .option('--ended', 'those that have ended, too')
    .option('--limit <count>', 'how many', '50')
    .addHelpText('after', ORDERS_EXAMPLES)
    .action((market: string, account: string, flags: PageFlags & { readonly ended?: boolean }) =>
      orders(program, { market, account }, flags),
    );
  withAddressFlags(book.command('fills'))
    .description('What an account traded in a book, new to old')
    .argument('<market>', 'book by number or symbol')
    .argument('<account>', 'address, key file or demo account')
    .option('--limit <count>', 'how many', '50')
    .addHelpText('after', FILLS_EXAMPLES)
    .action((market: string, account: string, flags: PageFlags) =>
      fills(program, { market, account }, flags),
    );
  withAddressFlags(book.command('trades'))
    .description('Trades of a book, new to old')
    .argument('<market>', 'book by number or symbol')
    .option('--limit <count>', 'how many', '20')
    .addHelpText('after', TRADES_EXAMPLES)
    .action((market: string, flags: PageFlags) => trades(program, market, flags));
  withAddressFlags(book.command('candles'))
    .description('A chart of a book')
    .argument('<market>', 'book by number or symbol')
    .option('--interval <time>', 'width of a candle, such as 10s, 1m or 1h', '1m')
    .option('--limit <count>', 'how many candles', '60')
    .addHelpText('after', CANDLES_EXAMPLES)
    .action((market: string, flags: PageFlags & { readonly interval: string }) =>
      candles(program, market, flags),
    );
}

interface OwnedQuestion {
  readonly market: string;
  readonly account: string;
}

async function orders(
  { terminal }: Program,
  { market, account }: OwnedQuestion,
  flags: PageFlags & { readonly ended?: boolean },
): Promise<void> {
  const owner = ownerOf(account);
  const limit = readLimit(flags.limit);
  const client = new LawbookClient({ baseUrl: venueUrl(flags) });
  const book = await bookNamed(client, market);
  const which = flags.ended === true ? {} : { open: true };
  const reply = await granted(client.books.orders(book.marketId, { owner, limit, ...which }));
  printResult(terminal, flags, reply, () => {
    const heads = [
      { head: 'order', align: 'right' },
      { head: 'side' },
      { head: 'price', align: 'right' },
      { head: 'size', align: 'right' },
      { head: 'filled', align: 'right' },
      { head: 'status' },
      { head: 'terms' },
      { head: 'own id' },
    ] as const;
    const rows = reply.orders.map((order) => orderCells(book, order));
    const kind = flags.ended === true ? 'orders' : 'open orders';
    const none = `no ${kind} of ${owner} in ${bookTitle(book)}`;
    return rows.length === 0 ? [none] : tableLines(heads, rows);
  });
}

function orderCells(book: BookView, order: BookOrderView): string[] {
  const places = placesOf(book);
  const { terms, status, reason } = order;
  const colour = status === 'filled' ? paint.good : paint.warn;
  const why = reason === 'none' || reason === '' ? '' : ` (${reason})`;
  return [
    order.orderId,
    terms.side,
    shownDecimal(order.price, places.price),
    shownDecimal(order.size, places.size),
    shownDecimal(order.filledSize, places.size),
    status === 'new' ? status : `${colour(status)}${why}`,
    termsText(book, terms),
    ownIdText(terms.clientOrderId),
  ];
}

function termsText(book: BookView, terms: BookOrderView['terms']): string {
  const { type, timeInForce, trigger, triggerTicks, displayLots, ocoWith, goodUntilMs } = terms;
  const trip = (Number(book.tickSize) * triggerTicks).toFixed(placesOf(book).price);
  const source = terms.triggerSource === 'oracle' ? ' of the oracle' : '';
  return [
    `${type} ${timeInForce}`,
    ...(goodUntilMs === 0 ? [] : [`until ${new Date(goodUntilMs).toISOString()}`]),
    ...(terms.postOnly ? ['post-only'] : []),
    ...(trigger === 'none' ? [] : [`${trigger} at ${trip}${source}`]),
    ...(displayLots === 0 ? [] : [`shows ${Number(book.lotSize) * displayLots}`]),
    ...(ocoWith === '0' ? [] : [`pair of ${ocoWith}`]),
  ].join(', ');
}

/** An own id as the text that it was, where it was one. */
function ownIdText(clientOrderId: string): string {
  const bytes = Buffer.from(clientOrderId.slice(2), 'hex');
  const end = bytes.indexOf(0);
  const text = bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
  const isText =
    /^[\x21-\x7e]+$/.test(text) && (end < 0 || bytes.subarray(end).every((b) => b === 0));
  return isText ? text : clientOrderId;
}

async function fills(
  { terminal }: Program,
  { market, account }: OwnedQuestion,
  flags: PageFlags,
): Promise<void> {
  const owner = ownerOf(account);
  const limit = readLimit(flags.limit);
  const client = new LawbookClient({ baseUrl: venueUrl(flags) });
  const book = await bookNamed(client, market);
  const reply = await granted(client.books.fills(book.marketId, { owner, limit }));
  printResult(terminal, flags, reply, () => {
    const heads = [
      { head: 'trade', align: 'right' },
      { head: 'time' },
      { head: 'side' },
      { head: 'size', align: 'right' },
      { head: 'price', align: 'right' },
      { head: `fee ${book.quote}`, align: 'right' },
      { head: 'role' },
      { head: 'order', align: 'right' },
    ] as const;
    const rows = reply.fills.map((fill) => fillCells(book, fill));
    const none = `${owner} has not traded in ${bookTitle(book)}`;
    return rows.length === 0 ? [none] : tableLines(heads, rows);
  });
}

function fillCells(book: BookView, fill: FillView): string[] {
  const places = placesOf(book);
  return [
    String(fill.tradeNumber),
    fill.time,
    fill.side,
    shownDecimal(fill.size, places.size),
    shownDecimal(fill.price, places.price),
    fill.fee,
    fill.role,
    fill.orderId,
  ];
}

async function trades({ terminal }: Program, market: string, flags: PageFlags): Promise<void> {
  const limit = readLimit(flags.limit);
  const client = new LawbookClient({ baseUrl: venueUrl(flags) });
  const book = await bookNamed(client, market);
  const reply = await granted(client.books.trades(book.marketId, { limit }));
  printResult(terminal, flags, reply, () => {
    const heads = [
      { head: 'trade', align: 'right' },
      { head: 'time' },
      { head: 'taker' },
      { head: 'size', align: 'right' },
      { head: 'price', align: 'right' },
    ] as const;
    const rows = reply.trades.map((trade) => tradeCells(book, trade));
    const none = `no trades in ${bookTitle(book)} yet`;
    return rows.length === 0 ? [none] : tableLines(heads, rows);
  });
}

function tradeCells(book: BookView, trade: TradeView): string[] {
  const places = placesOf(book);
  const colour = trade.takerSide === 'buy' ? paint.good : paint.bad;
  return [
    String(trade.tradeNumber),
    trade.time,
    colour(trade.takerSide === 'buy' ? 'buys' : 'sells'),
    shownDecimal(trade.size, places.size),
    shownDecimal(trade.price, places.price),
  ];
}

async function candles(
  { terminal }: Program,
  market: string,
  flags: PageFlags & { readonly interval: string },
): Promise<void> {
  const limit = readLimit(flags.limit);
  const intervalMs = readSpan('--interval', flags.interval);
  const client = new LawbookClient({ baseUrl: venueUrl(flags) });
  const book = await bookNamed(client, market);
  const reply = await granted(client.books.candles(book.marketId, { limit, intervalMs }));
  printResult(terminal, flags, reply, () => {
    const label = `${bookTitle(book)}, ${flags.interval}`;
    const pricePlaces = placesOf(book).price;
    const oldToNew = reply.candles.slice(0, limit).toReversed();
    return candleChart(oldToNew, { pricePlaces, label });
  });
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,3}$/.test(text) && limit >= 1 && limit <= 200) return limit;
  throw new UsageFault(`--limit takes a count from 1 to 200, not ${text}`);
}
