import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { call } from '@lawbook/api/client/transport';
import { creditDeposit } from '@lawbook/api/schema/operatorRoutes';
import { findDemoToken, readTokenFile } from './files/operatorToken.ts';
import { UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { paint, printJson } from './terminal/terminal.ts';
import { DEFAULT_DATA_DIR } from './terminal/venueAddress.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { ownerOf } from './trading/accounts.ts';
import { granted } from './trading/granted.ts';
import { readAmount } from './trading/tradeWords.ts';

interface DepositOptions extends VenueFlags {
  readonly tokenFile?: string;
  readonly dataDir: string;
}

/** The variable that the venue reads its operator token from: the same on one machine. */
const TOKEN_VARIABLE = 'LAWBOOK_OPERATOR__TOKEN';

const EXAMPLES = `
Examples:
  lawbook deposit alice 1000 USD                     a demo venue started in this folder
  lawbook deposit alice 1000 USD --token-file operator.token
  ${TOKEN_VARIABLE}=... lawbook deposit alice 1000 USD

This is a DEVELOPMENT CREDIT: units appear without a deposit on any base layer. It takes the token
of the operator, from a file or from the environment and never as an argument.`;

/** `lawbook deposit`: a development credit by the operator, labelled as such. */
export function addDeposit(program: Program): void {
  withVenueFlags(program.command.command('deposit'))
    .description('Development credit: units without a deposit on any base layer')
    .argument('<account>', 'address, key file or demo account')
    .argument('<amount...>', 'such as 1000 USD')
    .option('--token-file <file>', `file with the operator token; else ${TOKEN_VARIABLE}`)
    .option('-d, --data-dir <folder>', 'else the folder of a demo venue here', DEFAULT_DATA_DIR)
    .addHelpText('after', EXAMPLES)
    .action((account: string, words: string[], options: DepositOptions) =>
      deposit(program, { account, words, options }),
    );
}

async function deposit(
  { terminal }: Program,
  asked: {
    readonly account: string;
    readonly words: readonly string[];
    readonly options: DepositOptions;
  },
): Promise<void> {
  const { options } = asked;
  const owner = ownerOf(asked.account);
  const { amountText, symbol } = readAmount(asked.words);
  const token = readToken(options);
  const { transport } = new LawbookClient({ baseUrl: venueUrl(options) });
  const body = { owner, symbol, amount: amountText };
  const headers = { authorization: `Bearer ${token}` };
  const reply = await granted(call(transport, creditDeposit, { body, headers }));
  if (options.json === true) {
    printJson(terminal, reply);
    return;
  }
  terminal.print(
    `${paint.warn('development credit')}, no deposit on any base layer: ` +
      `${reply.amount} ${reply.symbol} to ${reply.owner} as sequence ${reply.sequence}`,
  );
}

function readToken(options: DepositOptions): string {
  const { tokenFile, dataDir } = options;
  const token =
    tokenFile === undefined
      ? (process.env[TOKEN_VARIABLE] ?? findDemoToken(dataDir))
      : readTokenFile(tokenFile);
  if (token !== undefined && token !== '') return token;
  throw new UsageFault(
    `only the operator credits accounts: use --token-file or ${TOKEN_VARIABLE} with the token ` +
      'that the venue was started with, or --data-dir of a demo venue on this machine',
  );
}
