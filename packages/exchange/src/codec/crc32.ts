/**
 * CRC-32 of bytes `from` up to `to`, continued from the checksum of what came before, 0 at the
 * start. It finds accidents, not forgers. @see ISO-HDLC, as in zlib
 */
export function crc32(bytes: Uint8Array, from: number, to: number, previous: number): number {
  let crc = ~previous;
  for (let k = from; k < to; k += 1) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[k] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

const POLYNOMIAL = 0xedb88320;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});
