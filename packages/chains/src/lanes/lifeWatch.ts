import type { IntentLife } from '../intents/intent.ts';

/** Wakes those who wait for a life to change. */
export class LifeWatch {
  readonly #waiting: Map<string, Set<() => void>> = new Map();

  /** The next change of a life after this call; `forget` when it is no longer waited for. */
  next(key: string): { readonly promise: Promise<void>; readonly forget: () => void } {
    const waiters = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiters);
    let resolve: () => void = () => undefined;
    const promise = new Promise<void>((wake) => {
      resolve = wake;
    });
    waiters.add(resolve);
    const forget = (): void => {
      waiters.delete(resolve);
      if (waiters.size === 0 && this.#waiting.get(key) === waiters) this.#waiting.delete(key);
    };
    return { promise, forget };
  }

  tell({ key }: IntentLife): void {
    const waiters = this.#waiting.get(key);
    if (waiters === undefined) return;
    this.#waiting.delete(key);
    for (const wake of waiters) wake();
  }
}
