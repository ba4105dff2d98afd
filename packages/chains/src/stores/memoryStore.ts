import { at } from '@lawbook/exchange/failures/invariant';
import type { Clock } from '../environment.ts';
import type { ChainStore, Lease, ListOptions, StoreChange, StoreEntry } from './chainStore.ts';
import type { LeaseRecord } from './leaseRecord.ts';
import { claimLease, releasedRecord } from './leaseRecord.ts';
import { closedFault, isCurrent, judgeFence } from './storeFaults.ts';
import { checkChanges, checkEntries, checkKey, checkLease, listBounds } from './storeRules.ts';

/**
 * A store in the memory of this process, for tests and simulations: it survives nothing.
 *
 * Every call ends within microtasks, and leases run on the clock that it is given.
 */
export class MemoryStore implements ChainStore {
  readonly #clock: Clock;
  readonly #contents: MemoryContents;
  #isClosed = false;

  constructor(
    clock: Clock,
    contents: MemoryContents = { texts: new Map(), keys: [], leases: new Map() },
  ) {
    this.#clock = clock;
    this.#contents = contents;
  }

  /** Another object on the same contents, as another process or a restarted one would open. */
  reopen(): MemoryStore {
    return new MemoryStore(this.#clock, this.#contents);
  }

  async get(key: string): Promise<string | undefined> {
    this.#checkOpen();
    checkKey(key);
    return this.#contents.texts.get(key);
  }

  async list(prefix: string, options?: ListOptions): Promise<readonly StoreEntry[]> {
    this.#checkOpen();
    const { from, below, limit } = listBounds(prefix, options);
    const { keys, texts } = this.#contents;
    const start = placeOf(keys, from);
    const end = Math.min(placeOf(keys, below), start + (limit ?? keys.length));
    return keys.slice(start, end).map((key) => ({ key, text: texts.get(key) as string }));
  }

  async insert(entries: readonly StoreEntry[]): Promise<boolean> {
    this.#checkOpen();
    checkEntries(entries);
    if (this.#contents.texts.has(at(entries, 0).key)) return false;
    this.#apply(entries);
    return true;
  }

  async commit(lease: Lease, changes: readonly StoreChange[]): Promise<void> {
    this.#checkOpen();
    checkChanges(changes);
    const verdict = judgeFence(lease, this.#contents.leases.get(lease.name)?.fence);
    if (verdict !== 'current') throw verdict;
    this.#apply(changes);
  }

  async acquireLease(name: string, owner: string, durationMs: number): Promise<Lease | undefined> {
    this.#checkOpen();
    checkLease(name, owner, durationMs);
    const { leases } = this.#contents;
    const claim = { owner, nowMs: this.#clock.elapsedMs(), durationMs };
    const { record, granted } = claimLease(leases.get(name), claim);
    leases.set(name, record);
    return granted ? { name, owner, fence: record.fence } : undefined;
  }

  async renewLease(lease: Lease, durationMs: number): Promise<boolean> {
    this.#checkOpen();
    checkLease(lease.name, lease.owner, durationMs);
    const { leases } = this.#contents;
    const record = leases.get(lease.name);
    if (!isCurrent(lease, record?.fence) || record === undefined) return false;
    const nowMs = this.#clock.elapsedMs();
    leases.set(lease.name, { ...record, takenMs: nowMs, untilMs: nowMs + durationMs });
    return true;
  }

  async releaseLease(lease: Lease): Promise<void> {
    this.#checkOpen();
    const { leases } = this.#contents;
    const record = leases.get(lease.name);
    if (record?.fence === lease.fence) leases.set(lease.name, releasedRecord(record));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #apply(changes: readonly StoreChange[]): void {
    const { texts, keys } = this.#contents;
    for (const { key, text } of changes) {
      const isKnown = texts.has(key);
      if (text === undefined) {
        if (isKnown) keys.splice(placeOf(keys, key), 1);
        texts.delete(key);
      } else {
        // Keys that grow with time, the usual kind, go to the end without moving the others.
        if (!isKnown) keys.splice(placeOf(keys, key), 0, key);
        texts.set(key, text);
      }
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedFault();
  }
}

/** What stores in memory share. */
export interface MemoryContents {
  readonly texts: Map<string, string>;
  /** Ascending. */
  readonly keys: string[];
  readonly leases: Map<string, LeaseRecord>;
}

/** The index of the first key that is not below `key`. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
