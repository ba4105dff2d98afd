import { ChainFault } from '../chainFault.ts';
import type { ChainStore, Lease, ListOptions, StoreChange, StoreEntry } from './chainStore.ts';
import type { CommitAnswer } from './fencedCommits.ts';
import { FencedCommits } from './fencedCommits.ts';
import { RedisConnection } from './redisConnection.ts';
import { REDIS_SCRIPTS } from './redisScripts.ts';
import { isCurrent } from './storeFaults.ts';
import {
  checkChanges,
  checkEntries,
  checkKey,
  checkLease,
  lastOfEachKey,
  listBounds,
} from './storeRules.ts';

/** Which server, and how patiently. */
export interface RedisStoreOptions {
  /** `redis://user:password@host:port/database` or `rediss://`; never shown but for its host. */
  readonly url: string;
  /** Start of every key on the server; `lawbook-chains` unless named. Letters, digits, dashes. */
  readonly prefix?: string;
  /** For each call, a third of it to wait for the answer; 6,000 unless named. */
  readonly timeoutMs?: number;
  /** Accepts a server that may lose acknowledged writes; false unless named. */
  readonly allowVolatile?: boolean;
}

const PREFIX = 'lawbook-chains';
const TIMEOUT_MS = 6_000;
const FORMAT = '1';
const NO_LIMIT = -1;

/**
 * A store in Redis 6 or later (one server, not a cluster), for processes on several machines.
 *
 * Redis keeps what it acknowledges only with `appendonly yes`, `appendfsync always` and a
 * `maxmemory-policy` that evicts nothing; a server that is set up otherwise, or does not let its
 * settings be read, is refused unless `allowVolatile`. A fail-over to a replica loses what had not
 * reached it; a lease that is lost this way is recognised, an intent is not.
 *
 * Every call is one script. Leases run on the server's clock. The connection is made when a call
 * needs it, so the store works again with the first call after the server is back.
 */
export class RedisStore implements ChainStore {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #commits = new FencedCommits();

  private constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  /** @throws ChainFault CHAIN_CONFIG_INVALID, CHAIN_STORE_UNAVAILABLE, CHAIN_STORE_CORRUPT. */
  static async open(options: RedisStoreOptions): Promise<RedisStore> {
    const { url, prefix = PREFIX, timeoutMs = TIMEOUT_MS, allowVolatile = false } = options;
    if (!/^[A-Za-z0-9-]{1,100}$/.test(prefix)) {
      throw new ChainFault(
        'CHAIN_CONFIG_INVALID',
        'The prefix of the Redis store is not 1 to 100 letters, digits or dashes.',
      );
    }
    const connection = new RedisConnection({ url, timeoutMs, allowVolatile });
    const store = new RedisStore(connection, prefix);
    try {
      await store.#checkFormat();
    } catch (cause) {
      await store.close();
      throw cause;
    }
    return store;
  }

  async get(key: string): Promise<string | undefined> {
    checkKey(key);
    const text = await this.#connection.send(['HGET', this.#keys[0], key]);
    return typeof text === 'string' ? text : undefined;
  }

  async list(prefix: string, options?: ListOptions): Promise<readonly StoreEntry[]> {
    const { from, below, limit } = listBounds(prefix, options);
    const bounds = [from, below, String(limit ?? NO_LIMIT)];
    const flat = await this.#run('list', this.#keys, bounds);
    if (!Array.isArray(flat)) throw this.#foreignFault();
    const entries: StoreEntry[] = [];
    for (let index = 0; index < flat.length; index += 2) {
      const [key, text] = [flat[index], flat[index + 1]];
      if (typeof key !== 'string' || typeof text !== 'string') throw this.#foreignFault();
      entries.push({ key, text });
    }
    return entries;
  }

  async insert(entries: readonly StoreEntry[]): Promise<boolean> {
    checkEntries(entries);
    return (await this.#run('insert', this.#keys, flatten(entries))) === 1;
  }

  async commit(lease: Lease, changes: readonly StoreChange[]): Promise<void> {
    checkChanges(changes);
    const { puts, deletes } = lastOfEachKey(changes);
    const { name, fence } = lease;
    const keys = [...this.#keys, this.#leaseKey(name)];
    await this.#commits.commit(lease, async (sequence): Promise<CommitAnswer> => {
      const head = [String(fence), String(sequence), String(puts.length)];
      const answer = await this.#run('commit', keys, [...head, ...flatten(puts), ...deletes]);
      if (answer === 'applied') return { kind: 'applied' };
      const [storedFence, storedSequence] = Array.isArray(answer) ? answer : [];
      return { kind: 'refused', fence: count(storedFence), sequence: count(storedSequence) };
    });
  }

  async acquireLease(name: string, owner: string, durationMs: number): Promise<Lease | undefined> {
    checkLease(name, owner, durationMs);
    const fence = await this.#run('acquire', [this.#leaseKey(name)], [owner, String(durationMs)]);
    return typeof fence === 'number' && fence > 0 ? { name, owner, fence } : undefined;
  }

  async renewLease(lease: Lease, durationMs: number): Promise<boolean> {
    const { name, owner, fence } = lease;
    checkLease(name, owner, durationMs);
    const parameters = [String(fence), String(durationMs)];
    return isCurrent(lease, count(await this.#run('renew', [this.#leaseKey(name)], parameters)));
  }

  async releaseLease({ name, fence }: Lease): Promise<void> {
    await this.#run('release', [this.#leaseKey(name)], [String(fence)]);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** The hash of texts by key, and the sorted set of the keys. */
  get #keys(): readonly [string, string] {
    return [`${this.#prefix}:texts`, `${this.#prefix}:keys`];
  }

  #leaseKey(name: string): string {
    return `${this.#prefix}:lease:${name}`;
  }

  async #run(
    script: keyof typeof REDIS_SCRIPTS,
    keys: readonly string[],
    parameters: readonly string[],
  ): Promise<unknown> {
    const head = ['EVAL', REDIS_SCRIPTS[script], String(keys.length)];
    return this.#connection.send([...head, ...keys, ...parameters]);
  }

  async #checkFormat(): Promise<void> {
    const keys = [...this.#keys, `${this.#prefix}:format`];
    if ((await this.#run('format', keys, [FORMAT])) !== FORMAT) throw this.#foreignFault();
  }

  #foreignFault(): ChainFault {
    const { host } = this.#connection;
    const prefix = this.#prefix;
    return new ChainFault(
      'CHAIN_STORE_CORRUPT',
      `The keys ${prefix}:* at ${host} are no store of intents of format ${FORMAT}. Name another ` +
        'prefix, or restore them.',
      { fields: { store: 'redis', host, prefix } },
    );
  }
}

function flatten(entries: readonly StoreEntry[]): string[] {
  return entries.flatMap(({ key, text }) => [key, text]);
}

/** Counts arrive as text, '' for none. */
function count(text: unknown): number | undefined {
  return typeof text === 'string' && text !== '' ? Number(text) : undefined;
}
