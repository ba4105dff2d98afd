import { randomBytes } from 'node:crypto';
import { Fault } from '@lawbook/exchange/failures/fault';
import { addressOfSecret } from '@lawbook/exchange/orders/signature';
import { RPC_VARIABLE, rpcUrlOf } from './chain/rpcFlag.ts';
import type { SigningKey } from './files/keyFile.ts';
import { readKeyFile } from './files/keyFile.ts';
import type { TemporaryVenue } from './selfTest/temporaryVenue.ts';
import { startTemporaryVenue } from './selfTest/temporaryVenue.ts';
import { walkWholePath } from './selfTest/wholePath.ts';
import { CommandFault, ExitCode } from './terminal/cliFault.ts';
import { failureBody, failureLine } from './terminal/failure.ts';
import type { Program } from './terminal/program.ts';
import { Steps } from './terminal/steps.ts';
import { paint, printJson } from './terminal/terminal.ts';
import { venueUrl } from './terminal/venueFlags.ts';
import { readWait, withWaitFlag } from './terminal/waitFlag.ts';

interface TestOptions {
  readonly url?: string;
  readonly market: string;
  readonly rpc?: string;
  readonly account?: string;
  readonly json?: boolean;
  readonly wait: string;
}

const EXAMPLES = `
Examples:
  lawbook test                                     a venue of its own, gone afterwards
  lawbook test --json
  lawbook test --url http://127.0.0.1:8547         a venue that runs, with a chain of its own
  lawbook test --url https://venue.example --account tester.key --rpc https://rpc.example

Deposits from the chain, trades, waits until the epoch is proven, settled and final, withdraws,
claims, compares the contract with the venue and verifies the epoch as a stranger would. Each step
is printed with its time. Exits 1 at the first one that fails. The account is a new key; on a chain
that is not embedded --account names one that holds tokens and fees.`;

const WAIT_SECONDS = 300;

/** `lawbook test`: walks the whole path of money once. */
export function addSelfTest(program: Program): void {
  const command = program.command.command('test');
  withWaitFlag(command, WAIT_SECONDS)
    .description('Test a venue from deposit to withdrawal, a temporary one unless named')
    .option('--url <url>', 'a venue that runs; without it one is started and removed again')
    .option('--market <id>', 'market id', '1')
    .option('--rpc <url>', `endpoint of the chain; ${RPC_VARIABLE}, else what the venue tells`)
    .option('--account <file>', 'key file; a new key unless named')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: TestOptions) => selfTest(program, options));
}

async function selfTest(program: Program, options: TestOptions): Promise<void> {
  const { terminal } = program;
  const isJson = options.json === true;
  const key = options.account === undefined ? newKey() : readKeyFile(options.account);
  const steps = new Steps(terminal, isJson);
  const signal = readWait(options.wait);
  const failure = await walk(options, { key, signal, program, steps });
  if (failure !== undefined) program.exitWith(ExitCode.refused);
  if (isJson) {
    const outcome = failure === undefined ? {} : failureBody(failure);
    printJson(terminal, { ok: failure === undefined, ...outcome, steps: steps.json() });
  } else if (failure === undefined) {
    terminal.print(paint.good('passed: money went in, traded, settled and came out again'));
  } else {
    terminal.note(failureLine(failure));
  }
}

/** Walks the path at a venue that is there, or at one for this time only. */
async function walk(
  { url, market, rpc }: TestOptions,
  parts: {
    readonly key: SigningKey;
    readonly signal: AbortSignal;
    readonly program: Program;
    readonly steps: Steps;
  },
): Promise<Fault | undefined> {
  const { key, signal, program, steps } = parts;
  let venue: TemporaryVenue | undefined;
  const path = { marketId: market, key, signal, rpc: rpcUrlOf(rpc === undefined ? {} : { rpc }) };
  try {
    if (url === undefined) {
      venue = await startTemporaryVenue(signal);
      steps.done('started', `a temporary venue at ${venue.url}`);
    }
    const at = venue?.url ?? venueUrl({ url: url ?? '' });
    await walkWholePath({ ...path, url: at }, steps, program.terminal);
    if (venue !== undefined) await stop(venue, steps);
    venue = undefined;
    return undefined;
  } catch (failure) {
    if (!(failure instanceof Fault)) throw failure;
    return failure;
  } finally {
    await venue?.end();
  }
}

async function stop(venue: TemporaryVenue, steps: Steps): Promise<void> {
  const code = await venue.end();
  if (code !== 0) {
    throw new CommandFault('CLI_SELF_TEST', `the venue ended with ${code ?? 'a signal'}, not 0`);
  }
  steps.done('stopped', 'the temporary venue is gone');
}

/** Any 32 random bytes are a key, but for one draw in 2^128. */
function newKey(): SigningKey {
  const secretKey = new Uint8Array(randomBytes(32));
  return { account: addressOfSecret(secretKey), secretKey };
}
