import { invariant } from '../../failures/invariant.ts';
import { REASON, REPORT, ReportRing } from './bookReport.ts';
import { BookSide } from './bookSide.ts';
import type { BookParameters } from './bookTerms.ts';
import {
  LOTS_MAX,
  MARKET_STATE,
  ORDERS_MAX,
  SIDE,
  TERM,
  TICKS_MAX,
  TIME_IN_FORCE,
} from './bookTerms.ts';
import { OrderRows, PLACE, ROW, ROW_STRIDE } from './orderRows.ts';
import { NO_RANK } from './rankTrie.ts';
import { RowHeap } from './rowHeap.ts';

// Compiled in, where an imported constant would be loaded and checked at each use.
const { open: STATE_OPEN } = MARKET_STATE;
const {
  terms: ROW_TERMS,
  price: ROW_PRICE,
  account: ROW_ACCOUNT,
  leaves: ROW_LEAVES,
  display: ROW_DISPLAY,
  shown: ROW_SHOWN,
  place: ROW_PLACE,
  partner: ROW_PARTNER,
  next: ROW_NEXT,
  previous: ROW_PREVIOUS,
} = ROW;
const {
  sideMask: TERM_SIDE_MASK,
  tifShift: TERM_TIF_SHIFT,
  tifMask: TERM_TIF_MASK,
  sourceShift: TERM_SOURCE_SHIFT,
  sourceMask: TERM_SOURCE_MASK,
  triggerShift: TERM_TRIGGER_SHIFT,
  triggerMask: TERM_TRIGGER_MASK,
} = TERM;
const {
  new: REPORT_NEW,
  rejected: REPORT_REJECTED,
  marketState: REPORT_MARKET_STATE,
  canceled: REPORT_CANCELED,
} = REPORT;
const { buy: SIDE_BUY, sell: SIDE_SELL } = SIDE;
const {
  arriving: PLACE_ARRIVING,
  resting: PLACE_RESTING,
  waiting: PLACE_WAITING,
  fired: PLACE_FIRED,
} = PLACE;
const { gtd: TIF_GTD } = TIME_IN_FORCE;
const { oco: REASON_OCO } = REASON;
const STRIDE = ROW_STRIDE;
const NONE = NO_RANK;

/** Parts of a million. */
const MILLION = 1_000_000;

/**
 * What a book consists of, and the few steps that all its commands share: reporting, resting,
 * ending. The rules stand in the files beside: admission, matching, triggers.
 */
export class BookCore {
  readonly parameters: BookParameters;
  readonly rows: OrderRows;
  readonly bids: BookSide;
  readonly asks: BookSide;
  readonly reports: ReportRing = new ReportRing();
  readonly expiries: RowHeap;
  /** Accounts by the time at which their orders are canceled. */
  readonly deadlines: RowHeap;
  /** Waiting triggers that fire when the last trade, or the oracle, rises or falls to them. */
  readonly risesOnTrade: RowHeap;
  readonly fallsOnTrade: RowHeap;
  readonly risesOnOracle: RowHeap;
  readonly fallsOnOracle: RowHeap;
  /** The queue of triggers that have fired and not yet acted. */
  firstFired = 0;
  lastFired = 0;

  state: number = STATE_OPEN;
  now = 0;
  lastOrderId = 0;
  /** Prices in ticks; 0 while unknown. */
  lastTrade = 0;
  oraclePrice = 0;
  /** The range of trades that triggers have not seen. */
  tradeLow: number = NONE;
  tradeHigh = 0;
  /** Price at the start of the breaker's window, 0 while unknown, and the band around it. */
  breakerReference = 0;
  breakerSince = 0;
  bandLow: number = -NONE;
  bandHigh: number = NONE;

  constructor(parameters: BookParameters) {
    const { ordersMax, accountsMax, windowLevels } = parameters;
    invariant(ordersMax >= 1 && ordersMax <= ORDERS_MAX, 'a book holds 1..2^22 orders');
    invariant(accountsMax >= 1 && accountsMax <= ORDERS_MAX, 'a book knows 1..2^22 accounts');
    invariant(parameters.priceTicksMax <= TICKS_MAX, 'prices fit 30 bits');
    invariant(parameters.sizeLotsMax <= LOTS_MAX, 'sizes fit 31 bits');
    this.parameters = parameters;
    this.rows = new OrderRows(ordersMax, accountsMax);
    this.bids = new BookSide(this.rows, windowLevels);
    this.asks = new BookSide(this.rows, windowLevels);
    this.expiries = new RowHeap(ordersMax + 1);
    this.deadlines = new RowHeap(accountsMax);
    this.risesOnTrade = new RowHeap(ordersMax + 1);
    this.fallsOnTrade = new RowHeap(ordersMax + 1);
    this.risesOnOracle = new RowHeap(ordersMax + 1);
    this.fallsOnOracle = new RowHeap(ordersMax + 1);
  }

  /** Reports a change of one order. */
  report(head: number, row: number, lots: number, leaves: number): void {
    const { integers, doubles } = this.rows;
    const place = this.reports.claim();
    const ring = this.reports.integers;
    const at = row * STRIDE;
    ring[place * 8] = head | (((integers[at + ROW_TERMS] as number) & TERM_SIDE_MASK) << 16);
    ring[place * 8 + 1] = leaves;
    ring[place * 8 + 2] = integers[at + ROW_PRICE] as number;
    ring[place * 8 + 3] = lots;
    this.reports.doubles[place * 4 + 2] = doubles[row * 8 + 6] as number;
    this.reports.doubles[place * 4 + 3] =
      (head & 255) === REPORT_NEW ? (integers[at + ROW_ACCOUNT] as number) : 0;
  }

  /** Reports a meeting of two orders at the maker's price, after the maker's row has changed. */
  reportMatch(kind: number, maker: number, taker: number, lots: number): void {
    const { integers, doubles } = this.rows;
    const place = this.reports.claim();
    const ring = this.reports.integers;
    const at = maker * STRIDE;
    const side = (integers[taker * STRIDE + ROW_TERMS] as number) & TERM_SIDE_MASK;
    ring[place * 8] = kind | (side << 16);
    ring[place * 8 + 1] = integers[at + ROW_LEAVES] as number;
    ring[place * 8 + 2] = integers[at + ROW_PRICE] as number;
    ring[place * 8 + 3] = lots;
    this.reports.doubles[place * 4 + 2] = doubles[maker * 8 + 6] as number;
    this.reports.doubles[place * 4 + 3] = doubles[taker * 8 + 6] as number;
  }

  /** Reports that a command was refused. */
  reportRejection(code: number, orderId: number, limit: number, actual: number): void {
    const place = this.reports.claim();
    this.reports.integers[place * 8] = REPORT_REJECTED | (code << 8);
    this.reports.integers[place * 8 + 1] = 0;
    this.reports.doubles[place * 4 + 1] = limit;
    this.reports.doubles[place * 4 + 2] = orderId;
    this.reports.doubles[place * 4 + 3] = actual;
  }

  /** Changes the state of the market and reports it. */
  enterState(state: number, reason: number): void {
    this.state = state;
    const place = this.reports.claim();
    this.reports.integers.fill(0, place * 8, place * 8 + 8);
    this.reports.integers[place * 8] = REPORT_MARKET_STATE | (reason << 8);
    this.reports.integers[place * 8 + 1] = state;
  }

  /** The half of the book in which an order with these terms would rest. */
  ownHalf(terms: number): BookSide {
    return (terms & TERM_SIDE_MASK) === SIDE_BUY ? this.bids : this.asks;
  }

  /** The half of the book that an order with these terms takes from. */
  otherHalf(terms: number): BookSide {
    return (terms & TERM_SIDE_MASK) === SIDE_BUY ? this.asks : this.bids;
  }

  /** Puts what is left of an order in flight at the end of its level. */
  rest(row: number): void {
    const { integers } = this.rows;
    const at = row * STRIDE;
    const leaves = integers[at + ROW_LEAVES] as number;
    const display = integers[at + ROW_DISPLAY] as number;
    integers[at + ROW_SHOWN] = display === 0 || display > leaves ? leaves : display;
    if (integers[at + ROW_PLACE] === PLACE_ARRIVING) this.rows.register(row);
    integers[at + ROW_PLACE] = PLACE_RESTING;
    const terms = integers[at + ROW_TERMS] as number;
    this.ownHalf(terms).append(row, ownRank(terms, integers[at + ROW_PRICE] as number));
  }

  /** Reports an order's end, takes it out of wherever it is, and ends its partner too. */
  end(row: number, head: number): void {
    this.report(head, row, this.rows.integers[row * STRIDE + ROW_LEAVES] as number, 0);
    this.discard(row);
  }

  /** Takes an order out of wherever it is and ends its partner, without a report of its own. */
  discard(row: number): void {
    const { integers } = this.rows;
    const at = row * STRIDE;
    const terms = integers[at + ROW_TERMS] as number;
    const place = integers[at + ROW_PLACE] as number;
    if (place === PLACE_RESTING) {
      this.ownHalf(terms).remove(row, ownRank(terms, integers[at + ROW_PRICE] as number));
    } else if (place === PLACE_WAITING) this.heapOf(terms).remove(row);
    else if (place === PLACE_FIRED) this.unqueue(row);
    if (place !== PLACE_ARRIVING) this.rows.unregister(row);
    if (((terms >> TERM_TIF_SHIFT) & TERM_TIF_MASK) === TIF_GTD) {
      this.expiries.remove(row);
    }
    if (integers[at + ROW_PARTNER] !== 0) this.endPartner(row);
    this.rows.free(row);
  }

  /** Cancels the other order of a pair, if there is one, and undoes the pair. */
  endPartner(row: number): void {
    const { integers } = this.rows;
    const partner = integers[row * STRIDE + ROW_PARTNER] as number;
    if (partner === 0) return;
    integers[row * STRIDE + ROW_PARTNER] = 0;
    integers[partner * STRIDE + ROW_PARTNER] = 0;
    this.end(partner, REPORT_CANCELED | (REASON_OCO << 8));
  }

  /** The heap in which a trigger with these terms waits. */
  heapOf(terms: number): RowHeap {
    const isOracle = ((terms >> TERM_SOURCE_SHIFT) & TERM_SOURCE_MASK) === 1;
    if (waitsForRise(terms)) return isOracle ? this.risesOnOracle : this.risesOnTrade;
    return isOracle ? this.fallsOnOracle : this.fallsOnTrade;
  }

  /** Takes an order out of the queue of fired triggers. */
  unqueue(row: number): void {
    const { integers } = this.rows;
    const next = integers[row * STRIDE + ROW_NEXT] as number;
    const previous = integers[row * STRIDE + ROW_PREVIOUS] as number;
    if (previous === 0) this.firstFired = next;
    else integers[previous * STRIDE + ROW_NEXT] = next;
    if (next === 0) this.lastFired = previous;
    else integers[next * STRIDE + ROW_PREVIOUS] = previous;
  }

  /** Sets the price from which the breaker measures; 0: the next trade's. */
  setReference(price: number): void {
    const isOff = this.parameters.breakerBandPpm === 0 || price === 0;
    const band = isOff ? NONE : this.bandAround(price);
    this.breakerReference = price;
    this.bandLow = price - band;
    this.bandHigh = price + band;
  }

  /** Ticks that a trade may lie away from a price, rounded down; all of them without a breaker. */
  bandAround(price: number): number {
    const { breakerBandPpm } = this.parameters;
    if (breakerBandPpm === 0) return NONE;
    // Exact: the product stays below 2^53, and its quotient is whole or 10^-6 from the next whole.
    return Math.floor((price * breakerBandPpm) / MILLION);
  }
}

/** The rank of an order's price in its own half. */
export function ownRank(terms: number, price: number): number {
  return (terms & TERM_SIDE_MASK) === SIDE_SELL ? price : NONE - price;
}

/** The worst rank of the other half that an order's price reaches. */
export function reachedRank(terms: number, price: number): number {
  return (terms & TERM_SIDE_MASK) === SIDE_BUY ? price : NONE - price;
}

/** Whether a trigger fires on a price at or above it: stops of buys, take profits of sells. */
export function waitsForRise(terms: number): boolean {
  const isStop = ((terms >> TERM_TRIGGER_SHIFT) & TERM_TRIGGER_MASK) === 1;
  return isStop === ((terms & TERM_SIDE_MASK) === SIDE_BUY);
}
