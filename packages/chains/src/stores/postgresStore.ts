import { at } from '@lawbook/exchange/failures/invariant';
import type { QueryResult } from 'pg';
import { Pool } from 'pg';
import { ChainFault } from '../chainFault.ts';
import type { Environment } from '../environment.ts';
import type { ChainStore, Lease, ListOptions, StoreChange, StoreEntry } from './chainStore.ts';
import type { CommitAnswer } from './fencedCommits.ts';
import { FencedCommits } from './fencedCommits.ts';
import { preparePostgres } from './postgresSchema.ts';
import type { PostgresSql } from './postgresSql.ts';
import { postgresSql } from './postgresSql.ts';
import { closedFault, codeOf, isCurrent, reasonOf, unavailableFault } from './storeFaults.ts';
import {
  checkChanges,
  checkEntries,
  checkKey,
  checkLease,
  lastOfEachKey,
  listBounds,
} from './storeRules.ts';

/** Which database, and how patiently. */
export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`; never shown but for its host. */
  readonly url: string;
  /** Created when missing; `lawbook_chains` unless named. Lower case, digits and underscores. */
  readonly schema?: string;
  /** For each call, half of it to connect; 5,000 unless named. */
  readonly timeoutMs?: number;
  /** Accepts a server that may lose acknowledged writes when it crashes; false unless named. */
  readonly allowVolatile?: boolean;
}

const SCHEMA = 'lawbook_chains';
const TIMEOUT_MS = 5_000;
const CONNECTIONS_MAX = 4;
const TRIES_MAX = 8;
/** Serialisation failure and deadlock: nothing was applied, and the same statement may succeed. */
const CONFLICTS = new Set(['40001', '40P01']);
const CONFLICT_PAUSE_MS = 20;

/**
 * A store in PostgreSQL 12 or later, for processes on several machines.
 *
 * Every write is one SQL statement, and so one transaction: it takes hold of the row of the lease
 * and compares its fence. Leases run on the server's clock. Connections are made when a call needs
 * one, so the store works again with the first call after the server is back. A fail-over to a
 * replica that lags loses what was acknowledged; a lease that is lost this way is recognised.
 */
export class PostgresStore implements ChainStore {
  readonly #pool: Pool;
  readonly #sql: PostgresSql;
  readonly #host: string;
  readonly #environment: Environment;
  readonly #commits = new FencedCommits();
  #isClosed = false;

  private constructor(
    pool: Pool,
    { sql, host }: { readonly sql: PostgresSql; readonly host: string },
    environment: Environment,
  ) {
    this.#pool = pool;
    this.#sql = sql;
    this.#host = host;
    this.#environment = environment;
  }

  /** @throws ChainFault CHAIN_CONFIG_INVALID, CHAIN_STORE_UNAVAILABLE, CHAIN_STORE_CORRUPT. */
  static async open(
    options: PostgresStoreOptions,
    environment: Environment,
  ): Promise<PostgresStore> {
    const { url, schema = SCHEMA, timeoutMs = TIMEOUT_MS, allowVolatile = false } = options;
    const host = hostOf(url);
    const sql = postgresSql(schema);
    const pool = createPool(url, Math.ceil(timeoutMs / 2));
    const store = new PostgresStore(pool, { sql, host }, environment);
    try {
      await preparePostgres((text, values) => store.#query(text, values ?? []), {
        schema,
        host,
        allowVolatile,
      });
    } catch (cause) {
      await store.close();
      throw cause;
    }
    return store;
  }

  async get(key: string): Promise<string | undefined> {
    checkKey(key);
    const { rows } = await this.#query(this.#sql.get, [key]);
    return rows[0]?.text;
  }

  async list(prefix: string, options?: ListOptions): Promise<readonly StoreEntry[]> {
    const { from, below, limit } = listBounds(prefix, options);
    const { rows } = await this.#query(this.#sql.list, [from, below, limit ?? null]);
    return rows.map(({ key, text }) => ({ key, text }));
  }

  async insert(entries: readonly StoreEntry[]): Promise<boolean> {
    checkEntries(entries);
    const first = at(entries, 0);
    const { puts } = lastOfEachKey(entries.slice(1));
    const { rows } = await this.#query(this.#sql.insert, [first.key, first.text, ...columns(puts)]);
    return rows[0]?.inserted === 1;
  }

  async commit(lease: Lease, changes: readonly StoreChange[]): Promise<void> {
    checkChanges(changes);
    const { puts, deletes } = lastOfEachKey(changes);
    const { name, fence } = lease;
    await this.#commits.commit(lease, async (sequence): Promise<CommitAnswer> => {
      const parameters = [name, fence, sequence, ...columns(puts), deletes];
      const { rows } = await this.#query(this.#sql.commit, parameters);
      if (rows[0]?.applied === 1) return { kind: 'applied' };
      const found = at((await this.#query(this.#sql.lease, [name])).rows, 0);
      return { kind: 'refused', fence: count(found.fence), sequence: count(found.sequence) };
    });
  }

  async acquireLease(name: string, owner: string, durationMs: number): Promise<Lease | undefined> {
    checkLease(name, owner, durationMs);
    const { rows } = await this.#query(this.#sql.acquire, [name, owner, durationMs]);
    const fence = count(rows[0]?.fence);
    if (fence !== undefined) return { name, owner, fence };
    await this.#query(this.#sql.restartClock, [name]);
    return undefined;
  }

  async renewLease(lease: Lease, durationMs: number): Promise<boolean> {
    const { name, owner, fence } = lease;
    checkLease(name, owner, durationMs);
    const { rows } = await this.#query(this.#sql.renew, [name, fence, durationMs]);
    if (rows.length > 0) return true;
    const found = at((await this.#query(this.#sql.lease, [name])).rows, 0);
    return isCurrent(lease, count(found.fence));
  }

  async releaseLease({ name, fence }: Lease): Promise<void> {
    await this.#query(this.#sql.release, [name, fence]);
  }

  /** Waits for calls that are under way, which end within their time. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pool.end();
  }

  async #query(text: string, parameters: readonly unknown[]): Promise<QueryResult> {
    if (this.#isClosed) throw closedFault();
    const { clock, random } = this.#environment;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#pool.query(text, [...parameters]);
      } catch (cause) {
        const isConflict = CONFLICTS.has(codeOf(cause) ?? '') && tries < TRIES_MAX;
        if (!isConflict) throw queryFault(this.#host, cause);
        await clock.sleep(random.next() * CONFLICT_PAUSE_MS);
      }
    }
  }
}

function createPool(url: string, stepMs: number): Pool {
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: stepMs,
    query_timeout: stepMs,
    // The server gives up as well, so that a call that timed out holds no row for long.
    statement_timeout: stepMs,
    keepAlive: true,
    application_name: 'lawbook-chains',
  });
  // A connection that breaks is dropped by the pool; the next call makes another. Without these
  // listeners the event would end the process.
  const drop = (): undefined => undefined;
  pool.on('error', drop);
  pool.on('connect', (client) => {
    client.on('error', drop);
  });
  return pool;
}

/** Host and port, which is all of a URL that may be shown. */
function hostOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && ['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    return parsed.host;
  }
  throw new ChainFault(
    'CHAIN_CONFIG_INVALID',
    'The URL of the PostgreSQL store cannot be read. Write postgres://user:password@host/name, ' +
      'with special characters in the password percent-encoded.',
  );
}

/** Keys and texts as the two arrays that `unnest` takes. */
function columns(puts: readonly StoreEntry[]): [readonly string[], readonly string[]] {
  return [puts.map(({ key }) => key), puts.map(({ text }) => text)];
}

/** Counts arrive as text, because a bigint of SQL may exceed 2^53; ours do not. */
function count(column: unknown): number | undefined {
  return typeof column === 'string' ? Number(column) : undefined;
}

/** Wrong user, password or right, and no such database. */
const REFUSED = new Set(['28000', '28P01', '3D000', '42501']);
/** Undefined table, column or schema: what `open` made was taken away. */
const GONE = new Set(['42P01', '42703', '3F000']);

/** The driver's own error is not kept as the cause: it may hold the connection with its secrets. */
function queryFault(host: string, cause: unknown): ChainFault {
  const reason = codeOf(cause) ?? 'unknown';
  const fields = { store: 'postgres', host, reason };
  const sentence = `PostgreSQL at ${host} failed: ${reasonOf(cause)}.`;
  if (GONE.has(reason)) {
    const advice = 'Its tables were dropped: restore them before you start again.';
    return new ChainFault('CHAIN_STORE_CORRUPT', `${sentence} ${advice}`, { fields });
  }
  const advice = REFUSED.has(reason)
    ? 'Check user, password and database of the URL, and what the user may do.'
    : 'Check that the server runs, can be reached and may be written to.';
  return unavailableFault(sentence, { advice, fields });
}
