import { at } from '@lawbook/exchange/failures/invariant';
import type { KeyValueStore, RangeOptions, StoreChange, StoredEntry } from './keyValueStore.ts';
import { checkKey, keyBounds, StorageFault } from './keyValueStore.ts';

/**
 * A store in memory: the judge of the other engines, and enough for a venue that rebuilds its
 * indexes at every start. A sorted array; inserting into n entries costs n moves.
 */
export class MemoryStore implements KeyValueStore {
  readonly #entries: StoredEntry[] = [];
  #isClosed = false;

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    checkKey(key);
    const index = this.#firstAtLeast(key);
    const entry = this.#entries[index];
    return entry !== undefined && isSame(entry.key, key) ? entry.record.slice() : undefined;
  }

  async put(key: Uint8Array, record: Uint8Array): Promise<void> {
    await this.batch([{ kind: 'put', key, record }]);
  }

  async delete(key: Uint8Array): Promise<void> {
    await this.batch([{ kind: 'delete', key }]);
  }

  async batch(changes: readonly StoreChange[]): Promise<void> {
    this.#checkOpen();
    for (const { key } of changes) checkKey(key);
    for (const change of changes) this.#apply(change);
  }

  async *range(options: RangeOptions = {}): AsyncGenerator<StoredEntry> {
    this.#checkOpen();
    const bounds = keyBounds(options);
    if (bounds === undefined) return;
    const start = bounds.from === undefined ? 0 : this.#firstAtLeast(bounds.from);
    const end = bounds.to === undefined ? this.#entries.length : this.#firstAtLeast(bounds.to);
    const found = this.#entries.slice(start, end);
    if (options.reverse === true) found.reverse();
    for (const { key, record } of found.slice(0, options.limit)) {
      yield { key: key.slice(), record: record.slice() };
    }
  }

  async flush(): Promise<void> {
    this.#checkOpen();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #apply(change: StoreChange): void {
    const index = this.#firstAtLeast(change.key);
    const present = this.#entries[index];
    const width = present !== undefined && isSame(present.key, change.key) ? 1 : 0;
    if (change.kind === 'delete') {
      this.#entries.splice(index, width);
      return;
    }
    const entry = { key: change.key.slice(), record: change.record.slice() };
    this.#entries.splice(index, width, entry);
  }

  /** Index of the first entry whose key is not below `key`. */
  #firstAtLeast(key: Uint8Array): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Buffer.compare(at(this.#entries, middle).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StorageFault('STORAGE_CLOSED', 'The store was closed.');
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
