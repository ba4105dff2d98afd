import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import {
  cancelExit,
  completeExit,
  expectDone,
  requestExit,
} from '@lawbook/settlement/baseLayer/evm/owner';
import type { ActOutcome } from '@lawbook/settlement/baseLayer/evm/performAct';
import type { Command } from 'commander';
import type { ChainFlags } from './chain/chainFlags.ts';
import { chainPlace, withChainFlags } from './chain/chainFlags.ts';
import { withChain } from './chain/openChain.ts';
import type { OwnerChain } from './chain/ownerChain.ts';
import { readVaultState, vaultJson, vaultLines } from './chain/vaultState.ts';
import { withOwner } from './chain/withOwner.ts';
import type { Program } from './terminal/program.ts';
import { Steps } from './terminal/steps.ts';
import { printJson, printResult } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { withVenueFlags } from './terminal/venueFlags.ts';
import { readWait, withWaitFlag } from './terminal/waitFlag.ts';
import { ownerOf, signerOf } from './trading/accounts.ts';

interface ExitOptions extends VenueFlags, ChainFlags {}

interface ActOptions extends ExitOptions {
  readonly wait: string;
}

const EXAMPLES = `
Examples:
  lawbook exit request alice        the operator has until the due block to settle what she traded
  lawbook exit status alice
  lawbook exit complete alice       from the due block on: the last settled balances, to her wallet
  lawbook exit cancel alice         opens the vault to the venue again
  lawbook exit status 0x5aae.. --rpc https://rpc.example --deployment deployment.json

A forced exit needs no help of the operator: with --deployment and --rpc the venue is not even asked
where its contracts are. From the due block on the venue can no longer debit the vault. Money that
is only executed, and not settled, is not part of it.`;

/** `lawbook exit`: takes money out without the operator. */
export function addExit(program: Program): void {
  const exit = program.command
    .command('exit')
    .description('Leave by the contract alone, without the operator')
    .addHelpText('after', EXAMPLES);
  named(exit, 'status', 'Show what a vault holds, and whether its owner is leaving')
    .argument('<account>', 'address, key file or demo account')
    .action((account: string, options: ExitOptions) => showStatus(program, account, options));
  act(exit, 'request', 'Announce that the owner leaves')
    .argument('<account>', 'key file, or a demo account')
    .action((account: string, options: ActOptions) => request(program, account, options));
  act(exit, 'cancel', 'Take the announcement back')
    .argument('<account>', 'key file, or a demo account')
    .action((account: string, options: ActOptions) => cancel(program, account, options));
  act(exit, 'complete', 'Take the last settled balances, once the exit is due')
    .argument('<account>', 'key file, or a demo account')
    .action((account: string, options: ActOptions) => complete(program, account, options));
}

function named(exit: Command, name: string, description: string): Command {
  return withChainFlags(withVenueFlags(exit.command(name))).description(description);
}

const WAIT_SECONDS = 120;

function act(exit: Command, name: string, description: string): Command {
  return withWaitFlag(named(exit, name, description), WAIT_SECONDS);
}

async function showStatus(
  { terminal }: Program,
  word: string,
  options: ExitOptions,
): Promise<void> {
  const owner = ownerOf(word);
  const place = await chainPlace(options);
  const { rpcUrl, deployment } = place;
  const state = await withChain({ rpcUrl, chainId: deployment.chainId }, (stands) => {
    return readVaultState(owner, place, stands);
  });
  printResult(terminal, options, vaultJson(state), () => vaultLines(state));
}

function request(program: Program, account: string, options: ActOptions): Promise<void> {
  return actAsOwner(program, { account, options }, async (owner, chain, steps) => {
    const transaction = sentIn(await requestExit({ key: wishKey('request'), owner }, chain));
    const { vault, head } = await readVaultState(owner, chain, chain.stands);
    const { exitDueBlock = 0n } = vault;
    const left = exitDueBlock - head;
    steps.done('requested', `due at block ${exitDueBlock}, in ${left} blocks`, {
      exitDueBlock,
      headBlock: head,
      transaction,
    });
  });
}

function cancel(program: Program, account: string, options: ActOptions): Promise<void> {
  return actAsOwner(program, { account, options }, async (owner, chain, steps) => {
    const transaction = sentIn(await cancelExit({ key: wishKey('cancel'), owner }, chain));
    steps.done('canceled', `the vault is open to the venue again, ${transaction}`, { transaction });
  });
}

function complete(program: Program, account: string, options: ActOptions): Promise<void> {
  return actAsOwner(program, { account, options }, async (owner, chain, steps) => {
    const { vault, assets } = await readVaultState(owner, chain, chain.stands);
    const assetIds = assets.map(({ assetId }) => assetId);
    const wish = { key: wishKey('complete'), owner, assetIds };
    const transaction = sentIn(await completeExit(wish, chain));
    for (const { assetId, symbol, ledgerDecimals } of assets) {
      const units = vault.balances.get(assetId) ?? 0n;
      const amount = formatDecimal(units, ledgerDecimals);
      steps.done('paid', `${amount} of asset ${assetId} (${symbol}), ${transaction}`, {
        assetId,
        units,
        transaction,
      });
    }
    if (assets.length === 0) steps.done('paid', 'the vault held nothing', { transaction });
  });
}

/** Runs an act of an owner with its own key, and prints what came of it. */
async function actAsOwner(
  { terminal }: Program,
  { account, options }: { readonly account: string; readonly options: ActOptions },
  perform: (owner: AccountId & Hex, chain: OwnerChain, steps: Steps) => Promise<void>,
): Promise<void> {
  const place = await chainPlace(options);
  const { chainId, baseLayer } = place.deployment;
  const domain = { chainId: BigInt(chainId), address: accountId(baseLayer) };
  const key = signerOf(account, domain, terminal);
  const signal = readWait(options.wait);
  const steps = new Steps(terminal, options.json === true);
  const owner = key.account as AccountId & Hex;
  await withOwner({ place, ...key, signal }, (chain) => perform(owner, chain, steps));
  if (options.json === true) printJson(terminal, { ok: true, owner, steps: steps.json() });
}

/** Each call is a wish of its own: asking again after it was done is refused by the contract. */
function wishKey(what: string): string {
  return `exit:${what}:${Date.now()}`;
}

/** The transaction of an act. @throws SettlementFault SETTLEMENT_REFUSED that names the rule. */
function sentIn(outcome: ActOutcome): string {
  return expectDone(outcome).life.inclusion?.hash ?? '';
}
