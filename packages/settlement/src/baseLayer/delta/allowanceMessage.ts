import { invariant } from '@lawbook/exchange/failures/invariant';
import { parseDeltaKey } from './deltaKey.ts';
import type { AllowancePayload } from './deltaWire.ts';
import { NATIVE_TOKEN } from './deltaWire.ts';

/** The bytes that an owner signs for an allowance. */
export type AllowanceMessage = (payload: AllowancePayload) => Uint8Array;

/**
 * The payload in Borsh: content (credited, allowances ascending by their bytes, new nonce, debited
 * shard), then the auxiliary bytes. Integers are little-endian, lists stand behind 32-bit counts.
 *
 * Delta publishes no description of these bytes: its own signing library makes them. Layout and
 * variant numbers are this package's assumption (docs/protocol/delta.md); another one is injected
 * in its place without touching anything else.
 */
export const borshAllowanceMessage: AllowanceMessage = ({ content, auxiliary }) => {
  const entries = [...content.allowances].map(([token, units]) => [
    ...tokenBytes(token),
    FUNGIBLE,
    ...u64(units),
  ]);
  entries.sort(compareBytes);
  return Uint8Array.from([
    ...addressBytes(content.credited),
    ...u32(entries.length),
    ...entries.flat(),
    ...u64(content.newNonce),
    ...u64(content.debitedShard),
    ...u32(auxiliary.length),
    ...auxiliary,
  ]);
};

/** Variant of an allowance's amount, and of a token. */
const FUNGIBLE = 0;
const NATIVE_VARIANT = 0;
const FUNGIBLE_VARIANT = 1;

function tokenBytes(token: string): readonly number[] {
  if (token === NATIVE_TOKEN) return [NATIVE_VARIANT];
  return [FUNGIBLE_VARIANT, ...addressBytes(token)];
}

function addressBytes(address: string): readonly number[] {
  const [ownerId = '', shard = ''] = address.split(',');
  const owner = parseDeltaKey(ownerId);
  invariant(owner !== undefined, 'an address starts with an owner id');
  invariant(/^\d{1,20}$/.test(shard), 'an address ends with a shard');
  return [...owner, ...u64(BigInt(shard))];
}

function u64(units: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, units, true);
  return bytes;
}

function u32(count: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, count, true);
  return bytes;
}

function compareBytes(a: readonly number[], b: readonly number[]): number {
  for (const [index, byte] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (byte !== other) return byte - other;
  }
  return a.length - b.length;
}
