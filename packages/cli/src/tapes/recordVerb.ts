import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { BookTransition } from '@lawbook/exchange/transition';
import type { Command } from 'commander';
import { bookNamed } from '../book/bookNamed.ts';
import { fetchBookBundle, findBookEpoch } from '../bundles/bookEpochs.ts';
import { readBookBundle, writeBundle } from '../bundles/bundleFile.ts';
import { UsageFault } from '../terminal/cliFault.ts';
import type { Program } from '../terminal/program.ts';
import { startProgress } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { printJson } from '../terminal/terminal.ts';
import type { AddressFlags } from '../terminal/venueFlags.ts';
import { venueUrl, withAddressFlags } from '../terminal/venueFlags.ts';
import { recordTape } from './recordTape.ts';
import { grouped, readCount } from './tapeNumbers.ts';

interface RecordOptions extends AddressFlags {
  readonly market?: string;
  readonly epochs?: string;
  readonly force?: boolean;
}

/** `lawbook tape record`: what a venue's book was given, as a tape. */
export function addRecordVerb(tape: Command, program: Program): void {
  withAddressFlags(tape.command('record'))
    .description('Write the commands of a venue to one of its books as a tape')
    .argument('<file>', 'tape to write')
    .argument('[bundles...]', 'epochs of one book, from its first; without them the venue is asked')
    .option('--market <book>', 'book of the venue, by number or symbol')
    .option('--epochs <count>', 'so many epochs from the first; all that are sealed by default')
    .option('--force', 'overwrite the file')
    .action((file: string, bundles: string[], options: RecordOptions) =>
      record(program, { file, bundles }, options),
    );
}

async function record(
  { terminal }: Program,
  { file, bundles }: { readonly file: string; readonly bundles: readonly string[] },
  options: RecordOptions,
): Promise<void> {
  const { market } = options;
  if ((market === undefined) === (bundles.length === 0)) {
    throw new UsageFault('name the exported epochs of a book, or a book of the venue by --market');
  }
  const epochs =
    market === undefined
      ? bundles.map(readBookBundle)
      : await fetchEpochs(market, options, terminal);
  const recorded = recordTape(epochs);
  writeBundle(file, recorded.bytes, options.force === true);
  const { bytes, ...facts } = recorded;
  const { commands, firstEpoch, lastEpoch, reportDigest } = recorded;
  if (options.json === true) {
    printJson(terminal, { ok: true, file, bytes: bytes.length, ...facts });
    return;
  }
  const span = `epochs ${firstEpoch}..${lastEpoch}`;
  terminal.print(
    `${file}: ${grouped(commands)} commands of ${span}, ${grouped(bytes.length)} bytes`,
  );
  terminal.print(`Do it again with: lawbook tape run ${file} --digest ${reportDigest}`);
}

/** Every sealed epoch of a book from the first on, or as many as were asked for. */
async function fetchEpochs(
  market: string,
  options: RecordOptions,
  terminal: Terminal,
): Promise<BookTransition[]> {
  const most =
    options.epochs === undefined ? 1e9 : readCount('--epochs', options.epochs, 1, 1_000_000);
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const { marketId } = await bookNamed(client, market);
  const latest = await findBookEpoch(client, marketId, 'latest');
  const count = Math.min(most, latest.epochNumber);
  const progress = startProgress(terminal, `reading epochs of book ${marketId}`, count);
  const epochs: BookTransition[] = [];
  try {
    for (let number = 1; number <= count; number += 1) {
      epochs.push((await fetchBookBundle(client, marketId, number)).epoch);
      progress.update(number);
    }
  } finally {
    progress.stop();
  }
  return epochs;
}
