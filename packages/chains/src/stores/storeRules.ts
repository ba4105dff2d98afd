import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { ListOptions, StoreChange, StoreEntry } from './chainStore.ts';

const KEY = /^[\x21-\x7e]{1,1000}$/;
const PREFIX = /^[\x21-\x7e]{0,1000}$/;
const TEXT_BYTES_MAX = 1024 * 1024;
/** A UTF-16 unit takes at most three bytes in UTF-8. */
const TEXT_UNITS_SURE = Math.floor(TEXT_BYTES_MAX / 3);
/** Above every character that a key may hold. */
const ABOVE_KEYS = '\x7f';
/** The lowest character that a key may hold. */
const LOWEST = '!';
const LEASE_MS_MAX = 86_400_000;

/** States what keys, lease names and owners look like; they are always built by this program. */
export function checkKey(key: string): void {
  invariant(KEY.test(key), 'a key is 1 to 1,000 printable ASCII characters without spaces');
}

/** States what every store can keep unchanged: PostgreSQL keeps no U+0000, UTF-8 no half pairs. */
export function checkText(text: string): void {
  invariant(!text.includes('\0'), 'a stored text has no U+0000');
  invariant(text.isWellFormed(), 'a stored text is well-formed Unicode');
  const isSmall = text.length <= TEXT_UNITS_SURE || Buffer.byteLength(text) <= TEXT_BYTES_MAX;
  invariant(isSmall, 'a stored text has at most 1 MiB');
}

/** States the rules for the entries of an insertion. */
export function checkEntries(entries: readonly StoreEntry[]): void {
  invariant(entries.length > 0, 'an insertion has at least one entry');
  checkChanges(entries);
  for (const { key } of entries.slice(1)) {
    invariant(key !== at(entries, 0).key, 'the first key of an insertion occurs once');
  }
}

/** States the rules for the changes of a commit, which may be empty. */
export function checkChanges(changes: readonly StoreChange[]): void {
  for (const { key, text } of changes) {
    checkKey(key);
    if (text !== undefined) checkText(text);
  }
}

/** States the rules for a lease: who, and for how long. */
export function checkLease(name: string, owner: string, durationMs: number): void {
  checkKey(name);
  checkKey(owner);
  const isSane = Number.isSafeInteger(durationMs) && durationMs > 0 && durationMs <= LEASE_MS_MAX;
  invariant(isSane, 'a lease lasts a whole number of milliseconds, at most a day');
}

/** The changes of a commit as sets: the last change of each key counts. */
export function lastOfEachKey(changes: readonly StoreChange[]): {
  readonly puts: readonly StoreEntry[];
  readonly deletes: readonly string[];
} {
  const last = new Map(changes.map(({ key, text }) => [key, text]));
  const puts: StoreEntry[] = [];
  const deletes: string[] = [];
  // One order of keys for everybody keeps two writers of the same rows from a deadlock.
  for (const key of [...last.keys()].sort()) {
    const text = last.get(key);
    if (text === undefined) deletes.push(key);
    else puts.push({ key, text });
  }
  return { puts, deletes };
}

/** Where a listing starts and ends: `from` inclusive, `below` exclusive. */
export interface ListBounds {
  readonly from: string;
  readonly below: string;
  readonly limit: number | undefined;
}

/** The bounds of a listing in byte order, which for ASCII is also the order of strings. */
export function listBounds(prefix: string, { after, limit }: ListOptions = {}): ListBounds {
  invariant(PREFIX.test(prefix), 'a prefix is printable ASCII without spaces');
  const isCount = limit === undefined || (Number.isSafeInteger(limit) && limit >= 0);
  invariant(isCount, 'a limit is a count');
  if (after !== undefined) checkKey(after);
  // The lowest key above `after` is `after` with the lowest character behind it.
  const next = after === undefined ? '' : after + LOWEST;
  return { from: next > prefix ? next : prefix, below: prefix + ABOVE_KEYS, limit };
}
