import type { Clock } from '@lawbook/chains/environment';

/** Wakes those who wait for news. Who waits looks for the news first: a ring is not kept. */
export class Bell {
  readonly #waiting = new Set<() => void>();

  ring(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves at the next ring; rejects with the reason of the signal. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      const wake = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** Resolves at the next ring, or after `durationMs`; rejects with the reason of the signal. */
  async nextWithin(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const stop = (): void => over.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const ring = this.next(over.signal);
    const timer = clock.sleep(durationMs, over.signal);
    try {
      await Promise.race([ring, timer]);
    } finally {
      signal.removeEventListener('abort', stop);
      // Lets go of the one that is still pending; nobody is left to hear its rejection.
      ring.catch(() => undefined);
      timer.catch(() => undefined);
      over.abort();
    }
  }
}
