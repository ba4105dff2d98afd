import { ChainFault } from '../chainFault.ts';

/** Every statement of the store but those that create its tables. */
export interface PostgresSql {
  readonly get: string;
  readonly list: string;
  readonly insert: string;
  readonly commit: string;
  readonly lease: string;
  readonly acquire: string;
  readonly restartClock: string;
  readonly renew: string;
  readonly release: string;
}

/**
 * The statements for one schema. Each is a transaction of its own, right at any isolation level.
 * @throws ChainFault CHAIN_CONFIG_INVALID for a name that would need quoting.
 */
export function postgresSql(schema: string): PostgresSql {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new ChainFault(
      'CHAIN_CONFIG_INVALID',
      'The schema of the PostgreSQL store is not 1 to 63 small letters, digits and underscores.',
    );
  }
  return { ...entrySql(`"${schema}"`), ...leaseSql(`"${schema}"`) };
}

type EntrySql = Pick<PostgresSql, 'get' | 'list' | 'insert' | 'commit'>;

/** `held` and `first` take hold of a row; the other parts write only if that row was there. */
function entrySql(schema: string): EntrySql {
  const put = (from: string, when: string): string => `
    INSERT INTO ${schema}.entries (key, text)
    SELECT k, t FROM ${from} AS puts (k, t) WHERE EXISTS (SELECT 1 FROM ${when}) ORDER BY k
    ON CONFLICT (key) DO UPDATE SET text = excluded.text`;
  return {
    get: `SELECT text FROM ${schema}.entries WHERE key = $1`,
    list: `SELECT key, text FROM ${schema}.entries
      WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3::bigint`,
    insert: `WITH first AS (
        INSERT INTO ${schema}.entries (key, text) VALUES ($1, $2)
        ON CONFLICT (key) DO NOTHING RETURNING 1),
      rest AS (${put('unnest($3::text[], $4::text[])', 'first')})
      SELECT count(*)::int AS inserted FROM first`,
    commit: `WITH held AS (
        UPDATE ${schema}.leases SET sequence = sequence + 1
        WHERE name = $1 AND fence = $2::bigint AND sequence = $3::bigint RETURNING 1),
      stored AS (${put('unnest($4::text[], $5::text[])', 'held')}),
      gone AS (
        DELETE FROM ${schema}.entries
        WHERE key = ANY ($6::text[]) AND EXISTS (SELECT 1 FROM held))
      SELECT count(*)::int AS applied FROM held`,
  };
}

/** Milliseconds since 1970 at the moment of evaluation, not of the transaction's start. */
const NOW_MS = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

function leaseSql(schema: string): Omit<PostgresSql, keyof EntrySql> {
  return {
    // One row whether or not the name is known.
    lease: `SELECT max(fence) AS fence, max(sequence) AS sequence
      FROM ${schema}.leases WHERE name = $1`,
    acquire: `INSERT INTO ${schema}.leases AS held
        (name, owner, fence, sequence, taken_ms, until_ms)
      VALUES ($1, $2, 1, 0, ${NOW_MS}, ${NOW_MS} + $3::bigint)
      ON CONFLICT (name) DO UPDATE SET owner = $2, fence = held.fence + 1,
        taken_ms = ${NOW_MS}, until_ms = ${NOW_MS} + $3::bigint
      WHERE held.owner IS NULL OR held.owner = $2
        OR (held.taken_ms <= ${NOW_MS} AND held.until_ms <= ${NOW_MS})
      RETURNING fence`,
    // For a clock that was put back: waiting for the old end could take hours.
    restartClock: `UPDATE ${schema}.leases
      SET taken_ms = ${NOW_MS}, until_ms = ${NOW_MS} + (until_ms - taken_ms)
      WHERE name = $1 AND owner IS NOT NULL AND taken_ms > ${NOW_MS}`,
    renew: `UPDATE ${schema}.leases
      SET taken_ms = ${NOW_MS}, until_ms = ${NOW_MS} + $3::bigint
      WHERE name = $1 AND fence = $2::bigint RETURNING 1`,
    release: `UPDATE ${schema}.leases
      SET owner = NULL, fence = fence + 1, taken_ms = 0, until_ms = 0
      WHERE name = $1 AND fence = $2::bigint`,
  };
}
