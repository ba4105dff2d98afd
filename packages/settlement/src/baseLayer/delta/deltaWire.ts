import type { ExactJson } from './exactJson.ts';
import { isList } from './exactJson.ts';

/**
 * The messages of the domain API of Delta 0.6, in our words, and how they are written. Names of
 * fields are those of the published client (docs/protocol/delta.md says which are confirmed).
 */

/** A vault's address: owner id in base58, a comma, the shard in decimal. */
export type DeltaAddress = `${string},${bigint}`;

/** Units by token, as much as Delta calls fungible. Tokens are addresses of their mints. */
export type TokenUnits = ReadonlyMap<string, bigint>;

/** Permission of an owner to debit its vault in a shard, up to a maximum by token. */
export interface DebitAllowance {
  readonly allowances: TokenUnits;
  readonly credited: DeltaAddress;
  readonly debitedShard: bigint;
  /** The nonce that the debited vault has afterwards. */
  readonly newNonce: bigint;
}

/** What an owner signs: the allowance and bytes of the venue's own. */
export interface AllowancePayload {
  readonly content: DebitAllowance;
  readonly auxiliary: Uint8Array;
}

/** An allowance with an Ed25519 signature; key and signature in base58. */
export interface SignedDebitAllowance {
  readonly payload: AllowancePayload;
  readonly publicKey: string;
  readonly signature: string;
}

/** Signed changes of one vault; each fits 64 bits. */
export interface VaultDiff {
  readonly address: DeltaAddress;
  readonly changes: TokenUnits;
}

/** An allowance with what was done under it. */
export interface ExecutedAllowance {
  readonly allowance: SignedDebitAllowance;
  readonly diffs: readonly VaultDiff[];
}

/** Life of a state diff list on the domain. */
export type SdlState =
  | {
      readonly kind:
        | 'Submitted'
        | 'Proving'
        | 'Proven'
        | 'ProofSubmitted'
        | 'BaseLayerApplied'
        | 'BaseLayerFailed';
    }
  | { readonly kind: 'ProvingFailed'; readonly reason: string };

/** A vault as the domain sees it: ahead of the validators by what is not settled yet. */
export interface DeltaVault {
  /** Units of the network's own token. */
  readonly native: bigint;
  readonly fungibles: TokenUnits;
  readonly shard: bigint;
}

/** Key under which allowances and diffs name the network's own token. */
export const NATIVE_TOKEN = 'native';

/** 2^63 - 1: the largest change of a vault in one list. */
export const I64_MAX: bigint = (1n << 63n) - 1n;
/** 2^64 - 1: the largest amount, balance, nonce or shard. */
export const U64_MAX: bigint = (1n << 64n) - 1n;

/** The address of a vault. */
export function deltaAddress(ownerId: string, shard: bigint): DeltaAddress {
  return `${ownerId},${shard}`;
}

/** The body of `POST /intents/submit`. */
export function printIntents(intents: readonly ExecutedAllowance[]): ExactJson {
  return intents.map(({ allowance, diffs }) => ({
    verifiable: { DebitAllowance: printSigned(allowance) },
    state_diffs: diffs.map(({ address, changes }) => ({
      address,
      operation: { TokenDiffs: printFungibles(changes) },
    })),
  }));
}

function printSigned({ payload, publicKey, signature }: SignedDebitAllowance): ExactJson {
  const { content, auxiliary } = payload;
  return {
    payload: {
      content: {
        allowances: printFungibles(content.allowances),
        credited: content.credited,
        debited_shard: content.debitedShard,
        new_nonce: content.newNonce,
      },
      auxiliary: [...auxiliary],
    },
    signature: { Ed25519: { pub_key: publicKey, signature } },
  };
}

function printFungibles(units: TokenUnits): ExactJson {
  return Object.fromEntries([...units].map(([token, change]) => [token, { Fungible: change }]));
}

/** Says that a part of an answer is not what it should be. */
export type Malformed = (field: string, expected: string) => Error;

/** Reads an answer of `GET /vaults/{owner}`. @throws what `malformed` makes. */
export function readVault(json: ExactJson, malformed: Malformed): DeltaVault {
  const vault = readRecord(json, 'vault', malformed);
  const shard = readU64(vault['shard'], 'shard', malformed);
  const native = readU64(vault['balance'], 'balance', malformed);
  const fungibles = new Map<string, bigint>();
  const contents = vault['data'];
  if (contents === undefined || contents === null) return { native, fungibles, shard };
  const kinds = readRecord(contents, 'data', malformed);
  const holdings = kinds['TokenHoldings'];
  if (holdings === undefined) return { native, fungibles, shard };
  const field = 'data.TokenHoldings.fungibles';
  const listed = readRecord(holdings, 'data.TokenHoldings', malformed)['fungibles'];
  for (const [token, units] of Object.entries(readRecord(listed, field, malformed))) {
    fungibles.set(token, readU64(units, `${field}.${token.slice(0, 60)}`, malformed));
  }
  return { native, fungibles, shard };
}

const PLAIN_STATES = [
  'Submitted',
  'Proving',
  'Proven',
  'ProofSubmitted',
  'BaseLayerApplied',
  'BaseLayerFailed',
] as const;

/** Reads a state of a list. @throws what `malformed` makes. */
export function readSdlState(
  json: ExactJson | undefined,
  field: string,
  malformed: Malformed,
): SdlState {
  const plain = PLAIN_STATES.find((state) => state === json);
  if (plain !== undefined) return { kind: plain };
  if (typeof json !== 'object' || json === null || isList(json)) {
    throw malformed(field, 'a state of a list');
  }
  const reason = readRecord(json, field, malformed)['ProvingFailed'];
  if (typeof reason !== 'string') throw malformed(`${field}.ProvingFailed`, 'a text');
  return { kind: 'ProvingFailed', reason };
}

/** Reads a whole number of 64 bits. @throws what `malformed` makes. */
export function readU64(json: ExactJson | undefined, field: string, malformed: Malformed): bigint {
  if (typeof json !== 'bigint' || json < 0n || json > U64_MAX) {
    throw malformed(field, 'a whole number of 64 bits');
  }
  return json;
}

function readRecord(
  json: ExactJson | undefined,
  field: string,
  malformed: Malformed,
): { readonly [key: string]: ExactJson } {
  if (typeof json !== 'object' || json === null || isList(json)) {
    throw malformed(field, 'an object');
  }
  return json;
}
