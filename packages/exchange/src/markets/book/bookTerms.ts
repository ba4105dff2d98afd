/**
 * The words of an order, with the small numbers that stand for them in rows and commands.
 *
 * The core of the book keeps no strings and no objects: what an order asks for beyond its price and
 * sizes is packed into one integer, its terms.
 */
export const SIDE = { buy: 0, sell: 1 } as const;
export type Side = keyof typeof SIDE;

/** A market order carries a worst price and never rests. */
export const ORDER_TYPE = { limit: 0, market: 1 } as const;
export type OrderType = keyof typeof ORDER_TYPE;

/** FIX TimeInForce (59): until canceled, at once or not, all or nothing, until a time. */
export const TIME_IN_FORCE = { gtc: 0, ioc: 1, fok: 2, gtd: 3 } as const;
export type TimeInForce = keyof typeof TIME_IN_FORCE;

/** What happens when an arriving order meets one of its own account; the arriving one decides. */
export const SELF_TRADE_POLICY = { cancelResting: 0, cancelArriving: 1, decrement: 2 } as const;
export type SelfTradePolicy = keyof typeof SELF_TRADE_POLICY;

/**
 * A stop waits for the price to move against its side (a buy: up to the trigger or beyond), a take
 * profit for it to move in favour (a buy: down to the trigger or below).
 */
export const TRIGGER = { none: 0, stop: 1, takeProfit: 2 } as const;
export type Trigger = keyof typeof TRIGGER;

/** Which price a trigger watches. */
export const TRIGGER_SOURCE = { lastTrade: 0, oracle: 1 } as const;
export type TriggerSource = keyof typeof TRIGGER_SOURCE;

/**
 * `open` takes everything; `postOnly` takes orders that add liquidity; `cancelOnly` cancels and
 * reductions; `halted` nothing from traders. Expiry and the dead-man switch work in every state,
 * triggers act in `open` only.
 */
export const MARKET_STATE = { open: 0, postOnly: 1, cancelOnly: 2, halted: 3 } as const;
export type MarketState = keyof typeof MARKET_STATE;

/**
 * The highest price and trigger in ticks, 2^30 - 1. Six steps of five bits index it, and it stays a
 * small integer of the engine.
 */
export const TICKS_MAX = 1_073_741_823;

/** The largest size in lots, 2^31 - 1: a row keeps sizes in 32 bits. */
export const LOTS_MAX = 2_147_483_647;

/** Orders at once, 2^22: as many sizes of LOTS_MAX still sum below 2^53. */
export const ORDERS_MAX = 4_194_304;

/**
 * Into how many tranches an iceberg may be cut. Each is one execution and one return to the queue,
 * so without a bound one small order could make a taker work for hours.
 */
export const TRANCHES_MAX = 256;

/** Price times size stays an exact double: 2^53 - 1. */
export const NOTIONAL_MAX: number = Number.MAX_SAFE_INTEGER;

/** What an order asks for besides prices and sizes. */
export interface OrderTerms {
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly selfTradePolicy: SelfTradePolicy;
  readonly trigger: Trigger;
  readonly triggerSource: TriggerSource;
}

/** Where each term stands in the packed integer: `(terms >> shift) & mask`. */
export const TERM = {
  sideMask: 1,
  typeShift: 1,
  typeMask: 1,
  tifShift: 2,
  tifMask: 3,
  postOnlyBit: 16,
  stpShift: 5,
  stpMask: 3,
  triggerShift: 7,
  triggerMask: 3,
  sourceShift: 9,
  sourceMask: 1,
} as const;

/** Bits that terms may use. */
export const TERMS_LIMIT = 1024;

/** Packs terms into one integer below TERMS_LIMIT. */
export function packTerms(terms: OrderTerms): number {
  return (
    SIDE[terms.side] |
    (ORDER_TYPE[terms.type] << TERM.typeShift) |
    (TIME_IN_FORCE[terms.timeInForce] << TERM.tifShift) |
    (terms.postOnly ? TERM.postOnlyBit : 0) |
    (SELF_TRADE_POLICY[terms.selfTradePolicy] << TERM.stpShift) |
    (TRIGGER[terms.trigger] << TERM.triggerShift) |
    (TRIGGER_SOURCE[terms.triggerSource] << TERM.sourceShift)
  );
}

/** The rules of one market that its book keeps. */
export interface BookParameters {
  /** Orders that rest or wait at once. At most ORDERS_MAX. */
  readonly ordersMax: number;
  /** Accounts are numbered 0..accountsMax - 1. */
  readonly accountsMax: number;
  /** The highest price in ticks; a prediction market's is its payout. At most TICKS_MAX. */
  readonly priceTicksMax: number;
  /** The largest order in lots. At most LOTS_MAX. */
  readonly sizeLotsMax: number;
  /** The least price times size of a limit order, in ticks times lots. */
  readonly notionalMin: number;
  /**
   * The circuit breaker: the market halts before a trade further than this from the price at the
   * start of the window, in parts per million of it. 0 switches it off.
   */
  readonly breakerBandPpm: number;
  /** Length of the breaker's window, in the unit of the book's time. */
  readonly breakerWindow: number;
  /** Levels of a side kept in a flat array around its best price: 64 to 32,768, a power of two. */
  readonly windowLevels: number;
}

/** A roomy market without bands, for tests and measurements. */
export const BOOK_DEFAULTS: BookParameters = {
  ordersMax: 65_536,
  accountsMax: 4_096,
  priceTicksMax: TICKS_MAX,
  sizeLotsMax: LOTS_MAX,
  notionalMin: 1,
  breakerBandPpm: 0,
  breakerWindow: 0,
  windowLevels: 32_768,
};
