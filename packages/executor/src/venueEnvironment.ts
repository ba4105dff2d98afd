import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Environment } from '@lawbook/chains/environment';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { Config } from './config/config.ts';
import { prepareDataDirectory } from './config/dataDirectory.ts';
import type { Disk } from './journal/disk.ts';
import { nodeDisk } from './journal/disk.ts';
import type { ProcessTable } from './journal/lock.ts';
import { machineProcesses } from './journal/lock.ts';
import type { Fetch } from './oracles/httpReader.ts';
import type { Incident } from './settlement/incidents.ts';
import { recordIncident } from './settlement/incidents.ts';
import type { KeyValueStore } from './storage/keyValueStore.ts';
import { openIndexStore } from './storage/openIndexStore.ts';

/**
 * Everything that a venue asks of the machine it runs on: time, chance, disk, network and its place
 * among processes. Whoever wires a venue may give it another machine, such as a simulated one that
 * crashes; all waiting of the venue's core goes through `clock.sleep` and through what these
 * promise.
 */
export interface VenueEnvironment extends Environment {
  readonly disk: Disk;
  /** Tells a running venue from a dead one that left its lock behind. */
  readonly processes: ProcessTable;
  /** Unpredictable bytes; salts of journals are drawn from them. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Opens the indexes of a data directory. @throws StorageFault. */
  readonly openStore: (config: Config) => Promise<KeyValueStore>;
  /** Makes sure that a data directory is there and can be written. */
  readonly prepareDirectory: (dataDir: string) => Promise<void>;
  readonly fetch: Fetch;
  /** Reads a whole file as text. */
  readonly readText: (path: string) => string;
  /** Keeps what only people can put right. @returns where. */
  readonly recordIncident: (dataDir: string, incident: Incident) => string;
}

/** The machine's own. */
export function machineEnvironment(): VenueEnvironment {
  return {
    ...systemEnvironment(),
    disk: nodeDisk,
    processes: machineProcesses,
    randomBytes,
    openStore: openIndexStore,
    prepareDirectory: prepareDataDirectory,
    fetch,
    readText: (path) => readFileSync(path, 'utf8'),
    recordIncident,
  };
}
