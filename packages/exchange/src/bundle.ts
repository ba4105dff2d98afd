import { ByteReader, DecodeError } from './codec/byteReader.ts';
import { ByteWriter } from './codec/byteWriter.ts';
import type { Hash } from './codec/hash.ts';
import { hashFromBytes } from './codec/hash.ts';
import { bytesToHex, hexToBytes } from './codec/hex.ts';
import type { StateDiffList } from './diffs/stateDiff.ts';
import { invariant } from './failures/invariant.ts';
import type { AccountId } from './ledger/account.ts';
import { accountId } from './ledger/account.ts';
import type { AssetId } from './ledger/asset.ts';
import { assetId } from './ledger/asset.ts';
import { decodeCollected, encodeCollected } from './markets/batch/batchCodec.ts';
import { decodeOracle, encodeOracle } from './markets/batch/oracleSnapshot.ts';
import { decodeParameters, encodeParameters } from './markets/batch/parameters.ts';
import { decodeReport, encodeReport } from './markets/batch/report.ts';
import type { BatchFills } from './markets/batch/solution.ts';
import { decodeSolution, encodeSolution } from './markets/batch/solutionCodec.ts';
import {
  decodeSignedWithdrawal,
  encodeSignedWithdrawal,
  SIGNED_WITHDRAWAL_BYTES,
} from './orders/orderCodec.ts';
import type { SignedWithdrawal } from './orders/signedTypes.ts';
import type { VenueDomain } from './orders/typedData.ts';
import type { BatchTransition, VaultSheet } from './transition.ts';

/** An epoch with everything that a stranger needs to judge it. */
export interface EpochBundle {
  readonly marketId: number;
  readonly epochNumber: number;
  readonly parentEpochHash: Hash;
  readonly epochHash: Hash;
  readonly batches: readonly BatchTransition[];
  /** The netted diff list of the epoch. */
  readonly diffs: StateDiffList;
  /** What the base layer pays out with the epoch, in order. */
  readonly withdrawals: readonly SignedWithdrawal[];
  /** What others add to a judged epoch, such as its proof; each name once, decoded ascending. */
  readonly attachments: readonly Attachment[];
}

/** Bytes that travel with an epoch and that its hash says nothing about. */
export interface Attachment {
  /** 1..32 letters, digits, dots and dashes, a letter first. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** No batch is shorter: its fixed fields alone take more. */
const BATCH_BYTES_MIN = 500;

/** "LAWBOOK"; the format version follows. */
const MAGIC = Uint8Array.of(0x4c, 0x41, 0x57, 0x42, 0x4f, 0x4f, 0x4b);

/** Version 2 adds withdrawals and attachments; a bundle without any is one of version 1. */
const PLAIN_VERSION = 1;
const FULL_VERSION = 2;

/** Most attachments of a bundle, and most bytes of one. */
export const ATTACHMENT_COUNT_MAX = 16;
export const ATTACHMENT_BYTES_MAX: number = 1 << 24;

const ATTACHMENT_NAME = /^[a-zA-Z][a-zA-Z0-9.-]{0,31}$/;

/**
 * Canonical bytes of a bundle; docs/reference/bundle-format.md describes them. Attachments may come
 * in any order, each name once.
 */
export function encodeBundle(bundle: EpochBundle): Uint8Array {
  const [first] = bundle.batches;
  invariant(first !== undefined, 'an epoch holds at least one batch');
  const isPlain = bundle.withdrawals.length === 0 && bundle.attachments.length === 0;
  const version = isPlain ? PLAIN_VERSION : FULL_VERSION;
  const out = new ByteWriter(1 << 14).fixed(MAGIC, MAGIC.length).u8(version);
  out.u64(first.domain.chainId).fixed(hexToBytes(first.domain.address), 20);
  out.u32(bundle.marketId).u64(BigInt(bundle.epochNumber));
  out.fixed(hexToBytes(bundle.parentEpochHash), 32).fixed(hexToBytes(bundle.epochHash), 32);
  out.u32(bundle.batches.length);
  for (const batch of bundle.batches) out.bytes(encodeTransition(batch));
  encodeDiffColumns(out, bundle.diffs);
  if (version === FULL_VERSION) encodeAdditions(out, bundle);
  return out.finish();
}

/** Reads a bundle. @throws DecodeError on bytes that are not one; it judges nothing. */
export function decodeBundle(bytes: Uint8Array): EpochBundle {
  const reader = new ByteReader(bytes);
  const magic = reader.fixed(MAGIC.length);
  if (!magic.every((byte, k) => byte === MAGIC[k])) throw new DecodeError('not a bundle', 0);
  const version = reader.u8();
  if (version !== PLAIN_VERSION && version !== FULL_VERSION) {
    throw new DecodeError(`a bundle of version ${version}`, MAGIC.length);
  }
  const domain = { chainId: reader.u64(), address: readAccount(reader) };
  const marketId = reader.u32();
  const epochNumber = reader.natural();
  const parentEpochHash = hashFromBytes(reader.fixed(32));
  const epochHash = hashFromBytes(reader.fixed(32));
  const count = reader.count(BATCH_BYTES_MIN);
  if (count === 0) throw new DecodeError('an epoch without a batch', reader.offset);
  const batches = Array.from({ length: count }, () => {
    return decodeTransition(reader.nested(), domain);
  });
  const diffs = decodeDiffColumns(reader);
  const { withdrawals, attachments } = version === FULL_VERSION ? decodeAdditions(reader) : NONE;
  reader.end();
  const head = { marketId, epochNumber, parentEpochHash, epochHash };
  return { ...head, batches, diffs, withdrawals, attachments };
}

type Additions = Pick<EpochBundle, 'withdrawals' | 'attachments'>;
const NONE: Additions = { withdrawals: [], attachments: [] };

function encodeAdditions(out: ByteWriter, { withdrawals, attachments }: Additions): void {
  out.u32(withdrawals.length);
  for (const withdrawal of withdrawals) encodeSignedWithdrawal(out, withdrawal);
  const sorted = [...attachments].sort((a, b) => (a.name < b.name ? -1 : 1));
  invariant(sorted.length <= ATTACHMENT_COUNT_MAX, 'a bundle has a bounded number of attachments');
  out.u32(sorted.length);
  for (const [k, { name, bytes }] of sorted.entries()) {
    invariant(ATTACHMENT_NAME.test(name), 'an attachment has a name that readers take');
    invariant(sorted[k - 1]?.name !== name, 'a bundle has an attachment once');
    invariant(bytes.length <= ATTACHMENT_BYTES_MAX, 'an attachment has a bounded length');
    out.text(name).bytes(bytes);
  }
}

function decodeAdditions(reader: ByteReader): Additions {
  const start = reader.offset;
  const withdrawals = Array.from({ length: reader.count(SIGNED_WITHDRAWAL_BYTES) }, () => {
    return decodeSignedWithdrawal(reader);
  });
  const count = reader.count(9);
  if (count > ATTACHMENT_COUNT_MAX) throw new DecodeError('too many attachments', reader.offset);
  if (count + withdrawals.length === 0) {
    throw new DecodeError('a bundle of version 2 with nothing of it', start);
  }
  let last = '';
  const attachments = Array.from({ length: count }, () => {
    const { offset } = reader;
    const name = reader.text();
    if (!ATTACHMENT_NAME.test(name)) throw new DecodeError('an attachment without a name', offset);
    if (name <= last) throw new DecodeError('attachments out of order', offset);
    last = name;
    const bytes = reader.bytes();
    if (bytes.length > ATTACHMENT_BYTES_MAX) throw new DecodeError('a long attachment', offset);
    return { name, bytes };
  });
  return { withdrawals, attachments };
}

/** Canonical bytes of one batch of a bundle. */
export function encodeTransition(transition: BatchTransition): Uint8Array {
  const { orders, fills } = transition;
  const out = new ByteWriter(4096 + orders.count * 220);
  out.bytes(encodeParameters(transition.parameters)).u64(BigInt(transition.batchNumber));
  out.fixed(hexToBytes(transition.parentReportHash), 32).timeMs(transition.closedAtMs);
  out.bytes(encodeOracle(transition.oracle));
  encodeCollected(out, { ...transition, table: orders });
  out.fixed(hexToBytes(transition.admittedRoot), 32);
  encodeSolution(out, transition.solution);
  for (let row = 0; row < orders.count; row += 1) {
    out.u64(fills.paid[row] as bigint).u64(fills.received[row] as bigint);
  }
  encodeSheet(out, transition.before);
  encodeSheet(out, transition.after);
  encodeDiffColumns(out, transition.diffs);
  return out.bytes(encodeReport(transition.report)).finish();
}

/** @throws DecodeError on bytes that are not one batch of a bundle. */
export function decodeTransition(reader: ByteReader, domain: VenueDomain): BatchTransition {
  const parametersReader = reader.nested();
  const parameters = decodeParameters(parametersReader);
  parametersReader.end();
  const batchNumber = reader.natural();
  const parentReportHash = hashFromBytes(reader.fixed(32));
  const closedAtMs = reader.timeMs();
  const oracle = decodeOracle(reader.bytes());
  const { table: orders, ...collected } = decodeCollected(reader);
  const admittedRoot = hashFromBytes(reader.fixed(32));
  const solution = decodeSolution(reader);
  const fills = decodeFills(reader, orders.count);
  const before = decodeSheet(reader);
  const after = decodeSheet(reader);
  const diffs = decodeDiffColumns(reader);
  const reportReader = reader.nested();
  const report = decodeReport(reportReader);
  reportReader.end();
  reader.end();
  return {
    kind: 'batch',
    domain,
    parameters,
    batchNumber,
    parentReportHash,
    closedAtMs,
    oracle,
    orders,
    ...collected,
    admittedRoot,
    solution,
    fills,
    before,
    after,
    diffs,
    report,
  };
}

function decodeFills(reader: ByteReader, count: number): BatchFills {
  if (count * 16 > reader.remaining) throw new DecodeError('missing fills', reader.offset);
  const fills = { paid: new BigUint64Array(count), received: new BigUint64Array(count) };
  for (let row = 0; row < count; row += 1) {
    fills.paid[row] = reader.u64();
    fills.received[row] = reader.u64();
  }
  return fills;
}

function encodeSheet(out: ByteWriter, sheet: VaultSheet): void {
  encodeAccounts(out, sheet.accounts);
  encodeColumn(out, sheet.balances);
}

function decodeSheet(reader: ByteReader): VaultSheet {
  return { accounts: decodeAccounts(reader), balances: decodeColumn(reader) };
}

function encodeDiffColumns(out: ByteWriter, diffs: StateDiffList): void {
  encodeAccounts(out, diffs.accounts);
  out.u32(diffs.assets.length);
  for (const asset of diffs.assets) out.u16(asset);
  encodeColumn(out, diffs.changes);
  for (const orderNonce of diffs.orderNonces) out.u64(orderNonce);
}

/** The bundle keeps the columns as they are, so that laws see what was claimed, even nonsense. */
function decodeDiffColumns(reader: ByteReader): StateDiffList {
  const accounts = decodeAccounts(reader);
  const assets: AssetId[] = [];
  for (let left = reader.count(2); left > 0; left -= 1) assets.push(assetId(reader.u16()));
  const changes = decodeColumn(reader);
  if (changes.length !== accounts.length * assets.length) {
    throw new DecodeError('a diff list whose columns disagree', reader.offset);
  }
  if (accounts.length * 8 > reader.remaining) {
    throw new DecodeError('missing order nonces', reader.offset);
  }
  const orderNonces = BigUint64Array.from(accounts, () => reader.u64());
  return { accounts, assets, changes, orderNonces };
}

function encodeAccounts(out: ByteWriter, accounts: readonly AccountId[]): void {
  out.u32(accounts.length);
  for (const account of accounts) out.fixed(hexToBytes(account), 20);
}

function decodeAccounts(reader: ByteReader): AccountId[] {
  return Array.from({ length: reader.count(20) }, () => readAccount(reader));
}

function encodeColumn(out: ByteWriter, column: BigInt64Array): void {
  out.u32(column.length);
  for (const entry of column) out.i64(entry);
}

function decodeColumn(reader: ByteReader): BigInt64Array {
  const column = new BigInt64Array(reader.count(8));
  for (let k = 0; k < column.length; k += 1) column[k] = reader.i64();
  return column;
}

function readAccount(reader: ByteReader): AccountId {
  return accountId(bytesToHex(reader.fixed(20)));
}
