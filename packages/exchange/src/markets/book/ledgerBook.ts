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
    if (side === SIDE.sell) return this.parameters.lotSize;
    const worth = priceTicks * this.parameters.tickSize;
    return worth + feeOf(worth, this.#buyFeePpm);
  }

  /**
   * Applies the encoded command at `o` and moves what its reports tell.
   *
   * @returns whether it was accepted. The book's own rules come first, then those of the ledger.
   */
  apply(command: Float64Array, o: number): boolean {
    const kind = command[o + FIELD.kind] as number;
    if (kind === COMMAND.place || kind === COMMAND.replace) {
      if (!this.#affords(command, o, kind)) return false;
    }
    const { reports } = this;
    const from = reports.written;
    if (!this.book.apply(command, o)) return false;
    const { written, mask } = reports;
    for (let sequence = from; sequence < written; sequence += 1) {
      this.#follow(reports, sequence & mask, command[o + FIELD.ocoWith] as number);
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
    const at = row * ROW_STRIDE;
    const { integers, doubles } = this.#rows;
    integers[at + ROW.price] = order.priceTicks;
    integers[at + ROW.leaves] = order.leavesLots;
    integers[at + ROW.account] = order.account;
    integers[at + ROW.terms] = order.side;
    integers[at + ROW.filled] = order.filledLots;
    integers[at + ROW.partner] = 0;
    doubles[row * 8 + 6] = order.orderId;
    this.#rows.register(row);
    const partner = order.partner === 0 ? 0 : this.#rows.find(order.partner);
    const before = partner === 0 ? 0 : this.#holdingWith(partner, order.side);
    if (partner !== 0) this.#pair(row, partner);
    this.purses.hold(order.account, assetOf(order.side), this.#holding(row) - before);
  }

  /** Whether a placement or a replacement is covered; else it is refused here. */
  #affords(command: Float64Array, o: number, kind: number): boolean {
    const isPlace = kind === COMMAND.place;
    const need = isPlace ? this.#needToPlace(command, o) : this.#needToReplace(command, o);
    if (need <= 0) return true;
    const account = command[o + FIELD.account] as number;
    const side = isPlace
      ? (command[o + FIELD.terms] as number) & TERM.sideMask
      : this.#sideOf(command[o + FIELD.orderId] as number);
    const asset = assetOf(side);
    const available = this.purses.available[account * 2 + asset] as number;
    const room = HELD_MAX - (this.purses.heldTotal[asset] as number);
    if (need <= available && need <= room) return true;
    // The book's own rules come first: what it would refuse anyway, it refuses.
    if (!this.book.accepts(command, o)) return true;
    const rule = BOOK_REJECTIONS[need <= available ? 'capacityReached' : 'insufficientAvailable'];
    const limit = need <= available ? room : available;
    const orderId = command[o + FIELD.orderId] as number;
    this.book.core.reportRejection(rule.number, orderId, limit, need);
    return false;
  }

  #needToPlace(command: Float64Array, o: number): number {
    const side = (command[o + FIELD.terms] as number) & TERM.sideMask;
    const perLot = this.holdPerLot(side, command[o + FIELD.price] as number);
    const need = (command[o + FIELD.size] as number) * perLot;
    const ocoWith = command[o + FIELD.ocoWith] as number;
    if (ocoWith === 0) return need;
    return Math.max(0, need - this.#holdingWith(this.#rows.find(ocoWith), side));
  }

  /** What a replacement needs beyond what is held; 0 where the book will refuse it or end it. */
  #needToReplace(command: Float64Array, o: number): number {
    const row = this.#rows.find(command[o + FIELD.orderId] as number);
    if (row === 0) return 0;
    const at = row * ROW_STRIDE;
    const { integers } = this.#rows;
    const side = integers[at + ROW.terms] as number;
    const filled = integers[at + ROW.filled] as number;
    const leaves = (command[o + FIELD.size] as number) - filled;
    if (!(leaves > 0)) return 0;
    const after = leaves * this.holdPerLot(side, command[o + FIELD.price] as number);
    const partner = integers[at + ROW.partner] as number;
    return Math.max(after, this.#holdingWith(partner, side)) - this.#holding(row);
  }

  /** The side of an open order, or a buy where there is none: then the book refuses anyway. */
  #sideOf(orderId: number): number {
    return this.#rows.integers[this.#rows.find(orderId) * ROW_STRIDE + ROW.terms] as number;
  }

  /** What an order holds by itself. */
  #ownHolding(row: number): number {
    const at = row * ROW_STRIDE;
    const { integers } = this.#rows;
    const side = integers[at + ROW.terms] as number;
    const perLot = this.holdPerLot(side, integers[at + ROW.price] as number);
    return (integers[at + ROW.leaves] as number) * perLot;
  }

  /** What an order holds by itself if it is on that side; 0 for no order. */
  #holdingWith(row: number, side: number): number {
    if (row === 0 || this.#rows.integers[row * ROW_STRIDE + ROW.terms] !== side) return 0;
    return this.#ownHolding(row);
  }

  /** What an order holds together with the other of its pair, if that is on the same side. */
  #holding(row: number): number {
    const at = row * ROW_STRIDE;
    const own = this.#ownHolding(row);
    const partner = this.#rows.integers[at + ROW.partner] as number;
    if (partner === 0) return own;
    const side = this.#rows.integers[at + ROW.terms] as number;
    return Math.max(own, this.#holdingWith(partner, side));
  }

  #follow(reports: ReportRing, place: number, ocoWith: number): void {
    const { integers, doubles } = reports;
    const head = integers[place * 8] as number;
    const kind = head & 255;
    if (kind === REPORT.marketState || kind === REPORT.triggered || kind === REPORT.refreshed) {
      return;
    }
    const orderId = doubles[place * 4 + 2] as number;
    const leaves = integers[place * 8 + 1] as number;
    if (kind === REPORT.new) {
      const account = doubles[place * 4 + 3] as number;
      const price = integers[place * 8 + 2] as number;
      this.#open(orderId, account, (head >> 16) & 1, price, leaves, ocoWith);
      return;
    }
    const row = this.#rows.find(orderId);
    invariant(row !== 0, 'a report is about an open order');
    if (kind === REPORT.trade || kind === REPORT.decremented) {
      const taker = this.#rows.find(doubles[place * 4 + 3] as number);
      invariant(taker !== 0, 'a match is of two open orders');
      const lots = integers[place * 8 + 3] as number;
      if (kind === REPORT.decremented) {
        this.#resize(row, -lots);
        this.#resize(taker, -lots);
      } else this.#trade(row, taker, integers[place * 8 + 2] as number, lots);
    } else if (kind === REPORT.canceled || kind === REPORT.expired) this.#end(row);
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
    const at = row * ROW_STRIDE;
    const { integers, doubles } = this.#rows;
    integers[at + ROW.price] = price;
    integers[at + ROW.leaves] = leaves;
    integers[at + ROW.account] = account;
    integers[at + ROW.terms] = side;
    integers[at + ROW.filled] = 0;
    integers[at + ROW.partner] = 0;
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
    this.#rows.integers[row * ROW_STRIDE + ROW.partner] = partner;
    this.#rows.integers[partner * ROW_STRIDE + ROW.partner] = row;
  }

  /** Undoes a pair; the order named keeps its hold and the other is left with its own. */
  #unpair(row: number): void {
    const { integers } = this.#rows;
    const partner = integers[row * ROW_STRIDE + ROW.partner] as number;
    if (partner === 0) return;
    integers[row * ROW_STRIDE + ROW.partner] = 0;
    integers[partner * ROW_STRIDE + ROW.partner] = 0;
  }

  /** Makes held units available again; negative holds more. */
  #release(row: number, units: number): void {
    if (units === 0) return;
    const at = row * ROW_STRIDE;
    const account = this.#rows.integers[at + ROW.account] as number;
    const asset = assetOf(this.#rows.integers[at + ROW.terms] as number);
    this.purses.hold(account, asset, -units);
    this.purses.add(account, asset, units);
  }

  #resize(row: number, lots: number): void {
    const at = row * ROW_STRIDE;
    const { integers } = this.#rows;
    const before = this.#holding(row);
    integers[at + ROW.leaves] = (integers[at + ROW.leaves] as number) + lots;
    this.#release(row, before - this.#holding(row));
  }

  #change(row: number, price: number, leaves: number): void {
    const at = row * ROW_STRIDE;
    const before = this.#holding(row);
    this.#rows.integers[at + ROW.price] = price;
    this.#rows.integers[at + ROW.leaves] = leaves;
    this.#release(row, before - this.#holding(row));
  }

  /** What stays held is what the other order of its pair needs by itself. */
  #end(row: number): void {
    const at = row * ROW_STRIDE;
    const { integers } = this.#rows;
    const side = integers[at + ROW.terms] as number;
    const left = this.#holdingWith(integers[at + ROW.partner] as number, side);
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
    const at = row * ROW_STRIDE;
    const { integers } = this.#rows;
    const partner = integers[at + ROW.partner] as number;
    if (partner === 0) return;
    if (integers[partner * ROW_STRIDE + ROW.terms] === integers[at + ROW.terms]) {
      this.#release(row, this.#holding(row) - this.#ownHolding(row));
      integers[partner * ROW_STRIDE + ROW.leaves] = 0;
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
    const isMakerBuying = this.#rows.integers[maker * ROW_STRIDE + ROW.terms] === SIDE.buy;
    const buyer = isMakerBuying ? maker : taker;
    const seller = isMakerBuying ? taker : maker;
    const buyerFee = isMakerBuying ? makerFee : takerFee;
    const { integers } = this.#rows;
    const [buys, sells] = [buyer * ROW_STRIDE, seller * ROW_STRIDE];
    const buyAccount = integers[buys + ROW.account] as number;
    const sellAccount = integers[sells + ROW.account] as number;
    const freed = lots * this.holdPerLot(SIDE.buy, integers[buys + ROW.price] as number);
    this.purses.hold(buyAccount, PURSE.quote, -freed);
    this.purses.add(buyAccount, PURSE.quote, freed - worth - buyerFee);
    this.purses.add(buyAccount, PURSE.base, lots * lotSize);
    this.purses.hold(sellAccount, PURSE.base, -lots * lotSize);
    this.purses.add(sellAccount, PURSE.quote, worth - (makerFee + takerFee - buyerFee));
    this.fees += makerFee + takerFee;
    this.#fill(maker, lots);
    this.#fill(taker, lots);
  }

  #fill(row: number, lots: number): void {
    const at = row * ROW_STRIDE;
    const { integers } = this.#rows;
    integers[at + ROW.filled] = (integers[at + ROW.filled] as number) + lots;
    const leaves = (integers[at + ROW.leaves] as number) - lots;
    integers[at + ROW.leaves] = leaves;
    if (leaves === 0) this.#forget(row);
  }
}

/** The column of what an order on a side holds. */
function assetOf(side: number): number {
  return side === SIDE.buy ? PURSE.quote : PURSE.base;
}
