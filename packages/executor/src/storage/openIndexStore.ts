import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { nodeDisk } from '../journal/disk.ts';
import type { KeyValueStore } from './keyValueStore.ts';
import { LmdbStore } from './lmdbStore.ts';
import { RocksDbStore } from './rocksDbStore.ts';

/** Opens the indexes of a venue in its data directory, by the configured engine. */
export async function openIndexStore({ dataDir, storage }: Config): Promise<KeyValueStore> {
  const directory = join(dataDir, 'index');
  await nodeDisk.makeDirectory(directory);
  if (storage.backend === 'rocksdb') return RocksDbStore.open({ directory });
  return LmdbStore.open({ directory, reserveBytes: storage.reserveBytes });
}
