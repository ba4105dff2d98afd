import { ChainFault, type ChainFaultCode } from './chainFault.ts';
import type { Clock } from './environment.ts';

/**
 * Runs something that may hang, for so long and no longer.
 *
 * `run` is told by its signal when its time is up; whether it listens or not, the caller goes on.
 *
 * @throws ChainFault of the given code after `timeoutMs`, the signal's reason when it aborts.
 */
export async function within<Result>(
  limit: {
    readonly clock: Clock;
    readonly timeoutMs: number;
    readonly code: ChainFaultCode;
    /** What was waited for, as the subject of a sentence. */
    readonly what: string;
    readonly signal?: AbortSignal;
  },
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { clock, timeoutMs, code, what, signal } = limit;
  const ending = new AbortController();
  const stop = (): void => ending.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  const timer = clock.sleep(timeoutMs, ending.signal).then(() => {
    throw new ChainFault(code, `${what} did not end within ${timeoutMs} ms; it is tried again.`, {
      fields: { timeoutMs },
    });
  });
  try {
    return await Promise.race([run(ending.signal), timer]);
  } finally {
    signal?.removeEventListener('abort', stop);
    // Also lets go of the timer; its rejection then has nobody to tell, which is as it should be.
    timer.catch(() => undefined);
    ending.abort(new ChainFault(code, `${what} is over.`));
  }
}
