import { readFileSync, writeFileSync } from 'node:fs';
import { decodeBookBundle, isBookBundle } from '@lawbook/exchange/bookBundle';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle } from '@lawbook/exchange/bundle';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import type { BookTransition } from '@lawbook/exchange/transition';
import { FileFault } from '../terminal/cliFault.ts';

/** The bundle of an epoch of batches, or of a book. */
export type AnyBundle =
  | { readonly kind: 'batches'; readonly bundle: EpochBundle }
  | { readonly kind: 'book'; readonly epoch: BookTransition };

/** Reads the bundle of an epoch of batches. @throws FileFault as `readAnyBundle`, or for a book. */
export function readBundle(file: string): EpochBundle {
  const read = readAnyBundle(file);
  if (read.kind === 'batches') return read.bundle;
  throw new FileFault(`${file} ${OF_A_BOOK}`, file);
}

/** Reads the bundle of a book epoch. @throws FileFault as `readAnyBundle`, or for batches. */
export function readBookBundle(file: string): BookTransition {
  const read = readAnyBundle(file);
  if (read.kind === 'book') return read.epoch;
  throw new FileFault(`${file} is an epoch of batches, and not of a book`, file);
}

/** Reads the bundle of any epoch. @throws FileFault for a file that is missing or no bundle. */
export function readAnyBundle(file: string): AnyBundle {
  try {
    return decodeAnyBundle(readFileSync(file));
  } catch (cause) {
    if (cause instanceof InvariantViolation) throw cause;
    const why = cause instanceof DecodeError ? `is no bundle: ${cause.message}` : 'cannot be read';
    throw new FileFault(`${file} ${why}`, file, cause);
  }
}

/** The bundle that bytes are. @throws DecodeError for bytes that are none. */
export function decodeAnyBundle(bytes: Uint8Array): AnyBundle {
  return isBookBundle(bytes)
    ? { kind: 'book', epoch: decodeBookBundle(bytes) }
    : { kind: 'batches', bundle: decodeBundle(bytes) };
}

const OF_A_BOOK =
  'is the epoch of a book: lawbook verify re-runs its laws; it is neither proved nor settled';

/** Writes a bundle. @throws FileFault when the file exists, but for `force`, or fails. */
export function writeBundle(file: string, bytes: Uint8Array, force: boolean): void {
  try {
    writeFileSync(file, bytes, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const why = exists ? 'exists: name another file or use --force' : 'cannot be written';
    throw new FileFault(`${file} ${why}`, file, cause);
  }
}
