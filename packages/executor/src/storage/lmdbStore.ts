import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { open } from 'lmdb';
import { asBuffer, engineUnavailable } from './engineUnavailable.ts';
import type { KeyValueStore, RangeOptions, StoreChange, StoredEntry } from './keyValueStore.ts';
import { checkKey, keyBounds, StorageFault } from './keyValueStore.ts';
import { storeFileFlaw } from './lmdbFile.ts';

/** Where an LMDB store lives and how large it may grow. */
export interface LmdbOptions {
  /** Created when missing. */
  readonly directory: string;
  /** Free bytes of the disk that are never used up; 64 MiB unless named. */
  readonly reserveBytes?: number;
}

const RESERVE_BYTES = 64 * 1024 * 1024;
/** A commit copies the pages on the way to each change, at most some tens of them. */
const COMMIT_BYTES = 128 * 1024;

/**
 * The default store. A batch is one transaction, committed and synced before `batch` returns.
 *
 * The commits run on this thread: a venue makes about two a second, of some milliseconds each. The
 * engine's own asynchronous commits are not used, because on a full disk they leave a rejection
 * that nobody can handle and a close that never ends. Nor is the engine let run into a full disk at
 * all:
 * one in ten such commits corrupted the memory of the process when it was tried.
 */
export class LmdbStore implements KeyValueStore {
  readonly #database: RootDatabase<Buffer, Buffer>;
  readonly #directory: string;
  readonly #reserveBytes: number;
  #isClosed = false;

  private constructor(database: RootDatabase<Buffer, Buffer>, options: Required<LmdbOptions>) {
    this.#database = database;
    this.#directory = options.directory;
    this.#reserveBytes = options.reserveBytes;
  }

  /** @throws StorageFault STORAGE_UNAVAILABLE. */
  static async open({ directory, reserveBytes = RESERVE_BYTES }: LmdbOptions): Promise<LmdbStore> {
    try {
      const path = join(directory, 'data.mdb');
      const flaw = storeFileFlaw(path);
      if (flaw !== undefined) throw notAStore(path, flaw);
      const database = open<Buffer, Buffer>({
        path: directory,
        noSubdir: false,
        keyEncoding: 'binary',
        encoding: 'binary',
      });
      return new LmdbStore(database, { directory, reserveBytes });
    } catch (cause) {
      throw engineUnavailable({ engine: 'LMDB', action: 'open', path: directory }, cause);
    }
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    checkKey(key);
    const record = this.#database.get(asBuffer(key));
    return record === undefined ? undefined : copyOf(record);
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
    this.#checkRoom(changes);
    const database = this.#database;
    try {
      database.transactionSync(() => {
        for (const change of changes) {
          const key = asBuffer(change.key);
          if (change.kind === 'put') database.putSync(key, asBuffer(change.record));
          else database.removeSync(key);
        }
      });
    } catch (cause) {
      throw engineUnavailable({ engine: 'LMDB', action: 'write', path: this.#directory }, cause);
    }
  }

  async *range(options: RangeOptions = {}): AsyncGenerator<StoredEntry> {
    this.#checkOpen();
    const bounds = keyBounds(options);
    if (bounds === undefined) return;
    const isReverse = options.reverse === true;
    const [start, end] = isReverse ? [bounds.to, bounds.from] : [bounds.from, bounds.to];
    const entries = this.#database.getRange({
      ...(start === undefined ? {} : { start: asBuffer(start) }),
      ...(end === undefined ? {} : { end: asBuffer(end) }),
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      // The bounds are [from, to) in either direction.
      ...(isReverse ? { reverse: true, exclusiveStart: true, inclusiveEnd: true } : {}),
    });
    for (const { key, value: record } of entries) {
      yield { key: copyOf(key), record: copyOf(record) };
    }
  }

  /** Every commit is synced before it returns, so nothing is left to flush. */
  async flush(): Promise<void> {
    this.#checkOpen();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#database.close();
    } catch (cause) {
      throw engineUnavailable({ engine: 'LMDB', action: 'close', path: this.#directory }, cause);
    }
  }

  #checkRoom(changes: readonly StoreChange[]): void {
    const bytes = changes.reduce((sum, change) => {
      return sum + change.key.length + (change.kind === 'put' ? change.record.length : 0);
    }, COMMIT_BYTES);
    const { bavail, bsize } = statfsSync(this.#directory);
    const free = bavail * bsize;
    if (free - 4 * bytes >= this.#reserveBytes) return;
    const reserveBytes = this.#reserveBytes;
    throw new StorageFault(
      'STORAGE_FULL',
      `The disk of ${this.#directory} has ${free} bytes left; ${reserveBytes} are kept free. ` +
        'Make room or lower storage.reserveBytes, then start again.',
      { fields: { path: this.#directory, free, reserveBytes } },
    );
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StorageFault('STORAGE_CLOSED', 'The store was closed.');
  }
}

function notAStore(path: string, flaw: string): StorageFault {
  return new StorageFault(
    'STORAGE_UNAVAILABLE',
    `${path} is not an LMDB store: ${flaw}. Delete its folder, the index, and start again: it is ` +
      'rebuilt from the journal.',
    { fields: { path, flaw } },
  );
}

// LMDB reuses its buffers, so what leaves the store is copied.
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
