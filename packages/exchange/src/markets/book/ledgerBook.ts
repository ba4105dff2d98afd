import { invariant } from '../../failures/invariant.ts';
import { COMMAND, FIELD } from './bookCommand.ts';
import { BOOK_REJECTIONS } from './bookRejections.ts';
import type { ReportRing } from './bookReport.ts';
import { REPORT } from './bookReport.ts';
import type { BookParameters } from './bookTerms.ts';
import { SIDE, TERM } from './bookTerms.ts';
import { feeOf } from './fees.ts';
import { OrderBook } from './orderBook.ts';
import { OrderRows, ROW, ROW_STRIDE } from './orderRows.ts';
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
const {
  price: ROW_PRICE,
  leaves: ROW_LEAVES,
  account: ROW_ACCOUNT,
  terms: ROW_TERMS,
  filled: ROW_FILLED,
  partner: ROW_PARTNER,
} = ROW;
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
const STRIDE = ROW_STRIDE;
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
  readonly #rows: OrderRows;
  /** The highest fee that a purchase can come to pay. */
  readonly #buyFeePpm: number;

  constructor(parameters: LedgerBookParameters) {
    const { makerFeePpm, takerFeePpm, lotSize, tickSize } = parameters;
    invariant(makerFeePpm + takerFeePpm >= 0, 'rebates are paid out of the fee of the same trade');
    invariant(lotSize >= 1 && tickSize >= 1, 'lots and ticks are worth something');
    this.parameters = parameters;
    this.book = new OrderBook(parameters);
    this.purses = new Purses(parameters.accountsMax);
    this.#rows = new OrderRows(parameters.ordersMax + 1, parameters.accountsMax);
    this.#buyFeePpm = Math.max(makerFeePpm, takerFeePpm, 0);
  }

  /** Where reports appear; whoever drives the book drains it between commands. */
  get reports(): ReportRing {
    return this.book.reports;
  }

  /** Makes units available; over all accounts they stay below 2^53 for each asset. */
  deposit(account: number, asset: number, units: number): void {
    this.purses.add(account, asset, units);
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
    const row = this.#rows.take();
    const at = row * STRIDE;
    const { integers, doubles } = this.#rows;
    integers[at + ROW_PRICE] = order.priceTicks;
    integers[at + ROW_LEAVES] = order.leavesLots;
    integers[at + ROW_ACCOUNT] = order.account;
    integers[at + ROW_TERMS] = order.side;
    integers[at + ROW_FILLED] = order.filledLots;
    integers[at + ROW_PARTNER] = 0;
    doubles[row * 8 + 6] = order.orderId;
    this.#rows.register(row);
    const partner = order.partner === 0 ? 0 : this.#rows.find(order.partner);
    const before = partner === 0 ? 0 : this.#holdingWith(partner, order.side);
    if (partner !== 0) this.#pair(row, partner);
    this.purses.hold(order.account, assetOf(order.side), this.#holding(row) - before);
  }

  /** Whether a placement or a replacement is covered; else it is refused here. */
  #affords(command: Float64Array, o: number, kind: number): boolean {
    const isPlace = kind === COMMAND_PLACE;
    const need = isPlace ? this.#needToPlace(command, o) : this.#needToReplace(command, o);
    if (need <= 0) return true;
    const account = command[o + FIELD_ACCOUNT] as number;
    const side = isPlace
      ? (command[o + FIELD_TERMS] as number) & TERM_SIDE_MASK
      : this.#sideOf(command[o + FIELD_ORDER_ID] as number);
    const asset = assetOf(side);
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
    return Math.max(0, need - this.#holdingWith(this.#rows.find(ocoWith), side));
  }

  /** What a replacement needs beyond what is held; 0 where the book will refuse it or end it. */
  #needToReplace(command: Float64Array, o: number): number {
    const row = this.#rows.find(command[o + FIELD_ORDER_ID] as number);
    if (row === 0) return 0;
    const at = row * STRIDE;
    const { integers } = this.#rows;
    const side = integers[at + ROW_TERMS] as number;
    const filled = integers[at + ROW_FILLED] as number;
    const leaves = (command[o + FIELD_SIZE] as number) - filled;
    if (!(leaves > 0)) return 0;
    const after = leaves * this.holdPerLot(side, command[o + FIELD_PRICE] as number);
    const partner = integers[at + ROW_PARTNER] as number;
    return Math.max(after, this.#holdingWith(partner, side)) - this.#holding(row);
  }

  /** The side of an open order, or a buy where there is none: then the book refuses anyway. */
  #sideOf(orderId: number): number {
    return this.#rows.integers[this.#rows.find(orderId) * STRIDE + ROW_TERMS] as number;
  }

  /** What an order holds by itself. */
  #ownHolding(row: number): number {
    const at = row * STRIDE;
    const { integers } = this.#rows;
    const side = integers[at + ROW_TERMS] as number;
    const perLot = this.holdPerLot(side, integers[at + ROW_PRICE] as number);
    return (integers[at + ROW_LEAVES] as number) * perLot;
  }

  /** What an order holds by itself if it is on that side; 0 for no order. */
  #holdingWith(row: number, side: number): number {
    if (row === 0 || this.#rows.integers[row * STRIDE + ROW_TERMS] !== side) return 0;
    return this.#ownHolding(row);
  }

  /** What an order holds together with the other of its pair, if that is on the same side. */
  #holding(row: number): number {
    const at = row * STRIDE;
    const own = this.#ownHolding(row);
    const partner = this.#rows.integers[at + ROW_PARTNER] as number;
    if (partner === 0) return own;
    const side = this.#rows.integers[at + ROW_TERMS] as number;
    return Math.max(own, this.#holdingWith(partner, side));
  }

  #follow(reports: ReportRing, place: number, ocoWith: number): void {
    const { integers, doubles } = reports;
    const head = integers[place * 8] as number;
    const kind = head & 255;
    if (kind === REPORT_MARKET_STATE || kind === REPORT_TRIGGERED || kind === REPORT_REFRESHED) {
      return;
    }
    const orderId = doubles[place * 4 + 2] as number;
    const leaves = integers[place * 8 + 1] as number;
    if (kind === REPORT_NEW) {
      const account = doubles[place * 4 + 3] as number;
      const price = integers[place * 8 + 2] as number;
      this.#open(orderId, account, (head >> 16) & 1, price, leaves, ocoWith);
      return;
    }
    const row = this.#rows.find(orderId);
    invariant(row !== 0, 'a report is about an open order');
    if (kind === REPORT_TRADE || kind === REPORT_DECREMENTED) {
      const taker = this.#rows.find(doubles[place * 4 + 3] as number);
      invariant(taker !== 0, 'a match is of two open orders');
      const lots = integers[place * 8 + 3] as number;
      if (kind === REPORT_DECREMENTED) {
        this.#resize(row, -lots);
        this.#resize(taker, -lots);
      } else this.#trade(row, taker, integers[place * 8 + 2] as number, lots);
    } else if (kind === REPORT_CANCELED || kind === REPORT_EXPIRED) this.#end(row);
    else this.#change(row, integers[place * 8 + 2] as number, leaves);
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
    const row = this.#rows.take();
    const at = row * STRIDE;
    const { integers, doubles } = this.#rows;
    integers[at + ROW_PRICE] = price;
    integers[at + ROW_LEAVES] = leaves;
    integers[at + ROW_ACCOUNT] = account;
    integers[at + ROW_TERMS] = side;
    integers[at + ROW_FILLED] = 0;
    integers[at + ROW_PARTNER] = 0;
    doubles[row * 8 + 6] = orderId;
    this.#rows.register(row);
    let held = leaves * this.holdPerLot(side, price);
    if (ocoWith !== 0) {
      const partner = this.#rows.find(ocoWith);
      held = Math.max(0, held - this.#holdingWith(partner, side));
      this.#pair(row, partner);
    }
    this.purses.add(account, assetOf(side), -held);
    this.purses.hold(account, assetOf(side), held);
  }

  #pair(row: number, partner: number): void {
    invariant(partner !== 0, 'both orders of a pair are open');
    this.#rows.integers[row * STRIDE + ROW_PARTNER] = partner;
    this.#rows.integers[partner * STRIDE + ROW_PARTNER] = row;
  }

  /** Undoes a pair; the order named keeps its hold and the other is left with its own. */
  #unpair(row: number): void {
    const { integers } = this.#rows;
    const partner = integers[row * STRIDE + ROW_PARTNER] as number;
    if (partner === 0) return;
    integers[row * STRIDE + ROW_PARTNER] = 0;
    integers[partner * STRIDE + ROW_PARTNER] = 0;
  }

  /** Makes held units available again; negative holds more. */
  #release(row: number, units: number): void {
    if (units === 0) return;
    const at = row * STRIDE;
    const account = this.#rows.integers[at + ROW_ACCOUNT] as number;
    const asset = assetOf(this.#rows.integers[at + ROW_TERMS] as number);
    this.purses.hold(account, asset, -units);
    this.purses.add(account, asset, units);
  }

  #resize(row: number, lots: number): void {
    const at = row * STRIDE;
    const { integers } = this.#rows;
    const before = this.#holding(row);
    integers[at + ROW_LEAVES] = (integers[at + ROW_LEAVES] as number) + lots;
    this.#release(row, before - this.#holding(row));
  }

  #change(row: number, price: number, leaves: number): void {
    const at = row * STRIDE;
    const before = this.#holding(row);
    this.#rows.integers[at + ROW_PRICE] = price;
    this.#rows.integers[at + ROW_LEAVES] = leaves;
    this.#release(row, before - this.#holding(row));
  }

  /** What stays held is what the other order of its pair needs by itself. */
  #end(row: number): void {
    const at = row * STRIDE;
    const { integers } = this.#rows;
    const side = integers[at + ROW_TERMS] as number;
    const left = this.#holdingWith(integers[at + ROW_PARTNER] as number, side);
    this.#release(row, this.#holding(row) - left);
    this.#unpair(row);
    this.#forget(row);
  }

  #forget(row: number): void {
    this.#rows.unregister(row);
    this.#rows.free(row);
  }

  /** An order that trades keeps its own hold, and its pair's other order, which ends, has none. */
  #splitPair(row: number): void {
    const at = row * STRIDE;
    const { integers } = this.#rows;
    const partner = integers[at + ROW_PARTNER] as number;
    if (partner === 0) return;
    if (integers[partner * STRIDE + ROW_TERMS] === integers[at + ROW_TERMS]) {
      this.#release(row, this.#holding(row) - this.#ownHolding(row));
      integers[partner * STRIDE + ROW_LEAVES] = 0;
    }
    this.#unpair(row);
  }

  #trade(maker: number, taker: number, price: number, lots: number): void {
    const { lotSize, tickSize, makerFeePpm, takerFeePpm } = this.parameters;
    this.#splitPair(maker);
    this.#splitPair(taker);
    const worth = lots * price * tickSize;
    const makerFee = feeOf(worth, makerFeePpm);
    const takerFee = feeOf(worth, takerFeePpm);
    const isMakerBuying = this.#rows.integers[maker * STRIDE + ROW_TERMS] === SIDE_BUY;
    const buyer = isMakerBuying ? maker : taker;
    const seller = isMakerBuying ? taker : maker;
    const buyerFee = isMakerBuying ? makerFee : takerFee;
    const { integers } = this.#rows;
    const [buys, sells] = [buyer * STRIDE, seller * STRIDE];
    const buyAccount = integers[buys + ROW_ACCOUNT] as number;
    const sellAccount = integers[sells + ROW_ACCOUNT] as number;
    const freed = lots * this.holdPerLot(SIDE_BUY, integers[buys + ROW_PRICE] as number);
    this.purses.hold(buyAccount, PURSE_QUOTE, -freed);
    this.purses.add(buyAccount, PURSE_QUOTE, freed - worth - buyerFee);
    this.purses.add(buyAccount, PURSE_BASE, lots * lotSize);
    this.purses.hold(sellAccount, PURSE_BASE, -lots * lotSize);
    this.purses.add(sellAccount, PURSE_QUOTE, worth - (makerFee + takerFee - buyerFee));
    this.fees += makerFee + takerFee;
    this.#fill(maker, lots);
    this.#fill(taker, lots);
  }

  #fill(row: number, lots: number): void {
    const at = row * STRIDE;
    const { integers } = this.#rows;
    integers[at + ROW_FILLED] = (integers[at + ROW_FILLED] as number) + lots;
    const leaves = (integers[at + ROW_LEAVES] as number) - lots;
    integers[at + ROW_LEAVES] = leaves;
    if (leaves === 0) this.#forget(row);
  }
}

/** The column of what an order on a side holds. */
function assetOf(side: number): number {
  return side === SIDE_BUY ? PURSE_QUOTE : PURSE_BASE;
}
