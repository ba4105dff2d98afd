import { ByteReader, DecodeError } from './codec/byteReader.ts';
import { ByteWriter } from './codec/byteWriter.ts';
import { hashFromBytes } from './codec/hash.ts';
import { bytesToHex, hexToBytes } from './codec/hex.ts';
import { decodeDiffs, encodeDiffs } from './diffs/stateDiff.ts';
import { accountId } from './ledger/account.ts';
import {
  BOOK_EVENT_BYTES_MIN,
  decodeBookEvent,
  encodeBookEvent,
} from './markets/book/bookEvent.ts';
import { decodeBookImage, encodeBookImage } from './markets/book/bookImage.ts';
import {
  BOOK_PARAMETERS_BYTES,
  decodeBookParameters,
  encodeBookParameters,
} from './markets/book/bookMarketParameters.ts';
import { decodeAuthorisedGrant, encodeAuthorisedGrant } from './orders/orderCodec.ts';
import type { BookTransition } from './transition.ts';

/** "LAWBOOK", as before bundles of batches; their versions are below 128. */
const MAGIC = Uint8Array.of(0x4c, 0x41, 0x57, 0x42, 0x4f, 0x4f, 0x4b);

/** Version 1 of the bundle of a book epoch. */
const BOOK_VERSION = 129;

/** Whether bytes begin as the bundle of a book epoch does, of whatever version. */
export function isBookBundle(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, k) => byte === bytes[k]) && (bytes[MAGIC.length] ?? 0) >= 128;
}

/** Canonical bytes of a book epoch; docs/reference/book-bundle-format.md describes them. */
export function encodeBookBundle(epoch: BookTransition): Uint8Array {
  const out = new ByteWriter(1 << 14).fixed(MAGIC, MAGIC.length).u8(BOOK_VERSION);
  out.u64(epoch.domain.chainId).fixed(hexToBytes(epoch.domain.address), 20);
  out.fixed(encodeBookParameters(epoch.parameters), BOOK_PARAMETERS_BYTES);
  out.u32(epoch.marketId).u64(BigInt(epoch.epochNumber));
  out.u64(BigInt(epoch.firstEvent)).u64(BigInt(epoch.eventCount)).timeMs(epoch.sealedAtMs);
  for (const field of HASHES) out.fixed(hexToBytes(epoch[field]), 32);
  encodeBookImage(out, epoch.opening);
  out.u32(epoch.grants.length);
  for (const grant of epoch.grants) encodeAuthorisedGrant(out, grant);
  out.u32(epoch.events.length);
  for (const event of epoch.events) encodeBookEvent(out, event);
  return out.bytes(encodeDiffs(epoch.diffs)).finish();
}

/** Reads a bundle. @throws DecodeError on bytes that are not one; it judges nothing. */
export function decodeBookBundle(bytes: Uint8Array): BookTransition {
  const reader = new ByteReader(bytes);
  const magic = reader.fixed(MAGIC.length);
  if (!magic.every((byte, k) => byte === MAGIC[k])) throw new DecodeError('not a bundle', 0);
  const version = reader.u8();
  if (version !== BOOK_VERSION) {
    throw new DecodeError(`no bundle of a book epoch: version ${version}`, MAGIC.length);
  }
  const domain = { chainId: reader.u64(), address: accountId(bytesToHex(reader.fixed(20))) };
  const parameters = decodeBookParameters(reader);
  const head = {
    marketId: reader.u32(),
    epochNumber: reader.natural(),
    firstEvent: reader.natural(),
    eventCount: reader.natural(),
    sealedAtMs: reader.timeMs(),
  };
  const hash = (): BookTransition['epochHash'] => hashFromBytes(reader.fixed(32));
  const [parentEpochHash, openingRoot, logRoot] = [hash(), hash(), hash()];
  const [closingRoot, root, epochHash] = [hash(), hash(), hash()];
  const opening = decodeBookImage(reader);
  const grants = Array.from({ length: reader.count(154) }, () => decodeAuthorisedGrant(reader));
  const count = reader.count(BOOK_EVENT_BYTES_MIN);
  const events = Array.from({ length: count }, () => decodeBookEvent(reader));
  const inner = reader.nested();
  const diffs = decodeDiffs(inner);
  inner.end();
  reader.end();
  const roots = { parentEpochHash, openingRoot, logRoot, closingRoot, diffRoot: root, epochHash };
  return { kind: 'book', domain, parameters, ...head, ...roots, opening, grants, events, diffs };
}

const HASHES = [
  'parentEpochHash',
  'openingRoot',
  'logRoot',
  'closingRoot',
  'diffRoot',
  'epochHash',
] as const;
