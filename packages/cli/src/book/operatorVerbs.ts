import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { call } from '@lawbook/api/client/transport';
import type { BookRequest, BookState } from '@lawbook/api/schema/bookOperatorRoutes';
import { createBook, setBookState } from '@lawbook/api/schema/bookOperatorRoutes';
import { registerAsset } from '@lawbook/api/schema/operatorRoutes';
import type { Command } from 'commander';
import type { TokenFlags } from '../files/tokenFlags.ts';
import { operatorHeaders, withTokenFlags } from '../files/tokenFlags.ts';
import { UsageFault } from '../terminal/cliFault.ts';
import type { Program } from '../terminal/program.ts';
import { paint, printJson } from '../terminal/terminal.ts';
import type { AddressFlags } from '../terminal/venueFlags.ts';
import { venueUrl, withAddressFlags } from '../terminal/venueFlags.ts';
import { granted } from '../trading/granted.ts';
import { bookNamed, bookTitle } from './bookNamed.ts';
import { plainDecimal, readSpan } from './orderWords.ts';

type OperatorFlags = AddressFlags & TokenFlags;

interface CreateFlags extends OperatorFlags {
  readonly lot: string;
  readonly tick: string;
  readonly least: string;
  readonly maxTicks: string;
  readonly maxLots: string;
  readonly maxOrders: string;
  readonly maxAccounts: string;
  readonly makerPpm: string;
  readonly takerPpm: string;
  readonly band: string;
  readonly window: string;
}

const STATES: readonly BookState[] = ['open', 'postOnly', 'cancelOnly', 'halted'];

const CREATE_EXAMPLES = `
Examples:
  lawbook book create 103 PLAYGBP PLAYEUR --lot 1 --tick 0.0001
  lawbook book create 104 GEM PLAYUSD --lot 0.1 --tick 0.05 --maker-ppm -50 --taker-ppm 200 \\
      --band 50000 --window 1m

The rules of a book never change. A lot is the least that trades, in whole units of base; a tick the
least step of the price, and a tick on a lot must be whole ledger units of quote. Fees are parts per
million of a trade's worth; the band halts the book before a trade that far from the first of its
window. Where the venue has a base layer, the assets of a book are those that do not settle there.`;

const ASSET_EXAMPLES = `
Examples:
  lawbook book asset GEM --decimals 2
  lawbook book asset GEM --decimals 2 --url https://venue.example --token-file operator.token`;

const STATE_EXAMPLES = `
Examples:
  lawbook book state 101 cancelOnly --reason 'maintenance at noon'
  lawbook book state 101 open --reason 'done'

postOnly takes orders that rest, cancelOnly cancels and reductions, halted nothing from traders.
Orders still expire, and heartbeats still count, in every state.`;

/** Adds what the operator of a venue does with books: asset, create, state. */
export function addOperatorVerbs(book: Command, program: Program): void {
  withOperatorFlags(book.command('asset'))
    .description('Operator: register an asset that settles nowhere, for books')
    .argument('<symbol>', 'such as GEM')
    .option('--decimals <count>', 'digits of a ledger unit', '6')
    .addHelpText('after', ASSET_EXAMPLES)
    .action((symbol: string, flags: OperatorFlags & { readonly decimals: string }) =>
      asset(program, symbol, flags),
    );
  withOperatorFlags(book.command('create'))
    .description('Operator: open an order book')
    .argument('<market>', 'its number, not used before')
    .argument('<base>', 'symbol of what is traded')
    .argument('<quote>', 'symbol of what it is paid in')
    .requiredOption('--lot <size>', 'whole units of base in a lot')
    .requiredOption('--tick <price>', 'step of the price')
    .option('--least <amount>', 'least worth of a limit order, in quote', '1')
    .option('--max-ticks <count>', 'highest price, ticks', '1000000')
    .option('--max-lots <count>', 'largest order, lots', '1000000')
    .option('--max-orders <count>', 'orders that rest or wait at once', '20000')
    .option('--max-accounts <count>', 'owners that may ever trade here', '10000')
    .option('--maker-ppm <ppm>', 'fee of whoever rested; negative: a rebate', '0')
    .option('--taker-ppm <ppm>', 'fee of whoever took', '200')
    .option('--band <ppm>', 'circuit breaker; 0 switches it off', '100000')
    .option('--window <time>', 'window of the breaker', '1m')
    .addHelpText('after', CREATE_EXAMPLES)
    .action((market: string, base: string, quote: string, flags: CreateFlags) =>
      create(program, { market, base, quote }, flags),
    );
  withOperatorFlags(book.command('state'))
    .description(`Operator: set what a book allows: ${STATES.join(', ')}`)
    .argument('<market>', 'book by number or symbol')
    .argument('<state>', STATES.join(', '))
    .requiredOption('--reason <text>', 'shown to everybody while the book is not open')
    .addHelpText('after', STATE_EXAMPLES)
    .action((market: string, state: string, flags: OperatorFlags & { readonly reason: string }) =>
      setState(program, { market, state }, flags),
    );
}

async function asset(
  { terminal }: Program,
  symbol: string,
  flags: OperatorFlags & { readonly decimals: string },
): Promise<void> {
  const decimals = wholeNumber('--decimals', flags.decimals);
  const { transport } = new LawbookClient({ baseUrl: venueUrl(flags) });
  const headers = operatorHeaders(flags, 'registers assets');
  const body = { symbol: symbol.toUpperCase(), decimals, settles: false };
  const reply = await granted(call(transport, registerAsset, { body, headers }));
  if (flags.json === true) printJson(terminal, { ok: true, ...reply });
  else terminal.print(`${body.symbol} registered with ${decimals} digits; it settles nowhere`);
}

async function create(
  { terminal }: Program,
  words: { readonly market: string; readonly base: string; readonly quote: string },
  flags: CreateFlags,
): Promise<void> {
  const body: BookRequest = {
    marketId: String(wholeNumber('the market', words.market)),
    base: words.base.toUpperCase(),
    quote: words.quote.toUpperCase(),
    lotSize: plainDecimal('--lot', flags.lot),
    tickSize: plainDecimal('--tick', flags.tick),
    notionalMin: plainDecimal('--least', flags.least),
    priceTicksMax: wholeNumber('--max-ticks', flags.maxTicks),
    sizeLotsMax: wholeNumber('--max-lots', flags.maxLots),
    ordersMax: wholeNumber('--max-orders', flags.maxOrders),
    accountsMax: wholeNumber('--max-accounts', flags.maxAccounts),
    makerFeePpm: wholeNumber('--maker-ppm', flags.makerPpm),
    takerFeePpm: wholeNumber('--taker-ppm', flags.takerPpm),
    breakerBandPpm: wholeNumber('--band', flags.band),
    breakerWindowMs: readSpan('--window', flags.window),
  };
  const client = new LawbookClient({ baseUrl: venueUrl(flags) });
  const headers = operatorHeaders(flags, 'opens books');
  const { sequence } = await granted(call(client.transport, createBook, { body, headers }));
  const { book } = await granted(client.books.read(body.marketId, { atLeast: sequence }));
  if (flags.json === true) printJson(terminal, { ok: true, sequence, book });
  else terminal.print(`${bookTitle(book)}: ${paint.good(book.state)} as sequence ${sequence}`);
}

async function setState(
  { terminal }: Program,
  words: { readonly market: string; readonly state: string },
  flags: OperatorFlags & { readonly reason: string },
): Promise<void> {
  const wanted = words.state.toLowerCase();
  const state = STATES.find((known) => known.toLowerCase() === wanted);
  if (state === undefined) {
    throw new UsageFault(`a book is ${STATES.join(', ')}, not ${words.state}`);
  }
  const client = new LawbookClient({ baseUrl: venueUrl(flags) });
  const book = await bookNamed(client, words.market);
  const { marketId } = book;
  const headers = operatorHeaders(flags, 'opens and closes books');
  const parts = { params: { marketId }, body: { state, reason: flags.reason }, headers };
  const { sequence } = await granted(call(client.transport, setBookState, parts));
  if (flags.json === true) printJson(terminal, { ok: true, marketId, state, sequence });
  else terminal.print(`${bookTitle(book)}: ${state} as sequence ${sequence}`);
}

function withOperatorFlags(command: Command): Command {
  return withTokenFlags(withAddressFlags(command));
}

/** Reads a whole number; ranges are for the exchange to say. @throws UsageFault */
function wholeNumber(what: string, text: string): number {
  const plain = text.replaceAll('_', '');
  if (/^-?\d{1,10}$/.test(plain)) return Number(plain);
  throw new UsageFault(`${what} takes a whole number, not ${text}`);
}
