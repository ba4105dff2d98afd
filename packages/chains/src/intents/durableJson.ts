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
 * Reads what `toDurable` wrote. Only this engine writes these keys, so the shape is known by the
 * members that it always has.
 *
 * @throws ChainFault CHAIN_STORE_CORRUPT when the text is not JSON, or lacks one of `members`.
 */
export function fromDurable<Shape>(key: string, text: string, members: readonly string[]): Shape {
  const record = parse(key, text);
  const isObject = typeof record === 'object' && record !== null;
  const isShape = members.length === 0 || isObject;
  if (isShape && members.every((member) => isObject && member in record)) return record as Shape;
  throw corrupt(key);
}

function parse(key: string, text: string): unknown {
  try {
    return JSON.parse(text, (_name, member: unknown) => {
      return isTagged(member) ? BigInt(member.$n) : member;
    });
  } catch (cause) {
    throw corrupt(key, cause);
  }
}

function corrupt(key: string, cause?: unknown): ChainFault {
  return new ChainFault(
    'CHAIN_STORE_CORRUPT',
    `The record ${key} of the intent store cannot be read. Restore the store from a backup.`,
    { fields: { key }, cause },
  );
}

function isTagged(member: unknown): member is { readonly $n: string } {
  return typeof member === 'object' && member !== null && '$n' in member;
}
