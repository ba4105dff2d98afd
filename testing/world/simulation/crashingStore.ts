import type {
  KeyValueStore,
  RangeOptions,
  StoreChange,
  StoredEntry,
} from '../../../packages/executor/src/storage/keyValueStore.ts';
import { StorageFault } from '../../../packages/executor/src/storage/keyValueStore.ts';
import { MemoryStore } from '../../../packages/executor/src/storage/memoryStore.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { Life } from './life.ts';

/** How the store behaves now. */
export interface StoreTerms {
  /** Every write fails, as on a full disk; nothing of it is stored. */
  full: boolean;
  /** Share of the writes that fail. */
  failing: number;
}

/**
 * The indexes of a simulated machine: transactions survive the death of a process; of those since
 * the last flush a loss of power may take the last ones, whole.
 */
export class CrashingStore {
  readonly terms: StoreTerms = { full: false, failing: 0 };
  readonly #random: SeededRandom;
  #flushed: StoreChange[][] = [];
  #since: StoreChange[][] = [];
  #live = new MemoryStore();
  /** Transactions that losses of power have taken. */
  transactionsLost = 0;
  /** How often everything was thrown away. */
  discards = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Starts anew with an empty store, as after its folder was deleted. */
  discard(): void {
    this.discards += 1;
    this.#flushed = [];
    this.#since = [];
    this.#live = new MemoryStore();
  }

  /** Every row, for whoever stands beside the machine. */
  async rows(): Promise<[key: Uint8Array, record: Uint8Array][]> {
    const rows: [Uint8Array, Uint8Array][] = [];
    for await (const { key, record } of this.#live.range()) rows.push([key, record]);
    return rows;
  }

  async losePower(): Promise<void> {
    const kept = this.#random.integer(0, this.#since.length);
    this.transactionsLost += this.#since.length - kept;
    this.#flushed.push(...this.#since.slice(0, kept));
    this.#since = [];
    this.#live = new MemoryStore();
    for (const changes of this.#flushed) await this.#live.batch(changes);
  }

  /** The store as one process has opened it. */
  seenBy(life: Life): KeyValueStore {
    let isClosed = false;
    const call = <T>(act: () => Promise<T>): Promise<T> => {
      if (isClosed) throw new StorageFault('STORAGE_CLOSED', 'The store was closed.');
      return life.touch('store', act);
    };
    const store: KeyValueStore = {
      get: (key) => call(() => this.#live.get(key)),
      put: (key, record) => store.batch([{ kind: 'put', key, record }]),
      delete: (key) => store.batch([{ kind: 'delete', key }]),
      batch: (changes) => call(() => this.#write(changes)),
      range: (options) => this.#range(options, call),
      flush: () => call(async () => this.#flush()),
      close: async () => {
        await call(async () => this.#flush());
        isClosed = true;
      },
    };
    return store;
  }

  async #write(changes: readonly StoreChange[]): Promise<void> {
    const { full, failing } = this.terms;
    if (full) throw new StorageFault('STORAGE_FULL', 'The simulated disk is full.');
    if (failing > 0 && this.#random.next() < failing) {
      throw new StorageFault('STORAGE_UNAVAILABLE', 'The simulated store failed.');
    }
    await this.#live.batch(changes);
    this.#since.push([...changes]);
  }

  #flush(): void {
    this.#flushed.push(...this.#since);
    this.#since = [];
  }

  async *#range(
    options: RangeOptions | undefined,
    call: <T>(act: () => Promise<T>) => Promise<T>,
  ): AsyncGenerator<StoredEntry> {
    const entries: StoredEntry[] = await call(async () => {
      const found: StoredEntry[] = [];
      for await (const entry of this.#live.range(options)) found.push(entry);
      return found;
    });
    yield* entries;
  }
}
