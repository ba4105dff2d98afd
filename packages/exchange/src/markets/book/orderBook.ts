import { invariant } from '../../failures/invariant.ts';
import type { Refusal } from './bookAdmission.ts';
import { isWhole, judgePlace, judgeReplace, refuse } from './bookAdmission.ts';
import { COMMAND, FIELD } from './bookCommand.ts';
import { BookCore, ownRank } from './bookCore.ts';
import { BOOK_REJECTIONS } from './bookRejections.ts';
import type { ReportRing } from './bookReport.ts';
import { REASON, REPORT } from './bookReport.ts';
import type { BookParameters } from './bookTerms.ts';
import { MARKET_STATE, TERM, TRIGGER } from './bookTerms.ts';
import { execute } from './matching.ts';
import { PLACE, ROW, ROW_STRIDE } from './orderRows.ts';
import { NO_RANK } from './rankTrie.ts';
import { awaitTrigger, fireIfReached, fireOnOracle, runTriggers } from './triggers.ts';

// Compiled in, where an imported constant would be loaded and checked at each use.
const {
  orderId: FIELD_ORDER_ID,
  kind: FIELD_KIND,
  time: FIELD_TIME,
  price: FIELD_PRICE,
  terms: FIELD_TERMS,
  size: FIELD_SIZE,
  account: FIELD_ACCOUNT,
  display: FIELD_DISPLAY,
  trigger: FIELD_TRIGGER,
  ocoWith: FIELD_OCO_WITH,
} = FIELD;
const {
  replace: COMMAND_REPLACE,
  place: COMMAND_PLACE,
  cancel: COMMAND_CANCEL,
  cancelAll: COMMAND_CANCEL_ALL,
  reduce: COMMAND_REDUCE,
  heartbeat: COMMAND_HEARTBEAT,
  advanceTime: COMMAND_ADVANCE_TIME,
  oraclePrice: COMMAND_ORACLE_PRICE,
  marketState: COMMAND_MARKET_STATE,
} = COMMAND;
const {
  price: ROW_PRICE,
  leaves: ROW_LEAVES,
  shown: ROW_SHOWN,
  account: ROW_ACCOUNT,
  terms: ROW_TERMS,
  filled: ROW_FILLED,
  display: ROW_DISPLAY,
  partner: ROW_PARTNER,
  trigger: ROW_TRIGGER,
  place: ROW_PLACE,
} = ROW;
const {
  arriving: PLACE_ARRIVING,
  resting: PLACE_RESTING,
  waiting: PLACE_WAITING,
  moving: PLACE_MOVING,
} = PLACE;
const { triggerShift: TERM_TRIGGER_SHIFT, triggerMask: TERM_TRIGGER_MASK } = TERM;
const { none: TRIGGER_NONE } = TRIGGER;
const {
  new: REPORT_NEW,
  canceled: REPORT_CANCELED,
  reduced: REPORT_REDUCED,
  replaced: REPORT_REPLACED,
  expired: REPORT_EXPIRED,
} = REPORT;
const {
  waiting: REASON_WAITING,
  owner: REASON_OWNER,
  cancelAll: REASON_CANCEL_ALL,
  keptPriority: REASON_KEPT_PRIORITY,
  lostPriority: REASON_LOST_PRIORITY,
  deadMan: REASON_DEAD_MAN,
  operator: REASON_OPERATOR,
} = REASON;
const { halted: STATE_HALTED, postOnly: STATE_POST_ONLY, open: STATE_OPEN } = MARKET_STATE;
const STRIDE = ROW_STRIDE;
const NONE = NO_RANK;

/**
 * A limit order book by price-time priority in whole ticks and lots: the engine alone, without
 * balances, fees or client order ids.
 *
 * A command goes in as a row of doubles, reports come out of a ring; in between nothing is
 * allocated once the buffers have grown. What happens depends on the commands alone. A command is
 * refused as a whole and then changes nothing.
 */
export class OrderBook {
  readonly core: BookCore;
  readonly #refusal: Refusal = { code: 0, limit: 0, actual: 0 };

  constructor(parameters: BookParameters) {
    this.core = new BookCore(parameters);
  }

  /** Where reports appear; whoever drives the book drains it between commands. */
  get reports(): ReportRing {
    return this.core.reports;
  }

  /** Best bid in ticks, 0 without bids. */
  get bestBid(): number {
    return NONE - this.core.bids.best;
  }

  /** Best ask in ticks, 0 without asks. */
  get bestAsk(): number {
    return this.core.asks.best === NONE ? 0 : this.core.asks.best;
  }

  /**
   * Applies the encoded command at `o` (in doubles) and reports everything that it changed.
   *
   * @returns whether it was accepted; the reasons of a refusal are in `bookRejections.ts`.
   */
  apply(command: Float64Array, o: number): boolean {
    const no = this.#refusal;
    if (this.#take(command, o, no)) return true;
    this.core.reportRejection(no.code, command[o + FIELD_ORDER_ID] as number, no.limit, no.actual);
    return false;
  }

  /**
   * Whether the placement or replacement at `o` would be accepted; changes nothing and reports
   * nothing. For drivers that have a rule of their own to apply after the book's.
   */
  accepts(command: Float64Array, o: number): boolean {
    const no = this.#refusal;
    if ((command[o + FIELD_KIND] as number) === COMMAND_REPLACE) {
      return this.#replaceable(command, o, no) !== 0;
    }
    invariant(command[o + FIELD_KIND] === COMMAND_PLACE, 'only these two are asked about');
    return this.#knowsAccount(command, o, no) && judgePlace(this.core, command, o, no);
  }

  #take(command: Float64Array, o: number, no: Refusal): boolean {
    const kind = command[o + FIELD_KIND] as number;
    switch (kind) {
      case COMMAND_PLACE:
        return this.#place(command, o, no);
      case COMMAND_CANCEL:
        return this.#cancel(command, o, no);
      case COMMAND_CANCEL_ALL:
        return this.#cancelAll(command, o, no);
      case COMMAND_REDUCE:
        return this.#reduce(command, o, no);
      case COMMAND_REPLACE:
        return this.#replace(command, o, no);
      case COMMAND_HEARTBEAT:
        return this.#heartbeat(command, o, no);
      case COMMAND_ADVANCE_TIME:
        return this.#advanceTime(command[o + FIELD_TIME] as number, no);
      case COMMAND_ORACLE_PRICE:
        return this.#oraclePrice(command[o + FIELD_PRICE] as number, no);
      case COMMAND_MARKET_STATE:
        return this.#marketState(command[o + FIELD_TERMS] as number, no);
      default:
        return refuse(no, BOOK_REJECTIONS.commandUnknown.number, COMMAND_HEARTBEAT, kind);
    }
  }

  #place(command: Float64Array, o: number, no: Refusal): boolean {
    const { core } = this;
    if (!this.#knowsAccount(command, o, no) || !judgePlace(core, command, o, no)) return false;
    const { rows } = core;
    const { integers } = rows;
    const row = rows.take();
    const at = row * STRIDE;
    const terms = command[o + FIELD_TERMS] as number;
    const size = command[o + FIELD_SIZE] as number;
    integers[at + ROW_PRICE] = command[o + FIELD_PRICE] as number;
    integers[at + ROW_LEAVES] = size;
    integers[at + ROW_SHOWN] = size;
    integers[at + ROW_ACCOUNT] = command[o + FIELD_ACCOUNT] as number;
    integers[at + ROW_TERMS] = terms;
    integers[at + ROW_FILLED] = 0;
    integers[at + ROW_DISPLAY] = command[o + FIELD_DISPLAY] as number;
    integers[at + ROW_PARTNER] = 0;
    integers[at + ROW_TRIGGER] = command[o + FIELD_TRIGGER] as number;
    integers[at + ROW_PLACE] = PLACE_ARRIVING;
    rows.doubles[row * 8 + 6] = command[o + FIELD_ORDER_ID] as number;
    core.lastOrderId = command[o + FIELD_ORDER_ID] as number;

    if ((command[o + FIELD_OCO_WITH] as number) !== 0) this.#pair(row, command, o);
    if ((command[o + FIELD_TIME] as number) !== 0) {
      core.expiries.push(row, command[o + FIELD_TIME] as number, rows.id(row));
    }
    if (((terms >> TERM_TRIGGER_SHIFT) & TERM_TRIGGER_MASK) === TRIGGER_NONE) {
      core.report(REPORT_NEW, row, size, size);
      execute(core, row);
    } else {
      core.report(REPORT_NEW | (REASON_WAITING << 8), row, size, size);
      rows.register(row);
      awaitTrigger(core, row);
      fireIfReached(core, row);
    }
    runTriggers(core);
    return true;
  }

  #pair(row: number, command: Float64Array, o: number): void {
    const { rows } = this.core;
    const other = rows.find(command[o + FIELD_OCO_WITH] as number);
    rows.integers[row * STRIDE + ROW_PARTNER] = other;
    rows.integers[other * STRIDE + ROW_PARTNER] = row;
  }

  #cancel(command: Float64Array, o: number, no: Refusal): boolean {
    const row = this.#ownOrder(command, o, no);
    if (row === 0) return false;
    this.core.end(row, REPORT_CANCELED | (REASON_OWNER << 8));
    return true;
  }

  #cancelAll(command: Float64Array, o: number, no: Refusal): boolean {
    if (!this.#knowsAccount(command, o, no)) return false;
    if (this.core.state === STATE_HALTED) return this.#refuseState(no);
    this.#endAll(command[o + FIELD_ACCOUNT] as number, REASON_CANCEL_ALL);
    return true;
  }

  /** Ends all orders of an account, the oldest first, each followed by its partner. */
  #endAll(account: number, reason: number): void {
    const { core } = this;
    for (;;) {
      const row = core.rows.firstOwn[account] as number;
      if (row === 0) break;
      core.end(row, REPORT_CANCELED | (reason << 8));
    }
  }

  #reduce(command: Float64Array, o: number, no: Refusal): boolean {
    const row = this.#ownOrder(command, o, no);
    if (row === 0) return false;
    const { core } = this;
    const { integers } = core.rows;
    const at = row * STRIDE;
    const size = command[o + FIELD_SIZE] as number;
    if (!isWhole(size, 1, core.parameters.sizeLotsMax)) {
      const limit = core.parameters.sizeLotsMax;
      return refuse(no, BOOK_REJECTIONS.sizeOutOfRange.number, limit, size);
    }
    const present = (integers[at + ROW_FILLED] as number) + (integers[at + ROW_LEAVES] as number);
    if (size >= present) {
      return refuse(no, BOOK_REJECTIONS.sizeNotReduced.number, present - 1, size);
    }
    if (size <= (integers[at + ROW_FILLED] as number)) {
      core.end(row, REPORT_CANCELED | (REASON_OWNER << 8));
      return true;
    }
    this.#resize(row, size - (integers[at + ROW_FILLED] as number));
    core.report(
      REPORT_REDUCED | (REASON_OWNER << 8),
      row,
      size,
      integers[at + ROW_LEAVES] as number,
    );
    return true;
  }

  /** Changes an order's open lots in place: hidden ones go first, and none come while it rests. */
  #resize(row: number, leaves: number): void {
    const { core } = this;
    const { integers } = core.rows;
    const at = row * STRIDE;
    const before = integers[at + ROW_SHOWN] as number;
    const hidden = (integers[at + ROW_LEAVES] as number) - before;
    const shown = Math.min(before, leaves);
    integers[at + ROW_LEAVES] = leaves;
    integers[at + ROW_SHOWN] = shown;
    if (integers[at + ROW_PLACE] !== PLACE_RESTING) return;
    const terms = integers[at + ROW_TERMS] as number;
    const rank = ownRank(terms, integers[at + ROW_PRICE] as number);
    core.ownHalf(terms).adjust(rank, shown - before, leaves - shown - hidden);
  }

  /** The row that a replacement may change, or 0 with the refusal filled. */
  #replaceable(command: Float64Array, o: number, no: Refusal): number {
    const { core } = this;
    if (!this.#knowsAccount(command, o, no)) return 0;
    if (core.state > STATE_POST_ONLY) {
      this.#refuseState(no);
      return 0;
    }
    const row = this.#ownOrder(command, o, no);
    return row !== 0 && judgeReplace(core, row, command, o, no) ? row : 0;
  }

  #replace(command: Float64Array, o: number, no: Refusal): boolean {
    const { core } = this;
    const row = this.#replaceable(command, o, no);
    if (row === 0) return false;
    const { integers } = core.rows;
    const at = row * STRIDE;
    const price = command[o + FIELD_PRICE] as number;
    const size = command[o + FIELD_SIZE] as number;
    const leaves = size - (integers[at + ROW_FILLED] as number);
    if (leaves <= 0) {
      core.end(row, REPORT_CANCELED | (REASON_OWNER << 8));
      return true;
    }
    const isWaiting = integers[at + ROW_PLACE] === PLACE_WAITING;
    const keeps =
      price === integers[at + ROW_PRICE] && leaves <= (integers[at + ROW_LEAVES] as number);
    if (isWaiting || keeps) {
      integers[at + ROW_PRICE] = price;
      this.#resize(row, leaves);
      core.report(REPORT_REPLACED | (REASON_KEPT_PRIORITY << 8), row, size, leaves);
      return true;
    }
    const terms = integers[at + ROW_TERMS] as number;
    core.ownHalf(terms).remove(row, ownRank(terms, integers[at + ROW_PRICE] as number));
    integers[at + ROW_PLACE] = PLACE_MOVING;
    integers[at + ROW_PRICE] = price;
    integers[at + ROW_LEAVES] = leaves;
    core.report(REPORT_REPLACED | (REASON_LOST_PRIORITY << 8), row, size, leaves);
    execute(core, row);
    runTriggers(core);
    return true;
  }

  #heartbeat(command: Float64Array, o: number, no: Refusal): boolean {
    if (!this.#knowsAccount(command, o, no)) return false;
    const { core } = this;
    const account = command[o + FIELD_ACCOUNT] as number;
    const deadline = command[o + FIELD_TIME] as number;
    if (deadline !== 0 && !isWhole(deadline, core.now + 1, Number.MAX_SAFE_INTEGER)) {
      return refuse(no, BOOK_REJECTIONS.timeOutOfRange.number, core.now + 1, deadline);
    }
    core.deadlines.remove(account);
    if (deadline !== 0) core.deadlines.push(account, deadline, account);
    return true;
  }

  /** Orders first, by expiry and id; then accounts, by deadline and number. */
  #advanceTime(now: number, no: Refusal): boolean {
    const { core } = this;
    if (!isWhole(now, core.now, Number.MAX_SAFE_INTEGER)) {
      return refuse(no, BOOK_REJECTIONS.timeOutOfRange.number, core.now, now);
    }
    core.now = now;
    if (now - core.breakerSince >= core.parameters.breakerWindow) {
      core.breakerSince = now;
      core.setReference(core.lastTrade);
    }
    while (core.expiries.topKey <= now) core.end(core.expiries.top, REPORT_EXPIRED);
    while (core.deadlines.topKey <= now) {
      const account = core.deadlines.top;
      core.deadlines.remove(account);
      this.#endAll(account, REASON_DEAD_MAN);
    }
    return true;
  }

  #oraclePrice(price: number, no: Refusal): boolean {
    const { core } = this;
    if (!isWhole(price, 1, core.parameters.priceTicksMax)) {
      const limit = core.parameters.priceTicksMax;
      return refuse(no, BOOK_REJECTIONS.priceOutOfRange.number, limit, price);
    }
    core.oraclePrice = price;
    if (core.state !== STATE_OPEN) return true;
    fireOnOracle(core, price);
    runTriggers(core);
    return true;
  }

  /** Opening looks at triggers again, and lets the breaker measure from the next trade. */
  #marketState(state: number, no: Refusal): boolean {
    const { core } = this;
    if (!isWhole(state, STATE_OPEN, STATE_HALTED)) {
      return refuse(no, BOOK_REJECTIONS.commandUnknown.number, STATE_HALTED, state);
    }
    core.enterState(state, REASON_OPERATOR);
    if (state !== STATE_OPEN) return true;
    core.setReference(0);
    if (core.lastTrade !== 0) {
      core.tradeLow = core.lastTrade;
      core.tradeHigh = core.lastTrade;
    }
    runTriggers(core);
    if (core.oraclePrice !== 0 && (core.state as number) === STATE_OPEN) {
      fireOnOracle(core, core.oraclePrice);
      runTriggers(core);
    }
    return true;
  }

  #knowsAccount(command: Float64Array, o: number, no: Refusal): boolean {
    const account = command[o + FIELD_ACCOUNT] as number;
    const limit = this.core.parameters.accountsMax - 1;
    if (isWhole(account, 0, limit)) return true;
    return refuse(no, BOOK_REJECTIONS.accountOutOfRange.number, limit, account);
  }

  #refuseState(no: Refusal): false {
    return refuse(no, BOOK_REJECTIONS.stateForbids.number, STATE_OPEN, this.core.state);
  }

  /** The row of the open order that a command of its owner names, or 0 with the refusal filled. */
  #ownOrder(command: Float64Array, o: number, no: Refusal): number {
    const { core } = this;
    if (!this.#knowsAccount(command, o, no)) return 0;
    if (core.state === STATE_HALTED) {
      this.#refuseState(no);
      return 0;
    }
    const orderId = command[o + FIELD_ORDER_ID] as number;
    const row = core.rows.find(orderId);
    const account = core.rows.integers[row * STRIDE + ROW_ACCOUNT];
    if (row !== 0 && account === command[o + FIELD_ACCOUNT]) return row;
    refuse(no, BOOK_REJECTIONS.orderUnknown.number, core.lastOrderId, orderId);
    return 0;
  }
}
