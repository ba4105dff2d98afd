import { useSyncExternalStore } from 'react';

/** Something that changes and is looked at by several parts of the page. */
export class Live<T> {
  #now: T;
  readonly #watchers = new Set<() => void>();

  constructor(first: T) {
    this.#now = first;
  }

  readonly get = (): T => this.#now;

  /** Tells every watcher, unless nothing changed. */
  set(next: T): void {
    if (Object.is(next, this.#now)) return;
    this.#now = next;
    for (const watcher of [...this.#watchers]) watcher();
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  };
}

/** What a live quantity is now; the part of the page is drawn again when it changes. */
export function useLive<T>(live: Live<T>): T {
  return useSyncExternalStore(live.subscribe, live.get);
}
