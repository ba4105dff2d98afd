import { unreachable } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import type {
  BookAmend,
  BookCancel,
  BookCancelAll,
  BookHeartbeat,
  BookOrder,
} from '@lawbook/exchange/orders/bookOrder';
import { clientOrderId } from '@lawbook/exchange/orders/bookOrder';
import type { BookSigning } from '@lawbook/exchange/orders/bookSigning';
import {
  BOOK_AMEND_TYPE,
  BOOK_CANCEL_ALL_TYPE,
  BOOK_CANCEL_TYPE,
  BOOK_HEARTBEAT_TYPE,
  BOOK_ORDER_TYPE,
  wordNumber,
} from '@lawbook/exchange/orders/bookSigning';
import type { TypedStruct } from '@lawbook/exchange/orders/typedData';
import type { BookAction } from '../schema/bookActions.ts';

/** What an action of a book says, in the types that are signed. */
export type BookWish =
  | { readonly kind: 'order'; readonly terms: BookOrder }
  | { readonly kind: 'amend'; readonly terms: BookAmend }
  | { readonly kind: 'cancel'; readonly terms: BookCancel }
  | { readonly kind: 'cancelAll'; readonly terms: BookCancelAll }
  | { readonly kind: 'heartbeat'; readonly terms: BookHeartbeat };

/** What an account signs: an EIP-712 message of the venue, and the digest that stands for it. */
export interface TypedWish {
  readonly primaryType: string;
  readonly message: Readonly<Record<string, string | number | boolean>>;
  readonly digest: Uint8Array;
}

/**
 * Reads an action that fits the schema. Ids must be below 2^53, which the venue refuses before it
 * reads them.
 */
export function readWish(action: BookAction): BookWish {
  const who = { owner: accountId(action.owner), marketId: Number(action.marketId) };
  switch (action.kind) {
    case 'order': {
      const { kind, signature, ocoWith, orderNonce, ...plain } = action;
      const ids = { ocoWith: Number(ocoWith), orderNonce: BigInt(orderNonce) };
      const own = clientOrderId(plain.clientOrderId);
      return { kind, terms: { ...plain, ...who, ...ids, clientOrderId: own } };
    }
    case 'amend': {
      const { kind, priceTicks, sizeLots } = action;
      const terms = { ...who, ...nameOf(action), priceTicks, sizeLots, ...freshOf(action) };
      return { kind, terms };
    }
    case 'cancel':
      return { kind: 'cancel', terms: { ...who, ...nameOf(action) } };
    case 'cancelAll':
      return { kind: 'cancelAll', terms: { ...who, ...freshOf(action) } };
    case 'heartbeat': {
      const { kind, deadlineMs } = action;
      return { kind, terms: { ...who, deadlineMs, ...freshOf(action) } };
    }
    default:
      return unreachable(action);
  }
}

/** The digest that the owner of a wish signs. */
export function wishDigest(wish: BookWish, signing: BookSigning): Uint8Array {
  switch (wish.kind) {
    case 'order':
      return signing.orderDigest(wish.terms);
    case 'amend':
      return signing.amendDigest(wish.terms);
    case 'cancel':
      return signing.cancelDigest(wish.terms);
    case 'cancelAll':
      return signing.cancelAllDigest(wish.terms);
    case 'heartbeat':
      return signing.heartbeatDigest(wish.terms);
    default:
      return unreachable(wish);
  }
}

/** A wish as a wallet signs it, `eth_signTypedData_v4` with the types of `/v1/typed-data`. */
export function typedWish(action: BookAction, signing: BookSigning): TypedWish {
  const wish = readWish(action);
  const { name, fields } = WISH_TYPES[wish.kind];
  const terms = wish.terms as unknown as Readonly<Record<string, unknown>>;
  const entries = fields.map((field) => [field.name, typedField(field, terms[field.name])]);
  const message = Object.fromEntries(entries) as TypedWish['message'];
  return { primaryType: name, message, digest: wishDigest(wish, signing) };
}

/** The EIP-712 types of everything that owners sign for books. */
export const WISH_TYPES: Readonly<Record<BookWish['kind'], TypedStruct>> = {
  order: BOOK_ORDER_TYPE,
  amend: BOOK_AMEND_TYPE,
  cancel: BOOK_CANCEL_TYPE,
  cancelAll: BOOK_CANCEL_ALL_TYPE,
  heartbeat: BOOK_HEARTBEAT_TYPE,
};

/** An order of a book as the wire has it; the venue shows it as it was sent. */
export function wireBookOrder(order: BookOrder): Extract<BookAction, { kind: 'order' }> {
  const { marketId, ocoWith, orderNonce, ...plain } = order;
  return {
    kind: 'order',
    ...plain,
    marketId: String(marketId),
    ocoWith: String(ocoWith),
    orderNonce: String(orderNonce),
  };
}

/** Words are signed as numbers; wide integers go to wallets as texts. */
function typedField(
  { name, type }: TypedStruct['fields'][number],
  entry: unknown,
): string | number | boolean {
  if (type === 'uint8') return wordNumber(name as 'side', entry as BookOrder['side']);
  if (type === 'uint64') return String(entry);
  return entry as string | number | boolean;
}

interface Named {
  readonly orderId: string;
  readonly clientOrderId: string;
}

function nameOf(action: Named): Pick<BookCancel, 'orderId' | 'clientOrderId'> {
  return {
    orderId: Number(action.orderId),
    clientOrderId: clientOrderId(action.clientOrderId),
  };
}

function freshOf(action: {
  readonly orderNonce: string;
  readonly expiresAtMs: number;
}): Pick<BookCancelAll, 'orderNonce' | 'expiresAtMs'> {
  return { orderNonce: BigInt(action.orderNonce), expiresAtMs: action.expiresAtMs };
}
