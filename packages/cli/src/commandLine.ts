import { Fault } from '@lawbook/exchange/failures/fault';
import { Command, CommanderError } from 'commander';
import { commandsFor } from './commands.ts';
import type { ExitCode } from './terminal/cliFault.ts';
import { exitCodeOf, reportFailure } from './terminal/failure.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Runs one command line. @returns the exit code; bugs are thrown on. */
export async function runCommandLine(
  words: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  let asked: ExitCode = 0;
  const exitWith = (code: ExitCode): void => {
    asked = asked > code ? asked : code;
  };
  const command = new Command('lawbook')
    .description('An exchange that proves it kept its own rules.')
    .version('0.1.0')
    .showHelpAfterError('(lawbook --help shows examples)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    // A flag belongs to the command after which it stands: book --url, book order --url.
    .enablePositionalOptions()
    .addHelpText('after', HELP);
  for (const add of await commandsFor(words)) add({ command, terminal, exitWith });
  try {
    await command.parseAsync([...words], { from: 'user' });
    return asked;
  } catch (failure) {
    if (!(failure instanceof CommanderError || failure instanceof Fault)) throw failure;
    reportFailure(terminal, failure, words.includes('--json'));
    return exitCodeOf(failure);
  }
}

const HELP = `
A first minute:
  lawbook start                                     a demo venue on this machine
  lawbook preview --pay 1000 USD --receive EUR      what a trade would get now
  lawbook order --from alice --pay 1000 USD --receive EUR
  lawbook balance alice
  lawbook book 101                                  an order book; lawbook books lists them
  lawbook book order 101 buy 50 --market --from alice
  lawbook epoch export latest --out epoch.bin       everything a verifier needs
  lawbook verify epoch.bin                          re-run the laws, offline
  lawbook simulate                                  the scenario suite

lawbook help <command> shows more examples. LAWBOOK_URL names another venue than the local one.
Exit codes: 0 done, 1 refused or a check failed, 2 wrong usage, 3 nobody answered.
With --json a command prints one JSON document on standard output, failures included.`;
