import { crc32 as crc32OfBytes } from '@lawbook/exchange/codec/crc32';

/** CRC-32 of a text's UTF-8 bytes, continued from an earlier checksum. @see ISO-HDLC, as in zlib */
export function crc32(text: string, previous: number): number {
  const bytes = new TextEncoder().encode(text);
  return crc32OfBytes(bytes, 0, bytes.length, previous);
}
