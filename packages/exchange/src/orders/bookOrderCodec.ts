import type { ByteReader } from '../codec/byteReader.ts';
import { DecodeError } from '../codec/byteReader.ts';
import type { ByteWriter } from '../codec/byteWriter.ts';
import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import type { AccountId } from '../ledger/account.ts';
import { accountId } from '../ledger/account.ts';
import { AUTHORISATION_BYTES } from './batchOrder.ts';
import type {
  Authorised,
  BookAmend,
  BookCancel,
  BookCancelAll,
  BookHeartbeat,
  BookOrder,
  ClientOrderId,
} from './bookOrder.ts';
import { BOOK_ORDER_WORDS, CLIENT_ORDER_ID_BYTES, clientOrderId } from './bookOrder.ts';
import { wordNumber } from './bookSigning.ts';

/** Width of a canonical book order. */
export const BOOK_ORDER_BYTES = 95;

/** Appends the canonical bytes of a book order. */
export function appendBookOrder(out: ByteWriter, order: BookOrder): void {
  appendOwner(out, order);
  appendClientOrderId(out, order.clientOrderId);
  out
    .u8(wordNumber('side', order.side))
    .u8(wordNumber('type', order.type))
    .u8(wordNumber('timeInForce', order.timeInForce))
    .u8(order.postOnly ? 1 : 0)
    .u8(wordNumber('selfTradePolicy', order.selfTradePolicy))
    .u32(order.priceTicks)
    .u32(order.sizeLots)
    .u32(order.displayLots)
    .u8(wordNumber('trigger', order.trigger))
    .u8(wordNumber('triggerSource', order.triggerSource))
    .u32(order.triggerTicks)
    .u64(BigInt(order.ocoWith))
    .timeMs(order.goodUntilMs)
    .u64(order.orderNonce)
    .timeMs(order.expiresAtMs);
}

/** @throws DecodeError on bytes that are not a canonical book order. */
export function decodeBookOrder(reader: ByteReader): BookOrder {
  return {
    ...readOwner(reader),
    clientOrderId: readClientOrderId(reader),
    side: readWord(reader, 'side'),
    type: readWord(reader, 'type'),
    timeInForce: readWord(reader, 'timeInForce'),
    postOnly: reader.flag(),
    selfTradePolicy: readWord(reader, 'selfTradePolicy'),
    priceTicks: reader.u32(),
    sizeLots: reader.u32(),
    displayLots: reader.u32(),
    trigger: readWord(reader, 'trigger'),
    triggerSource: readWord(reader, 'triggerSource'),
    triggerTicks: reader.u32(),
    ocoWith: reader.natural(),
    goodUntilMs: reader.timeMs(),
    orderNonce: reader.u64(),
    expiresAtMs: reader.timeMs(),
  };
}

/** Appends the canonical bytes of a change. */
export function appendBookAmend(out: ByteWriter, amend: BookAmend): void {
  appendOwner(out, amend);
  out.u64(BigInt(amend.orderId));
  appendClientOrderId(out, amend.clientOrderId);
  out.u32(amend.priceTicks).u32(amend.sizeLots).u64(amend.orderNonce).timeMs(amend.expiresAtMs);
}

/** @throws DecodeError on bytes that are not a canonical change. */
export function decodeBookAmend(reader: ByteReader): BookAmend {
  return {
    ...readOwner(reader),
    orderId: reader.natural(),
    clientOrderId: readClientOrderId(reader),
    priceTicks: reader.u32(),
    sizeLots: reader.u32(),
    orderNonce: reader.u64(),
    expiresAtMs: reader.timeMs(),
  };
}

/** Appends the canonical bytes of a cancel. */
export function appendBookCancel(out: ByteWriter, cancel: BookCancel): void {
  appendOwner(out, cancel);
  out.u64(BigInt(cancel.orderId));
  appendClientOrderId(out, cancel.clientOrderId);
}

/** @throws DecodeError on bytes that are not a canonical cancel. */
export function decodeBookCancel(reader: ByteReader): BookCancel {
  return {
    ...readOwner(reader),
    orderId: reader.natural(),
    clientOrderId: readClientOrderId(reader),
  };
}

/** Appends the canonical bytes of a cancel of all. */
export function appendBookCancelAll(out: ByteWriter, cancelAll: BookCancelAll): void {
  appendOwner(out, cancelAll);
  out.u64(cancelAll.orderNonce).timeMs(cancelAll.expiresAtMs);
}

/** @throws DecodeError on bytes that are not a canonical cancel of all. */
export function decodeBookCancelAll(reader: ByteReader): BookCancelAll {
  return { ...readOwner(reader), orderNonce: reader.u64(), expiresAtMs: reader.timeMs() };
}

/** Appends the canonical bytes of a heartbeat. */
export function appendBookHeartbeat(out: ByteWriter, heartbeat: BookHeartbeat): void {
  appendOwner(out, heartbeat);
  out.timeMs(heartbeat.deadlineMs).u64(heartbeat.orderNonce).timeMs(heartbeat.expiresAtMs);
}

/** @throws DecodeError on bytes that are not a canonical heartbeat. */
export function decodeBookHeartbeat(reader: ByteReader): BookHeartbeat {
  return {
    ...readOwner(reader),
    deadlineMs: reader.timeMs(),
    orderNonce: reader.u64(),
    expiresAtMs: reader.timeMs(),
  };
}

/** Appends terms and their authorisation. */
export function encodeAuthorised<T>(
  out: ByteWriter,
  entry: Authorised<T>,
  append: (out: ByteWriter, terms: T) => void,
): void {
  append(out, entry.terms);
  out.fixed(entry.authorisation, AUTHORISATION_BYTES);
}

/** @throws DecodeError on bytes that are not canonical. */
export function decodeAuthorised<T>(
  reader: ByteReader,
  decode: (reader: ByteReader) => T,
): Authorised<T> {
  return { terms: decode(reader), authorisation: reader.fixed(AUTHORISATION_BYTES) };
}

interface Owned {
  readonly owner: AccountId;
  readonly marketId: number;
}

function appendOwner(out: ByteWriter, { owner, marketId }: Owned): void {
  out.fixed(hexToBytes(owner), 20).u32(marketId);
}

function readOwner(reader: ByteReader): Owned {
  return { owner: accountId(bytesToHex(reader.fixed(20))), marketId: reader.u32() };
}

function appendClientOrderId(out: ByteWriter, id: ClientOrderId): void {
  out.fixed(hexToBytes(id), CLIENT_ORDER_ID_BYTES);
}

function readClientOrderId(reader: ByteReader): ClientOrderId {
  return clientOrderId(bytesToHex(reader.fixed(CLIENT_ORDER_ID_BYTES)));
}

function readWord<K extends keyof typeof BOOK_ORDER_WORDS>(
  reader: ByteReader,
  field: K,
): (typeof BOOK_ORDER_WORDS)[K][number] {
  const { offset } = reader;
  const word = BOOK_ORDER_WORDS[field][reader.u8()];
  if (word === undefined) throw new DecodeError(`an unknown ${field}`, offset);
  return word;
}
