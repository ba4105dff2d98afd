import type { ByteReader } from '../codec/byteReader.ts';
import type { ByteWriter } from '../codec/byteWriter.ts';

/**
 * Which order nonces of an owner were used: a sliding window below the highest one.
 *
 * Orders may arrive out of order, so a strict sequence would refuse honest senders; a set of all
 * nonces would grow for ever. The anti-replay window of IPsec does both jobs in 40 bytes.
 * @see RFC 4303 section 3.4.3
 */
export interface OrderNonceWindow {
  /** Highest nonce used; zero before the first. */
  readonly highest: bigint;
  /** Bit i is set when `highest - i` was used; bits 0..255. */
  readonly used: bigint;
}

/** Width of the window in nonces. */
export const NONCE_WINDOW = 256n;

/** Nonces are 1..2^63-1, so that they fit every signed 64-bit field. */
export const ORDER_NONCE_MAX: bigint = (1n << 63n) - 1n;

/** The window of an owner who has never traded. */
export const EMPTY_WINDOW: OrderNonceWindow = { highest: 0n, used: 1n };

/** Whether a nonce may still be used. */
export type NonceFreshness = 'fresh' | 'replayed' | 'tooOld';

/** Judges a nonce against a window. Nonce zero counts as used. */
export function nonceFreshness(window: OrderNonceWindow, orderNonce: bigint): NonceFreshness {
  if (orderNonce > window.highest) return 'fresh';
  const age = window.highest - orderNonce;
  if (age >= NONCE_WINDOW) return 'tooOld';
  return ((window.used >> age) & 1n) === 1n ? 'replayed' : 'fresh';
}

/** The window after a fresh nonce is used. */
export function useNonce(window: OrderNonceWindow, orderNonce: bigint): OrderNonceWindow {
  if (orderNonce <= window.highest) {
    return { highest: window.highest, used: window.used | (1n << (window.highest - orderNonce)) };
  }
  const shift = orderNonce - window.highest;
  const used = shift >= NONCE_WINDOW ? 0n : (window.used << shift) & WINDOW_MASK;
  return { highest: orderNonce, used: used | 1n };
}

/** The window in which every nonce up to `highest` counts as used. */
export function windowUpTo(highest: bigint): OrderNonceWindow {
  return highest === 0n ? EMPTY_WINDOW : { highest, used: WINDOW_MASK };
}

/** Appends a nonce window, 40 bytes. */
export function encodeWindow(out: ByteWriter, window: OrderNonceWindow): void {
  out.u64(window.highest);
  for (const shift of [192n, 128n, 64n, 0n]) out.u64((window.used >> shift) & WORD);
}

/** Reads a nonce window. */
export function decodeWindow(reader: ByteReader): OrderNonceWindow {
  const highest = reader.u64();
  let used = 0n;
  for (let word = 0; word < 4; word += 1) used = (used << 64n) | reader.u64();
  return { highest, used };
}

const WINDOW_MASK = (1n << NONCE_WINDOW) - 1n;
const WORD = (1n << 64n) - 1n;
