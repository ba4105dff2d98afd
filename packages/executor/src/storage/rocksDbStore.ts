import { createRequire } from 'node:module';
import { nodeDisk } from '../journal/disk.ts';
import { asBuffer, engineUnavailable } from './engineUnavailable.ts';
import type { KeyValueStore, RangeOptions, StoreChange, StoredEntry } from './keyValueStore.ts';
import { checkKey, keyBounds, StorageFault } from './keyValueStore.ts';

/** The part of the package `rocksdb-native` that this store uses. */
interface RocksDb {
  ready(): Promise<void>;
  get(key: Uint8Array): Promise<Uint8Array | null>;
  write(): RocksBatch;
  iterator(
    range: { gte?: Uint8Array; lt?: Uint8Array },
    options: { reverse: boolean; limit: number },
  ): AsyncIterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface RocksBatch {
  tryPut(key: Uint8Array, record: Uint8Array): void;
  tryDelete(key: Uint8Array): void;
  flush(): Promise<void>;
  destroy(): void;
}

type RocksDbClass = new (path: string) => RocksDb;

/** Where a RocksDB store lives. */
export interface RocksDbOptions {
  /** Created when missing. */
  readonly directory: string;
  /** A path from which `rocksdb-native` resolves; this file unless named. */
  readonly resolveFrom?: string;
}

/**
 * RocksDB behind the same interface, for projections that outgrow memory. The engine comes with the
 * optional package `rocksdb-native`, which is loaded only when this store is opened.
 */
export class RocksDbStore implements KeyValueStore {
  readonly #database: RocksDb;
  readonly #directory: string;
  #isClosed = false;

  private constructor(database: RocksDb, directory: string) {
    this.#database = database;
    this.#directory = directory;
  }

  /** @throws StorageFault STORAGE_BACKEND_MISSING, STORAGE_UNAVAILABLE. */
  static async open({ directory, resolveFrom }: RocksDbOptions): Promise<RocksDbStore> {
    const RocksDbNative = loadRocksDb(resolveFrom);
    try {
      await nodeDisk.makeDirectory(directory);
      const database = new RocksDbNative(directory);
      await database.ready();
      return new RocksDbStore(database, directory);
    } catch (cause) {
      throw engineUnavailable({ engine: 'RocksDB', action: 'open', path: directory }, cause);
    }
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    checkKey(key);
    const record = await this.#attempt('read', this.#database.get(asBuffer(key)));
    return record === null ? undefined : new Uint8Array(record);
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
    if (changes.length === 0) return;
    const batch = this.#database.write();
    try {
      for (const change of changes) {
        if (change.kind === 'put') batch.tryPut(asBuffer(change.key), asBuffer(change.record));
        else batch.tryDelete(asBuffer(change.key));
      }
      await this.#attempt('write', batch.flush());
    } finally {
      batch.destroy();
    }
  }

  async *range(options: RangeOptions = {}): AsyncGenerator<StoredEntry> {
    this.#checkOpen();
    const bounds = keyBounds(options);
    if (bounds === undefined || options.limit === 0) return;
    const { from, to } = bounds;
    const range = {
      ...(from === undefined ? {} : { gte: asBuffer(from) }),
      ...(to === undefined ? {} : { lt: asBuffer(to) }),
    };
    const order = { reverse: options.reverse === true, limit: options.limit ?? Infinity };
    const entries = this.#database.iterator(range, order)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#attempt('read', entries.next());
        if (next.done === true) return;
        const { key, value: record } = next.value;
        yield { key: new Uint8Array(key), record: new Uint8Array(record) };
      }
    } finally {
      // A caller that stops early must not leave an iterator that keeps the database from closing.
      await entries.return?.();
    }
  }

  async flush(): Promise<void> {
    this.#checkOpen();
    await this.#attempt('flush', this.#database.flush());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.flush();
    this.#isClosed = true;
    await this.#attempt('close', this.#database.close());
  }

  async #attempt<T>(action: string, result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (cause) {
      throw engineUnavailable({ engine: 'RocksDB', action, path: this.#directory }, cause);
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StorageFault('STORAGE_CLOSED', 'The store was closed.');
  }
}

function loadRocksDb(resolveFrom: string = import.meta.url): RocksDbClass {
  try {
    return createRequire(resolveFrom)('rocksdb-native') as RocksDbClass;
  } catch (cause) {
    throw new StorageFault(
      'STORAGE_BACKEND_MISSING',
      'The RocksDB store needs the optional package rocksdb-native. Install it with ' +
        '"npm install --ignore-scripts rocksdb-native@3.18.1", or choose lmdb.',
      { cause },
    );
  }
}
