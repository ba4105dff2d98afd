import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { AccountView, LevelView } from '@lawbook/api/schema/accountViews';
import type { Program } from './terminal/program.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printResult } from './terminal/terminal.ts';
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
  printResult(terminal, options, view, () => accountLines(view));
}

function accountLines(view: AccountView): string[] {
  const [first] = view.levels;
  // What the chain holds may lag behind what the venue says, so both stand side by side.
  const settled = view.levels.find(({ level }) => level === 'settled')?.balances;
  const onChain = new Map(settled?.map(({ symbol, total }) => [symbol, total]));
  const heads = [
    { head: 'asset' },
    { head: 'available', align: 'right' },
    { head: 'held', align: 'right' },
    { head: 'total', align: 'right' },
    ...(settled === undefined ? [] : [{ head: 'settled', align: 'right' } as const]),
  ] as const;
  const rows = (first?.balances ?? []).map(({ symbol, available, held, total }) => {
    const there = settled === undefined ? [] : [onChain.get(symbol) ?? '-'];
    return [symbol, available, held, total, ...there];
  });
  return [
    paint.bold(view.owner),
    ...(rows.length === 0 ? ['owns nothing here'] : tableLines(heads, rows)),
    '',
    `levels: ${view.levels.map(levelText).join(', ')}`,
    `as of sequence ${view.asOf.sequence}, ${view.asOf.time}`,
  ];
}

const UNREACHED: Readonly<Record<Exclude<LevelView['state'], 'reached'>, string>> = {
  notConfigured: 'not configured',
  notTracked: 'for epochs only',
  unavailable: 'does not answer now',
};

function levelText({ level, state, sequence }: LevelView): string {
  if (state !== 'reached') return paint.dim(`${level} ${UNREACHED[state]}`);
  return sequence === undefined ? level : `${level} at ${sequence}`;
}
