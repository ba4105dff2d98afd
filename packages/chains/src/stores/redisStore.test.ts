// Goal: the Redis store keeps every promise of ChainStore, also while its server crashes, is silent
// or answers late, and refuses a server that forgets. Method: the suites for all stores and for
// servers, against a real server on the loopback interface and a proxy before it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createClient } from '@redis/client';
import { RedisServer, redisMissing } from '../../../../testing/chains/servers/redisServer.ts';
import { TcpProxy } from '../../../../testing/chains/servers/tcpProxy.ts';
import { serverFaults } from './fixtures/serverFaults.ts';
import { storeContract } from './fixtures/storeContract.ts';
import { take } from './fixtures/take.ts';
import { RedisStore } from './redisStore.ts';

const skip = redisMissing();
const PASS_TIME = `
  for _, key in ipairs(redis.call('KEYS', 'lawbook-chains:lease:*')) do
    if redis.call('HGET', key, 'till') ~= '0' then
      redis.call('HINCRBY', key, 'taken', -ARGV[1])
      redis.call('HINCRBY', key, 'till', -ARGV[1])
    end
  end`;

storeContract({
  name: 'redis',
  skip,
  runs: 60,
  start: async () => {
    const server = await RedisServer.start();
    const client = await createClient({ url: server.url }).connect();
    return {
      connect: () => RedisStore.open({ url: server.url }),
      // The server's clock cannot be moved, so what it wrote down is moved the other way.
      passTime: async (durationMs) => {
        await client.eval(PASS_TIME, { arguments: [String(durationMs)] });
      },
      stop: async () => {
        client.destroy();
        await server.stop();
      },
    };
  },
});

serverFaults({
  name: 'redis',
  skip,
  start: () => RedisServer.start(),
  startProxy: (port) => TcpProxy.start(port),
  open: (url, timeoutMs) => RedisStore.open({ url, timeoutMs }),
});

describe('opening a Redis store', { skip: skip ?? false }, () => {
  let running: RedisServer;
  before(async () => {
    running = await RedisServer.start();
  });
  after(() => running.stop());
  settingTests(() => running);
  lossTests(() => running);
});

function settingTests(running: () => RedisServer): void {
  it('refuses a server that may forget, unless that is accepted', async () => {
    const settings = [
      ['appendonly', 'no', 'yes'],
      ['appendfsync', 'everysec', 'always'],
    ] as const;
    for (const [name, weak, strong] of settings) {
      await withClient(running(), (client) => client.configSet(name, weak));
      await assert.rejects(RedisStore.open({ url: running().url }), {
        code: 'CHAIN_CONFIG_INVALID',
        message: new RegExp(`${name} ${weak}`),
      });
      await (await RedisStore.open({ url: running().url, allowVolatile: true })).close();
      await withClient(running(), (client) => client.configSet(name, strong));
    }
    await withClient(running(), (client) =>
      client.configSet({ maxmemory: '64mb', 'maxmemory-policy': 'allkeys-lru' }),
    );
    await assert.rejects(RedisStore.open({ url: running().url }), { message: /noeviction/ });
    await withClient(running(), (client) =>
      client.configSet({ maxmemory: '0', 'maxmemory-policy': 'noeviction' }),
    );
    await (await RedisStore.open({ url: running().url })).close();
  });

  it('refuses a wrong password and a prefix that is none', async () => {
    const url = running().url.replace('a-secret-word', 'another-word');
    await assert.rejects(RedisStore.open({ url }), { code: 'CHAIN_STORE_UNAVAILABLE' });
    await assert.rejects(RedisStore.open({ url: running().url, prefix: 'a:b' }), {
      code: 'CHAIN_CONFIG_INVALID',
    });
  });
}

function lossTests(running: () => RedisServer): void {
  it('refuses keys that are not its own, and a server that has forgotten a lease', async () => {
    await withClient(running(), (client) => client.hSet('other:texts', 'a', 'b'));
    await assert.rejects(RedisStore.open({ url: running().url, prefix: 'other' }), {
      code: 'CHAIN_STORE_CORRUPT',
    });
    const store = await RedisStore.open({ url: running().url });
    const lease = await take(store, 'lane', 'owner');
    await withClient(running(), (client) => client.flushAll());
    await assert.rejects(store.commit(lease, []), { code: 'CHAIN_STORE_CORRUPT' });
    await store.close();
  });

  it('halves no commit for which the server has no memory', async () => {
    const store = await RedisStore.open({ url: running().url });
    const lease = await take(store, 'lane', 'owner');
    await store.commit(lease, [{ key: 'gone', text: '1' }]);
    await withClient(running(), (client) => client.configSet('maxmemory', '1'));
    const changes = [
      { key: 'gone', text: undefined },
      { key: 'new', text: '1' },
    ];
    await assert.rejects(store.commit(lease, changes), {
      code: 'CHAIN_STORE_UNAVAILABLE',
      message: /OOM/,
    });
    assert.equal(await store.get('gone'), '1');
    await withClient(running(), (client) => client.configSet('maxmemory', '0'));
    await store.commit(lease, changes);
    assert.deepEqual(await store.list(''), [{ key: 'new', text: '1' }]);
    await store.close();
  });
}

/** Talks to the server past the store. */
async function withClient(
  server: RedisServer,
  use: (client: ReturnType<typeof createClient>) => Promise<unknown>,
): Promise<void> {
  const client: ReturnType<typeof createClient> = createClient({ url: server.url });
  await client.connect();
  await use(client);
  client.destroy();
}
