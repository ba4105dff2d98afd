import { bytesToNumber, elementsToBytes } from '../fieldElement.ts';

/**
 * The hash of the circuits over field elements: Poseidon2 over BN254 with a state of four, as a
 * sponge of rate three for a message of fixed length n.
 *
 *   state = (0, 0, 0, n 2^64); each three elements are added to the first three, then permuted, the
 *   last ones padded with zeros; the hash is the first element.
 *
 * This is `Poseidon2::hash(message, n)` of Noir's library and Barretenberg's hash. A permutation
 * takes long to write and is easy to get wrong, so whoever needs the hash hands in a library's.
 */
export type FieldHash = (elements: readonly bigint[]) => bigint;

/** A library's hash over elements of 32 bytes, big endian. */
export type ByteFieldHash = (elements: readonly Uint8Array[]) => Uint8Array;

/** Makes the hash of a library that speaks bytes. */
export function fieldHashOfBytes(hash: ByteFieldHash): FieldHash {
  return (elements) => bytesToNumber(hash(elements.map((element) => elementsToBytes([element]))));
}
