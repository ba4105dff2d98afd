import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { EpochView } from '@lawbook/api/schema/recordViews';
import { encodeBundle } from '@lawbook/exchange/bundle';
import { writeBundle } from './bundles/bundleFile.ts';
import { fetchBundle } from './bundles/fetchBundle.ts';
import { findEpoch } from './bundles/findEpoch.ts';
import { UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printJson } from './terminal/terminal.ts';
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

An epoch is one or more batches that are judged, proved and settled together. Its bundle holds every
order, signature, price and fill, and the proof once there is one: all that a stranger needs.`;

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
    .option('-o, --out <file>', 'file to write; epoch-<number>.bin by default')
    .option('--force', 'overwrite the file')
    .action((word: string, options: ExportOptions) => exportBundle(program, word, options));
}

async function list({ terminal }: Program, options: ListOptions): Promise<void> {
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const limit = readLimit(options.limit);
  const { epochs } = await granted(client.listEpochs(options.market, { limit }));
  if (options.json === true) {
    printJson(terminal, epochs);
    return;
  }
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
  for (const line of tableLines(heads, rows)) terminal.print(line);
}

async function show({ terminal }: Program, word: string, options: VenueFlags): Promise<void> {
  const epoch = await findEpoch(
    new LawbookClient({ baseUrl: venueUrl(options) }),
    options.market,
    word,
  );
  if (options.json === true) printJson(terminal, epoch);
  else for (const line of epochLines(epoch)) terminal.print(line);
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

function readLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,3}$/.test(text) && limit >= 1 && limit <= 200) return limit;
  throw new UsageFault(`--limit takes a count from 1 to 200, not ${text}`);
}
