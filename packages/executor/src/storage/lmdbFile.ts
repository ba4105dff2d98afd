import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Why a file cannot be an LMDB store; undefined where it may be one, is empty or is absent.
 *
 * The engine maps the file into memory before it looks at it, and ends the process with SIGSEGV or
 * SIGBUS where the first page is of something else, or where the file was cut off before the pages
 * that its head points to. Damage further in is not looked for: the engine reports most of it.
 * @throws the error of the system where the file cannot be read.
 * @see the structures MDB_page and MDB_meta of lmdb-js's mdb.c, on a 64-bit little-endian machine
 */
export function storeFileFlaw(path: string): string | undefined {
  const file = openIfPresent(path);
  if (file === undefined) return undefined;
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return 'it is no file';
    return stat.size === 0 ? undefined : headFlaw(file, stat.size);
  } finally {
    closeSync(file);
  }
}

/** Head pages are marked so at byte 18; what they say starts at byte 24. */
const PAGE_FLAGS_AT = 18;
const META_FLAG = 0x08;
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const VERSION_AT = 28;
const VERSION = 2;
const PAGE_BYTES_AT = 48;
/** First pages of the two trees: that of free pages and that of entries. */
const ROOTS_AT = [88, 136];
const TRANSACTION_AT = 152;
const HEAD_BYTES = 160;
/** The root of a tree without entries. */
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

function headFlaw(file: number, size: number): string | undefined {
  const first = readHead(file, 0);
  if (first === undefined || first.readUInt32LE(MAGIC_AT) !== MAGIC) {
    return 'it does not begin as one';
  }
  const version = first.readUInt32LE(VERSION_AT);
  if (version !== VERSION) return `it has version ${version} instead of ${VERSION}`;
  const pageBytes = first.readUInt32LE(PAGE_BYTES_AT);
  const isPowerOfTwo =
    pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
  const isHead = (first.readUInt16LE(PAGE_FLAGS_AT) & META_FLAG) !== 0;
  if (!isPowerOfTwo || !isHead) return 'its first page is damaged';
  const second = readHead(file, pageBytes);
  if (second === undefined || size < 2 * pageBytes) return 'it was cut off';
  // The newer of the two heads counts.
  const newer = transaction(second) > transaction(first) ? second : first;
  const isWhole = ROOTS_AT.every((offset) => {
    const root = newer.readBigUInt64LE(offset);
    return root === NO_PAGE || (root + 1n) * BigInt(pageBytes) <= BigInt(size);
  });
  return isWhole ? undefined : 'it was cut off';
}

function transaction(head: Buffer): bigint {
  return head.readUInt32LE(MAGIC_AT) === MAGIC ? head.readBigUInt64LE(TRANSACTION_AT) : -1n;
}

function readHead(file: number, position: number): Buffer | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  const count = readSync(file, head, 0, HEAD_BYTES, position);
  return count === HEAD_BYTES ? head : undefined;
}

function openIfPresent(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}
