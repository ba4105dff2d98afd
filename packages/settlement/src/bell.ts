import type { Clock } from '@lawbook/chains/environment';

/** Wakes those who wait for news. */
export class Bell {
  readonly #waiting = new Set<() => void>();
  #rings = 0;

  /** How often it rang: taken before one looks for news, so that none is missed. */
  rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings += 1;
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

  /**
   * Resolves once it rang more often than `since`, or after `durationMs`; rejects with the reason
   * of the signal.
   */
  async nextWithin(
    since: number,
    limit: { readonly clock: Clock; readonly durationMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock, durationMs, signal } = limit;
    signal.throwIfAborted();
    if (this.#rings !== since) return;
    const over = new AbortController();
    const stop = (): void => over.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const ring = this.next(over.signal);
    const timer = clock.sleep(durationMs, over.signal);
    try {
      await Promise.race([ring, timer]);
    } finally {
      signal.removeEventListener('abort', stop);
      // Lets go of the one that is still pending; nobody is left to hear its rejection.
      ring.catch(() => undefined);
      timer.catch(() => undefined);
      over.abort(OVER);
    }
  }
}

/** Given, because an abort without a reason makes an error with a stack, many times a second. */
const OVER = 'over';
