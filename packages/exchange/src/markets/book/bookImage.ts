import type { ByteReader } from '../../codec/byteReader.ts';
import { DecodeError } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { taggedHash } from '../../codec/hash.ts';
import { bytesToHex, hexToBytes } from '../../codec/hex.ts';
import { at } from '../../failures/invariant.ts';
import type { AccountId } from '../../ledger/account.ts';
import { accountId } from '../../ledger/account.ts';
import type { ClientOrderId } from '../../orders/bookOrder.ts';
import { BOOK_ORDER_WORDS, CLIENT_ORDER_ID_BYTES, clientOrderId } from '../../orders/bookOrder.ts';
import type { OrderNonceWindow } from '../../orders/orderNonces.ts';
import { decodeWindow, encodeWindow } from '../../orders/orderNonces.ts';
import type { MarketState, OrderTerms } from './bookTerms.ts';
import { MARKET_STATE, packTerms, TERM, TERMS_LIMIT } from './bookTerms.ts';

/** An open order with all that decides what becomes of it. */
export interface ImageOrder extends OrderTerms {
  readonly orderId: number;
  /** Number of its owner. */
  readonly account: number;
  readonly clientOrderId: ClientOrderId;
  /** The present price. */
  readonly priceTicks: number;
  readonly leavesLots: number;
  /** 0 while it waits for its trigger. */
  readonly shownLots: number;
  readonly filledLots: number;
  /** Sum of price times lots over what has traded, ticks times lots. */
  readonly filledNotional: bigint;
  readonly displayLots: number;
  readonly triggerTicks: number;
  readonly expiresAt: number;
  /** Id of the other order of its pair, or 0. */
  readonly partner: number;
  readonly isWaiting: boolean;
}

/** Who trades in a book, and the nonces used here: each book has its own lane of them. */
export interface ImageOwner {
  readonly owner: AccountId;
  readonly nonces: OrderNonceWindow;
}

/** When the orders of an account end unless a heartbeat comes. */
export interface ImageDeadline {
  readonly account: number;
  readonly deadline: number;
}

/**
 * A book between two commands, complete: two books with one image answer alike for ever. Prices in
 * ticks, 0 while unknown; times in milliseconds since 1970.
 */
export interface BookImage {
  readonly state: MarketState;
  readonly now: number;
  readonly lastOrderId: number;
  readonly lastTrade: number;
  readonly oraclePrice: number;
  readonly breakerReference: number;
  readonly breakerSince: number;
  /** Owners by account number. */
  readonly owners: readonly ImageOwner[];
  /** Bids best first, oldest first; then asks; then those that wait, by id. */
  readonly orders: readonly ImageOrder[];
  /** By account number. */
  readonly deadlines: readonly ImageDeadline[];
}

const ORDER_BYTES = 87;

/** Appends the canonical bytes of an image. */
export function encodeBookImage(out: ByteWriter, image: BookImage): void {
  out.u8(MARKET_STATE[image.state]).timeMs(image.now).u64(BigInt(image.lastOrderId));
  out.u32(image.lastTrade).u32(image.oraclePrice).u32(image.breakerReference);
  out.timeMs(image.breakerSince);
  out.u32(image.owners.length);
  for (const { owner, nonces } of image.owners) {
    encodeWindow(out.fixed(hexToBytes(owner), 20), nonces);
  }
  out.u32(image.orders.length);
  for (const order of image.orders) encodeOrder(out, order);
  out.u32(image.deadlines.length);
  for (const { account, deadline } of image.deadlines) out.u32(account).timeMs(deadline);
}

/** @throws DecodeError on bytes that are not canonical; that they fit a book is not asked. */
export function decodeBookImage(reader: ByteReader): BookImage {
  const { offset } = reader;
  const state = STATES[reader.u8()];
  if (state === undefined) throw new DecodeError('an unknown market state', offset);
  return {
    state,
    now: reader.timeMs(),
    lastOrderId: reader.natural(),
    lastTrade: reader.u32(),
    oraclePrice: reader.u32(),
    breakerReference: reader.u32(),
    breakerSince: reader.timeMs(),
    owners: list(reader, 60, () => {
      const owner = accountId(bytesToHex(reader.fixed(20)));
      return { owner, nonces: decodeWindow(reader) };
    }),
    orders: list(reader, ORDER_BYTES, () => decodeOrder(reader)),
    deadlines: list(reader, 12, () => {
      return { account: reader.u32(), deadline: reader.timeMs() };
    }),
  };
}

/** The commitment to a book. */
export function bookImageRoot(image: BookImage): Hash {
  const out = new ByteWriter(256 + image.orders.length * ORDER_BYTES + image.owners.length * 60);
  encodeBookImage(out, image);
  return taggedHash('lawbook.bookImage.v1', out.finish());
}

/** The words of terms that were packed into one integer. */
export function unpackTerms(terms: number): OrderTerms {
  return {
    side: at(BOOK_ORDER_WORDS.side, terms & TERM.sideMask),
    type: at(BOOK_ORDER_WORDS.type, (terms >> TERM.typeShift) & TERM.typeMask),
    timeInForce: at(BOOK_ORDER_WORDS.timeInForce, (terms >> TERM.tifShift) & TERM.tifMask),
    postOnly: (terms & TERM.postOnlyBit) !== 0,
    selfTradePolicy: at(BOOK_ORDER_WORDS.selfTradePolicy, (terms >> TERM.stpShift) & TERM.stpMask),
    trigger: at(BOOK_ORDER_WORDS.trigger, (terms >> TERM.triggerShift) & TERM.triggerMask),
    triggerSource: at(
      BOOK_ORDER_WORDS.triggerSource,
      (terms >> TERM.sourceShift) & TERM.sourceMask,
    ),
  };
}

const STATES: readonly MarketState[] = ['open', 'postOnly', 'cancelOnly', 'halted'];

function encodeOrder(out: ByteWriter, order: ImageOrder): void {
  out.u64(BigInt(order.orderId)).u32(order.account);
  out.fixed(hexToBytes(order.clientOrderId), CLIENT_ORDER_ID_BYTES).u16(packTerms(order));
  out.u32(order.priceTicks).u32(order.leavesLots).u32(order.shownLots).u32(order.filledLots);
  out.i128(order.filledNotional).u32(order.displayLots).u32(order.triggerTicks);
  out
    .timeMs(order.expiresAt)
    .u64(BigInt(order.partner))
    .u8(order.isWaiting ? 1 : 0);
}

function decodeOrder(reader: ByteReader): ImageOrder {
  const orderId = reader.natural();
  const account = reader.u32();
  const client = clientOrderId(bytesToHex(reader.fixed(CLIENT_ORDER_ID_BYTES)));
  const { offset } = reader;
  const terms = reader.u16();
  const isKnown =
    terms < TERMS_LIMIT &&
    ((terms >> TERM.stpShift) & TERM.stpMask) < BOOK_ORDER_WORDS.selfTradePolicy.length &&
    ((terms >> TERM.triggerShift) & TERM.triggerMask) < BOOK_ORDER_WORDS.trigger.length;
  if (!isKnown) throw new DecodeError('unknown terms of an order', offset);
  return {
    orderId,
    account,
    clientOrderId: client,
    ...unpackTerms(terms),
    priceTicks: reader.u32(),
    leavesLots: reader.u32(),
    shownLots: reader.u32(),
    filledLots: reader.u32(),
    filledNotional: reader.i128(),
    displayLots: reader.u32(),
    triggerTicks: reader.u32(),
    expiresAt: reader.timeMs(),
    partner: reader.natural(),
    isWaiting: reader.flag(),
  };
}

function list<T>(reader: ByteReader, bytesEachMin: number, read: () => T): T[] {
  return Array.from({ length: reader.count(bytesEachMin) }, read);
}
