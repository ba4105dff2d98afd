// Goal: the PostgreSQL store keeps every promise of ChainStore, also while its server crashes, is
// silent or answers late, and refuses a server that forgets. Method: the suites for all stores and
// for servers, against a real server on the loopback interface and a proxy before it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Pool } from 'pg';
import {
  PostgresServer,
  postgresMissing,
} from '../../../../testing/chains/servers/postgresServer.ts';
import { TcpProxy } from '../../../../testing/chains/servers/tcpProxy.ts';
import { systemEnvironment } from '../environment.ts';
import { serverFaults } from './fixtures/serverFaults.ts';
import { storeContract } from './fixtures/storeContract.ts';
import { take } from './fixtures/take.ts';
import { PostgresStore } from './postgresStore.ts';

const skip = postgresMissing();
const environment = systemEnvironment();

storeContract({
  name: 'postgres',
  skip,
  runs: 40,
  start: async () => {
    const server = await PostgresServer.start();
    const pool = new Pool({ connectionString: server.url });
    return {
      connect: () => PostgresStore.open({ url: server.url }, environment),
      // The server's clock cannot be moved, so what it wrote down is moved the other way.
      passTime: async (durationMs) => {
        await pool.query(
          `UPDATE lawbook_chains.leases
            SET taken_ms = taken_ms - $1::bigint, until_ms = until_ms - $1::bigint`,
          [durationMs],
        );
      },
      stop: async () => {
        await pool.end();
        await server.stop();
      },
    };
  },
});

serverFaults({
  name: 'postgres',
  skip,
  start: () => PostgresServer.start(),
  startProxy: (port) => TcpProxy.start(port),
  open: (url, timeoutMs) => PostgresStore.open({ url, timeoutMs }, environment),
});

describe('opening a PostgreSQL store', { skip: skip ?? false }, () => {
  let server: PostgresServer;
  let pool: Pool;
  before(async () => {
    server = await PostgresServer.start();
    pool = new Pool({ connectionString: server.url });
  });
  after(async () => {
    await pool.end();
    await server.stop();
  });
  const opening = (schema: string, url = server.url): Promise<PostgresStore> => {
    return PostgresStore.open({ url, schema }, environment);
  };

  it('creates its tables once, though several processes start at once', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => opening('at_once')));
    assert.equal(await stores[0]?.insert([{ key: 'a', text: 'b' }]), true);
    for (const store of stores) assert.equal(await store.get('a'), 'b');
    const other = await opening('user');
    assert.equal(await other.get('a'), undefined);
    for (const store of [...stores, other]) await store.close();
  });

  it('refuses a server that may forget, unless that is accepted', async () => {
    const url = `${server.url}?options=-c%20synchronous_commit%3Doff`;
    await assert.rejects(opening('volatile', url), {
      code: 'CHAIN_CONFIG_INVALID',
      message: /synchronous_commit is off/,
    });
    await (await PostgresStore.open({ url, allowVolatile: true }, environment)).close();
  });

  it('refuses names that need quoting, unknown databases and foreign tables', async () => {
    for (const schema of ['', 'Upper', 'a"b', 'a;b', '1a', 'x'.repeat(64)]) {
      await assert.rejects(opening(schema), { code: 'CHAIN_CONFIG_INVALID' });
    }
    await assert.rejects(opening('a', server.url.replace(/postgres$/, 'absent')), {
      code: 'CHAIN_STORE_UNAVAILABLE',
      message: /Check user, password and database/,
    });
    await (await opening('newer')).close();
    await pool.query('UPDATE newer.format SET version = 2');
    await assert.rejects(opening('newer'), { code: 'CHAIN_STORE_CORRUPT' });
  });

  it('says so when its tables or leases are taken away', async () => {
    const store = await opening('dropped');
    const lease = await take(store, 'lane', 'owner');
    await pool.query('DELETE FROM dropped.leases');
    await assert.rejects(store.commit(lease, []), { code: 'CHAIN_STORE_CORRUPT' });
    await pool.query('DROP SCHEMA dropped CASCADE');
    await assert.rejects(store.get('a'), { code: 'CHAIN_STORE_CORRUPT' });
    await store.close();
  });
  strictTests(opening, () => server);
});

type Opening = (schema: string, url?: string) => Promise<PostgresStore>;

function strictTests(opening: Opening, server: () => PostgresServer): void {
  it('works where every transaction is serialisable, and conflicts are tried again', async () => {
    const url = `${server().url}?options=-c%20default_transaction_isolation%3Dserializable`;
    const [ours, theirs] = [await opening('strict', url), await opening('strict', url)];
    const lease = await take(ours, 'lane', 'owner');
    const calls = Array.from({ length: 20 }, async (_, index) => {
      const entries = ['b', 'a'].map((name) => ({ key: name, text: `${index}` }));
      await theirs.insert([{ key: `own${index}`, text: '' }, ...entries]);
      await ours.commit(lease, entries);
    });
    await Promise.all(calls);
    assert.equal(await ours.get('a'), await ours.get('b'));
    await ours.close();
    await theirs.close();
  });
}
