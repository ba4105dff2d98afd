import type { Hex } from 'viem';

/** Marks call data that carries a key; a selector that no contract of the simulation has. */
export const KEYED_SELECTOR: Hex = '0xa5c0de01';

const MARK = KEYED_SELECTOR.slice(2);

/**
 * Call data that names its intent, so that the chain alone tells which intent a transaction
 * executed, whatever the engine believes.
 */
export function callFor(key: string): Hex {
  return `0x${MARK}${Buffer.from(key, 'latin1').toString('hex')}`;
}

/** Another call that names its intent behind its arguments, where contracts do not look. */
export function callWith(call: Hex, key: string): Hex {
  return `${call}${callFor(key).slice(2)}` as Hex;
}

/** The key in call data of `callFor` or `callWith`; undefined for anything else. */
export function keyIn(callData: Hex): string | undefined {
  const place = callData.lastIndexOf(MARK);
  if (place < 0) return undefined;
  return Buffer.from(callData.slice(place + MARK.length), 'hex').toString('latin1');
}
