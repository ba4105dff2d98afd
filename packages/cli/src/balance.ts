import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { AccountView, LevelView } from '@lawbook/api/schema/accountViews';
import type { Program } from './terminal/program.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printJson } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { ownerOf } from './trading/accounts.ts';
import { granted } from './trading/granted.ts';

const EXAMPLES = `
Examples:
  lawbook balance alice
  lawbook balance 0xb2755771d818621ed250c26f9377abc2d74fb68b --json
  lawbook balance alice.key

A balance names its level: executed and checked are this venue's word, re-run by its laws; levels
that this venue cannot reach say so.`;

/** `lawbook balance`: what an account owns, at each level. */
export function addBalance(program: Program): void {
  withVenueFlags(program.command.command('balance'))
    .description('Show the balances of an account')
    .argument('<account>', 'address, key file or demo account')
    .addHelpText('after', EXAMPLES)
    .action((account: string, options: VenueFlags) => balance(program, account, options));
}

async function balance({ terminal }: Program, word: string, options: VenueFlags): Promise<void> {
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const view = await granted(client.readAccount(ownerOf(word)));
  if (options.json === true) printJson(terminal, view);
  else for (const line of accountLines(view)) terminal.print(line);
}

function accountLines(view: AccountView): string[] {
  const [first] = view.levels;
  const heads = [
    { head: 'asset' },
    { head: 'available', align: 'right' },
    { head: 'held', align: 'right' },
    { head: 'total', align: 'right' },
  ] as const;
  const rows = (first?.balances ?? []).map(({ symbol, available, held, total }) => {
    return [symbol, available, held, total];
  });
  return [
    paint.bold(view.owner),
    ...(rows.length === 0 ? ['owns nothing here'] : tableLines(heads, rows)),
    '',
    `levels: ${view.levels.map(levelText).join(', ')}`,
    `as of sequence ${view.asOf.sequence}, ${view.asOf.time}`,
  ];
}

function levelText({ level, state, sequence }: LevelView): string {
  if (state === 'notConfigured') return paint.dim(`${level} not configured`);
  return sequence === undefined ? level : `${level} at ${sequence}`;
}
