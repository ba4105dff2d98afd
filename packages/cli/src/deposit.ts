import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { BaseLayerView } from '@lawbook/api/schema/settlementViews';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { baseLayerOf, placeOf } from './chain/chainFlags.ts';
import { withRpcFlag } from './chain/rpcFlag.ts';
import { withOwner } from './chain/withOwner.ts';
import { amountOf } from './crossing/amountOf.ts';
import { developmentCredit } from './crossing/developmentCredit.ts';
import { vaultDeposit } from './crossing/vaultDeposit.ts';
import type { TokenFlags } from './files/tokenFlags.ts';
import { TOKEN_VARIABLE, withTokenFlags } from './files/tokenFlags.ts';
import type { Program } from './terminal/program.ts';
import { Steps } from './terminal/steps.ts';
import { paint, printJson } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { readWait, withWaitFlag } from './terminal/waitFlag.ts';
import { ownerOf, signerOf } from './trading/accounts.ts';
import { granted } from './trading/granted.ts';

interface DepositOptions extends VenueFlags, TokenFlags {
  readonly from?: string;
  readonly rpc?: string;
  readonly wait: string;
}

const EXAMPLES = `
Examples:
  lawbook deposit alice 1000 USD                     from alice's wallet into alice's vault
  lawbook deposit 0x5aae.. 1000 USD --from bob.key   from bob's wallet into somebody's vault
  lawbook deposit alice.key 0.5 EUR --rpc https://rpc.example

Where the venue has a base layer this is a deposit on the chain: the payer's key allows the contract
to take the tokens, deposits them, and the venue credits them once that is final. On the embedded
chain a faucet gives what the wallet lacks; tokens and fees are worth nothing there.

Where the venue has no base layer (lawbook start --settlement off) it is a DEVELOPMENT CREDIT: units
appear without any deposit. That takes the token of the operator, from --token-file, from the
variable ${TOKEN_VARIABLE} or from the folder of a demo venue, never as an argument.`;

const WAIT_SECONDS = 600;

/** `lawbook deposit`: tokens into a vault, or a development credit where there is no base layer. */
export function addDeposit(program: Program): void {
  const command = withTokenFlags(withRpcFlag(withVenueFlags(program.command.command('deposit'))));
  withWaitFlag(command, WAIT_SECONDS)
    .description('Deposit tokens from the base layer, or credit where there is none')
    .argument('<account>', 'address, key file or demo account')
    .argument('<amount...>', 'such as 1000 USD')
    .option('--from <name|file>', 'who pays; the account itself unless named')
    .addHelpText('after', EXAMPLES)
    .action((account: string, words: string[], options: DepositOptions) =>
      deposit(program, { account, words, options }),
    );
}

/** What was asked for on the command line. */
interface Asked {
  readonly account: string;
  readonly words: readonly string[];
  readonly options: DepositOptions;
}

async function deposit(program: Program, asked: Asked): Promise<void> {
  const owner = ownerOf(asked.account);
  const client = new LawbookClient({ baseUrl: venueUrl(asked.options) });
  const { phase } = await granted(client.readSettlement());
  if (phase === 'notConfigured') {
    await credit(program, owner, { ...asked, client });
    return;
  }
  await depositOnChain(program, { ...asked, owner, client, layer: await baseLayerOf(client) });
}

async function depositOnChain(
  { terminal }: Program,
  asked: Asked & {
    readonly owner: AccountId;
    readonly client: LawbookClient;
    readonly layer: BaseLayerView;
  },
): Promise<void> {
  const { account, words, options, owner, client, layer } = asked;
  const { domain } = await client.signing();
  const payer = signerOf(options.from ?? account, domain, terminal);
  const wanted = await amountOf(words, client);
  const signal = readWait(options.wait);
  const steps = new Steps(terminal, options.json === true);
  const place = placeOf(layer, options);
  const credited = await withOwner({ place, ...payer, signal }, (chain) => {
    return vaultDeposit({ client, owner, payer: payer.account, wanted }, chain, steps);
  });
  if (options.json === true) {
    printJson(terminal, { ok: true, kind: 'deposit', owner, ...credited, steps: steps.json() });
  }
}

async function credit(
  { terminal }: Program,
  owner: AccountId,
  { words, options, client }: Asked & { readonly client: LawbookClient },
): Promise<void> {
  const reply = await developmentCredit({ owner, words }, client, options);
  if (options.json === true) {
    printJson(terminal, reply);
    return;
  }
  terminal.print(
    `${paint.warn('development credit')}, no deposit on any base layer: ` +
      `${reply.amount} ${reply.symbol} to ${reply.owner} as sequence ${reply.sequence}`,
  );
}
