import { invariant } from '../failures/invariant.ts';

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const NOT_HEX = 0x80;
/** Worth of a hex digit by code unit, NOT_HEX for every other ASCII character. */
const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? NOT_HEX : digit;
});

/** Lower-case hex behind 0x. */
export function bytesToHex(bytes: Uint8Array): string {
  let text = '0x';
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

/** Reads `0x` and an even count of hex digits of either case; undefined for anything else. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !text.startsWith('0x')) return undefined;
  const bytes = new Uint8Array((text.length - 2) / 2);
  // By code unit and table: ids are read for every order, and a regular expression costs more than
  // the reading itself. Code units beyond the table and non-digits both make `invalid` non-zero.
  let invalid = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const high = NIBBLES[text.charCodeAt(2 + i * 2)] ?? NOT_HEX;
    const low = NIBBLES[text.charCodeAt(3 + i * 2)] ?? NOT_HEX;
    invalid |= (high | low) & NOT_HEX;
    bytes[i] = (high << 4) | low;
  }
  return invalid === 0 ? bytes : undefined;
}

/** `parseHex` for text that was validated before. */
export function hexToBytes(text: string): Uint8Array {
  const bytes = parseHex(text);
  invariant(bytes !== undefined, 'trusted hex is well formed');
  return bytes;
}
