import type { Hex } from 'viem';

/** Marks call data that carries a key; a selector that no contract of the simulation has. */
const MARK = 'a5c0de01';

/**
 * Call data that names its intent, so that the chain alone tells which intent a transaction
 * executed, whatever the engine believes.
 */
export function callFor(key: string): Hex {
  return `0x${MARK}${Buffer.from(key, 'latin1').toString('hex')}`;
}

/** The key in call data of `callFor`; undefined for anything else. */
export function keyIn(callData: Hex): string | undefined {
  if (!callData.startsWith(`0x${MARK}`)) return undefined;
  return Buffer.from(callData.slice(2 + MARK.length), 'hex').toString('latin1');
}
