import type { Clock } from '../environment.ts';

/** What ends a piece of work. */
export interface DeadlineOptions {
  readonly timeoutMs: number;
  /** Whoever aborts first; they are listened to only while the work runs. */
  readonly signals: readonly (AbortSignal | undefined)[];
}

/**
 * Runs work under a signal of its own, which aborts when time is up or somebody leaves. The work
 * has to heed it: nothing is cut off here. Unlike AbortSignal.any nothing stays registered after.
 */
export async function withDeadline<T>(
  options: DeadlineOptions,
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const signals = options.signals.filter((signal) => signal !== undefined);
  const leave = (): void => ending.abort(LEFT);
  for (const signal of signals) {
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
  }
  const expire = (): void => ending.abort(TIME_IS_UP);
  const timer = clock.sleep(options.timeoutMs, ending.signal).then(expire, () => undefined);
  try {
    return await work(ending.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', leave);
    ending.abort(ENDED);
    await timer;
  }
}

/** Reasons are plain words: an error object would record a stack each time. */
const LEFT = 'the caller left';
const TIME_IS_UP = 'the time is up';
const ENDED = 'the work has ended';
