import type { MarketState, OrderTerms } from './bookTerms.ts';
import { MARKET_STATE, packTerms } from './bookTerms.ts';

/**
 * Everything that can happen to a book. Prices in ticks, sizes in lots, times in whatever whole
 * unit the sequencer counts (below 2^53). All fields arrive as numbers and are judged by the book.
 */
export type BookCommand =
  | PlaceOrder
  | { readonly kind: 'cancel'; readonly orderId: number; readonly account: number }
  | { readonly kind: 'cancelAll'; readonly account: number }
  | ReduceOrder
  | ReplaceOrder
  /** Time passes: orders and heartbeats due at or before `now` end. */
  | { readonly kind: 'advanceTime'; readonly now: number }
  | { readonly kind: 'oraclePrice'; readonly priceTicks: number }
  | { readonly kind: 'marketState'; readonly state: MarketState }
  /** Cancel all orders of the account at `deadline`, unless another moves it; 0: never. */
  | { readonly kind: 'heartbeat'; readonly account: number; readonly deadline: number };

/** A new order. */
export interface PlaceOrder extends OrderTerms {
  readonly kind: 'place';
  /** Above every id that the book has accepted. */
  readonly orderId: number;
  readonly account: number;
  /** The limit; of a market order the worst price. */
  readonly priceTicks: number;
  readonly sizeLots: number;
  /** Lots of an iceberg that show at once; 0 shows all. */
  readonly displayLots: number;
  /** When a gtd order ends; else 0. */
  readonly expiresAt: number;
  /** Where a trigger stands; else 0. */
  readonly triggerTicks: number;
  /** The open order that this one cancels when it trades or ends, and that cancels it; 0: none. */
  readonly ocoWith: number;
}

/** A plain limit order until canceled: nothing hides, waits, expires or makes a pair. */
export function limitOrder(
  order: Pick<PlaceOrder, 'orderId' | 'account' | 'side' | 'priceTicks' | 'sizeLots'>,
): PlaceOrder {
  return {
    kind: 'place',
    type: 'limit',
    timeInForce: 'gtc',
    postOnly: false,
    selfTradePolicy: 'cancelResting',
    trigger: 'none',
    triggerSource: 'lastTrade',
    displayLots: 0,
    expiresAt: 0,
    triggerTicks: 0,
    ocoWith: 0,
    ...order,
  };
}

/** Shrinks an order in place. */
export interface ReduceOrder {
  readonly kind: 'reduce';
  readonly orderId: number;
  readonly account: number;
  /** The new size, what has traded included. */
  readonly sizeLots: number;
}

/** Changes price and size; loses priority unless the price stays and the size does not grow. */
export interface ReplaceOrder {
  readonly kind: 'replace';
  readonly orderId: number;
  readonly account: number;
  readonly priceTicks: number;
  /** The new size, what has traded included. */
  readonly sizeLots: number;
}

/** Numbers of the kinds in an encoded command. */
export const COMMAND = {
  place: 1,
  cancel: 2,
  cancelAll: 3,
  reduce: 4,
  replace: 5,
  advanceTime: 6,
  oraclePrice: 7,
  marketState: 8,
  heartbeat: 9,
} as const;

/** Doubles of one encoded command. Doubles, so that no number is cut before it is judged. */
export const COMMAND_STRIDE = 10;

/** Where the fields of an encoded command stand. */
export const FIELD = {
  kind: 0,
  orderId: 1,
  account: 2,
  terms: 3,
  price: 4,
  size: 5,
  display: 6,
  /** Expiry of an order, time of `advanceTime`, deadline of `heartbeat`. */
  time: 7,
  trigger: 8,
  ocoWith: 9,
} as const;

/** Writes a command at `offset`, in doubles. */
export function encodeCommand(command: BookCommand, into: Float64Array, offset: number): void {
  into.fill(0, offset, offset + COMMAND_STRIDE);
  into[offset + FIELD.kind] = COMMAND[command.kind];
  if ('orderId' in command) into[offset + FIELD.orderId] = command.orderId;
  if ('account' in command) into[offset + FIELD.account] = command.account;
  if ('priceTicks' in command) into[offset + FIELD.price] = command.priceTicks;
  if ('sizeLots' in command) into[offset + FIELD.size] = command.sizeLots;
  if (command.kind === 'advanceTime') into[offset + FIELD.time] = command.now;
  if (command.kind === 'heartbeat') into[offset + FIELD.time] = command.deadline;
  if (command.kind === 'marketState') into[offset + FIELD.terms] = MARKET_STATE[command.state];
  if (command.kind !== 'place') return;
  into[offset + FIELD.terms] = packTerms(command);
  into[offset + FIELD.display] = command.displayLots;
  into[offset + FIELD.time] = command.expiresAt;
  into[offset + FIELD.trigger] = command.triggerTicks;
  into[offset + FIELD.ocoWith] = command.ocoWith;
}
