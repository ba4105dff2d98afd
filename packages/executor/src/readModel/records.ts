import type { EpochRecord } from '@lawbook/exchange/application/applied';
import { ByteReader, DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { decodeDiffs, encodeDiffs } from '@lawbook/exchange/diffs/stateDiff';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import { decodeReport, encodeReport } from '@lawbook/exchange/markets/batch/report';
import {
  appendOrder,
  decodeOrder,
  decodeSignedWithdrawal,
  encodeSignedWithdrawal,
} from '@lawbook/exchange/orders/orderCodec';
import type {
  BatchRecord,
  OrderRecord,
  OrderStatus,
  ResidualReason,
  SealedEpoch,
} from '../venueTypes.ts';
import { decodeReturned, encodeReturned } from './crossings.ts';

const STATUSES: readonly OrderStatus[] = [
  'new',
  'partiallyFilled',
  'filled',
  'canceled',
  'expired',
];
const REASONS: readonly (ResidualReason | undefined)[] = [
  undefined,
  'limit',
  'minimumFill',
  'blocked',
  'rationed',
  'halted',
  'expired',
  'canceled',
];

/** Bytes of an order record in the index. */
export function encodeOrderRecord(record: OrderRecord): Uint8Array {
  const out = new ByteWriter(160).fixed(hexToBytes(record.orderId), 32);
  appendOrder(out, record.order);
  return out
    .u64(BigInt(record.sequence))
    .timeMs(record.admittedAtMs)
    .u64(BigInt(record.batchNumber))
    .u8(STATUSES.indexOf(record.status))
    .u64(record.paid)
    .u64(record.received)
    .u64(record.fee)
    .u8(REASONS.indexOf(record.residual))
    .u64(BigInt(record.endedBy ?? 0))
    .finish();
}

/** @throws DecodeError on bytes that are not an order record. */
export function decodeOrderRecord(bytes: Uint8Array): OrderRecord {
  const reader = new ByteReader(bytes);
  const record = {
    orderId: hashFromBytes(reader.fixed(32)),
    order: decodeOrder(reader),
    sequence: reader.natural(),
    admittedAtMs: reader.timeMs(),
    batchNumber: reader.natural(),
    status: oneOf(STATUSES, reader),
    paid: reader.u64(),
    received: reader.u64(),
    fee: reader.u64(),
    residual: residualOf(reader),
    endedBy: reader.natural(),
  };
  reader.end();
  return { ...record, endedBy: record.endedBy === 0 ? undefined : record.endedBy };
}

/** Bytes of a batch record in the index. */
export function encodeBatchRecord(record: BatchRecord): Uint8Array {
  return new ByteWriter(2048)
    .bytes(encodeReport(record.report))
    .fixed(hexToBytes(record.reportHash), 32)
    .u64(BigInt(record.epochNumber))
    .u64(BigInt(record.sequence))
    .text(JSON.stringify(record.verdicts))
    .finish();
}

/** @throws DecodeError on bytes that are not a batch record. */
export function decodeBatchRecord(bytes: Uint8Array): BatchRecord {
  const reader = new ByteReader(bytes);
  const record = {
    report: inside(reader, decodeReport),
    reportHash: hashFromBytes(reader.fixed(32)),
    epochNumber: reader.natural(),
    sequence: reader.natural(),
    // Verdicts are plain strings, written by this program only.
    verdicts: readJson(reader) as readonly LawVerdict[],
  };
  if (!Array.isArray(record.verdicts)) throw new DecodeError('verdicts that are no list', 0);
  reader.end();
  return record;
}

/** Bytes of a sealed epoch in the index. */
export function encodeSealedEpoch({ epoch, ...rest }: SealedEpoch): Uint8Array {
  const out = new ByteWriter(1024)
    .u32(epoch.marketId)
    .u64(BigInt(epoch.epochNumber))
    .u64(BigInt(epoch.firstBatch))
    .u64(BigInt(epoch.lastBatch))
    .timeMs(epoch.sealedAtMs)
    .bytes(encodeDiffs(epoch.diffs))
    .fixed(hexToBytes(epoch.diffRoot), 32)
    .fixed(hexToBytes(epoch.parentEpochHash), 32)
    .fixed(hexToBytes(epoch.epochHash), 32)
    .fixed(hexToBytes(epoch.stateRoot), 32)
    .text(JSON.stringify(rest));
  // Behind all else and only where there is something: older rows end here.
  if (epoch.withdrawals.length + epoch.returned.length > 0) encodeCrossings(out, epoch);
  return out.finish();
}

/** @throws DecodeError on bytes that are not a sealed epoch. */
export function decodeSealedEpoch(bytes: Uint8Array): SealedEpoch {
  const reader = new ByteReader(bytes);
  const epoch = {
    marketId: reader.u32(),
    epochNumber: reader.natural(),
    firstBatch: reader.natural(),
    lastBatch: reader.natural(),
    sealedAtMs: reader.timeMs(),
    diffs: inside(reader, decodeDiffs),
    diffRoot: hashFromBytes(reader.fixed(32)),
    parentEpochHash: hashFromBytes(reader.fixed(32)),
    epochHash: hashFromBytes(reader.fixed(32)),
    stateRoot: hashFromBytes(reader.fixed(32)),
  };
  const rest = readLevels(reader);
  const crossings = reader.remaining === 0 ? NO_CROSSINGS : decodeCrossings(reader);
  reader.end();
  return { epoch: { ...epoch, ...crossings }, ...rest };
}

type Crossings = Pick<EpochRecord, 'withdrawals' | 'returned'>;
const NO_CROSSINGS: Crossings = { withdrawals: [], returned: [] };

function encodeCrossings(out: ByteWriter, { withdrawals, returned }: Crossings): void {
  out.u32(withdrawals.length);
  for (const entry of withdrawals) {
    encodeSignedWithdrawal(out.fixed(hexToBytes(entry.withdrawalId), 32), entry);
  }
  out.u32(returned.length);
  for (const entry of returned) encodeReturned(out, entry);
}

function decodeCrossings(reader: ByteReader): Crossings {
  const withdrawals = Array.from({ length: reader.count(167) }, () => {
    return { withdrawalId: hashFromBytes(reader.fixed(32)), ...decodeSignedWithdrawal(reader) };
  });
  const returned = Array.from({ length: reader.count(103) }, () => decodeReturned(reader));
  if (withdrawals.length + returned.length === 0) {
    throw new DecodeError('crossings of which there are none', reader.offset);
  }
  return { withdrawals, returned };
}

/** The first reason is none at all, so that an unknown number must be told from it. */
function residualOf(reader: ByteReader): ResidualReason | undefined {
  const { offset } = reader;
  const code = reader.u8();
  if (code >= REASONS.length) throw new DecodeError('an unknown reason', offset);
  return REASONS[code];
}

function oneOf<T>(choices: readonly T[], reader: ByteReader): T {
  const choice = choices[reader.u8()];
  if (choice === undefined) throw new DecodeError('an unknown choice', reader.offset);
  return choice;
}

/** Reads from bytes of a stated length, all of which must be taken. */
function inside<T>(reader: ByteReader, decode: (inner: ByteReader) => T): T {
  const inner = new ByteReader(reader.bytes());
  const decoded = decode(inner);
  inner.end();
  return decoded;
}

const LEVELS: readonly string[] = ['level', 'prove', 'publish', 'settle'];

function readLevels(reader: ByteReader): Omit<SealedEpoch, 'epoch'> {
  const { offset } = reader;
  const levels = readJson(reader);
  const isObject = typeof levels === 'object' && levels !== null;
  const names = isObject ? Object.keys(levels).sort() : [];
  if (names.join() !== LEVELS.join()) throw new DecodeError('an epoch without its levels', offset);
  return levels as Omit<SealedEpoch, 'epoch'>;
}

/** Reads JSON as this program writes it, which is one text for one object. */
function readJson(reader: ByteReader): unknown {
  const { offset } = reader;
  const text = reader.text();
  try {
    const parsed: unknown = JSON.parse(text);
    if (JSON.stringify(parsed) === text) return parsed;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new DecodeError('text that is not JSON as it is written here', offset);
}
