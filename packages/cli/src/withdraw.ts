import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { keySigner } from '@lawbook/api/client/signers';
import { baseLayerOf, placeOf } from './chain/chainFlags.ts';
import type { OwnerChain } from './chain/ownerChain.ts';
import { withRpcFlag } from './chain/rpcFlag.ts';
import { readAsset } from './chain/shardAssets.ts';
import { withOwner } from './chain/withOwner.ts';
import { amountOf } from './crossing/amountOf.ts';
import { claimPending } from './crossing/claimPending.ts';
import { followWithdrawal } from './crossing/followWithdrawal.ts';
import { UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { Steps } from './terminal/steps.ts';
import { printJson } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { readWait, withWaitFlag } from './terminal/waitFlag.ts';
import { ownerOf, signerOf } from './trading/accounts.ts';
import { granted } from './trading/granted.ts';

interface WithdrawOptions extends VenueFlags {
  readonly rpc?: string;
  readonly to?: string;
  readonly expires: string;
  readonly wait: string;
  readonly claim: boolean;
  readonly follow: boolean;
}

const EXAMPLES = `
Examples:
  lawbook withdraw alice 100 USD                      out of the venue, into alice's wallet
  lawbook withdraw alice.key 0.5 EUR --to 0x5aae..    claimed by another address
  lawbook withdraw alice 100 USD --no-claim           leave the tokens at the contract
  lawbook withdraw alice 100 USD --no-follow          sign and send, then exit

The withdrawal is signed here, debited at once and paid with the next epoch that is settled; then
the tokens are claimed from the contract, which costs the account a fee on the chain. Whoever waits
no longer loses nothing: the withdrawal goes on, and anybody may claim the tokens for its account.`;

/** Epochs settle within minutes; a withdrawal that nobody paid in a day is given back. */
const EXPIRES_HOURS = '24';
const WAIT_SECONDS = 600;

/** `lawbook withdraw`: signs a withdrawal and follows it to the owner's wallet. */
export function addWithdraw(program: Program): void {
  const command = withRpcFlag(withVenueFlags(program.command.command('withdraw')));
  withWaitFlag(command, WAIT_SECONDS)
    .description('Withdraw to the base layer: signed, settled, claimed')
    .argument('<account>', 'key file, or a demo account')
    .argument('<amount...>', 'such as 100 USD')
    .option('--to <address>', 'who may claim the tokens; the account itself unless named')
    .option('--expires <hours>', 'given back when no epoch paid it by then', EXPIRES_HOURS)
    .option('--no-claim', 'leave the tokens at the contract')
    .option('--no-follow', 'do not wait for anything')
    .addHelpText('after', EXAMPLES)
    .action((account: string, words: string[], options: WithdrawOptions) =>
      withdraw(program, { account, words, options }),
    );
}

async function withdraw(
  { terminal }: Program,
  asked: {
    readonly account: string;
    readonly words: readonly string[];
    readonly options: WithdrawOptions;
  },
): Promise<void> {
  const { options } = asked;
  const baseUrl = venueUrl(options);
  const expiresAtMs = Date.now() + readHours(options.expires);
  const signal = options.follow ? readWait(options.wait) : undefined;
  const steps = new Steps(terminal, options.json === true);
  const { domain } = await new LawbookClient({ baseUrl }).signing();
  const key = signerOf(asked.account, domain, terminal);
  const client = new LawbookClient({ baseUrl, signer: keySigner(key.secretKey) });
  const layer = await baseLayerOf(client);
  // Asked for before anything is signed: a withdrawal that nobody can claim is no help.
  const place = options.follow && options.claim ? placeOf(layer, options) : undefined;
  const { assetId, units } = await amountOf(asked.words, client);
  const to = options.to === undefined ? key.account : ownerOf(options.to);
  const orderNonce = client.nextOrderNonce();
  const terms = { owner: key.account, to, shard: layer.shard, assetId, units, orderNonce };
  const reply = await granted(client.requestWithdrawal({ ...terms, expiresAtMs }));
  const { withdrawalId, sequence } = reply;
  steps.done('accepted', `as sequence ${sequence}, withdrawal ${withdrawalId}`, { sequence });
  if (signal !== undefined) {
    const owner = key.account;
    const settled = await followWithdrawal({ client, owner, withdrawalId, signal }, steps);
    if (place !== undefined) {
      const claim = async (stands: OwnerChain): Promise<void> => {
        const { token } = await readAsset(assetId, stands);
        const settledIn = BigInt(settled.blockNumber ?? 0);
        await claimPending({ token, account: to, settledIn }, stands, steps);
      };
      await withOwner({ place, ...key, signal }, claim);
    }
  }
  if (options.json === true) {
    printJson(terminal, { ok: true, withdrawalId, sequence, steps: steps.json() });
  }
}

function readHours(text: string): number {
  const hours = Number(text);
  if (/^\d{1,4}$/.test(text) && hours > 0) return hours * 3_600_000;
  throw new UsageFault(`--expires takes whole hours, not ${text}`);
}
