import type { Hex } from 'viem';
import { hexToBytes, keccak256 } from 'viem';

/** Which logs: by address, and by topics in their places. Null and undefined admit anything. */
export interface LogFilter {
  readonly address?: Hex | readonly Hex[];
  readonly topics?: readonly (Hex | readonly Hex[] | null)[];
}

/**
 * A check that tells from a block's bloom whether the filter may match: false means that no such
 * log is there, true means nothing. Each address and topic sets 3 of 2,048 bits.
 * @see Ethereum yellow paper, section 4.3.1, and EIP-234 for logs by block hash.
 */
export function bloomCheck(filter: LogFilter): (bloom: Hex) => boolean {
  const groups: (readonly BloomBits[])[] = [];
  if (filter.address !== undefined) groups.push(bitsOfAll(filter.address));
  for (const topic of filter.topics ?? []) if (topic !== null) groups.push(bitsOfAll(topic));
  const choices = groups.filter((group) => group.length > 0);
  if (choices.length === 0) return (bloom) => ANY_BIT.test(bloom);
  return (bloom) => choices.every((group) => group.some((bits) => holds(bloom, bits)));
}

const ANY_BIT = /^0x.*[1-9a-fA-F]/;

/** Places of the three bits: the nibble of the hex string, `0x` included, and its mask. */
type BloomBits = readonly { readonly nibble: number; readonly mask: number }[];

function bitsOfAll(entries: Hex | readonly Hex[]): readonly BloomBits[] {
  return (typeof entries === 'string' ? [entries] : entries).map(bitsOf);
}

function bitsOf(entry: Hex): BloomBits {
  const digest = keccak256(hexToBytes(entry), 'bytes');
  return [0, 2, 4].map((index) => {
    const bit = (((digest[index] ?? 0) << 8) | (digest[index + 1] ?? 0)) & 2_047;
    // Bit 0 is the lowest bit of the last nibble.
    return { nibble: 2 + 511 - (bit >> 2), mask: 1 << (bit & 3) };
  });
}

function holds(bloom: Hex, bits: BloomBits): boolean {
  return bits.every(({ nibble, mask }) => (Number.parseInt(bloom[nibble] ?? '0', 16) & mask) !== 0);
}
