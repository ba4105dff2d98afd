import type { Command } from 'commander';
import { UsageFault } from './cliFault.ts';

/** Adds the flag of every command that waits for others. */
export function withWaitFlag(command: Command, presetSeconds: number): Command {
  return command.option('--wait <seconds>', 'give up waiting after this', String(presetSeconds));
}

/** A signal that ends the wait when its time is over, or on Ctrl-C. */
export function readWait(text: string): AbortSignal {
  const seconds = Number(text);
  if (/^\d{1,6}$/.test(text) && seconds > 0) return waitSignal(seconds * 1000);
  throw new UsageFault(`--wait takes whole seconds, not ${text}`);
}

/** Aborts after a time, or on the first interrupt; a second one ends the process at once. */
export function waitSignal(durationMs: number): AbortSignal {
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  return AbortSignal.any([interrupt.signal, AbortSignal.timeout(durationMs)]);
}
