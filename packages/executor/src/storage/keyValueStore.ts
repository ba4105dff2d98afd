import { Fault, type FaultFields } from '@lawbook/exchange/failures/fault';
import { invariant } from '@lawbook/exchange/failures/invariant';

/** One entry. Keys are 1..1024 bytes, records any number; both belong to the receiver. */
export interface StoredEntry {
  readonly key: Uint8Array;
  readonly record: Uint8Array;
}

/** One change of a batch; `record` absent means delete. */
export type StoreChange =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly record: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array };

/** Which entries, in which order. Without bounds: all of them. */
export interface RangeOptions {
  /** Keys that start with these bytes. Excludes `from` and `to`. */
  readonly prefix?: Uint8Array;
  /** The lowest key, inclusive. */
  readonly from?: Uint8Array;
  /** The highest key, exclusive. */
  readonly to?: Uint8Array;
  /** From the highest key down. */
  readonly reverse?: boolean;
  /** Entries at most. */
  readonly limit?: number;
}

/**
 * Ordered bytes to bytes, for indexes and projections that the journal can rebuild.
 *
 * Keys compare byte by byte, unsigned, a prefix before its extensions. What a resolved write stored
 * is seen by every later read and survives the end of the process; after `flush` resolves it also
 * survives a loss of power. A range sees each entry that stays put while it runs; whether it sees
 * entries written meanwhile is not promised.
 */
export interface KeyValueStore {
  /** The record, or undefined for an absent key. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  put(key: Uint8Array, record: Uint8Array): Promise<void>;
  /** Deleting an absent key does nothing. */
  delete(key: Uint8Array): Promise<void>;
  /** Applies all changes in order, or none. */
  batch(changes: readonly StoreChange[]): Promise<void>;
  range(options?: RangeOptions): AsyncIterable<StoredEntry>;
  /** Resolves once everything written before is on the disk. */
  flush(): Promise<void>;
  /** Flushes and closes; every later call throws STORAGE_CLOSED. */
  close(): Promise<void>;
}

/** Every fault of a store, with what it means. */
export const STORAGE_FAULTS = {
  STORAGE_CLOSED: 'The store was closed.',
  STORAGE_UNAVAILABLE: 'The engine failed to open, read or write its files.',
  STORAGE_FULL: 'The disk has less free space than the store keeps in reserve.',
  STORAGE_BACKEND_MISSING: 'The chosen engine is not installed.',
} as const;

/** Stable code of a storage fault. */
export type StorageFaultCode = keyof typeof STORAGE_FAULTS;

/** A failure of the engine under a store; never retryable, the engine has tried what it can. */
export class StorageFault extends Fault {
  override readonly name = 'StorageFault';

  constructor(
    code: StorageFaultCode,
    message: string,
    detail: { readonly fields?: FaultFields; readonly cause?: unknown } = {},
  ) {
    super(message, { code, ...detail });
  }
}

/** Longest key in bytes; the smallest limit among the engines, with room to spare. */
export const KEY_BYTES_MAX = 1024;

/** States the bound on keys, which are always built by this program. */
export function checkKey(key: Uint8Array): void {
  invariant(key.length >= 1 && key.length <= KEY_BYTES_MAX, 'a key has 1 to 1024 bytes');
}

/** The bounds that a range comes to: `from` inclusive, `to` exclusive, undefined where open. */
export interface KeyBounds {
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
}

/** Resolves a prefix to bounds; undefined when no key can lie between them. */
export function keyBounds({ prefix, from, to }: RangeOptions): KeyBounds | undefined {
  if (prefix === undefined) {
    const isEmpty = to !== undefined && Buffer.compare(from ?? new Uint8Array(0), to) >= 0;
    return isEmpty ? undefined : { from, to };
  }
  invariant(from === undefined && to === undefined, 'a range has a prefix or bounds, not both');
  return prefix.length === 0
    ? { from: undefined, to: undefined }
    : { from: prefix, to: afterPrefix(prefix) };
}

/** The lowest key above every key with the prefix; undefined when the prefix is all 0xff. */
function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  for (let end = prefix.length; end > 0; end -= 1) {
    const byte = prefix[end - 1] as number;
    if (byte === 0xff) continue;
    const above = prefix.slice(0, end);
    above[end - 1] = byte + 1;
    return above;
  }
  return undefined;
}
