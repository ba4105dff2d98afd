import { invariant } from '@lawbook/exchange/failures/invariant';

/** The order r of BN254's groups: circuits compute modulo r. */
export const FIELD_MODULUS: bigint =
  21888242871839275222246405745257275088548364400416034343698204186575808495617n;

const SIGNED_MAX = 1n << 128n;

/** A signed integer as a field element: -1 is r - 1. Every |x| < 2^128 has its own element. */
export function signedElement(x: bigint): bigint {
  invariant(x < SIGNED_MAX && x > -SIGNED_MAX, 'a signed figure of a statement fits 128 bits');
  return x < 0n ? x + FIELD_MODULUS : x;
}

/** Bytes of one element: 32, big endian. */
export const ELEMENT_BYTES = 32;

/** Writes elements one after another. Elements lie in 0..r-1. */
export function elementsToBytes(elements: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(elements.length * ELEMENT_BYTES);
  const view = new DataView(bytes.buffer);
  elements.forEach((element, k) => {
    invariant(element >= 0n && element < FIELD_MODULUS, 'a field element is reduced');
    for (let word = 0; word < 4; word += 1) {
      const bits = BigInt.asUintN(64, element >> BigInt(64 * (3 - word)));
      view.setBigUint64(k * ELEMENT_BYTES + word * 8, bits);
    }
  });
  return bytes;
}

/** Reads an unsigned big-endian number of any length. */
export function bytesToNumber(bytes: Uint8Array): bigint {
  let number = 0n;
  for (const byte of bytes) number = (number << 8n) | BigInt(byte);
  return number;
}
