import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { keySigner } from '@lawbook/api/client/signers';
import type { BookView } from '@lawbook/api/schema/bookViews';
import type { Command } from 'commander';
import { UsageFault } from '../terminal/cliFault.ts';
import type { Program } from '../terminal/program.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { printJson } from '../terminal/terminal.ts';
import type { AddressFlags } from '../terminal/venueFlags.ts';
import { venueUrl, withAddressFlags } from '../terminal/venueFlags.ts';
import { signerOf } from '../trading/accounts.ts';
import type { AcceptedAction } from './answerLines.ts';
import { acceptedAction, answerLines } from './answerLines.ts';
import { bookNamed } from './bookNamed.ts';
import type { BookOrderFlags } from './orderWords.ts';
import { bookOrderRequest, orderNaming, plainDecimal, withOrderFlags } from './orderWords.ts';

interface ActFlags extends AddressFlags {
  readonly from: string;
}

const ORDER_EXAMPLES = `
Examples:
  lawbook book order 101 buy 250 --price 1.0995 --from alice         rests until canceled
  lawbook book order 101 buy 250 --market --from alice               at once, 5 % from the best
  lawbook book order 101 sell 100 --market --price 1.09 --from bob   at once, never below 1.09
  lawbook book order 101 buy 50 --price 1.1 --tif fok --from alice   all of it at once, or nothing
  lawbook book order 101 buy 50 --price 1.09 --post-only --good-for 8h --from alice
  lawbook book order 101 sell 900 --price 1.12 --display 100 --from alice     an iceberg
  lawbook book order 101 sell 250 --price 1.12 --from alice --client-id exit-1
  lawbook book order 101 sell 250 --stop 1.05 --market --price 1.0 --oco 57 --from alice

A price is quote per whole unit of base, a whole number of ticks; a size is a whole number of lots.
--oco makes a pair with an open order: when one trades or ends, the other is canceled. An order sent
again under the same --client-id is not placed twice: the answer is the first one's.`;

const REDUCE_EXAMPLES = `
Examples:
  lawbook book reduce 101 57 150 --from alice         order 57 is for 150 now, fills included
  lawbook book reduce 101 exit-1 150 --from alice     by your own id`;

const REPLACE_EXAMPLES = `
Examples:
  lawbook book replace 101 57 --price 1.1 --size 200 --from alice
  lawbook book replace 101 exit-1 --price 1.13 --size 250 --from alice

Priority is lost unless the price stays and the size does not grow. What reaches the other side
trades at once.`;

const HEARTBEAT_EXAMPLES = `
Examples:
  lawbook book heartbeat 101 60 --from alice     all of alice's orders end in a minute ...
  lawbook book heartbeat 101 60 --from alice     ... unless this comes again before
  lawbook book heartbeat 101 0 --from alice      switched off`;

/** Adds the verbs by which an owner acts on a book: order, reduce, replace, cancel, heartbeat. */
export function addActVerbs(book: Command, program: Program): void {
  withActFlags(withOrderFlags(book.command('order')))
    .description('Sign and place an order')
    .argument('<market>', 'book by number or symbol')
    .argument('<side>', 'buy or sell')
    .argument('<size>', 'whole units of the base asset')
    .addHelpText('after', ORDER_EXAMPLES)
    .action((market: string, side: string, size: string, flags: ActFlags & BookOrderFlags) =>
      act(program, { market, flags }, (client, { marketId }) =>
        client.books.placeOrder(
          bookOrderRequest(flags, { marketId, side, size }, client.timers.now()),
        ),
      ),
    );
  withActFlags(book.command('reduce'))
    .description('Make an order smaller in place: it keeps its priority')
    .argument('<market>', 'book by number or symbol')
    .argument('<order>', 'its number, or your own id')
    .argument('<size>', 'the new size, what has traded included')
    .addHelpText('after', REDUCE_EXAMPLES)
    .action((market: string, order: string, size: string, flags: ActFlags) =>
      act(program, { market, flags }, (client, { marketId }) => {
        const request = { ...orderNaming(order), size: plainDecimal('the size', size) };
        return client.books.amendOrder({ marketId, ...request });
      }),
    );
  withActFlags(book.command('replace'))
    .description('Change price and size: it loses priority unless only the size shrinks')
    .argument('<market>', 'book by number or symbol')
    .argument('<order>', 'its number, or your own id')
    .requiredOption('-p, --price <price>', 'the new price')
    .requiredOption('--size <size>', 'the new size, what has traded included')
    .addHelpText('after', REPLACE_EXAMPLES)
    .action((market: string, order: string, flags: ActFlags & ReplaceFlags) =>
      act(program, { market, flags }, (client, { marketId }) => {
        const size = plainDecimal('--size', flags.size);
        const price = plainDecimal('--price', flags.price);
        return client.books.amendOrder({ marketId, ...orderNaming(order), size, price });
      }),
    );
  addCancel(book, program);
  withActFlags(book.command('heartbeat'))
    .description('Cancel all my orders after so many seconds unless I say so again; 0: never')
    .argument('<market>', 'book by number or symbol')
    .argument('<seconds>', 'from now')
    .addHelpText('after', HEARTBEAT_EXAMPLES)
    .action((market: string, seconds: string, flags: ActFlags) => {
      if (!/^\d{1,6}$/.test(seconds)) {
        throw new UsageFault(`a heartbeat takes whole seconds, not ${seconds}`);
      }
      return act(program, { market, flags }, (client, { marketId }) =>
        client.books.heartbeat(marketId, Number(seconds) * 1000),
      );
    });
}

interface ReplaceFlags {
  readonly price: string;
  readonly size: string;
}

interface CancelFlags extends ActFlags {
  readonly all?: boolean;
}

const CANCEL_EXAMPLES = `
Examples:
  lawbook book cancel 101 57 58 --from alice       by number
  lawbook book cancel 101 exit-1 --from alice      by your own id
  lawbook book cancel 101 --all --from alice       everything that is open in this book`;

function addCancel(book: Command, program: Program): void {
  withActFlags(book.command('cancel'))
    .description('Cancel open orders, by number, by your own id, or all of them')
    .argument('<market>', 'book by number or symbol')
    .argument('[orders...]', 'numbers, or your own ids')
    .option('--all', 'everything that is open in this book')
    .addHelpText('after', CANCEL_EXAMPLES)
    .action(async (market: string, orders: string[], flags: CancelFlags) => {
      if ((orders.length === 0) !== (flags.all === true)) {
        throw new UsageFault('name the orders to cancel, or --all');
      }
      if (flags.all === true) {
        await act(program, { market, flags }, (client, { marketId }) =>
          client.books.cancelAll(marketId),
        );
        return;
      }
      const { client, book: view } = await trader({ market, flags }, program.terminal);
      const { marketId } = view;
      const answers: AcceptedAction[] = [];
      for (const order of orders) {
        const asked = client.books.cancelOrder({ marketId, ...orderNaming(order) });
        const answer = await acceptedAction(asked);
        answers.push(answer);
        if (flags.json !== true) printAnswer(program.terminal, view, answer);
      }
      if (flags.json === true) printJson(program.terminal, { ok: true, answers });
    });
}

/** The market as a person named it, and the flags beside. */
interface Asked {
  readonly market: string;
  readonly flags: ActFlags;
}

function withActFlags(command: Command): Command {
  return withAddressFlags(command).requiredOption(
    '--from <name|file>',
    'key file, or demo account',
  );
}

type Ask = (
  client: LawbookClient,
  book: BookView,
) => ReturnType<LawbookClient['books']['placeOrder']>;

/** Does one signed act on a book and prints what came of it. @throws RefusedFault, UsageFault. */
async function act({ terminal }: Program, asked: Asked, ask: Ask): Promise<void> {
  const { client, book } = await trader(asked, terminal);
  const answer = await acceptedAction(ask(client, book));
  if (asked.flags.json === true) printJson(terminal, { ok: true, answer });
  else printAnswer(terminal, book, answer);
}

function printAnswer(terminal: Terminal, book: BookView, answer: AcceptedAction): void {
  for (const line of answerLines(book, answer)) terminal.print(line);
}

async function trader(
  { market, flags }: Asked,
  terminal: Terminal,
): Promise<{ readonly client: LawbookClient; readonly book: BookView }> {
  const baseUrl = venueUrl(flags);
  const reader = new LawbookClient({ baseUrl });
  const book = await bookNamed(reader, market);
  const { domain } = await reader.signing();
  const { secretKey } = signerOf(flags.from, domain, terminal);
  return { client: new LawbookClient({ baseUrl, signer: keySigner(secretKey) }), book };
}
