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
    residual: REASONS[reader.u8()],
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
    report: decodeReport(new ByteReader(reader.bytes())),
    reportHash: hashFromBytes(reader.fixed(32)),
    epochNumber: reader.natural(),
    sequence: reader.natural(),
    // Verdicts are plain strings, written by this program only.
    verdicts: JSON.parse(reader.text()) as readonly LawVerdict[],
  };
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
    diffs: decodeDiffs(new ByteReader(reader.bytes())),
    diffRoot: hashFromBytes(reader.fixed(32)),
    parentEpochHash: hashFromBytes(reader.fixed(32)),
    epochHash: hashFromBytes(reader.fixed(32)),
    stateRoot: hashFromBytes(reader.fixed(32)),
  };
  const rest = JSON.parse(reader.text()) as Omit<SealedEpoch, 'epoch'>;
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
  return { withdrawals, returned };
}

function oneOf<T>(choices: readonly T[], reader: ByteReader): T {
  const choice = choices[reader.u8()];
  if (choice === undefined) throw new DecodeError('an unknown choice', reader.offset);
  return choice;
}
