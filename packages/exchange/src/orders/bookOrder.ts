import { parseHex } from '../codec/hex.ts';
import { invariant } from '../failures/invariant.ts';
import type { AccountId } from '../ledger/account.ts';

declare const clientOrderIdBrand: unique symbol;

/**
 * The sender's own id of an order, FIX ClOrdID (11): 16 bytes as 0x and 32 lower-case hex digits.
 * It is signed with the order and is its owner's idempotency key; all zeros stand for none.
 */
export type ClientOrderId = string & { readonly [clientOrderIdBrand]: true };

/** Width of a client order id. */
export const CLIENT_ORDER_ID_BYTES = 16;

/** No client order id. */
export const NO_CLIENT_ORDER_ID: ClientOrderId = `0x${'00'.repeat(16)}` as ClientOrderId;

/** Reads a client order id in any letter case; undefined when it is not one. */
export function parseClientOrderId(text: string): ClientOrderId | undefined {
  const bytes = parseHex(text);
  if (bytes?.length !== CLIENT_ORDER_ID_BYTES) return undefined;
  return text.toLowerCase() as ClientOrderId;
}

/** Builds a `ClientOrderId` from trusted text. */
export function clientOrderId(text: string): ClientOrderId {
  const id = parseClientOrderId(text);
  invariant(id !== undefined, 'a client order id is 16 bytes');
  return id;
}

/** The words of a book order in order of their signed numbers, from 0. */
export const BOOK_ORDER_WORDS = {
  side: ['buy', 'sell'],
  type: ['limit', 'market'],
  timeInForce: ['gtc', 'ioc', 'fok', 'gtd'],
  selfTradePolicy: ['cancelResting', 'cancelArriving', 'decrement'],
  trigger: ['none', 'stop', 'takeProfit'],
  triggerSource: ['lastTrade', 'oracle'],
} as const;

type Words = typeof BOOK_ORDER_WORDS;

/**
 * An order for a book, as its owner signs it. Prices are ticks and sizes lots of the market, whole
 * numbers below 2^32; what the market makes of them, its book judges.
 */
export interface BookOrder {
  readonly owner: AccountId;
  readonly marketId: number;
  readonly clientOrderId: ClientOrderId;
  readonly side: Words['side'][number];
  readonly type: Words['type'][number];
  readonly timeInForce: Words['timeInForce'][number];
  readonly postOnly: boolean;
  readonly selfTradePolicy: Words['selfTradePolicy'][number];
  /** The limit; of a market order the worst price. */
  readonly priceTicks: number;
  readonly sizeLots: number;
  /** Lots of an iceberg that show at once; 0 shows all. */
  readonly displayLots: number;
  readonly trigger: Words['trigger'][number];
  readonly triggerSource: Words['triggerSource'][number];
  /** Where the trigger stands; else 0. */
  readonly triggerTicks: number;
  /** Id of the open order with which this one makes a pair; 0: none. */
  readonly ocoWith: number;
  /** When a gtd order ends, milliseconds since 1970; else 0. */
  readonly goodUntilMs: number;
  readonly orderNonce: bigint;
  /** From this time on the signature places nothing any more, milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** Which open order of an owner is meant: by our id, or with `orderId` 0 by the owner's own. */
export interface BookOrderName {
  readonly orderId: number;
  readonly clientOrderId: ClientOrderId;
}

/** A wish to change an open order. */
export interface BookAmend extends BookOrderName {
  readonly owner: AccountId;
  readonly marketId: number;
  /** The new price; 0 keeps the price and only shrinks the size in place, with its priority. */
  readonly priceTicks: number;
  /** The new size, what has traded included. */
  readonly sizeLots: number;
  readonly orderNonce: bigint;
  readonly expiresAtMs: number;
}

/** A wish to cancel one order: idempotent, so it needs no nonce. */
export interface BookCancel extends BookOrderName {
  readonly owner: AccountId;
  readonly marketId: number;
}

/** A wish to cancel all orders of the owner in a market. */
export interface BookCancelAll {
  readonly owner: AccountId;
  readonly marketId: number;
  readonly orderNonce: bigint;
  readonly expiresAtMs: number;
}

/** The dead-man switch: all orders of the owner end at the deadline unless another moves it. */
export interface BookHeartbeat {
  readonly owner: AccountId;
  readonly marketId: number;
  /** Milliseconds since 1970; 0 switches it off. */
  readonly deadlineMs: number;
  readonly orderNonce: bigint;
  readonly expiresAtMs: number;
}

/** Terms with the proof that their owner wants them; 65 bytes, in the forms of a batch order's. */
export interface Authorised<T> {
  readonly terms: T;
  readonly authorisation: Uint8Array;
}
