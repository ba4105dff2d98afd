import { StorageFault } from './keyValueStore.ts';

/** The fault of an engine that failed to open, read or write; a storage fault passes unchanged. */
export function engineUnavailable(
  attempt: { readonly engine: string; readonly action: string; readonly path: string },
  cause: unknown,
): StorageFault {
  if (cause instanceof StorageFault) return cause;
  const { engine, action, path } = attempt;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageFault(
    'STORAGE_UNAVAILABLE',
    `${engine} failed to ${action} ${path}: ${reason}. Check the disk; the store can be deleted, ` +
      'because the journal rebuilds it.',
    { fields: { path, action }, cause },
  );
}

/** The same bytes as a `Buffer`, not a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
