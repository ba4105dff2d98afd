import type { Environment } from '../environment.ts';
import type { ChainStore } from './chainStore.ts';
import type { LmdbStoreOptions } from './lmdbStore.ts';
import { LmdbStore } from './lmdbStore.ts';
import { MemoryStore } from './memoryStore.ts';
import type { PostgresStoreOptions } from './postgresStore.ts';
import { PostgresStore } from './postgresStore.ts';
import type { RedisStoreOptions } from './redisStore.ts';
import { RedisStore } from './redisStore.ts';

/** Where intents and leases are kept. */
export type StoreSetting =
  /** Survives nothing: for tests and simulations. */
  | { readonly kind: 'memory' }
  /** One folder, for the processes of one machine. */
  | ({ readonly kind: 'lmdb' } & LmdbStoreOptions)
  /** One server, for processes of several machines. */
  | ({ readonly kind: 'postgres' } & PostgresStoreOptions)
  | ({ readonly kind: 'redis' } & RedisStoreOptions);

/**
 * Opens the store of a setting, and checks that it can be used.
 * @throws ChainFault CHAIN_CONFIG_INVALID, CHAIN_STORE_UNAVAILABLE, CHAIN_STORE_CORRUPT.
 */
export async function openStore(
  setting: StoreSetting,
  environment: Environment,
): Promise<ChainStore> {
  switch (setting.kind) {
    case 'memory':
      return new MemoryStore(environment.clock);
    case 'lmdb':
      return LmdbStore.open(setting, environment);
    case 'postgres':
      return PostgresStore.open(setting, environment);
    case 'redis':
      return RedisStore.open(setting);
  }
}
