import { invariant } from '../../failures/invariant.ts';
import { COMMAND, FIELD } from './bookCommand.ts';
import { BOOK_REJECTIONS } from './bookRejections.ts';
import type { ReportRing } from './bookReport.ts';
import { REPORT } from './bookReport.ts';
import type { BookParameters } from './bookTerms.ts';
import { SIDE, TERM } from './bookTerms.ts';
import { feeOf } from './fees.ts';
import { HOLD, HOLD_DOUBLE, HOLD_STRIDE, HoldRows } from './holdRows.ts';
import { OrderBook } from './orderBook.ts';
import { HELD_MAX, PURSE, Purses } from './purses.ts';

// Compiled in, where an imported constant would be loaded and checked at each use.
const { sell: SIDE_SELL, buy: SIDE_BUY } = SIDE;
const {
  kind: FIELD_KIND,
  ocoWith: FIELD_OCO_WITH,
  account: FIELD_ACCOUNT,
  terms: FIELD_TERMS,
  orderId: FIELD_ORDER_ID,
  price: FIELD_PRICE,
  size: FIELD_SIZE,
} = FIELD;
const { place: COMMAND_PLACE, replace: COMMAND_REPLACE } = COMMAND;
const { leaves: HOLD_LEAVES, slot: HOLD_SLOT, filled: HOLD_FILLED, partner: HOLD_PARTNER } = HOLD;
const { orderId: HOLD_ORDER_ID, perLot: HOLD_PER_LOT } = HOLD_DOUBLE;
const { sideMask: TERM_SIDE_MASK } = TERM;
const {
  marketState: REPORT_MARKET_STATE,
  triggered: REPORT_TRIGGERED,
  refreshed: REPORT_REFRESHED,
  new: REPORT_NEW,
  trade: REPORT_TRADE,
  decremented: REPORT_DECREMENTED,
  canceled: REPORT_CANCELED,
  expired: REPORT_EXPIRED,
} = REPORT;
const { quote: PURSE_QUOTE, base: PURSE_BASE } = PURSE;
const STRIDE = HOLD_STRIDE;
const DOUBLES: number = HOLD_STRIDE / 2;
const HELD_LIMIT: number = HELD_MAX;

/** The rules of a book that settles what it trades. */
export interface LedgerBookParameters extends BookParameters {
  /** Base units in a lot, and quote units of one lot per tick: whole numbers below 2^41. */
  readonly lotSize: number;
  readonly tickSize: number;
  /** Parts per million of the quote amount; a negative maker fee is a rebate. */
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
}

/**
 * The order book with balances: placing holds what an order can cost at most, trades consume holds
 * at the maker's price and pay fees, and what is not needed any more becomes available at once.
 *
 * An order holds, for every open lot, what that lot can cost: a lot of the base asset for a sale;
 * for a purchase its price and the fee of a trade of that one lot alone, rounded up. Fees of larger
 * trades are never more than that, so a hold always suffices and is never settled up. Both orders
 * of a pair on one side hold together what the larger of them needs, since only one can trade.
 *
 * It follows the reports of the engine and never asks it: whatever the log says, the money does.
 * Commands and reports are those of `OrderBook`; after warm-up nothing is allocated.
 */
export class LedgerBook {
  readonly book: OrderBook;
  readonly parameters: LedgerBookParameters;
  readonly purses: Purses;
  /** Fees less rebates since last taken, quote units. Never negative. */
  fees = 0;
  /** Open orders as the reports tell of them; `leaves` is 0 where a pair's other order holds. */
  readonly #rows: HoldRows;
  /** The row opened last: mostly the taker of the next report. */
  #lastOpened = 0;
  /** The highest fee that a purchase can come to pay. */
  readonly #buyFeePpm: number;

  constructor(parameters: LedgerBookParameters) {
    const { makerFeePpm, takerFeePpm, lotSize, tickSize } = parameters;
    invariant(makerFeePpm + takerFeePpm >= 0, 'rebates are paid out of the fee of the same trade');
    invariant(lotSize >= 1 && tickSize >= 1, 'lots and ticks are worth something');
    this.parameters = parameters;
    this.book = new OrderBook(parameters);
    this.purses = new Purses(parameters.accountsMax);
    this.#rows = new HoldRows(parameters.ordersMax + 1);
    this.#buyFeePpm = Math.max(makerFeePpm, takerFeePpm, 0);
  }

  /** Where reports appear; whoever drives the book drains it between commands. */
  get reports(): ReportRing {
    return this.book.reports;
  }

  /** Makes units available; over all accounts they stay below 2^53 for each asset. */
  deposit(account: number, asset: number, units: number): void {
    this.purses.add(account * 2 + asset, units);
  }

  /** What one lot at a price holds: base units of a sale, quote units of a purchase. */
  holdPerLot(side: number, priceTicks: number): number {
    if (side === SIDE_SELL) return this.parameters.lotSize;
    const worth = priceTicks * this.parameters.tickSize;
    return worth + feeOf(worth, this.#buyFeePpm);
  }

  /**
   * Applies the encoded command at `o` and moves what its reports tell.
   *
   * @returns whether it was accepted. The book's own rules come first, then those of the ledger.
   */
  apply(command: Float64Array, o: number): boolean {
    const kind = command[o + FIELD_KIND] as number;
    if (kind === COMMAND_PLACE || kind === COMMAND_REPLACE) {
      if (!this.#affords(command, o, kind)) return false;
    }
    const { reports } = this;
    const from = reports.written;
    if (!this.book.apply(command, o)) return false;
    const { written, mask } = reports;
    for (let sequence = from; sequence < written; sequence += 1) {
      this.#follow(reports, sequence & mask, command[o + FIELD_OCO_WITH] as number);
    }
    return true;
  }

  /** Takes an open order over from a book that is restored: it holds what it needs. */
  adopt(order: {
    readonly orderId: number;
    readonly account: number;
    readonly side: number;
    readonly priceTicks: number;
    readonly leavesLots: number;
    readonly filledLots: number;
    readonly partner: number;
  }): void {
    const { orderId, account, side, priceTicks } = order;
    const row = this.#rows.take(orderId);
    const { integers } = this.#rows;
    const slot = account * 2 + assetOf(side);
    integers[row * STRIDE + HOLD_LEAVES] = order.leavesLots;
    integers[row * STRIDE + HOLD_SLOT] = slot;
    integers[row * STRIDE + HOLD_FILLED] = order.filledLots;
    integers[row * STRIDE + HOLD_PARTNER] = 0;
    this.#rows.doubles[row * DOUBLES + HOLD_PER_LOT] = this.holdPerLot(side, priceTicks);
    const partner = order.partner === 0 ? 0 : this.#rows.find(order.partner);
    const before = partner === 0 ? 0 : this.#holdingOf(partner, slot);
    if (partner !== 0) this.#pair(row, partner);
    this.purses.hold(slot, this.#holding(row) - before);
  }

  /** Whether a placement or a replacement is covered; else it is refused here. */
  #affords(command: Float64Array, o: number, kind: number): boolean {
    const isPlace = kind === COMMAND_PLACE;
    const need = isPlace ? this.#needToPlace(command, o) : this.#needToReplace(command, o);
    if (need <= 0) return true;
    const account = command[o + FIELD_ACCOUNT] as number;
    const asset = isPlace
      ? assetOf((command[o + FIELD_TERMS] as number) & TERM_SIDE_MASK)
      : this.#assetOf(command[o + FIELD_ORDER_ID] as number);
    const available = this.purses.available[account * 2 + asset] as number;
    const room = HELD_LIMIT - (this.purses.heldTotal[asset] as number);
    if (need <= available && need <= room) return true;
    // The book's own rules come first: what it would refuse anyway, it refuses.
    if (!this.book.accepts(command, o)) return true;
    const rule = BOOK_REJECTIONS[need <= available ? 'capacityReached' : 'insufficientAvailable'];
    const limit = need <= available ? room : available;
    const orderId = command[o + FIELD_ORDER_ID] as number;
    this.book.core.reportRejection(rule.number, orderId, limit, need);
    return false;
  }

  #needToPlace(command: Float64Array, o: number): number {
    const side = (command[o + FIELD_TERMS] as number) & TERM_SIDE_MASK;
    const perLot = this.holdPerLot(side, command[o + FIELD_PRICE] as number);
    const need = (command[o + FIELD_SIZE] as number) * perLot;
    const ocoWith = command[o + FIELD_OCO_WITH] as number;
    if (ocoWith === 0) return need;
    return Math.max(0, need - this.#holdingOf(this.#rows.find(ocoWith), assetOf(side)));
  }

  /** What a replacement needs beyond what is held; 0 where the book will refuse it or end it. */
  #needToReplace(command: Float64Array, o: number): number {
    const row = this.#rows.find(command[o + FIELD_ORDER_ID] as number);
    if (row === 0) return 0;
    const at = row * STRIDE;
    const { integers } = this.#rows;
    const asset = (integers[at + HOLD_SLOT] as number) & 1;
    const filled = integers[at + HOLD_FILLED] as number;
    const leaves = (command[o + FIELD_SIZE] as number) - filled;
    if (!(leaves > 0)) return 0;
    const perLot = this.holdPerLot(sideOf(asset), command[o + FIELD_PRICE] as number);
    const partner = integers[at + HOLD_PARTNER] as number;
    return Math.max(leaves * perLot, this.#holdingOf(partner, asset)) - this.#holding(row);
  }

  /** The asset that an open order holds; any where there is none: then the book refuses anyway. */
  #assetOf(orderId: number): number {
    return (this.#rows.integers[this.#rows.find(orderId) * STRIDE + HOLD_SLOT] as number) & 1;
  }

  /** What an order holds by itself. */
  #ownHolding(row: number): number {
    const leaves = this.#rows.integers[row * STRIDE + HOLD_LEAVES] as number;
    return leaves * (this.#rows.doubles[row * DOUBLES + HOLD_PER_LOT] as number);
  }

  /** What an order holds by itself of an asset; 0 for no order. */
  #holdingOf(row: number, asset: number): number {
    if (row === 0) return 0;
    if (((this.#rows.integers[row * STRIDE + HOLD_SLOT] as number) & 1) !== asset) return 0;
    return this.#ownHolding(row);
  }

  /** What an order holds together with the other of its pair, if that is on the same side. */
  #holding(row: number): number {
    const own = this.#ownHolding(row);
    const { integers } = this.#rows;
    const partner = integers[row * STRIDE + HOLD_PARTNER] as number;
    if (partner === 0) return own;
    const asset = (integers[row * STRIDE + HOLD_SLOT] as number) & 1;
    return Math.max(own, this.#holdingOf(partner, asset));
  }

  /** The row that a report is about: mostly the one opened last, or one that the index knows. */
  #find(orderId: number): number {
    const last = this.#lastOpened;
    if (this.#rows.doubles[last * DOUBLES + HOLD_ORDER_ID] === orderId) return last;
    return this.#rows.find(orderId);
  }

  #follow(reports: ReportRing, place: number, ocoWith: number): void {
    const { integers, doubles } = reports;
    const kind = (integers[place * 8] as number) & 255;
    const orderId = doubles[place * 4 + 2] as number;
    const leaves = integers[place * 8 + 1] as number;
    const price = integers[place * 8 + 2] as number;
    if (kind === REPORT_NEW) {
      const account = doubles[place * 4 + 3] as number;
      const side = ((integers[place * 8] as number) >> 16) & 1;
      this.#open(orderId, account, side, price, leaves, ocoWith);
      return;
    }
    if (kind === REPORT_MARKET_STATE || kind === REPORT_TRIGGERED || kind === REPORT_REFRESHED) {
      return;
    }
    const row = this.#rows.find(orderId);
    invariant(row !== 0, 'a report is about an open order');
    if (kind === REPORT_TRADE || kind === REPORT_DECREMENTED) {
      const taker = this.#find(doubles[place * 4 + 3] as number);
      invariant(taker !== 0, 'a match is of two open orders');
      const lots = integers[place * 8 + 3] as number;
      if (kind === REPORT_TRADE) this.#trade(row, taker, price, lots);
      else {
        this.#resize(row, -lots);
        this.#resize(taker, -lots);
      }
    } else if (kind === REPORT_CANCELED || kind === REPORT_EXPIRED) this.#end(row);
    else this.#change(row, price, leaves);
  }

  /** Arguments stand singly here, because an object for each order is what the hot path avoids. */
  #open(
    orderId: number,
    account: number,
    side: number,
    price: number,
    leaves: number,
    ocoWith: number,
  ): void {
    const row = this.#rows.take(orderId);
    this.#lastOpened = row;
    const slot = account * 2 + assetOf(side);
    const perLot = this.holdPerLot(side, price);
    const at = row * STRIDE;
    const { integers } = this.#rows;
    integers[at + HOLD_LEAVES] = leaves;
    integers[at + HOLD_SLOT] = slot;
    integers[at + HOLD_FILLED] = 0;
    integers[at + HOLD_PARTNER] = 0;
    this.#rows.doubles[row * DOUBLES + HOLD_PER_LOT] = perLot;
    let held = leaves * perLot;
    if (ocoWith !== 0) {
      const partner = this.#rows.find(ocoWith);
      held = Math.max(0, held - this.#holdingOf(partner, slot & 1));
      this.#pair(row, partner);
    }
    this.purses.reserve(slot, held);
  }

  #pair(row: number, partner: number): void {
    invariant(partner !== 0, 'both orders of a pair are open');
    this.#rows.integers[row * STRIDE + HOLD_PARTNER] = partner;
    this.#rows.integers[partner * STRIDE + HOLD_PARTNER] = row;
  }

  /** Undoes a pair; the order named keeps its hold and the other is left with its own. */
  #unpair(row: number): void {
    const { integers } = this.#rows;
    const partner = integers[row * STRIDE + HOLD_PARTNER] as number;
    if (partner === 0) return;
    integers[row * STRIDE + HOLD_PARTNER] = 0;
    integers[partner * STRIDE + HOLD_PARTNER] = 0;
  }

  /** Makes held units available again; negative holds more. */
  #release(row: number, units: number): void {
    if (units === 0) return;
    this.purses.reserve(this.#rows.integers[row * STRIDE + HOLD_SLOT] as number, -units);
  }

  #resize(row: number, lots: number): void {
    const at = row * STRIDE;
    const { integers } = this.#rows;
    const before = this.#holding(row);
    integers[at + HOLD_LEAVES] = (integers[at + HOLD_LEAVES] as number) + lots;
    this.#release(row, before - this.#holding(row));
  }

  #change(row: number, price: number, leaves: number): void {
    const { integers, doubles } = this.#rows;
    const before = this.#holding(row);
    const asset = (integers[row * STRIDE + HOLD_SLOT] as number) & 1;
    integers[row * STRIDE + HOLD_LEAVES] = leaves;
    doubles[row * DOUBLES + HOLD_PER_LOT] = this.holdPerLot(sideOf(asset), price);
    this.#release(row, before - this.#holding(row));
  }

  /** What stays held is what the other order of its pair needs by itself. */
  #end(row: number): void {
    const { integers } = this.#rows;
    const partner = integers[row * STRIDE + HOLD_PARTNER] as number;
    if (partner === 0) this.#release(row, this.#ownHolding(row));
    else {
      const asset = (integers[row * STRIDE + HOLD_SLOT] as number) & 1;
      this.#release(row, this.#holding(row) - this.#holdingOf(partner, asset));
      this.#unpair(row);
    }
    this.#rows.free(row);
  }

  /** An order that trades keeps its own hold, and its pair's other order, which ends, has none. */
  #splitPair(row: number): void {
    const at = row * STRIDE;
    const { integers } = this.#rows;
    const partner = integers[at + HOLD_PARTNER] as number;
    const asset = (integers[at + HOLD_SLOT] as number) & 1;
    if (((integers[partner * STRIDE + HOLD_SLOT] as number) & 1) === asset) {
      this.#release(row, this.#holding(row) - this.#ownHolding(row));
      integers[partner * STRIDE + HOLD_LEAVES] = 0;
    }
    this.#unpair(row);
  }

  #trade(maker: number, taker: number, price: number, lots: number): void {
    const { integers, doubles } = this.#rows;
    if (integers[maker * STRIDE + HOLD_PARTNER] !== 0) this.#splitPair(maker);
    if (integers[taker * STRIDE + HOLD_PARTNER] !== 0) this.#splitPair(taker);
    const { lotSize, tickSize, makerFeePpm, takerFeePpm } = this.parameters;
    const worth = lots * price * tickSize;
    const makerFee = feeOf(worth, makerFeePpm);
    const takerFee = feeOf(worth, takerFeePpm);
    const isMakerBuying = ((integers[maker * STRIDE + HOLD_SLOT] as number) & 1) === PURSE_QUOTE;
    const buyer = isMakerBuying ? maker : taker;
    const seller = isMakerBuying ? taker : maker;
    const buyerFee = isMakerBuying ? makerFee : takerFee;
    // Buyers hold quote, the odd slot; sellers hold base, the even one.
    const buys = integers[buyer * STRIDE + HOLD_SLOT] as number;
    const sells = integers[seller * STRIDE + HOLD_SLOT] as number;
    const freed = lots * (doubles[buyer * DOUBLES + HOLD_PER_LOT] as number);
    const { purses } = this;
    purses.pay(buys, freed, freed - worth - buyerFee);
    purses.add(buys - 1, lots * lotSize);
    purses.pay(sells, lots * lotSize, 0);
    purses.add(sells + 1, worth - (makerFee + takerFee - buyerFee));
    this.fees += makerFee + takerFee;
    this.#fill(maker, lots);
    this.#fill(taker, lots);
  }

  #fill(row: number, lots: number): void {
    const at = row * STRIDE;
    const { integers } = this.#rows;
    integers[at + HOLD_FILLED] = (integers[at + HOLD_FILLED] as number) + lots;
    const leaves = (integers[at + HOLD_LEAVES] as number) - lots;
    integers[at + HOLD_LEAVES] = leaves;
    if (leaves === 0) this.#rows.free(row);
  }
}

/** The column of what an order on a side holds. */
function assetOf(side: number): number {
  return side === SIDE_BUY ? PURSE_QUOTE : PURSE_BASE;
}

/** The side of an order that holds an asset. */
function sideOf(asset: number): number {
  return asset === PURSE_QUOTE ? SIDE_BUY : SIDE_SELL;
}
