import { invariant } from '../failures/invariant.ts';

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex behind 0x. */
export function bytesToHex(bytes: Uint8Array): string {
  let text = '0x';
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

/** Reads `0x` and an even count of hex digits of either case; undefined for anything else. */
export function parseHex(text: string): Uint8Array | undefined {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(text)) return undefined;
  const bytes = new Uint8Array((text.length - 2) / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    bytes[i] = Number.parseInt(text.slice(2 + i * 2, 4 + i * 2), 16);
  }
  return bytes;
}

/** `parseHex` for text that was validated before. */
export function hexToBytes(text: string): Uint8Array {
  const bytes = parseHex(text);
  invariant(bytes !== undefined, 'trusted hex is well formed');
  return bytes;
}
