import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ByteWriter } from '../codec/byteWriter.ts';
import { hexToBytes } from '../codec/hex.ts';
import type { AccountId } from '../ledger/account.ts';

/** Binds signatures to one venue on one chain. */
export interface VenueDomain {
  readonly chainId: bigint;
  /** Address of the venue (its base-layer contract once there is one). */
  readonly address: AccountId;
}

/** A field of an EIP-712 struct; only the atomic types that Lawbook signs. */
export interface TypedField {
  readonly name: string;
  readonly type: 'address' | 'bytes32' | 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'uint256';
}

/** A struct type in the form that wallets take. */
export interface TypedStruct {
  readonly name: string;
  readonly fields: readonly TypedField[];
}

/** Name and version of the EIP-712 domain. */
export const DOMAIN_NAME = 'Lawbook';
export const DOMAIN_VERSION = '1';

/** EIP-712 domain fields, for wallets. */
export const DOMAIN_FIELDS: readonly { readonly name: string; readonly type: string }[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
];

/** keccak256 of `Name(type field,...)`. @see EIP-712 "Definition of encodeType" */
export function typeHash(struct: TypedStruct): Uint8Array {
  const fields = struct.fields.map((field) => `${field.type} ${field.name}`).join(',');
  return keccak_256(utf8ToBytes(`${struct.name}(${fields})`));
}

/** The EIP-712 domain separator of a venue. */
export function domainSeparator(domain: VenueDomain): Uint8Array {
  return keccak_256(
    concatBytes(
      DOMAIN_TYPE_HASH,
      keccak_256(utf8ToBytes(DOMAIN_NAME)),
      keccak_256(utf8ToBytes(DOMAIN_VERSION)),
      uintWord(domain.chainId),
      addressWord(domain.address),
    ),
  );
}

/** keccak256(0x1901 || domain separator || keccak256(type hash || words)). @see EIP-712 */
export function typedDigest(
  separator: Uint8Array,
  structTypeHash: Uint8Array,
  words: readonly Uint8Array[],
): Uint8Array {
  const structHash = keccak_256(concatBytes(structTypeHash, ...words));
  return keccak_256(concatBytes(PREFIX, separator, structHash));
}

/** An unsigned integer as a 32-byte word. Callers keep it under 2^64 or a full uint256. */
export function uintWord(x: bigint): Uint8Array {
  return new ByteWriter(32)
    .u64(x >> 192n)
    .u64((x >> 128n) & MASK)
    .u64((x >> 64n) & MASK)
    .u64(x & MASK)
    .finish();
}

/** An address as a 32-byte word. */
export function addressWord(address: AccountId): Uint8Array {
  const word = new Uint8Array(32);
  word.set(hexToBytes(address), 12);
  return word;
}

const MASK = (1n << 64n) - 1n;
const PREFIX = Uint8Array.of(0x19, 0x01);
const DOMAIN_TYPE_HASH = keccak_256(
  utf8ToBytes(
    `EIP712Domain(${DOMAIN_FIELDS.map((field) => `${field.type} ${field.name}`).join(',')})`,
  ),
);
