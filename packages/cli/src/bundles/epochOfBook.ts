import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { BookEpochView } from '@lawbook/api/schema/bookViews';
import { tableLines } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { paint, printJson, printResult } from '../terminal/terminal.ts';
import { granted } from '../trading/granted.ts';
import { fetchBookBundle, findBookEpoch } from './bookEpochs.ts';
import { writeBundle } from './bundleFile.ts';

/** What the verbs of `lawbook epoch` share where the market is a book. */
export interface BookEpochRequest {
  readonly client: LawbookClient;
  readonly marketId: string;
  readonly json: boolean;
}

/** Lists the sealed epochs of a book, new to old. */
export async function listBookEpochs(
  { client, marketId, json }: BookEpochRequest,
  limit: number,
  terminal: Terminal,
): Promise<void> {
  const { epochs } = await granted(client.books.epochs(marketId, { limit }));
  printResult(terminal, { json }, epochs, () => {
    const heads = [
      { head: 'epoch', align: 'right' },
      { head: 'events' },
      { head: 'vaults', align: 'right' },
      { head: 'level' },
      { head: 'sealed at' },
      { head: 'epoch hash' },
    ] as const;
    const rows = epochs.map((epoch) => [
      String(epoch.epochNumber),
      eventsText(epoch),
      String(epoch.vaultCount),
      levelText(epoch),
      epoch.sealedAt,
      epoch.epochHash,
    ]);
    return tableLines(heads, rows);
  });
}

/** Shows one sealed epoch of a book. */
export async function showBookEpoch(
  { client, marketId, json }: BookEpochRequest,
  word: string,
  terminal: Terminal,
): Promise<void> {
  const { epochNumber } = await findBookEpoch(client, marketId, word);
  const answer = await granted(client.books.epoch(marketId, epochNumber));
  if (json) {
    printJson(terminal, answer);
    return;
  }
  const { epoch, verdicts } = answer;
  const broken = verdicts.filter(({ holds }) => !holds);
  for (const line of [
    paint.bold(`epoch ${epoch.epochNumber} of book ${epoch.marketId}: ${levelText(epoch)}`),
    `events        ${eventsText(epoch)}`,
    `sealed at     ${epoch.sealedAt}`,
    `vaults        ${epoch.vaultCount}`,
    `epoch hash    ${epoch.epochHash}`,
    `parent        ${epoch.parentEpochHash}`,
    `log root      ${epoch.logRoot}`,
    `closing root  ${epoch.closingRoot}`,
    `diff root     ${epoch.diffRoot}`,
    `state root    ${epoch.stateRoot}`,
    `laws          ${broken.length === 0 ? 'B0 to B10 hold, says the venue' : 'broken:'}`,
    ...broken.map(({ law, name, violation }) =>
      paint.bad(`  ${law} ${name}: ${violation?.rule ?? ''}`),
    ),
    'steps         the epoch of a book is neither proved nor settled',
  ]) {
    terminal.print(line);
  }
}

/** Writes the bundle of a book epoch to a file. @throws FileFault as `writeBundle`. */
export async function exportBookEpoch(
  { client, marketId, json }: BookEpochRequest,
  word: string,
  {
    out,
    force,
    terminal,
  }: {
    readonly out: string | undefined;
    readonly force: boolean;
    readonly terminal: Terminal;
  },
): Promise<void> {
  const { epochNumber, epochHash } = await findBookEpoch(client, marketId, word);
  const { bytes, epoch } = await fetchBookBundle(client, marketId, epochNumber);
  const file = out ?? `book-${marketId}-${epochNumber}.bin`;
  writeBundle(file, bytes, force);
  const events = epoch.events.length;
  if (json) {
    const size = bytes.length;
    printJson(terminal, { file, bytes: size, marketId, epochNumber, epochHash, events });
    return;
  }
  terminal.print(`${file}: epoch ${epochNumber} of book ${marketId}, ${bytes.length} bytes`);
  terminal.print(`judge it with: lawbook verify ${file} --epoch-hash ${epochHash}`);
}

/** How far the venue has taken it: executed where a law objects to it or to one before it. */
function levelText({ level = 'executed' }: BookEpochView): string {
  return level === 'checked' ? level : paint.bad(level);
}

function eventsText({ firstEvent, eventCount }: BookEpochView): string {
  return `${firstEvent}..${firstEvent + eventCount - 1}`;
}
