import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { addActVerbs } from './book/actVerbs.ts';
import { bookNamed } from './book/bookNamed.ts';
import { ladderLines } from './book/ladderLines.ts';
import { addOperatorVerbs } from './book/operatorVerbs.ts';
import { addReadVerbs } from './book/readVerbs.ts';
import { watchLadder } from './book/watchLadder.ts';
import { UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { printResult } from './terminal/terminal.ts';
import type { AddressFlags } from './terminal/venueFlags.ts';
import { venueUrl, withAddressFlags } from './terminal/venueFlags.ts';
import { granted } from './trading/granted.ts';

interface LadderFlags extends AddressFlags {
  readonly levels: string;
  readonly watch?: boolean;
  readonly count?: string;
}

const EXAMPLES = `
Examples:
  lawbook books                                    every book of the venue
  lawbook book 101                                 the ladder of one
  lawbook book PLAYEUR-PLAYUSD --watch             live, until Ctrl-C
  lawbook book order 101 buy 250 --price 1.0995 --from alice
  lawbook book orders 101 alice
  lawbook book replace 101 57 --price 1.1 --size 200 --from alice
  lawbook book cancel 101 --all --from alice
  lawbook book candles 101 --interval 10s
  lawbook epoch export latest --market 101 --out book.bin && lawbook verify book.bin

lawbook book help <verb> shows more examples. A book is named by its number or its symbol. Orders
are signed here, with the key of --from; alice, bob and charlie are accounts of a demo venue.`;

/** `lawbook book`: the ladder of an order book, and everything that one does with books. */
export function addBook(program: Program): void {
  const book = withAddressFlags(program.command.command('book'))
    // Else flags of a verb that the ladder has too, such as --json, would go to the ladder.
    .enablePositionalOptions()
    .helpCommand(true)
    .description('Show an order book, trade on it, read orders, fills, trades and candles')
    .argument('[market]', 'book by number or symbol')
    .option('--levels <count>', 'levels of each half', '10')
    .option('-w, --watch', 'follow it until Ctrl-C')
    .option('--count <ladders>', 'with --watch: stop after so many ladders')
    .addHelpText('after', EXAMPLES)
    .action((market: string | undefined, flags: LadderFlags) => ladder(program, market, flags));
  addActVerbs(book, program);
  addReadVerbs(book, program);
  addOperatorVerbs(book, program);
}

async function ladder(
  { terminal }: Program,
  market: string | undefined,
  flags: LadderFlags,
): Promise<void> {
  if (market === undefined) throw new UsageFault('name a book; lawbook books lists them');
  const levels = readCount('--levels', flags.levels, 100);
  const count =
    flags.count === undefined ? Number.POSITIVE_INFINITY : readCount('--count', flags.count, 1e9);
  const baseUrl = venueUrl(flags);
  const client = new LawbookClient({ baseUrl });
  const book = await bookNamed(client, market);
  if (flags.watch === true) {
    await watchLadder({ baseUrl, book, levels, count, json: flags.json === true }, terminal);
    return;
  }
  if (flags.count !== undefined) throw new UsageFault('--count goes with --watch');
  const depth = await granted(client.books.depth(book.marketId, { levels }));
  printResult(terminal, flags, { ...depth, state: book.state }, () => {
    const shown = { ...depth, state: book.state, sequence: depth.asOf.sequence };
    return ladderLines(book, shown, levels);
  });
}

function readCount(flag: string, text: string, high: number): number {
  const count = Number(text);
  if (/^[1-9]\d{0,9}$/.test(text) && count <= high) return count;
  throw new UsageFault(`${flag} takes a count from 1 to ${high}, not ${text}`);
}
