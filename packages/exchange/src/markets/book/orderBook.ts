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
    return NO_RANK - this.core.bids.best;
  }

  /** Best ask in ticks, 0 without asks. */
  get bestAsk(): number {
    return this.core.asks.best === NO_RANK ? 0 : this.core.asks.best;
  }

  /**
   * Applies the encoded command at `o` (in doubles) and reports everything that it changed.
   *
   * @returns whether it was accepted; the reasons of a refusal are in `bookRejections.ts`.
   */
  apply(command: Float64Array, o: number): boolean {
    const no = this.#refusal;
    if (this.#take(command, o, no)) return true;
    this.core.reportRejection(no.code, command[o + FIELD.orderId] as number, no.limit, no.actual);
    return false;
  }

  /**
   * Whether the placement or replacement at `o` would be accepted; changes nothing and reports
   * nothing. For drivers that have a rule of their own to apply after the book's.
   */
  accepts(command: Float64Array, o: number): boolean {
    const no = this.#refusal;
    if ((command[o + FIELD.kind] as number) === COMMAND.replace) {
      return this.#replaceable(command, o, no) !== 0;
    }
    invariant(command[o + FIELD.kind] === COMMAND.place, 'only these two are asked about');
    return this.#knowsAccount(command, o, no) && judgePlace(this.core, command, o, no);
  }

  #take(command: Float64Array, o: number, no: Refusal): boolean {
    const kind = command[o + FIELD.kind] as number;
    switch (kind) {
      case COMMAND.place:
        return this.#place(command, o, no);
      case COMMAND.cancel:
        return this.#cancel(command, o, no);
      case COMMAND.cancelAll:
        return this.#cancelAll(command, o, no);
      case COMMAND.reduce:
        return this.#reduce(command, o, no);
      case COMMAND.replace:
        return this.#replace(command, o, no);
      case COMMAND.heartbeat:
        return this.#heartbeat(command, o, no);
      case COMMAND.advanceTime:
        return this.#advanceTime(command[o + FIELD.time] as number, no);
      case COMMAND.oraclePrice:
        return this.#oraclePrice(command[o + FIELD.price] as number, no);
      case COMMAND.marketState:
        return this.#marketState(command[o + FIELD.terms] as number, no);
      default:
        return refuse(no, BOOK_REJECTIONS.commandUnknown.number, COMMAND.heartbeat, kind);
    }
  }

  #place(command: Float64Array, o: number, no: Refusal): boolean {
    const { core } = this;
    if (!this.#knowsAccount(command, o, no) || !judgePlace(core, command, o, no)) return false;
    const { rows } = core;
    const { integers } = rows;
    const row = rows.take();
    const at = row * ROW_STRIDE;
    const terms = command[o + FIELD.terms] as number;
    const size = command[o + FIELD.size] as number;
    integers[at + ROW.price] = command[o + FIELD.price] as number;
    integers[at + ROW.leaves] = size;
    integers[at + ROW.shown] = size;
    integers[at + ROW.account] = command[o + FIELD.account] as number;
    integers[at + ROW.terms] = terms;
    integers[at + ROW.filled] = 0;
    integers[at + ROW.display] = command[o + FIELD.display] as number;
    integers[at + ROW.partner] = 0;
    integers[at + ROW.trigger] = command[o + FIELD.trigger] as number;
    integers[at + ROW.place] = PLACE.arriving;
    rows.doubles[row * 8 + 6] = command[o + FIELD.orderId] as number;
    core.lastOrderId = command[o + FIELD.orderId] as number;

    if ((command[o + FIELD.ocoWith] as number) !== 0) this.#pair(row, command, o);
    if ((command[o + FIELD.time] as number) !== 0) {
      core.expiries.push(row, command[o + FIELD.time] as number, rows.id(row));
    }
    if (((terms >> TERM.triggerShift) & TERM.triggerMask) === TRIGGER.none) {
      core.report(REPORT.new, row, size, size);
      execute(core, row);
    } else {
      core.report(REPORT.new | (REASON.waiting << 8), row, size, size);
      rows.register(row);
      awaitTrigger(core, row);
      fireIfReached(core, row);
    }
    runTriggers(core);
    return true;
  }

  #pair(row: number, command: Float64Array, o: number): void {
    const { rows } = this.core;
    const other = rows.find(command[o + FIELD.ocoWith] as number);
    rows.integers[row * ROW_STRIDE + ROW.partner] = other;
    rows.integers[other * ROW_STRIDE + ROW.partner] = row;
  }

  #cancel(command: Float64Array, o: number, no: Refusal): boolean {
    const row = this.#ownOrder(command, o, no);
    if (row === 0) return false;
    this.core.end(row, REPORT.canceled | (REASON.owner << 8));
    return true;
  }

  #cancelAll(command: Float64Array, o: number, no: Refusal): boolean {
    if (!this.#knowsAccount(command, o, no)) return false;
    if (this.core.state === MARKET_STATE.halted) return this.#refuseState(no);
    this.#endAll(command[o + FIELD.account] as number, REASON.cancelAll);
    return true;
  }

  /** Ends all orders of an account, the oldest first, each followed by its partner. */
  #endAll(account: number, reason: number): void {
    const { core } = this;
    for (;;) {
      const row = core.rows.firstOwn[account] as number;
      if (row === 0) break;
      core.end(row, REPORT.canceled | (reason << 8));
    }
  }

  #reduce(command: Float64Array, o: number, no: Refusal): boolean {
    const row = this.#ownOrder(command, o, no);
    if (row === 0) return false;
    const { core } = this;
    const { integers } = core.rows;
    const at = row * ROW_STRIDE;
    const size = command[o + FIELD.size] as number;
    if (!isWhole(size, 1, core.parameters.sizeLotsMax)) {
      const limit = core.parameters.sizeLotsMax;
      return refuse(no, BOOK_REJECTIONS.sizeOutOfRange.number, limit, size);
    }
    const present = (integers[at + ROW.filled] as number) + (integers[at + ROW.leaves] as number);
    if (size >= present) {
      return refuse(no, BOOK_REJECTIONS.sizeNotReduced.number, present - 1, size);
    }
    if (size <= (integers[at + ROW.filled] as number)) {
      core.end(row, REPORT.canceled | (REASON.owner << 8));
      return true;
    }
    this.#shrink(row, size - (integers[at + ROW.filled] as number));
    core.report(
      REPORT.reduced | (REASON.owner << 8),
      row,
      size,
      integers[at + ROW.leaves] as number,
    );
    return true;
  }

  /** Lowers an order's open lots in place; hidden ones go first. */
  #shrink(row: number, leaves: number): void {
    const { core } = this;
    const { integers } = core.rows;
    const at = row * ROW_STRIDE;
    const before = integers[at + ROW.shown] as number;
    const hidden = (integers[at + ROW.leaves] as number) - before;
    const shown = Math.min(before, leaves);
    integers[at + ROW.leaves] = leaves;
    integers[at + ROW.shown] = shown;
    if (integers[at + ROW.place] !== PLACE.resting) return;
    const terms = integers[at + ROW.terms] as number;
    const rank = ownRank(terms, integers[at + ROW.price] as number);
    core.ownHalf(terms).adjust(rank, shown - before, leaves - shown - hidden);
  }

  /** The row that a replacement may change, or 0 with the refusal filled. */
  #replaceable(command: Float64Array, o: number, no: Refusal): number {
    const { core } = this;
    if (!this.#knowsAccount(command, o, no)) return 0;
    if (core.state > MARKET_STATE.postOnly) {
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
    const at = row * ROW_STRIDE;
    const price = command[o + FIELD.price] as number;
    const size = command[o + FIELD.size] as number;
    const leaves = size - (integers[at + ROW.filled] as number);
    if (leaves <= 0) {
      core.end(row, REPORT.canceled | (REASON.owner << 8));
      return true;
    }
    const isWaiting = integers[at + ROW.place] === PLACE.waiting;
    const keeps =
      price === integers[at + ROW.price] && leaves <= (integers[at + ROW.leaves] as number);
    if (isWaiting || keeps) {
      integers[at + ROW.price] = price;
      if (isWaiting) integers[at + ROW.leaves] = leaves;
      else this.#shrink(row, leaves);
      core.report(REPORT.replaced | (REASON.keptPriority << 8), row, size, leaves);
      return true;
    }
    const terms = integers[at + ROW.terms] as number;
    core.ownHalf(terms).remove(row, ownRank(terms, integers[at + ROW.price] as number));
    integers[at + ROW.place] = PLACE.moving;
    integers[at + ROW.price] = price;
    integers[at + ROW.leaves] = leaves;
    core.report(REPORT.replaced | (REASON.lostPriority << 8), row, size, leaves);
    execute(core, row);
    runTriggers(core);
    return true;
  }

  #heartbeat(command: Float64Array, o: number, no: Refusal): boolean {
    if (!this.#knowsAccount(command, o, no)) return false;
    const { core } = this;
    const account = command[o + FIELD.account] as number;
    const deadline = command[o + FIELD.time] as number;
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
    while (core.expiries.topKey <= now) core.end(core.expiries.top, REPORT.expired);
    while (core.deadlines.topKey <= now) {
      const account = core.deadlines.top;
      core.deadlines.remove(account);
      this.#endAll(account, REASON.deadMan);
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
    if (core.state !== MARKET_STATE.open) return true;
    fireOnOracle(core, price);
    runTriggers(core);
    return true;
  }

  /** Opening looks at triggers again, and lets the breaker measure from the next trade. */
  #marketState(state: number, no: Refusal): boolean {
    const { core } = this;
    if (!isWhole(state, MARKET_STATE.open, MARKET_STATE.halted)) {
      return refuse(no, BOOK_REJECTIONS.commandUnknown.number, MARKET_STATE.halted, state);
    }
    core.enterState(state, REASON.operator);
    if (state !== MARKET_STATE.open) return true;
    core.setReference(0);
    if (core.lastTrade !== 0) {
      core.tradeLow = core.lastTrade;
      core.tradeHigh = core.lastTrade;
    }
    runTriggers(core);
    if (core.oraclePrice !== 0 && (core.state as number) === MARKET_STATE.open) {
      fireOnOracle(core, core.oraclePrice);
      runTriggers(core);
    }
    return true;
  }

  #knowsAccount(command: Float64Array, o: number, no: Refusal): boolean {
    const account = command[o + FIELD.account] as number;
    const limit = this.core.parameters.accountsMax - 1;
    if (isWhole(account, 0, limit)) return true;
    return refuse(no, BOOK_REJECTIONS.accountOutOfRange.number, limit, account);
  }

  #refuseState(no: Refusal): false {
    return refuse(no, BOOK_REJECTIONS.stateForbids.number, MARKET_STATE.open, this.core.state);
  }

  /** The row of the open order that a command of its owner names, or 0 with the refusal filled. */
  #ownOrder(command: Float64Array, o: number, no: Refusal): number {
    const { core } = this;
    if (!this.#knowsAccount(command, o, no)) return 0;
    if (core.state === MARKET_STATE.halted) {
      this.#refuseState(no);
      return 0;
    }
    const orderId = command[o + FIELD.orderId] as number;
    const row = core.rows.find(orderId);
    const account = core.rows.integers[row * ROW_STRIDE + ROW.account];
    if (row !== 0 && account === command[o + FIELD.account]) return row;
    refuse(no, BOOK_REJECTIONS.orderUnknown.number, core.lastOrderId, orderId);
    return 0;
  }
}
