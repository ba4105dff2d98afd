import { ChainFault } from '../chainFault.ts';

/**
 * Text for the store: JSON in which a bigint is written `{"$n":"123"}`.
 * Undefined members are left out, and read back as absent.
 */
export function toDurable(record: unknown): string {
  return JSON.stringify(record, (_name, member: unknown) => {
    return typeof member === 'bigint' ? { $n: member.toString() } : member;
  });
}

/**
 * Reads what `toDurable` wrote. The caller names the shape: only this engine writes these keys.
 *
 * @throws ChainFault CHAIN_STORE_CORRUPT when the text is not JSON.
 */
export function fromDurable<Shape>(key: string, text: string): Shape {
  try {
    return JSON.parse(text, (_name, member: unknown) => {
      return isTagged(member) ? BigInt(member.$n) : member;
    }) as Shape;
  } catch (cause) {
    throw new ChainFault(
      'CHAIN_STORE_CORRUPT',
      `The record ${key} of the intent store cannot be read. Restore the store from a backup.`,
      { fields: { key }, cause },
    );
  }
}

function isTagged(member: unknown): member is { readonly $n: string } {
  return typeof member === 'object' && member !== null && '$n' in member;
}
