import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@lawbook/exchange/failures/fault';
import { nodeDisk } from '../journal/disk.ts';

/**
 * Creates the data directory and the journal's folder in it, and checks that both can be written.
 *
 * @throws Fault DATA_DIRECTORY_UNUSABLE with the key, the path and the system's reason.
 */
export async function prepareDataDirectory(dataDir: string): Promise<void> {
  try {
    for (const path of [dataDir, join(dataDir, 'journal')]) {
      await nodeDisk.makeDirectory(path);
      await access(path, constants.W_OK | constants.X_OK);
    }
  } catch (cause) {
    const errno = String((cause as NodeJS.ErrnoException).code);
    throw new Fault(
      `dataDir has to be a folder that exists or can be created, and can be written; ${dataDir} ` +
        `is not (${errno}). Name another with --data-dir, or change its permissions.`,
      { code: 'DATA_DIRECTORY_UNUSABLE', fields: { key: 'dataDir', path: dataDir, errno }, cause },
    );
  }
}
