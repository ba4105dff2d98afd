import { base58 } from '@scure/base';

/** Bytes of keys, owner ids and digests. */
export const KEY_BYTES = 32;

/** Reads 32 bytes in base58; undefined for anything else. */
export function parseDeltaKey(text: string): Uint8Array | undefined {
  return parseBase58(text, KEY_BYTES);
}

/** Reads base58 text of a width in bytes; undefined for anything else. */
export function parseBase58(text: string, width: number): Uint8Array | undefined {
  // Reading base58 takes time in the square of its length: foreign text is bounded first.
  if (text.length > 2 * width || !ALPHABET.test(text)) return undefined;
  const bytes = base58.decode(text);
  return bytes.length === width ? bytes : undefined;
}

/** Bytes as base58 text. */
export function printBase58(bytes: Uint8Array): string {
  return base58.encode(bytes);
}

const ALPHABET = /^[1-9A-HJ-NP-Za-km-z]+$/;
