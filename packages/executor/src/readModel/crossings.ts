import type { ReturnedWithdrawal } from '@lawbook/exchange/application/applied';
import { ByteReader, DecodeError } from '@lawbook/exchange/codec/byteReader';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { bytesToHex, hexToBytes } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { AssetId } from '@lawbook/exchange/ledger/asset';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import { appendWithdrawal, decodeWithdrawal } from '@lawbook/exchange/orders/orderCodec';
import type { Withdrawal } from '@lawbook/exchange/orders/signedTypes';

/** A deposit that the exchange has credited. */
export interface DepositRecord {
  readonly depositNumber: number;
  readonly account: AccountId;
  readonly assetId: AssetId;
  readonly units: Amount;
  readonly sequence: number;
  readonly creditedAtMs: number;
}

/** A withdrawal and what became of it. */
export interface WithdrawalRecord {
  readonly withdrawalId: Hash;
  readonly withdrawal: Withdrawal;
  /** Sequence of the request. */
  readonly sequence: number;
  readonly requestedAtMs: number;
  readonly status: WithdrawalStatus;
}

/** Waiting, on its way out with an epoch, or given back. */
export type WithdrawalStatus =
  | { readonly kind: 'pending' }
  | { readonly kind: 'inEpoch'; readonly marketId: number; readonly epochNumber: number }
  | { readonly kind: 'returned'; readonly reason: ReturnedWithdrawal['reason'] };

const STATUSES: readonly WithdrawalStatus['kind'][] = ['pending', 'inEpoch', 'returned'];
const REASONS: readonly ReturnedWithdrawal['reason'][] = ['expired', 'ownerIsExiting'];

/** Bytes of a deposit in the index. */
export function encodeDeposit(record: DepositRecord): Uint8Array {
  return new ByteWriter(56)
    .u64(BigInt(record.depositNumber))
    .fixed(hexToBytes(record.account), 20)
    .u16(record.assetId)
    .u64(record.units)
    .u64(BigInt(record.sequence))
    .timeMs(record.creditedAtMs)
    .finish();
}

/** @throws DecodeError on bytes that are not a deposit. */
export function decodeDeposit(bytes: Uint8Array): DepositRecord {
  const reader = new ByteReader(bytes);
  const record = {
    depositNumber: reader.natural(),
    account: accountId(bytesToHex(reader.fixed(20))),
    assetId: assetId(reader.u16()),
    units: reader.amount(),
    sequence: reader.natural(),
    creditedAtMs: reader.timeMs(),
  };
  reader.end();
  return record;
}

/** Bytes of a withdrawal in the index. */
export function encodeWithdrawalRecord(record: WithdrawalRecord): Uint8Array {
  const { status } = record;
  const out = new ByteWriter(160).fixed(hexToBytes(record.withdrawalId), 32);
  appendWithdrawal(out, record.withdrawal);
  out.u64(BigInt(record.sequence)).timeMs(record.requestedAtMs).u8(STATUSES.indexOf(status.kind));
  if (status.kind === 'inEpoch') out.u32(status.marketId).u64(BigInt(status.epochNumber));
  if (status.kind === 'returned') out.u8(REASONS.indexOf(status.reason));
  return out.finish();
}

/** @throws DecodeError on bytes that are not a withdrawal. */
export function decodeWithdrawalRecord(bytes: Uint8Array): WithdrawalRecord {
  const reader = new ByteReader(bytes);
  const record = {
    withdrawalId: hashFromBytes(reader.fixed(32)),
    withdrawal: decodeWithdrawal(reader),
    sequence: reader.natural(),
    requestedAtMs: reader.timeMs(),
    status: decodeStatus(reader),
  };
  reader.end();
  return record;
}

/** Appends a withdrawal that was given back. */
export function encodeReturned(out: ByteWriter, returned: ReturnedWithdrawal): void {
  appendWithdrawal(out.fixed(hexToBytes(returned.withdrawalId), 32), returned.withdrawal);
  out.u8(REASONS.indexOf(returned.reason));
}

/** @throws DecodeError on bytes that are not a withdrawal that was given back. */
export function decodeReturned(reader: ByteReader): ReturnedWithdrawal {
  return {
    withdrawalId: hashFromBytes(reader.fixed(32)),
    withdrawal: decodeWithdrawal(reader),
    reason: decodeReason(reader),
  };
}

function decodeStatus(reader: ByteReader): WithdrawalStatus {
  const kind = STATUSES[reader.u8()];
  switch (kind) {
    case 'pending':
      return { kind };
    case 'inEpoch':
      return { kind, marketId: reader.u32(), epochNumber: reader.natural() };
    case 'returned':
      return { kind, reason: decodeReason(reader) };
    default:
      throw new DecodeError('an unknown status', reader.offset);
  }
}

function decodeReason(reader: ByteReader): ReturnedWithdrawal['reason'] {
  const reason = REASONS[reader.u8()];
  if (reason === undefined) throw new DecodeError('an unknown reason', reader.offset);
  return reason;
}
