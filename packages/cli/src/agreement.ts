import { existsSync } from 'node:fs';
import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AgreementReport } from '@lawbook/settlement/baseLayer/evm/agreements';
import { submitAgreement, upgradeAgreement } from '@lawbook/settlement/baseLayer/evm/agreements';
import { ChainReader } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { checkAgreement } from '@lawbook/settlement/baseLayer/evm/checkAgreement';
import type { AgreementDifference } from '@lawbook/settlement/baseLayer/evm/compareAgreement';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import type { Command } from 'commander';
import type { KeyFlags } from './agreement/agreementFlags.ts';
import {
  AT_HEAD,
  agreedKey,
  agreedKeys,
  planOf,
  readAddress,
  readTokenWord,
  readWhole,
  withKeyFlags,
} from './agreement/agreementFlags.ts';
import { deployContracts, writeDeployment } from './agreement/deployContracts.ts';
import type { OperatorDesk, OperatorOptions } from './agreement/operatorDesk.ts';
import { asOperator, currentVerifiers } from './agreement/operatorDesk.ts';
import type { VenueExpectation } from './agreement/venueExpectation.ts';
import { venueExpectation } from './agreement/venueExpectation.ts';
import type { ChainFlags } from './chain/chainFlags.ts';
import { chainPlace, readDeployment, withChainFlags } from './chain/chainFlags.ts';
import { withChain } from './chain/openChain.ts';
import { RPC_VARIABLE } from './chain/rpcFlag.ts';
import { ExitCode, UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { Steps } from './terminal/steps.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printJson } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { readWait, withWaitFlag } from './terminal/waitFlag.ts';

const EXAMPLES = `
Examples:
  lawbook agreement submit --rpc https://rpc.example --key operator.key \\
    --crs ceremony --crs-digest 5a83.. --token USD=0x1c7d..:6 --token EUR=0x08a7..:6
  lawbook agreement check                          a venue against its chain
  lawbook agreement check --deployment deployment.json --operator 0x26ec..
  lawbook agreement upgrade --key operator.key --deployment deployment.json

An agreement binds an operator, a shard and the verifying keys of the laws. Submit deploys the
contracts where there are none, registers terms and assets, and writes the deployment file that
lawbook start --settlement evm takes; the venue registers its markets itself. After a crash the same
command goes on where it was. An upgrade is a new agreement: it holds only after everybody had time
to leave. Assets are listed for ever, in the order in which they are named.`;

/** `lawbook agreement`: what binds operator, shard and laws on the chain. */
export function addAgreement(program: Program): void {
  const agreement = program.command
    .command('agreement')
    .description('Deploy, register, check and upgrade what binds a venue to its laws')
    .addHelpText('after', EXAMPLES);
  operatorCommand(agreement, 'submit', 'Deploy the contracts, and register agreement and assets')
    .option('--token <SYMBOL=ADDRESS:DECIMALS...>', "assets in order, with the ledger's decimals")
    .option('-o, --out <file>', 'deployment file to write', 'deployment.json')
    .option('--base-epoch-blocks <count>', 'blocks of a base epoch', '50')
    .option('--exit-blocks <count>', 'blocks between the request of an exit and its end', '7200')
    .option('--guardian <address>', 'may pause settlements; the operator unless named')
    .option('--agreement-fee <wei>', 'what registering an agreement costs', '0')
    .action((options: SubmitOptions) => submit(program, options));
  withKeyFlags(withChainFlags(withVenueFlags(agreement.command('check'))))
    .description('Compare the chain with what the venue expects; exits 1 on any difference')
    .option(
      '--operator <address>',
      'with --deployment: who should settle, without asking the venue',
    )
    .action((options: CheckOptions) => check(program, options));
  operatorCommand(agreement, 'upgrade', 'Register the agreement that follows the present one')
    .option('--operator <address>', 'who settles under it; the same unless named')
    .action((options: UpgradeOptions) => upgrade(program, options));
}

interface SubmitOptions extends OperatorOptions {
  readonly token?: readonly string[];
  readonly out: string;
  readonly baseEpochBlocks: string;
  readonly exitBlocks: string;
  readonly guardian?: string;
  readonly agreementFee: string;
}

interface UpgradeOptions extends OperatorOptions {
  readonly operator?: string;
}

interface CheckOptions extends VenueFlags, ChainFlags, KeyFlags {
  readonly operator?: string;
}

const WAIT_SECONDS = 1800;

function operatorCommand(agreement: Command, name: string, description: string): Command {
  const command = withKeyFlags(agreement.command(name).description(description))
    .option('--rpc <url>', `endpoint of the chain; else ${RPC_VARIABLE}`)
    .requiredOption('--key <file>', "the operator's key file; it pays the fees")
    .option('--deployment <file>', 'contracts that are there already')
    .option('--shard <number>', 'shard of the venue', '1')
    .option('--json', 'print JSON');
  return withWaitFlag(command, WAIT_SECONDS);
}

async function submit({ terminal }: Program, options: SubmitOptions): Promise<void> {
  const steps = new Steps(terminal, options.json === true);
  const signal = readWait(options.wait);
  const file = options.deployment ?? options.out;
  if (options.deployment === undefined && existsSync(options.out)) {
    throw new UsageFault(`${options.out} exists: go on with --deployment, or name another --out`);
  }
  const report = await asOperator(options, { file, steps }, async (desk) => {
    const { actor, chainId, keys, operator } = desk;
    const deployment =
      options.deployment === undefined
        ? await deployNew(options, { ...desk, signal })
        : readDeployment(options.deployment);
    steps.done('contracts', `base layer ${deployment.baseLayer} on chain ${chainId}, in ${file}`);
    const shard = Number(readWhole('--shard', options.shard));
    return await submitAgreement(planOf({ deployment, shard, operator, keys }), actor, signal);
  });
  tellReport(report, steps);
  if (options.json === true)
    printJson(terminal, { ok: true, file, ...report, steps: steps.json() });
}

async function deployNew(
  options: SubmitOptions,
  { stands, chainId, operator, keys, signal }: OperatorDesk & { readonly signal: AbortSignal },
): Promise<Deployment> {
  const { guardian, out } = options;
  return await deployContracts(
    {
      chainId,
      deployer: operator,
      keys,
      baseEpochBlocks: readWhole('--base-epoch-blocks', options.baseEpochBlocks),
      exitBlocks: readWhole('--exit-blocks', options.exitBlocks),
      agreementFee: readWhole('--agreement-fee', options.agreementFee),
      guardian: guardian === undefined ? operator : readAddress('--guardian', guardian),
      tokens: (options.token ?? []).map(readTokenWord),
      out,
    },
    stands,
    signal,
  );
}

async function upgrade({ terminal }: Program, options: UpgradeOptions): Promise<void> {
  const steps = new Steps(terminal, options.json === true);
  const signal = readWait(options.wait);
  const { deployment: file } = options;
  if (file === undefined) throw new UsageFault('name the contracts: --deployment');
  const present = readDeployment(file);
  const shard = Number(readWhole('--shard', options.shard));
  const report = await asOperator(options, { file, steps }, async (desk) => {
    const { actor, keys } = desk;
    const named = options.operator;
    const operator = named === undefined ? desk.operator : readAddress('--operator', named);
    const verifiers = await currentVerifiers(present, desk, signal);
    const deployment = { ...present, verifiers };
    writeDeployment(file, deployment);
    return await upgradeAgreement(planOf({ deployment, shard, operator, keys }), actor, signal);
  });
  tellReport(report, steps);
  if (options.json === true)
    printJson(terminal, { ok: true, file, ...report, steps: steps.json() });
}

function tellReport({ done, activeFrom, baseEpoch }: AgreementReport, steps: Steps): void {
  const what = done.length === 0 ? 'everything was there' : done.join(', ');
  steps.done('registered', what);
  const when =
    activeFrom <= baseEpoch
      ? 'it holds now'
      : `it holds from base epoch ${activeFrom} on; the present one is ${baseEpoch}`;
  steps.done('agreement', when, { activeFrom, baseEpoch });
}

async function check(program: Program, options: CheckOptions): Promise<void> {
  const { terminal } = program;
  const steps = new Steps(terminal, options.json === true);
  const place = await chainPlace(options);
  const { rpcUrl, shard } = place;
  const expected = await expectationOf(options, place.deployment);
  const deployment = {
    ...place.deployment,
    verifiers: expected.verifiers,
    tokens: expected.tokens,
  };
  const { chainId } = deployment;
  const keys = await agreedKeys(options, chainId, steps);
  const { operator, markets, parameters } = expected;
  const plan = { ...planOf({ deployment, shard, operator, keys }), markets, parameters };
  const { stringId } = at(keys, 0);
  const differences = await withChain({ rpcUrl, chainId }, (stands) => {
    const reader = new ChainReader(stands, AT_HEAD);
    return checkAgreement({ plan, keys: keys.map(agreedKey), stringId }, reader);
  });
  if (differences.length > 0) program.exitWith(ExitCode.refused);
  const compared = {
    assets: plan.assets.length,
    markets: markets.length,
    parameters: parameters.length,
  };
  if (options.json === true) {
    printJson(terminal, { ok: differences.length === 0, differences, compared });
    return;
  }
  for (const line of differenceLines(differences)) terminal.print(line);
  if (parameters.length === 0) terminal.note(UNCOMPARED);
}

const UNCOMPARED = 'parameters were not compared: no sealed epoch was looked at';

/** What the venue says, or the deployment file alone where an operator is named beside it. */
async function expectationOf(
  options: CheckOptions,
  deployment: Deployment,
): Promise<VenueExpectation> {
  if (options.deployment === undefined || options.operator === undefined) {
    const client = new LawbookClient({ baseUrl: venueUrl(options) });
    const told = await venueExpectation(client, options.market);
    if (options.deployment === undefined) return told;
    return { ...told, verifiers: deployment.verifiers, tokens: deployment.tokens };
  }
  const { verifiers, tokens } = deployment;
  const operator = readAddress('--operator', options.operator);
  return { operator, verifiers, tokens, markets: [], parameters: [] };
}

function differenceLines(differences: readonly AgreementDifference[]): string[] {
  if (differences.length === 0) {
    return [paint.good('agrees: the chain holds what the venue expects')];
  }
  const heads = [{ head: 'differs' }, { head: 'expected' }, { head: 'on the chain' }];
  const rows = differences.map(({ field, expected, actual }) => [field, expected, actual]);
  return [...tableLines(heads, rows), paint.bad(`${differences.length} differences`)];
}
