/** Time as the engine sees it. Tests and simulations inject a clock that they move by hand. */
export interface Clock {
  /** Milliseconds since 1970, for deadlines and records; under 2^53 for 285,000 years. */
  nowMs(): number;
  /** Milliseconds of a clock that never goes back, for timeouts and leases. */
  elapsedMs(): number;
  /** Resolves after `durationMs`; rejects with the reason of `signal` as soon as it aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness as the engine sees it: jitter and choices only, never keys. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** What every part of the engine is given instead of reaching for globals. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
}

/** The real clock and real randomness. */
export function systemEnvironment(): Environment {
  return { clock: systemClock, random: { next: () => Math.random() } };
}

/** A timer of Node that is asked for more goes off at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep: (durationMs, signal) => {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const startedMs = performance.now();
      const wake = (): void => {
        const leftMs = durationMs - (performance.now() - startedMs);
        if (leftMs > 1) {
          timer = setTimeout(wake, Math.min(leftMs, TIMER_MS_MAX));
          return;
        }
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      let timer = setTimeout(wake, Math.min(durationMs, TIMER_MS_MAX));
      signal?.addEventListener('abort', stop, { once: true });
    });
  },
};
