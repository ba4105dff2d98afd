import { invariant } from '../../failures/invariant.ts';
import type { BookCore } from './bookCore.ts';
import { ownRank } from './bookCore.ts';
import type { BookImage, ImageOrder } from './bookImage.ts';
import { unpackTerms } from './bookImage.ts';
import type { BookSide } from './bookSide.ts';
import { MARKET_STATE, packTerms, SIDE, TIME_IN_FORCE } from './bookTerms.ts';
import type { LedgerBook } from './ledgerBook.ts';
import { PLACE, ROW, ROW_STRIDE } from './orderRows.ts';
import { NO_RANK } from './rankTrie.ts';
import { awaitTrigger } from './triggers.ts';

/** An open order as the rows of a book tell of it. */
export type RowFacts = Pick<
  ImageOrder,
  | 'orderId'
  | 'account'
  | 'side'
  | 'type'
  | 'timeInForce'
  | 'postOnly'
  | 'selfTradePolicy'
  | 'trigger'
  | 'triggerSource'
  | 'priceTicks'
  | 'leavesLots'
  | 'shownLots'
  | 'filledLots'
  | 'displayLots'
  | 'triggerTicks'
  | 'partner'
  | 'isWaiting'
>;

/** Brings an empty book to an image: from here on it answers as the book did that was drawn. */
export function restoreBook(target: LedgerBook, image: BookImage): void {
  const { core } = target.book;
  invariant(core.lastOrderId === 0 && core.rows.count === 0, 'an image is restored once');
  core.state = MARKET_STATE[image.state];
  core.now = image.now;
  core.lastOrderId = image.lastOrderId;
  core.lastTrade = image.lastTrade;
  core.oraclePrice = image.oraclePrice;
  core.breakerSince = image.breakerSince;
  core.setReference(image.breakerReference);
  // By id, because an account's list is in order of acceptance; then the queues as they stood.
  const byId = [...image.orders].sort((a, b) => a.orderId - b.orderId);
  for (const order of byId) takeRow(core, order);
  for (const order of image.orders) place(core, order);
  for (const { account, deadline } of image.deadlines) {
    core.deadlines.push(account, deadline, account);
  }
  for (const order of byId) target.adopt({ ...order, side: SIDE[order.side] });
}

/**
 * Every open order: bids best first, oldest first, then asks, then those that wait, by id. Accounts
 * are numbered below `accounts`.
 */
export function rowFacts(core: BookCore, accounts: number): RowFacts[] {
  const waiting: RowFacts[] = [];
  for (const first of core.rows.firstOwn.subarray(0, accounts)) {
    const { integers } = core.rows;
    for (let row = first; row !== 0; row = integers[row * ROW_STRIDE + ROW.nextOwn] as number) {
      if (integers[row * ROW_STRIDE + ROW.place] === PLACE.waiting) waiting.push(tell(core, row));
    }
  }
  waiting.sort((a, b) => a.orderId - b.orderId);
  return [...queue(core, core.bids), ...queue(core, core.asks), ...waiting];
}

function takeRow(core: BookCore, order: ImageOrder): void {
  const row = core.rows.take();
  const at = row * ROW_STRIDE;
  const { integers, doubles } = core.rows;
  integers[at + ROW.price] = order.priceTicks;
  integers[at + ROW.leaves] = order.leavesLots;
  integers[at + ROW.shown] = order.shownLots;
  integers[at + ROW.account] = order.account;
  integers[at + ROW.terms] = packTerms(order);
  integers[at + ROW.filled] = order.filledLots;
  integers[at + ROW.display] = order.displayLots;
  integers[at + ROW.partner] = 0;
  integers[at + ROW.trigger] = order.triggerTicks;
  integers[at + ROW.place] = PLACE.nowhere;
  doubles[row * 8 + 6] = order.orderId;
  core.rows.register(row);
  const partner = order.partner === 0 ? 0 : core.rows.find(order.partner);
  if (partner !== 0) {
    integers[at + ROW.partner] = partner;
    integers[partner * ROW_STRIDE + ROW.partner] = row;
  }
  if (TIME_IN_FORCE[order.timeInForce] === TIME_IN_FORCE.gtd) {
    core.expiries.push(row, order.expiresAt, order.orderId);
  }
}

function place(core: BookCore, order: ImageOrder): void {
  const row = core.rows.find(order.orderId);
  if (order.isWaiting) {
    awaitTrigger(core, row);
    return;
  }
  const terms = packTerms(order);
  core.rows.integers[row * ROW_STRIDE + ROW.place] = PLACE.resting;
  core.ownHalf(terms).append(row, ownRank(terms, order.priceTicks));
}

function queue(core: BookCore, half: BookSide): RowFacts[] {
  const orders: RowFacts[] = [];
  for (let rank = half.best; rank < NO_RANK; rank = half.next(rank)) {
    let row = half.firstRowAt(rank);
    for (; row !== 0; row = core.rows.integers[row * ROW_STRIDE + ROW.next] as number) {
      orders.push(tell(core, row));
    }
  }
  return orders;
}

function tell(core: BookCore, row: number): RowFacts {
  const fields = core.rows.integers.subarray(row * ROW_STRIDE, (row + 1) * ROW_STRIDE);
  const field = (k: number): number => fields[k] as number;
  const isWaiting = field(ROW.place) === PLACE.waiting;
  return {
    orderId: core.rows.id(row),
    account: field(ROW.account),
    ...unpackTerms(field(ROW.terms)),
    priceTicks: field(ROW.price),
    leavesLots: field(ROW.leaves),
    shownLots: isWaiting ? 0 : field(ROW.shown),
    filledLots: field(ROW.filled),
    displayLots: field(ROW.display),
    triggerTicks: field(ROW.trigger),
    partner: field(ROW.partner) === 0 ? 0 : core.rows.id(field(ROW.partner)),
    isWaiting,
  };
}
