import { at, InvariantViolation } from '@lawbook/exchange/failures/invariant';
import type { RootDatabase } from 'lmdb';
import { open } from 'lmdb';
import { ChainFault } from '../chainFault.ts';
import type { Clock, Environment } from '../environment.ts';
import type { ChainStore, Lease, ListOptions, StoreChange, StoreEntry } from './chainStore.ts';
import type { LeaseRecord } from './leaseRecord.ts';
import { claimLease, releasedRecord } from './leaseRecord.ts';
import { checkRoom, prepareLmdbFolder } from './lmdbFiles.ts';
import { closedFault, isCurrent, judgeFence, reasonOf, unavailableFault } from './storeFaults.ts';
import { checkChanges, checkEntries, checkKey, checkLease, listBounds } from './storeRules.ts';

/** Where an LMDB store lives and how large it may grow. */
export interface LmdbStoreOptions {
  /** Created when missing; its parent has to exist. A local disk, never a network mount. */
  readonly directory: string;
  /** Free bytes of the disk that are never used up; 64 MiB unless named. */
  readonly reserveBytes?: number;
}

const RESERVE_BYTES = 64 * 1024 * 1024;
/** A commit copies the pages on the way to each change, at most some tens of them. */
const COMMIT_BYTES = 128 * 1024;
const FORMAT = 'lawbook chain store 1';
/** First characters of keys in the file: the format, entries, leases. */
const FORMAT_KEY = 'f';
const ENTRY = 'e';
const LEASE = 'l';

/**
 * The default store: one folder, which several processes of one machine may open at a time.
 *
 * Every write is one transaction, synced to the disk before the call resolves, on this thread:
 * asynchronous commits of the engine leave rejections that nobody can handle once a disk is full.
 * Leases run on the wall clock of the environment, which the processes of a machine share.
 * A process that is suspended inside a write (some 100 microseconds) holds up the writes of the
 * others until it goes on or ends.
 */
export class LmdbStore implements ChainStore {
  readonly #database: RootDatabase<Buffer, Buffer>;
  readonly #directory: string;
  readonly #reserveBytes: number;
  readonly #clock: Clock;
  #isClosed = false;

  private constructor(
    database: RootDatabase<Buffer, Buffer>,
    { directory, reserveBytes }: Required<LmdbStoreOptions>,
    clock: Clock,
  ) {
    this.#database = database;
    this.#directory = directory;
    this.#reserveBytes = reserveBytes;
    this.#clock = clock;
  }

  /** @throws ChainFault CHAIN_STORE_UNAVAILABLE, CHAIN_STORE_CORRUPT. */
  static async open(
    { directory, reserveBytes = RESERVE_BYTES }: LmdbStoreOptions,
    { clock }: Environment,
  ): Promise<LmdbStore> {
    prepareLmdbFolder(directory, reserveBytes);
    const store = new LmdbStore(openFile(directory), { directory, reserveBytes }, clock);
    try {
      store.#checkFormat();
    } catch (cause) {
      await store.close();
      throw cause;
    }
    return store;
  }

  async get(key: string): Promise<string | undefined> {
    checkKey(key);
    return this.#read(() => this.#textAt(ENTRY + key));
  }

  async list(prefix: string, options?: ListOptions): Promise<readonly StoreEntry[]> {
    const { from, below, limit } = listBounds(prefix, options);
    return this.#read(() => {
      const entries = this.#database.getRange({
        start: asBytes(ENTRY + from),
        end: asBytes(ENTRY + below),
        ...(limit === undefined ? {} : { limit }),
      });
      return Array.from(entries, ({ key, value: text }) => {
        return { key: key.toString('latin1', ENTRY.length), text: text.toString() };
      });
    });
  }

  async insert(entries: readonly StoreEntry[]): Promise<boolean> {
    checkEntries(entries);
    return this.#write(entries, () => {
      if (this.#textAt(ENTRY + at(entries, 0).key) !== undefined) return false;
      this.#apply(entries);
      return true;
    });
  }

  async commit(lease: Lease, changes: readonly StoreChange[]): Promise<void> {
    checkChanges(changes);
    this.#write(changes, () => {
      const verdict = judgeFence(lease, this.#leaseAt(lease.name)?.fence);
      if (verdict !== 'current') throw verdict;
      this.#apply(changes);
    });
  }

  async acquireLease(name: string, owner: string, durationMs: number): Promise<Lease | undefined> {
    checkLease(name, owner, durationMs);
    return this.#write([], () => {
      const before = this.#leaseAt(name);
      const claim = { owner, nowMs: this.#clock.nowMs(), durationMs };
      const { record, granted } = claimLease(before, claim);
      if (record !== before) this.#putLease(name, record);
      return granted ? { name, owner, fence: record.fence } : undefined;
    });
  }

  async renewLease(lease: Lease, durationMs: number): Promise<boolean> {
    checkLease(lease.name, lease.owner, durationMs);
    return this.#write([], () => {
      const record = this.#leaseAt(lease.name);
      if (!isCurrent(lease, record?.fence) || record === undefined) return false;
      const takenMs = this.#clock.nowMs();
      this.#putLease(lease.name, { ...record, takenMs, untilMs: takenMs + durationMs });
      return true;
    });
  }

  async releaseLease(lease: Lease): Promise<void> {
    this.#write([], () => {
      const record = this.#leaseAt(lease.name);
      if (record?.fence === lease.fence) this.#putLease(lease.name, releasedRecord(record));
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#database.close();
    } catch (cause) {
      throw failure(this.#directory, 'close', cause);
    }
  }

  #checkFormat(): void {
    const found = this.#read(() => this.#textAt(FORMAT_KEY));
    if (found === FORMAT) return;
    this.#write([], () => {
      const isEmpty = Array.from(this.#database.getKeys({ limit: 1 })).length === 0;
      if (isEmpty) this.#database.putSync(asBytes(FORMAT_KEY), asBytes(FORMAT));
      else if (this.#textAt(FORMAT_KEY) !== FORMAT) throw foreignFault(this.#directory);
    });
  }

  #read<T>(action: () => T): T {
    if (this.#isClosed) throw closedFault();
    try {
      // Without this a read may see the moment of an earlier read of the same turn.
      this.#database.resetReadTxn();
      return action();
    } catch (cause) {
      throw failure(this.#directory, 'read', cause);
    }
  }

  #write<T>(changes: readonly StoreChange[], action: () => T): T {
    if (this.#isClosed) throw closedFault();
    const bytes = changes.reduce((sum, { key, text }) => {
      return sum + key.length + Buffer.byteLength(text ?? '');
    }, COMMIT_BYTES);
    try {
      checkRoom(this.#directory, { bytes: 4 * bytes, reserveBytes: this.#reserveBytes });
      return this.#database.transactionSync(action);
    } catch (cause) {
      throw failure(this.#directory, 'write', cause);
    }
  }

  #apply(changes: readonly StoreChange[]): void {
    for (const { key, text } of changes) {
      if (text === undefined) this.#database.removeSync(asBytes(ENTRY + key));
      else this.#database.putSync(asBytes(ENTRY + key), Buffer.from(text));
    }
  }

  #textAt(key: string): string | undefined {
    return this.#database.get(asBytes(key))?.toString();
  }

  #leaseAt(name: string): LeaseRecord | undefined {
    const text = this.#textAt(LEASE + name);
    return text === undefined ? undefined : (JSON.parse(text) as LeaseRecord);
  }

  #putLease(name: string, record: LeaseRecord): void {
    this.#database.putSync(asBytes(LEASE + name), Buffer.from(JSON.stringify(record)));
  }
}

function openFile(directory: string): RootDatabase<Buffer, Buffer> {
  try {
    return open<Buffer, Buffer>({
      path: directory,
      noSubdir: false,
      keyEncoding: 'binary',
      encoding: 'binary',
    });
  } catch (cause) {
    throw failure(directory, 'open', cause);
  }
}

/** Keys are ASCII, so one byte each. */
function asBytes(key: string): Buffer {
  return Buffer.from(key, 'latin1');
}

function failure(directory: string, action: string, cause: unknown): ChainFault {
  if (cause instanceof InvariantViolation) throw cause;
  if (cause instanceof ChainFault) return cause;
  if (isDamage(cause)) return damagedFault(directory, action, cause);
  return unavailableFault(`LMDB failed to ${action} ${directory}: ${reasonOf(cause)}.`, {
    advice: 'Check the disk and the permissions, then start again; what was acknowledged is there.',
    fields: { store: 'lmdb', path: directory, action },
    cause,
  });
}

/** MDB_BAD_TXN, MDB_CORRUPTED and MDB_PAGE_NOTFOUND: no repetition can help. */
const DAMAGE: ReadonlySet<unknown> = new Set([-30_782, -30_796, -30_797]);

function isDamage(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && DAMAGE.has(cause.code);
}

function damagedFault(directory: string, action: string, cause: unknown): ChainFault {
  return new ChainFault(
    'CHAIN_STORE_CORRUPT',
    `LMDB failed to ${action} ${directory}, because its file is damaged. Restore it from a backup.`,
    { fields: { store: 'lmdb', path: directory, action }, cause },
  );
}

function foreignFault(directory: string): ChainFault {
  return new ChainFault(
    'CHAIN_STORE_CORRUPT',
    `${directory} holds a database that is no store of intents. Name another folder.`,
    { fields: { store: 'lmdb', path: directory } },
  );
}
