import type { Hash } from '../codec/hash.ts';
import { hashFromBytes } from '../codec/hash.ts';
import { hexToBytes } from '../codec/hex.ts';
import { invariant } from '../failures/invariant.ts';
import type {
  BookAmend,
  BookCancel,
  BookCancelAll,
  BookHeartbeat,
  BookOrder,
} from './bookOrder.ts';
import { BOOK_ORDER_WORDS } from './bookOrder.ts';
import type { TypedStruct, VenueDomain } from './typedData.ts';
import { domainSeparator, StructHasher } from './typedData.ts';

/** EIP-712 type of a book order. Words are signed as their numbers in `BOOK_ORDER_WORDS`. */
export const BOOK_ORDER_TYPE: TypedStruct = {
  name: 'BookOrder',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'marketId', type: 'uint32' },
    { name: 'clientOrderId', type: 'bytes16' },
    { name: 'side', type: 'uint8' },
    { name: 'type', type: 'uint8' },
    { name: 'timeInForce', type: 'uint8' },
    { name: 'postOnly', type: 'bool' },
    { name: 'selfTradePolicy', type: 'uint8' },
    { name: 'priceTicks', type: 'uint32' },
    { name: 'sizeLots', type: 'uint32' },
    { name: 'displayLots', type: 'uint32' },
    { name: 'trigger', type: 'uint8' },
    { name: 'triggerSource', type: 'uint8' },
    { name: 'triggerTicks', type: 'uint32' },
    { name: 'ocoWith', type: 'uint64' },
    { name: 'goodUntilMs', type: 'uint64' },
    { name: 'orderNonce', type: 'uint64' },
    { name: 'expiresAtMs', type: 'uint64' },
  ],
};

/** EIP-712 type of a change of an open book order. */
export const BOOK_AMEND_TYPE: TypedStruct = {
  name: 'AmendBookOrder',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'marketId', type: 'uint32' },
    { name: 'orderId', type: 'uint64' },
    { name: 'clientOrderId', type: 'bytes16' },
    { name: 'priceTicks', type: 'uint32' },
    { name: 'sizeLots', type: 'uint32' },
    { name: 'orderNonce', type: 'uint64' },
    { name: 'expiresAtMs', type: 'uint64' },
  ],
};

/** EIP-712 type of a cancel of one book order. */
export const BOOK_CANCEL_TYPE: TypedStruct = {
  name: 'CancelBookOrder',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'marketId', type: 'uint32' },
    { name: 'orderId', type: 'uint64' },
    { name: 'clientOrderId', type: 'bytes16' },
  ],
};

/** EIP-712 type of a cancel of all orders of an owner in a book. */
export const BOOK_CANCEL_ALL_TYPE: TypedStruct = {
  name: 'CancelAllBookOrders',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'marketId', type: 'uint32' },
    { name: 'orderNonce', type: 'uint64' },
    { name: 'expiresAtMs', type: 'uint64' },
  ],
};

/** EIP-712 type of the dead-man switch. */
export const BOOK_HEARTBEAT_TYPE: TypedStruct = {
  name: 'BookHeartbeat',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'marketId', type: 'uint32' },
    { name: 'deadlineMs', type: 'uint64' },
    { name: 'orderNonce', type: 'uint64' },
    { name: 'expiresAtMs', type: 'uint64' },
  ],
};

/** Computes the digests that users of books sign at one venue. */
export class BookSigning {
  readonly domain: VenueDomain;
  readonly #order: StructHasher;
  readonly #amend: StructHasher;
  readonly #cancel: StructHasher;
  readonly #cancelAll: StructHasher;
  readonly #heartbeat: StructHasher;

  constructor(domain: VenueDomain) {
    this.domain = domain;
    const separator = domainSeparator(domain);
    this.#order = new StructHasher(separator, BOOK_ORDER_TYPE);
    this.#amend = new StructHasher(separator, BOOK_AMEND_TYPE);
    this.#cancel = new StructHasher(separator, BOOK_CANCEL_TYPE);
    this.#cancelAll = new StructHasher(separator, BOOK_CANCEL_ALL_TYPE);
    this.#heartbeat = new StructHasher(separator, BOOK_HEARTBEAT_TYPE);
  }

  /** EIP-712 digest of an order: its hash. Within a market an order goes by its dense id. */
  orderDigest(order: BookOrder): Uint8Array {
    return this.#order
      .address(0, order.owner)
      .safe(1, order.marketId)
      .bytes16(2, hexToBytes(order.clientOrderId))
      .safe(3, wordNumber('side', order.side))
      .safe(4, wordNumber('type', order.type))
      .safe(5, wordNumber('timeInForce', order.timeInForce))
      .safe(6, order.postOnly ? 1 : 0)
      .safe(7, wordNumber('selfTradePolicy', order.selfTradePolicy))
      .safe(8, order.priceTicks)
      .safe(9, order.sizeLots)
      .safe(10, order.displayLots)
      .safe(11, wordNumber('trigger', order.trigger))
      .safe(12, wordNumber('triggerSource', order.triggerSource))
      .safe(13, order.triggerTicks)
      .safe(14, order.ocoWith)
      .safe(15, order.goodUntilMs)
      .uint64(16, order.orderNonce)
      .safe(17, order.expiresAtMs)
      .digest();
  }

  /** The hash of an order. */
  orderHash(order: BookOrder): Hash {
    return hashFromBytes(this.orderDigest(order));
  }

  /** EIP-712 digest of a change of an order. */
  amendDigest(amend: BookAmend): Uint8Array {
    return this.#amend
      .address(0, amend.owner)
      .safe(1, amend.marketId)
      .safe(2, amend.orderId)
      .bytes16(3, hexToBytes(amend.clientOrderId))
      .safe(4, amend.priceTicks)
      .safe(5, amend.sizeLots)
      .uint64(6, amend.orderNonce)
      .safe(7, amend.expiresAtMs)
      .digest();
  }

  /** EIP-712 digest of a cancel. */
  cancelDigest(cancel: BookCancel): Uint8Array {
    return this.#cancel
      .address(0, cancel.owner)
      .safe(1, cancel.marketId)
      .safe(2, cancel.orderId)
      .bytes16(3, hexToBytes(cancel.clientOrderId))
      .digest();
  }

  /** EIP-712 digest of a cancel of all. */
  cancelAllDigest(cancelAll: BookCancelAll): Uint8Array {
    return this.#cancelAll
      .address(0, cancelAll.owner)
      .safe(1, cancelAll.marketId)
      .uint64(2, cancelAll.orderNonce)
      .safe(3, cancelAll.expiresAtMs)
      .digest();
  }

  /** EIP-712 digest of a heartbeat. */
  heartbeatDigest(heartbeat: BookHeartbeat): Uint8Array {
    return this.#heartbeat
      .address(0, heartbeat.owner)
      .safe(1, heartbeat.marketId)
      .safe(2, heartbeat.deadlineMs)
      .uint64(3, heartbeat.orderNonce)
      .safe(4, heartbeat.expiresAtMs)
      .digest();
  }
}

/** The number by which a word is signed and encoded. */
export function wordNumber<K extends keyof typeof BOOK_ORDER_WORDS>(
  field: K,
  word: (typeof BOOK_ORDER_WORDS)[K][number],
): number {
  const number = (BOOK_ORDER_WORDS[field] as readonly string[]).indexOf(word);
  invariant(number >= 0, 'a word of an order is one of its list');
  return number;
}
