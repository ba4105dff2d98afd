import { join } from 'node:path';
import type { Disk, DiskFile } from './disk.ts';
import { readFully, writeFully } from './disk.ts';
import { errnoOf } from './journalFault.ts';

/** What to write and where. */
export interface WholeFile {
  readonly directory: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Ending of files whose creation has not finished; they mean nothing and may be removed. */
export const TEMPORARY_ENDING = '.tmp';

/** Reads a file into memory. */
export async function readWhole(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, 'read');
  try {
    const bytes = Buffer.alloc(await file.size());
    return bytes.subarray(0, await readFully(file, bytes, 0));
  } finally {
    await file.close();
  }
}

/**
 * Creates or replaces a file so that a crash leaves the old contents or the new, never a mixture:
 * temporary file, sync, rename, sync of the directory.
 */
export async function writeReplacing(disk: Disk, whole: WholeFile): Promise<void> {
  const file = await createNamed(disk, whole);
  await file.close();
}

/** `writeReplacing` that leaves the new file open for writing. */
export async function createNamed(disk: Disk, whole: WholeFile): Promise<DiskFile> {
  const path = join(whole.directory, whole.name);
  const temporary = path + TEMPORARY_ENDING;
  await removeIfPresent(disk, temporary);
  const file = await disk.open(temporary, 'create');
  try {
    await writeFully(file, whole.bytes, 0);
    await file.datasync();
    await disk.rename(temporary, path);
    await disk.syncDirectory(whole.directory);
    return file;
  } catch (cause) {
    await file.close();
    throw cause;
  }
}

/** Removes a file that may be absent. */
export async function removeIfPresent(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
  }
}
