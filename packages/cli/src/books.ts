import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { BookView } from '@lawbook/api/schema/bookViews';
import { placesOf, shownDecimal } from './book/quantities.ts';
import type { Program } from './terminal/program.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printResult } from './terminal/terminal.ts';
import type { AddressFlags } from './terminal/venueFlags.ts';
import { venueUrl, withAddressFlags } from './terminal/venueFlags.ts';
import { granted } from './trading/granted.ts';

const EXAMPLES = `
Examples:
  lawbook books
  lawbook books --json          rules of each: tick, lot, fees, breaker
  lawbook book 101              the ladder of one

Fees are in parts per million of what a trade is worth in quote; a negative one is a rebate.`;

/** `lawbook books`: the order books of a venue. */
export function addBooks(program: Program): void {
  withAddressFlags(program.command.command('books'))
    .description('List the order books of a venue with their best prices')
    .addHelpText('after', EXAMPLES)
    .action((flags: AddressFlags) => books(program, flags));
}

async function books({ terminal }: Program, flags: AddressFlags): Promise<void> {
  const client = new LawbookClient({ baseUrl: venueUrl(flags) });
  const reply = await granted(client.books.list());
  printResult(terminal, flags, reply, () => {
    const heads = [
      { head: 'book', align: 'right' },
      { head: 'symbol' },
      { head: 'state' },
      { head: 'bid', align: 'right' },
      { head: 'ask', align: 'right' },
      { head: 'last', align: 'right' },
      { head: 'orders', align: 'right' },
      { head: 'tick', align: 'right' },
      { head: 'lot', align: 'right' },
      { head: 'maker, taker ppm' },
      { head: 'settles' },
    ] as const;
    const rows = reply.books.map(bookCells);
    const none = 'this venue has no order books';
    return rows.length === 0 ? [none] : tableLines(heads, rows);
  });
}

function bookCells(book: BookView): string[] {
  const places = placesOf(book);
  const price = (text: string | undefined): string =>
    text === undefined ? '' : shownDecimal(text, places.price);
  return [
    book.marketId,
    book.symbol,
    book.state === 'open' ? paint.good(book.state) : paint.warn(book.state),
    price(book.bestBid?.price),
    price(book.bestAsk?.price),
    price(book.lastPrice),
    String(book.openOrders),
    price(book.tickSize),
    shownDecimal(book.lotSize, places.size),
    `${book.makerFeePpm}, ${book.takerFeePpm}`,
    book.settles ? 'yes' : 'no',
  ];
}
