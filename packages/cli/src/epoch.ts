import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { EpochView } from '@lawbook/api/schema/recordViews';
import { encodeBundle } from '@lawbook/exchange/bundle';
import { isBook } from './bundles/bookEpochs.ts';
import { writeBundle } from './bundles/bundleFile.ts';
import type { BookEpochRequest } from './bundles/epochOfBook.ts';
import { exportBookEpoch, listBookEpochs, showBookEpoch } from './bundles/epochOfBook.ts';
import { fetchBundle } from './bundles/fetchBundle.ts';
import { findEpoch } from './bundles/findEpoch.ts';
import { UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printJson, printResult } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { granted } from './trading/granted.ts';

interface ListOptions extends VenueFlags {
  readonly limit: string;
}

interface ExportOptions extends VenueFlags {
  readonly out?: string;
  readonly force?: boolean;
}

const EXAMPLES = `
Examples:
  lawbook epoch list
  lawbook epoch show latest
  lawbook epoch export latest --out epoch.bin && lawbook verify epoch.bin
  lawbook epoch list --market 101                     of an order book
  lawbook epoch export latest --market 101 --out book.bin && lawbook verify book.bin

An epoch is one or more batches that are judged, proved and settled together. Its bundle holds every
order, signature, price and fill, and the proof once there is one: all that a stranger needs. The
epoch of a book is a range of its events; its bundle holds each as it was signed, with everything
that the book reported. It is checked by its own laws, and neither proved nor settled.`;

/** `lawbook epoch`: sealed epochs and their bundles. */
export function addEpoch(program: Program): void {
  const epoch = program.command
    .command('epoch')
    .description('List, show and export sealed epochs')
    .addHelpText('after', EXAMPLES);
  withVenueFlags(epoch.command('list'))
    .description('List epochs, new to old')
    .option('--limit <count>', 'how many', '20')
    .action((options: ListOptions) => list(program, options));
  withVenueFlags(epoch.command('show'))
    .description('Show one epoch')
    .argument('<epoch>', 'number, or latest')
    .action((word: string, options: VenueFlags) => show(program, word, options));
  withVenueFlags(epoch.command('export'))
    .description('Write the bundle of an epoch to a file')
    .argument('<epoch>', 'number, or latest')
    .option(
      '-o, --out <file>',
      'file to write; epoch-<number>.bin, of a book book-<id>-<number>.bin',
    )
    .option('--force', 'overwrite the file')
    .action((word: string, options: ExportOptions) => exportBundle(program, word, options));
}

async function list({ terminal }: Program, options: ListOptions): Promise<void> {
  const limit = readLimit(options.limit);
  const book = await bookRequest(options);
  if (book !== undefined) return await listBookEpochs(book, limit, terminal);
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const { epochs } = await granted(client.listEpochs(options.market, { limit }));
  printResult(terminal, options, epochs, () => {
    const heads = [
      { head: 'epoch', align: 'right' },
      { head: 'batches' },
      { head: 'vaults', align: 'right' },
      { head: 'level' },
      { head: 'sealed at' },
      { head: 'epoch hash' },
    ] as const;
    const rows = epochs.map((epoch) => [
      String(epoch.epochNumber),
      `${epoch.firstBatch}..${epoch.lastBatch}`,
      String(epoch.vaultCount),
      epoch.level,
      epoch.sealedAt,
      epoch.epochHash,
    ]);
    return tableLines(heads, rows);
  });
}

async function show({ terminal }: Program, word: string, options: VenueFlags): Promise<void> {
  const book = await bookRequest(options);
  if (book !== undefined) return await showBookEpoch(book, word, terminal);
  const epoch = await findEpoch(
    new LawbookClient({ baseUrl: venueUrl(options) }),
    options.market,
    word,
  );
  printResult(terminal, options, epoch, () => epochLines(epoch));
}

function epochLines(epoch: EpochView): string[] {
  const { prove, publish, settle } = epoch.steps;
  return [
    paint.bold(`epoch ${epoch.epochNumber} of market ${epoch.marketId}: ${epoch.level}`),
    `batches     ${epoch.firstBatch}..${epoch.lastBatch}`,
    `sealed at   ${epoch.sealedAt}`,
    `vaults      ${epoch.vaultCount}`,
    `epoch hash  ${epoch.epochHash}`,
    `parent      ${epoch.parentEpochHash}`,
    `diff root   ${epoch.diffRoot}`,
    `state root  ${epoch.stateRoot}`,
    `steps       prove ${prove.state}, publish ${publish.state}, settle ${settle.state}`,
  ];
}

async function exportBundle(
  { terminal }: Program,
  word: string,
  options: ExportOptions,
): Promise<void> {
  const book = await bookRequest(options);
  if (book !== undefined) {
    const force = options.force === true;
    return await exportBookEpoch(book, word, { out: options.out, force, terminal });
  }
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const epoch = await findEpoch(client, options.market, word);
  const bundle = await fetchBundle(client, options.market, epoch.epochNumber);
  const bytes = encodeBundle(bundle);
  const isProven = bundle.attachments.length > 0;
  const file = options.out ?? `epoch-${epoch.epochNumber}.bin`;
  writeBundle(file, bytes, options.force === true);
  const { epochNumber, epochHash } = epoch;
  if (options.json === true) {
    printJson(terminal, { file, bytes: bytes.length, epochNumber, epochHash, isProven });
    return;
  }
  const carries = isProven ? ', with its proof' : '';
  terminal.print(`${file}: epoch ${epochNumber}, ${bytes.length} bytes${carries}`);
  terminal.print(`judge it with: lawbook verify ${file} --epoch-hash ${epochHash}`);
}

/** What is asked of the market where it is a book; undefined where it is none. */
async function bookRequest(options: VenueFlags): Promise<BookEpochRequest | undefined> {
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const marketId = options.market;
  return (await isBook(client, marketId))
    ? { client, marketId, json: options.json === true }
    : undefined;
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,3}$/.test(text) && limit >= 1 && limit <= 200) return limit;
  throw new UsageFault(`--limit takes a count from 1 to 200, not ${text}`);
}
