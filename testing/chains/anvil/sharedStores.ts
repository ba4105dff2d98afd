import type { TestContext } from 'node:test';
import type { StoreSetting } from '@lawbook/chains/stores/openStore';
import { PostgresServer, postgresMissing } from '../servers/postgresServer.ts';
import { RedisServer, redisMissing } from '../servers/redisServer.ts';
import type { AnvilWorld } from './anvilWorld.ts';

/** A running store: how it is reached, and how it goes away and comes back. */
export interface RunningStore {
  readonly setting: StoreSetting;
  /** Undefined for a store without a server, which only a wrapper can take away. */
  readonly server: { crash(): Promise<void>; startAgain(): Promise<void> } | undefined;
}

/** A kind of store, and why it cannot be tested here. */
export interface SharedStore {
  readonly name: string;
  readonly missing: string | undefined;
  readonly start: (world: AnvilWorld, context: TestContext) => Promise<RunningStore>;
}

/** Every kind of store that outlives a process: the default one, and those with a server. */
export const SHARED_STORES: readonly SharedStore[] = [
  {
    name: 'LMDB',
    missing: undefined,
    start: async (world) => {
      return { setting: { kind: 'lmdb', directory: world.storeFolder() }, server: undefined };
    },
  },
  {
    name: 'PostgreSQL',
    missing: postgresMissing(),
    start: async (_world, context) => {
      const server = await PostgresServer.start();
      context.after(() => server.stop());
      return { setting: { kind: 'postgres', url: server.url, timeoutMs: 2_000 }, server };
    },
  },
  {
    name: 'Redis',
    missing: redisMissing(),
    start: async (_world, context) => {
      const server = await RedisServer.start();
      context.after(() => server.stop());
      return { setting: { kind: 'redis', url: server.url, timeoutMs: 2_000 }, server };
    },
  },
];
