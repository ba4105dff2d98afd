import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readSync,
  statfsSync,
} from 'node:fs';
import { join } from 'node:path';
import { ChainFault } from '../chainFault.ts';
import { codeOf, reasonOf, unavailableFault } from './storeFaults.ts';

/**
 * Makes a folder ready for LMDB, or says why it cannot be: LMDB itself ends the process with a
 * segmentation fault where its files hold something else.
 *
 * New files belong to their owner alone (0700, 0600); those that exist keep their permissions.
 * @throws ChainFault CHAIN_STORE_UNAVAILABLE, CHAIN_STORE_CORRUPT.
 */
export function prepareLmdbFolder(directory: string, reserveBytes: number): void {
  try {
    makeFolder(directory);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    checkRoom(directory, { bytes: 0, reserveBytes });
    for (const name of ['data.mdb', 'lock.mdb']) {
      closeSync(openSync(join(directory, name), 'a', 0o600));
    }
    checkHeader(join(directory, 'data.mdb'));
  } catch (cause) {
    if (cause instanceof ChainFault) throw cause;
    throw folderFault(directory, cause);
  }
}

/**
 * Refuses a write that could fill the disk: LMDB was seen to corrupt the memory of the process when
 * it met a full one.
 * @throws ChainFault CHAIN_STORE_UNAVAILABLE.
 */
export function checkRoom(
  directory: string,
  { bytes, reserveBytes }: { readonly bytes: number; readonly reserveBytes: number },
): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free - bytes >= reserveBytes) return;
  throw unavailableFault(`The disk of ${directory} has ${free} bytes left.`, {
    advice: `${reserveBytes} are kept free: make room, or lower reserveBytes.`,
    fields: { store: 'lmdb', path: directory, free, reserveBytes },
  });
}

function makeFolder(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
    // Throws ENOTDIR, which says more than what LMDB would.
    opendirSync(directory).closeSync();
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'Create its parent folder first.',
  ENOTDIR: 'Name a folder: a part of the path is a file.',
  EACCES: 'Give the user of this process the right to read and write there.',
  EPERM: 'Give the user of this process the right to read and write there.',
  EROFS: 'The file system is mounted read-only: choose a folder on another one.',
  ENOSPC: 'The disk is full: make room.',
  EDQUOT: 'The quota of the disk is used up: make room.',
};

function folderFault(directory: string, cause: unknown): ChainFault {
  return unavailableFault(`The store ${directory} cannot be opened: ${reasonOf(cause)}.`, {
    advice: ADVICE[codeOf(cause) ?? ''] ?? 'Check the disk and the permissions.',
    fields: { store: 'lmdb', path: directory, reason: codeOf(cause) ?? 'unknown' },
    cause,
  });
}

/*
 * The first page of a file as lmdb-js writes it, little-endian: a page header of 24 bytes, then at
 * 24 the magic, 28 the version, 48 the page size, and the roots of its two trees at 88 and 136.
 * The second page holds the other of the two meta pages in the same shape.
 */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const ROOTS_AT = [88, 136];
const META_BYTES = 160;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

function checkHeader(path: string): void {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    // LMDB fills an empty file.
    if (size === 0) return;
    const first = readAt(file, 0);
    const pageSize = first.readUInt32LE(PAGE_SIZE_AT);
    const isPageSize = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536].includes(pageSize);
    const metas = isPageSize ? [first, readAt(file, pageSize)] : [];
    if (metas.length === 0 || metas.some((meta) => meta.readUInt32LE(MAGIC_AT) !== MAGIC)) {
      throw headerFault(path, 'is no LMDB file of this engine');
    }
    for (const meta of metas) {
      for (const root of ROOTS_AT.map((offset) => meta.readBigUInt64LE(offset))) {
        const isInside = root === NO_PAGE || (root + 1n) * BigInt(pageSize) <= BigInt(size);
        if (!isInside) throw headerFault(path, 'was cut short');
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Bytes behind the end of the file read as zero. */
function readAt(file: number, position: number): Buffer {
  const bytes = Buffer.alloc(META_BYTES);
  readSync(file, bytes, 0, META_BYTES, position);
  return bytes;
}

function headerFault(path: string, what: string): ChainFault {
  return new ChainFault(
    'CHAIN_STORE_CORRUPT',
    `${path} ${what}. Put the right file back or name another folder; do not start on an empty ` +
      'one while transactions of this signer may be under way.',
    { fields: { store: 'lmdb', path } },
  );
}
