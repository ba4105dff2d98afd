import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { sha256 } from '#sha256';
import { bytesToHex } from './hex.ts';

declare const hashBrand: unique symbol;

/**
 * A SHA-256 digest as 0x and 64 lower-case hex digits. Order ids are Keccak-256 in the same form.
 */
export type Hash = string & { readonly [hashBrand]: true };

/** The parent of a first element: thirty-two zero bytes. */
export const ZERO_HASH: Hash = `0x${'00'.repeat(32)}` as Hash;

/** Brands 32 bytes as a hash. */
export function hashFromBytes(bytes: Uint8Array): Hash {
  return bytesToHex(bytes) as Hash;
}

/**
 * SHA-256 of a tag, a zero byte and the parts. The tag separates domains: the encoding of one kind
 * of object can never be mistaken for another's.
 */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Hash {
  return hashFromBytes(taggedDigest(tag, ...parts));
}

/** `taggedHash` as raw bytes. */
export function taggedDigest(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(utf8ToBytes(tag), SEPARATOR, ...parts));
}

const SEPARATOR = new Uint8Array(1);
