import { ByteReader, DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { LawProof, Submission } from '../submission.ts';

/** Place of a list in the chain of its shard. */
export interface ListHead {
  readonly shard: number;
  readonly listNumber: bigint;
  readonly previousListHash: Hash;
  readonly listHash: Hash;
}

/** What the venue's laws read on the domain: the list's place and the proof over it. */
export interface LawInput {
  readonly head: ListHead;
  readonly proof: LawProof;
}

/** The place of a submission's list. */
export function headOf({ list, listHash }: Submission): ListHead {
  const { shard, number: listNumber, previousListHash } = list;
  return { shard, listNumber, previousListHash, listHash };
}

/**
 * Canonical bytes of a list's place. They stand as auxiliary bytes in every allowance that the
 * pool signs for the list, so the signature binds each payout to one list and the one before it.
 */
export function encodeHead(head: ListHead): Uint8Array {
  const out = new ByteWriter();
  writeHead(out, head);
  return out.finish();
}

/** @throws DecodeError on bytes that are no list's place. */
export function decodeHead(bytes: Uint8Array): ListHead {
  const reader = new ByteReader(bytes);
  const head = readHead(reader);
  reader.end();
  return head;
}

/** Canonical bytes for `POST /sdls/{hash}/prove`; Delta carries them without reading them. */
export function encodeLawInput({ head, proof }: LawInput): Uint8Array {
  const out = new ByteWriter(512 + proof.bytes.length);
  writeHead(out, head);
  out.u32(proof.circuit).fixed(fieldBytes(proof.dataCommitment), 32).bytes(proof.bytes);
  return out.finish();
}

/** @throws DecodeError on bytes that are no law input. */
export function decodeLawInput(bytes: Uint8Array): LawInput {
  const reader = new ByteReader(bytes);
  const head = readHead(reader);
  const circuit = reader.u32();
  const dataCommitment = BigInt(hashFromBytes(reader.fixed(32)));
  const proof = { circuit, dataCommitment, bytes: reader.bytes() };
  reader.end();
  return { head, proof };
}

const TAG = 'lawbook.delta.list.v1';

function writeHead(out: ByteWriter, head: ListHead): void {
  out.text(TAG).u32(head.shard).u64(head.listNumber);
  out.fixed(hexToBytes(head.previousListHash), 32).fixed(hexToBytes(head.listHash), 32);
}

function readHead(reader: ByteReader): ListHead {
  const { offset } = reader;
  if (reader.text() !== TAG) throw new DecodeError('these are no bytes of a list', offset);
  return {
    shard: reader.u32(),
    listNumber: reader.u64(),
    previousListHash: hashFromBytes(reader.fixed(32)),
    listHash: hashFromBytes(reader.fixed(32)),
  };
}

function fieldBytes(element: bigint): Uint8Array {
  invariant(element >= 0n && element < 1n << 256n, 'a commitment has 256 bits');
  return hexToBytes(`0x${element.toString(16).padStart(64, '0')}`);
}
