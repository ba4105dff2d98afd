import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CommandFault } from '../terminal/cliFault.ts';

/** A venue of its own in a folder that goes with it. */
export interface TemporaryVenue {
  readonly url: string;
  /** Stops it and removes its folder. @returns its exit code; undefined when it was killed. */
  readonly end: () => Promise<number | undefined>;
}

const MAIN = resolve(import.meta.dirname, '../main.ts');
/** Batches and epochs of a moment: the test waits for both. */
const PACE = [
  'market.batchIntervalMs=500',
  'market.epochSealAfterMs=2000',
  'settlement.finalityBlocks=5',
];
const STOP_MS = 30_000;

/**
 * Starts a venue with a chain of its own as a child of this process, on ports that the system
 * chooses, without traders.
 * @throws CommandFault CLI_SELF_TEST with the end of its log when it does not start.
 */
export async function startTemporaryVenue(signal: AbortSignal): Promise<TemporaryVenue> {
  const folder = mkdtempSync(join(tmpdir(), 'lawbook-test-'));
  const logFile = join(folder, 'venue.log');
  const log = openSync(logFile, 'a');
  const words = ['start', '--json', '--no-flow', '--settlement', 'embedded', '--port', '0'];
  const child = spawn(
    process.execPath,
    [MAIN, ...words, '--data-dir', join(folder, 'venue'), '--set', ...PACE],
    // Detached, so that Ctrl-C reaches the test, which then ends the venue in order.
    { stdio: ['ignore', 'pipe', log], detached: true },
  );
  closeSync(log);
  // Whoever ends the test at once ends the venue with it.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const end = async (): Promise<number | undefined> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const [code] = await ended;
    clearTimeout(timer);
    process.off('exit', kill);
    rmSync(folder, { recursive: true, force: true });
    return code ?? undefined;
  };
  try {
    return { url: await announced(child.stdout, ended, signal), end };
  } catch (cause) {
    const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-1).join('');
    await end();
    if (!(cause instanceof CommandFault)) throw cause;
    throw new CommandFault('CLI_SELF_TEST', `${cause.message}: ${tail.slice(0, 500)}`);
  }
}

/** The address that a starting venue prints as JSON. */
function announced(
  output: NodeJS.ReadableStream | null,
  ended: Promise<[number | null]>,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((settle, fail) => {
    let text = '';
    const stop = (): void => {
      fail(new CommandFault('CLI_WAIT_OVER', 'the wait is over before the venue listens'));
    };
    signal.addEventListener('abort', stop, { once: true });
    output?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /"url":"([^"]+)"/.exec(text)?.[1];
      if (found !== undefined) settle(found);
    });
    void ended.then(([code]) => {
      fail(new CommandFault('CLI_SELF_TEST', `the venue ended with ${code} instead of listening`));
    });
  });
}
