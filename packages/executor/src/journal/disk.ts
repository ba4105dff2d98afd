import fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Fault } from '@lawbook/exchange/failures/fault';

/** How a file is opened: `create` refuses an existing file, the others refuse a missing one. */
export type DiskMode = 'create' | 'write' | 'read';

/** One open file. Offsets and lengths are bytes and stay far below 2^53. */
export interface DiskFile {
  /** Reads at most `into.length` bytes; fewer near the end, 0 at it. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes at most all of `bytes` and returns how many were taken. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Writes all of `bytes`; once it resolves they survive a loss of power. One sync. */
  writeDurably(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes the contents written so far survive a loss of power. */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/**
 * The few file operations that the journal needs, so that a test can put a failing disk underneath.
 * Errors carry the system's `code` (ENOSPC, EIO, ...).
 */
export interface Disk {
  open(path: string, mode: DiskMode): Promise<DiskFile>;
  /** Names in a directory, sorted. */
  list(directory: string): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes the directories above it too; keeps one that exists. */
  makeDirectory(path: string): Promise<void>;
  /** Makes creations, renames and removals in a directory survive a loss of power. */
  syncDirectory(path: string): Promise<void>;
}

/** An error in the form that `node:fs` gives its own: the system's name for it is the code. */
export class DiskError extends Fault {
  override readonly name = 'DiskError';

  constructor(code: string, message: string) {
    super(`${code}: ${message}`, { code });
  }
}

/** The machine's own disk. Every call runs in the thread pool, never on the main thread. */
export const nodeDisk: Disk = {
  async open(path, mode) {
    const flags = mode === 'read' ? fs.constants.O_RDONLY : WRITE_FLAGS;
    const creation = mode === 'create' ? fs.constants.O_CREAT | fs.constants.O_EXCL : 0;
    return new NodeFile(await fs.promises.open(path, flags | creation, FILE_PERMISSIONS));
  },
  async list(directory) {
    return (await fs.promises.readdir(directory)).sort();
  },
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.unlink(path),
  makeDirectory: createDirectory,
  async syncDirectory(path) {
    const directory = await fs.promises.open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

/**
 * Writes all of `bytes`, however many calls the disk takes for it.
 *
 * @throws the disk's error; ENOSPC when the disk takes nothing at all, which would loop for ever.
 */
export async function writeFully(
  file: DiskFile,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let written = await file.write(bytes, position);
  while (written < bytes.length) {
    const count = await file.write(bytes.subarray(written), position + written);
    if (count === 0) throw new DiskError('ENOSPC', 'the disk took no bytes');
    written += count;
  }
}

/** Fills `into` as far as the file reaches and returns the number of bytes read. */
export async function readFully(
  file: DiskFile,
  into: Uint8Array,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const count = await file.read(into.subarray(filled), position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/**
 * Creates a directory and those above it, readable by their owner only; existing ones are kept.
 *
 * Each level is tried once. Node's own recursive mkdir tries for ever where a directory exists and
 * the system still answers ENOENT, as it does below /proc.
 * @throws the error of the system; ENOTDIR where a file stands in the way.
 */
async function createDirectory(path: string): Promise<void> {
  const missing: string[] = [];
  let place = resolve(path);
  for (let found = await isDirectory(place); !found; found = await isDirectory(place)) {
    missing.push(place);
    place = dirname(place);
  }
  for (const level of missing.reverse()) {
    await fs.promises.mkdir(level, { mode: 0o700 }).catch(async (cause: NodeJS.ErrnoException) => {
      // Somebody else may have made it meanwhile.
      if (cause.code !== 'EEXIST' || !(await isDirectory(level))) throw cause;
    });
  }
}

/** Whether a directory stands there; false when nothing does. @throws ENOTDIR for a file. */
async function isDirectory(path: string): Promise<boolean> {
  try {
    if ((await fs.promises.stat(path)).isDirectory()) return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cause;
  }
  throw new DiskError('ENOTDIR', `${path} is no directory`);
}

// The journal holds every order of every account: nobody but its owner reads it.
const FILE_PERMISSIONS = 0o600;

// With O_DSYNC a write returns as though fdatasync had followed it, in one trip to the thread pool
// instead of two: the sync need not wait until the main thread has time to ask for it. Only Linux:
// elsewhere the flag is missing or weaker than what Node's fdatasync does.
const SYNC_FLAG: number = process.platform === 'linux' ? fs.constants.O_DSYNC : 0;
const WRITE_FLAGS: number = fs.constants.O_RDWR | SYNC_FLAG;

/** Callbacks on the descriptor cost less per call than the promises of `FileHandle`. */
class NodeFile implements DiskFile {
  readonly #opened: fs.promises.FileHandle;

  constructor(opened: fs.promises.FileHandle) {
    this.#opened = opened;
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#opened.fd, into, 0, into.length, position, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    });
  }

  write(bytes: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(this.#opened.fd, bytes, 0, bytes.length, position, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    });
  }

  async writeDurably(bytes: Uint8Array, position: number): Promise<void> {
    await writeFully(this, bytes, position);
    if (SYNC_FLAG === 0) await this.datasync();
  }

  datasync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#opened.fd, (error) => (error ? reject(error) : resolve()));
    });
  }

  truncate(length: number): Promise<void> {
    return this.#opened.truncate(length);
  }

  async size(): Promise<number> {
    return (await this.#opened.stat()).size;
  }

  close(): Promise<void> {
    return this.#opened.close();
  }
}
