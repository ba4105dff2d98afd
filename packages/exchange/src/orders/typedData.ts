import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { hexToBytes } from '../codec/hex.ts';
import { invariant } from '../failures/invariant.ts';
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
  readonly type:
    | 'address'
    | 'bool'
    | 'bytes16'
    | 'bytes32'
    | 'uint8'
    | 'uint16'
    | 'uint32'
    | 'uint64'
    | 'uint256';
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

const WORD = 32;
const U32_SPAN = 4_294_967_296;
const U64_MAX = (1n << 64n) - 1n;
const U256_MAX = (1n << 256n) - 1n;

/**
 * Hashes structs of one type at one venue:
 * keccak256(0x1901 || domain separator || keccak256(type hash || words)).
 *
 * The buffers are written in place and reused, because an order is hashed at every admission and
 * small allocations cost more than the hash: set every field, then take the digest.
 *
 * @see EIP-712 "Definition of hashStruct"
 */
export class StructHasher {
  readonly #fieldCount: number;
  readonly #words: Uint8Array;
  readonly #view: DataView;
  readonly #message = new Uint8Array(2 + WORD + WORD);

  constructor(separator: Uint8Array, struct: TypedStruct) {
    this.#fieldCount = struct.fields.length;
    this.#words = new Uint8Array(WORD * (1 + struct.fields.length));
    this.#view = new DataView(this.#words.buffer);
    this.#words.set(typeHash(struct), 0);
    this.#message.set([0x19, 0x01], 0);
    this.#message.set(separator, 2);
  }

  /** Sets an address. */
  address(field: number, address: AccountId): this {
    const start = this.#place(field) + 12;
    for (let k = 0; k < 20; k += 1) {
      const high = nibble(address.charCodeAt(2 + 2 * k));
      this.#words[start + k] = high * 16 + nibble(address.charCodeAt(3 + 2 * k));
    }
    return this;
  }

  /** Sets 32 bytes. */
  bytes32(field: number, bytes: Uint8Array): this {
    invariant(bytes.length === WORD, 'a bytes32 has 32 bytes');
    this.#words.set(bytes, this.#place(field));
    return this;
  }

  /** Sets 16 bytes: the upper half of the word. @see EIP-712 "Definition of encodeData" */
  bytes16(field: number, bytes: Uint8Array): this {
    invariant(bytes.length === WORD / 2, 'a bytes16 has 16 bytes');
    this.#words.set(bytes, this.#place(field));
    return this;
  }

  /** Sets an unsigned integer below 2^64. */
  uint64(field: number, x: bigint): this {
    invariant(x >= 0n && x <= U64_MAX, 'a signed integer field fits 64 bits');
    this.#view.setBigUint64(this.#place(field) + 24, x);
    return this;
  }

  /** Sets an unsigned integer that stays a safe number: a count, an index or milliseconds. */
  safe(field: number, x: number): this {
    invariant(Number.isSafeInteger(x) && x >= 0, 'a signed number is a safe natural number');
    const place = this.#place(field) + 24;
    this.#view.setUint32(place, Math.floor(x / U32_SPAN));
    this.#view.setUint32(place + 4, x % U32_SPAN);
    return this;
  }

  /** The digest of the fields as they were last set. */
  digest(): Uint8Array {
    this.#message.set(keccak_256(this.#words), 2 + WORD);
    return keccak_256(this.#message);
  }

  #place(field: number): number {
    invariant(field >= 0 && field < this.#fieldCount, 'a field that is set belongs to the struct');
    return WORD * (1 + field);
  }
}

/** keccak256 of `Name(type field,...)`. @see EIP-712 "Definition of encodeType" */
export function typeHash(struct: TypedStruct): Uint8Array {
  const fields = struct.fields.map((field) => `${field.type} ${field.name}`).join(',');
  return keccak_256(utf8ToBytes(`${struct.name}(${fields})`));
}

/** The EIP-712 domain separator of a venue. */
export function domainSeparator(domain: VenueDomain): Uint8Array {
  const address = new Uint8Array(WORD);
  address.set(hexToBytes(domain.address), 12);
  return keccak_256(
    concatBytes(
      DOMAIN_TYPE_HASH,
      keccak_256(utf8ToBytes(DOMAIN_NAME)),
      keccak_256(utf8ToBytes(DOMAIN_VERSION)),
      uint256Word(domain.chainId),
      address,
    ),
  );
}

function uint256Word(x: bigint): Uint8Array {
  invariant(x >= 0n && x <= U256_MAX, 'a chain id fits 256 bits');
  return hexToBytes(`0x${x.toString(16).padStart(64, '0')}`);
}

/** The digit behind a hex character of either case; account ids were validated when branded. */
function nibble(character: number): number {
  if (character <= 0x39) return character - 0x30;
  return (character | 0x20) - 0x61 + 10;
}

const DOMAIN_TYPE_HASH = keccak_256(
  utf8ToBytes(
    `EIP712Domain(${DOMAIN_FIELDS.map((field) => `${field.type} ${field.name}`).join(',')})`,
  ),
);
