import { readFileSync, writeFileSync } from 'node:fs';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle } from '@lawbook/exchange/bundle';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import { FileFault } from '../terminal/cliFault.ts';

/** Reads the bundle of an epoch. @throws FileFault for a file that is missing or no bundle. */
export function readBundle(file: string): EpochBundle {
  try {
    return decodeBundle(readFileSync(file));
  } catch (cause) {
    if (cause instanceof InvariantViolation) throw cause;
    const why = cause instanceof DecodeError ? `is no bundle: ${cause.message}` : 'cannot be read';
    throw new FileFault(`${file} ${why}`, file, cause);
  }
}

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
