import { ByteReader, DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { bytesToHex, hexToBytes } from '@lawbook/exchange/codec/hex';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import { bytesToNumber, ELEMENT_BYTES, elementsToBytes, FIELD_MODULUS } from '../fieldElement.ts';
import type { Setup, ValidityProof } from '../proof.ts';
import { INSECURE_SETUP } from '../proof.ts';
import { epochShapeOf } from './epochStatement.ts';

/** What is published beside an epoch: its proof, its place, and the transaction, once sent. */
export interface SettlementAttachment {
  readonly place: ProvedPlace;
  /** Public inputs [C, r, y]. */
  readonly proof: ValidityProof;
  /** Left away until the list is settled. */
  readonly transaction?: SettlementTransaction;
}

/** Place of a list in the chain of its shard. */
export interface ProvedPlace {
  readonly shard: number;
  readonly listNumber: bigint;
  readonly previousListHash: Hash;
  readonly listHash: Hash;
  /** C: a field element. */
  readonly dataCommitment: bigint;
}

/** What settled a list on a chain. */
export interface SettlementTransaction {
  readonly chainId: bigint;
  readonly contract: AccountId;
  readonly transactionHash: Hash;
  readonly blockNumber: bigint;
}

/** The name under which a bundle carries the attachment. */
export const SETTLEMENT_ATTACHMENT = 'settlement';

/** "LAWPROOF" and a format version. */
const MAGIC = Uint8Array.of(0x4c, 0x41, 0x57, 0x50, 0x52, 0x4f, 0x4f, 0x46, 0x01);

/** Most bytes of a proof that anybody reads: several times what the largest circuit gives. */
const PROOF_BYTES_MAX = 1 << 16;

/** In the order of their wire numbers, which are only ever appended to. */
const SETUPS: readonly Setup[] = [INSECURE_SETUP, 'ceremony'];

/**
 * Canonical bytes: magic and version; shard, list number, previous list hash, list hash; circuit
 * name and version, setup, string id; C, r, y; proof; then a flag, and where it is set chain id,
 * contract, transaction hash, block number.
 */
export function encodeSettlementAttachment(attachment: SettlementAttachment): Uint8Array {
  const { place, proof, transaction } = attachment;
  const [commitment] = proof.publicInputs;
  invariant(proof.publicInputs.length === 3, 'a proof of an epoch has three public inputs');
  invariant(commitment === place.dataCommitment, 'a proof is about the commitment of its place');
  const out = new ByteWriter(512 + proof.bytes.length).fixed(MAGIC, MAGIC.length);
  out.u32(place.shard).u64(place.listNumber);
  out.fixed(hexToBytes(place.previousListHash), 32).fixed(hexToBytes(place.listHash), 32);
  out.text(proof.circuit).u32(proof.circuitVersion).u8(SETUPS.indexOf(proof.setup));
  out.fixed(hexToBytes(`0x${proof.stringId}`), 32);
  out.fixed(elementsToBytes(proof.publicInputs), 3 * ELEMENT_BYTES).bytes(proof.bytes);
  if (transaction === undefined) return out.u8(0).finish();
  out.u8(1).u64(transaction.chainId).fixed(hexToBytes(transaction.contract), 20);
  out.fixed(hexToBytes(transaction.transactionHash), 32).u64(transaction.blockNumber);
  return out.finish();
}

/** @throws DecodeError on bytes that are not a canonical attachment; it judges no proof. */
export function decodeSettlementAttachment(bytes: Uint8Array): SettlementAttachment {
  const reader = new ByteReader(bytes);
  const magic = reader.fixed(MAGIC.length);
  if (!magic.every((byte, k) => byte === MAGIC[k])) {
    throw new DecodeError('not a settlement of version 1', 0);
  }
  const place = {
    shard: reader.u32(),
    listNumber: reader.u64(),
    previousListHash: hashFromBytes(reader.fixed(32)),
    listHash: hashFromBytes(reader.fixed(32)),
  };
  const proof = readProof(reader);
  const transaction = reader.flag() ? readTransaction(reader) : undefined;
  reader.end();
  const [dataCommitment] = proof.publicInputs;
  invariant(dataCommitment !== undefined, 'three public inputs were read');
  return {
    place: { ...place, dataCommitment },
    proof,
    ...(transaction === undefined ? {} : { transaction }),
  };
}

function readProof(reader: ByteReader): ValidityProof {
  const { offset } = reader;
  const name = reader.text();
  const shape = epochShapeOf(name);
  if (shape === undefined) throw new DecodeError('a circuit that proves no epoch', offset);
  const circuitVersion = reader.u32();
  const setup = SETUPS[reader.u8()];
  if (setup === undefined) throw new DecodeError('an unknown setup', reader.offset);
  const stringId = bytesToHex(reader.fixed(32)).slice(2);
  const publicInputs = [readElement(reader), readElement(reader), readElement(reader)];
  const bytes = reader.bytes();
  if (bytes.length > PROOF_BYTES_MAX || bytes.length % ELEMENT_BYTES !== 0) {
    throw new DecodeError('a proof that is no list of field elements', reader.offset);
  }
  return {
    kind: 'validity',
    system: 'ultraHonk',
    circuit: shape.name,
    circuitVersion,
    setup,
    stringId,
    publicInputs,
    bytes,
  };
}

function readElement(reader: ByteReader): bigint {
  const { offset } = reader;
  const element = bytesToNumber(reader.fixed(ELEMENT_BYTES));
  if (element >= FIELD_MODULUS) throw new DecodeError('an element beyond the field', offset);
  return element;
}

function readTransaction(reader: ByteReader): SettlementTransaction {
  return {
    chainId: reader.u64(),
    contract: accountId(bytesToHex(reader.fixed(20))),
    transactionHash: hashFromBytes(reader.fixed(32)),
    blockNumber: reader.u64(),
  };
}
