import type { QueryResult } from 'pg';
import { ChainFault } from '../chainFault.ts';

/** Runs one statement, or several without parameters. */
export type RunSql = (text: string, parameters?: readonly unknown[]) => Promise<QueryResult>;

/** What `preparePostgres` has to know. */
export interface SchemaOptions {
  /** Checked already: needs no quoting. */
  readonly schema: string;
  readonly host: string;
  readonly allowVolatile: boolean;
}

const FORMAT = 1;
/** Any number that other users of the database do not take: one creates tables at a time. */
const CREATE_TURN = 7_041_776_102;

/**
 * Checks that the server keeps what it acknowledges, and creates the tables on first use.
 * @throws ChainFault CHAIN_CONFIG_INVALID, CHAIN_STORE_UNAVAILABLE, CHAIN_STORE_CORRUPT.
 */
export async function preparePostgres(run: RunSql, options: SchemaOptions): Promise<void> {
  await checkServer(run, options);
  const { schema, host } = options;
  const known = await run('SELECT to_regclass($1) IS NOT NULL AS known', [`"${schema}".format`]);
  // Asked first, because a user who may not create schemas can still use one that is there.
  if (known.rows[0]?.known !== true) await run(createTables(schema));
  const { rows } = await run(`SELECT version FROM "${schema}".format`);
  if (rows.length === 1 && rows[0]?.version === FORMAT) return;
  throw new ChainFault(
    'CHAIN_STORE_CORRUPT',
    `The schema ${schema} at ${host} is no store of intents of format ${FORMAT}. Name another.`,
    { fields: { store: 'postgres', host, schema } },
  );
}

async function checkServer(run: RunSql, { host, allowVolatile }: SchemaOptions): Promise<void> {
  const { rows } = await run(`SELECT current_setting('server_encoding') AS encoding,
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit`);
  const { encoding, ...durable } = rows[0] as Record<string, string>;
  if (encoding !== 'UTF8') {
    throw configFault(host, `encodes text as ${encoding}. Create a database with ENCODING UTF8.`);
  }
  const volatile = Object.keys(durable).filter((name) => durable[name] === 'off');
  if (volatile.length === 0 || allowVolatile) return;
  throw configFault(
    host,
    `may lose acknowledged writes: ${volatile.join(', ')} is off. Turn it on, or accept the risk ` +
      'of paying twice with allowVolatile.',
  );
}

function configFault(host: string, what: string): ChainFault {
  return new ChainFault('CHAIN_CONFIG_INVALID', `PostgreSQL at ${host} ${what}`, {
    fields: { store: 'postgres', host },
  });
}

/** Several statements sent as one are one transaction. Byte order needs the collation "C". */
function createTables(schema: string): string {
  return `SELECT pg_advisory_xact_lock(${CREATE_TURN});
    CREATE SCHEMA IF NOT EXISTS "${schema}";
    CREATE TABLE IF NOT EXISTS "${schema}".entries (
      key text COLLATE "C" PRIMARY KEY, text text NOT NULL);
    CREATE TABLE IF NOT EXISTS "${schema}".leases (
      name text COLLATE "C" PRIMARY KEY, owner text, fence bigint NOT NULL,
      sequence bigint NOT NULL, taken_ms bigint NOT NULL, until_ms bigint NOT NULL);
    CREATE TABLE IF NOT EXISTS "${schema}".format (version int PRIMARY KEY);
    INSERT INTO "${schema}".format VALUES (${FORMAT}) ON CONFLICT DO NOTHING;`;
}
