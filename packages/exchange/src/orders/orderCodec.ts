import type { ByteReader } from '../codec/byteReader.ts';
import { ByteWriter } from '../codec/byteWriter.ts';
import { hashFromBytes } from '../codec/hash.ts';
import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import { accountId } from '../ledger/account.ts';
import { assetId } from '../ledger/asset.ts';
import type { AuthorisedOrder, BatchOrder } from './batchOrder.ts';
import { AUTHORISATION_BYTES } from './batchOrder.ts';
import type { AuthorisedGrant, SessionGrant, SignedWithdrawal, Withdrawal } from './signedTypes.ts';

/** Width of a canonical order. */
export const ORDER_BYTES = 72;

/** Canonical bytes of an order. */
export function encodeOrder(order: BatchOrder): Uint8Array {
  const out = new ByteWriter(ORDER_BYTES);
  appendOrder(out, order);
  return out.finish();
}

/** Appends the canonical bytes of an order. */
export function appendOrder(out: ByteWriter, order: BatchOrder): void {
  out
    .fixed(hexToBytes(order.owner), 20)
    .u32(order.marketId)
    .u16(order.pay)
    .u16(order.receive)
    .u64(order.budget)
    .u64(order.limitNumerator)
    .u64(order.limitDenominator)
    .u32(order.minFillPpm)
    .u64(order.orderNonce)
    .timeMs(order.expiresAtMs);
}

/** @throws DecodeError on bytes that are not a canonical order. */
export function decodeOrder(reader: ByteReader): BatchOrder {
  return {
    owner: accountId(bytesToHex(reader.fixed(20))),
    marketId: reader.u32(),
    pay: reader.u16(),
    receive: reader.u16(),
    budget: reader.amount(),
    limitNumerator: reader.u64(),
    limitDenominator: reader.u64(),
    minFillPpm: reader.u32(),
    orderNonce: reader.u64(),
    expiresAtMs: reader.timeMs(),
  };
}

/** Canonical bytes of an order with its id and authorisation. */
export function encodeAuthorisedOrder(out: ByteWriter, entry: AuthorisedOrder): void {
  appendOrder(out, entry.order);
  out.fixed(hexToBytes(entry.orderId), 32).fixed(entry.authorisation, AUTHORISATION_BYTES);
}

/** @throws DecodeError on bytes that are not a canonical authorised order. */
export function decodeAuthorisedOrder(reader: ByteReader): AuthorisedOrder {
  return {
    order: decodeOrder(reader),
    orderId: hashFromBytes(reader.fixed(32)),
    authorisation: reader.fixed(AUTHORISATION_BYTES),
  };
}

/** Canonical bytes of a session grant with its id and signature. */
export function encodeAuthorisedGrant(out: ByteWriter, entry: AuthorisedGrant): void {
  const { owner, delegate, scopes, expiresAtMs, orderNonce } = entry.grant;
  out.fixed(hexToBytes(owner), 20).fixed(hexToBytes(delegate), 20).u8(scopes);
  out.timeMs(expiresAtMs).u64(orderNonce);
  out.fixed(hexToBytes(entry.grantId), 32).fixed(entry.signature, AUTHORISATION_BYTES);
}

/** @throws DecodeError on bytes that are not a canonical grant. */
export function decodeAuthorisedGrant(reader: ByteReader): AuthorisedGrant {
  const grant: SessionGrant = {
    owner: accountId(bytesToHex(reader.fixed(20))),
    delegate: accountId(bytesToHex(reader.fixed(20))),
    scopes: reader.u8(),
    expiresAtMs: reader.timeMs(),
    orderNonce: reader.u64(),
  };
  return {
    grant,
    grantId: hashFromBytes(reader.fixed(32)),
    signature: reader.fixed(AUTHORISATION_BYTES),
  };
}

/** Width of a canonical withdrawal, and of one with its signature. */
export const WITHDRAWAL_BYTES = 70;
export const SIGNED_WITHDRAWAL_BYTES: number = WITHDRAWAL_BYTES + AUTHORISATION_BYTES;

/** Appends the canonical bytes of a withdrawal. */
export function appendWithdrawal(out: ByteWriter, withdrawal: Withdrawal): void {
  const { owner, to, shard, assetId: asset, units, orderNonce, expiresAtMs } = withdrawal;
  out.fixed(hexToBytes(owner), 20).fixed(hexToBytes(to), 20).u32(shard).u16(asset);
  out.u64(units).u64(orderNonce).timeMs(expiresAtMs);
}

/** @throws DecodeError on bytes that are not a canonical withdrawal. */
export function decodeWithdrawal(reader: ByteReader): Withdrawal {
  return {
    owner: accountId(bytesToHex(reader.fixed(20))),
    to: accountId(bytesToHex(reader.fixed(20))),
    shard: reader.u32(),
    assetId: assetId(reader.u16()),
    units: reader.amount(),
    orderNonce: reader.u64(),
    expiresAtMs: reader.timeMs(),
  };
}

/** Appends the canonical bytes of a withdrawal with its signature. */
export function encodeSignedWithdrawal(out: ByteWriter, entry: SignedWithdrawal): void {
  appendWithdrawal(out, entry.withdrawal);
  out.fixed(entry.signature, AUTHORISATION_BYTES);
}

/** @throws DecodeError on bytes that are not a canonical signed withdrawal. */
export function decodeSignedWithdrawal(reader: ByteReader): SignedWithdrawal {
  return { withdrawal: decodeWithdrawal(reader), signature: reader.fixed(AUTHORISATION_BYTES) };
}
