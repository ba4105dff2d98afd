import { ChainFault } from '../chainFault.ts';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** One event that many wait for, again and again. Leaves no listener behind on a signal. */
export class ChangeSignal {
  readonly #waiters = new Set<Waiter>();
  #shared: Promise<void> | undefined;
  #closed = false;

  /**
   * Resolves at the next `fire`. Waits without a signal share one promise, so that a consumer that
   * gives up on them by racing adds nothing.
   * @throws ChainFault CHAIN_CLOSED; the reason of the signal.
   */
  next(signal?: AbortSignal): Promise<void> {
    if (this.#closed) return Promise.reject(closedFault());
    if (signal !== undefined) return this.#wait(signal);
    this.#shared ??= this.#wait(undefined);
    return this.#shared;
  }

  /** Ends every wait that began before. */
  fire(): void {
    if (this.#waiters.size === 0) return;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    this.#shared = undefined;
    for (const { resolve } of waiters) resolve();
  }

  /** Rejects every wait, now and later. */
  close(): void {
    this.#closed = true;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { reject } of waiters) reject(closedFault());
  }

  /** Waits that are open now; for tests of leaks. */
  waiting(): number {
    return this.#waiters.size;
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        resolve: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
        reject: (reason) => {
          signal?.removeEventListener('abort', stop);
          reject(reason);
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#waiters.add(waiter);
    });
  }
}

/** What every call on a closed tracker ends with. */
export function closedFault(): ChainFault {
  return new ChainFault('CHAIN_CLOSED', 'The tracker was closed; create another one to go on.');
}
