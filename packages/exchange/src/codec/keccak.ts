import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Hash } from './hash.ts';
import { hashFromBytes } from './hash.ts';

/** Keccak-256 of the parts one after another: the hash of Ethereum's contracts. */
export function keccakHash(...parts: readonly Uint8Array[]): Hash {
  return hashFromBytes(keccak_256(concatBytes(...parts)));
}

/** Keccak-256 of a text's UTF-8 bytes. */
export function keccakOfText(text: string): Hash {
  return keccakHash(utf8ToBytes(text));
}
