import { ByteWriter } from '../../codec/byteWriter.ts';
import type { Hash } from '../../codec/hash.ts';
import { taggedHash } from '../../codec/hash.ts';
import type { BookCore } from './bookCore.ts';
import type { BookSide } from './bookSide.ts';
import type { Side } from './bookTerms.ts';
import { SIDE, TERM } from './bookTerms.ts';
import type { OrderBook } from './orderBook.ts';
import { PLACE, ROW, ROW_STRIDE } from './orderRows.ts';
import { NO_RANK } from './rankTrie.ts';

/** An open order as readers see it. */
export interface OpenOrder {
  readonly orderId: number;
  readonly account: number;
  readonly side: Side;
  readonly priceTicks: number;
  readonly leavesLots: number;
  /** 0 while it waits for its trigger. */
  readonly shownLots: number;
  readonly filledLots: number;
  /** Id of the other order of its pair, or 0. */
  readonly partner: number;
  readonly isWaiting: boolean;
}

/** Every open order: bids best first, oldest first, then asks, then those that wait, by id. */
export function openOrders(book: OrderBook): OpenOrder[] {
  const { core } = book;
  const waiting: OpenOrder[] = [];
  for (let account = 0; account < core.parameters.accountsMax; account += 1) {
    let row = core.rows.firstOwn[account] as number;
    for (; row !== 0; row = core.rows.integers[row * ROW_STRIDE + ROW.nextOwn] as number) {
      const order = tell(core, row);
      if (order.isWaiting) waiting.push(order);
    }
  }
  waiting.sort((a, b) => a.orderId - b.orderId);
  return [...queue(core, core.bids), ...queue(core, core.asks), ...waiting];
}

/**
 * The root of a book's open orders: one hash over their fields in the order of `openOrders`, 61
 * bytes each. Two books that would act alike on their orders have the same root.
 */
export function openOrdersRoot(orders: readonly OpenOrder[]): Hash {
  const writer = new ByteWriter(64 + orders.length * 61);
  for (const order of orders) {
    writer.u64(BigInt(order.orderId)).u32(order.account).u8(SIDE[order.side]);
    writer.u64(BigInt(order.priceTicks)).u64(BigInt(order.leavesLots));
    writer.u64(BigInt(order.shownLots)).u64(BigInt(order.filledLots));
    writer.u64(BigInt(order.partner)).u64(order.isWaiting ? 1n : 0n);
  }
  return taggedHash('lawbook.openOrders.v1', writer.finish());
}

/** What one price of a half shows. */
export interface DepthLevel {
  readonly priceTicks: number;
  readonly shownLots: number;
}

/** The best levels of a half, best first; lots that icebergs hide are left out. */
export function depth(book: OrderBook, side: Side, levelsMax: number): DepthLevel[] {
  const half = side === 'buy' ? book.core.bids : book.core.asks;
  const levels: DepthLevel[] = [];
  for (let rank = half.best; rank < NO_RANK && levels.length < levelsMax; rank = half.next(rank)) {
    const priceTicks = side === 'buy' ? NO_RANK - rank : rank;
    levels.push({ priceTicks, shownLots: half.shownAt(rank) });
  }
  return levels;
}

function queue(core: BookCore, half: BookSide): OpenOrder[] {
  const orders: OpenOrder[] = [];
  for (let rank = half.best; rank < NO_RANK; rank = half.next(rank)) {
    let row = half.firstRowAt(rank);
    for (; row !== 0; row = core.rows.integers[row * ROW_STRIDE + ROW.next] as number) {
      orders.push(tell(core, row));
    }
  }
  return orders;
}

function tell(core: BookCore, row: number): OpenOrder {
  const fields = core.rows.integers.subarray(row * ROW_STRIDE, (row + 1) * ROW_STRIDE);
  const isWaiting = fields[ROW.place] === PLACE.waiting;
  const partner = fields[ROW.partner] as number;
  return {
    orderId: core.rows.id(row),
    account: fields[ROW.account] as number,
    side: ((fields[ROW.terms] as number) & TERM.sideMask) === SIDE.buy ? 'buy' : 'sell',
    priceTicks: fields[ROW.price] as number,
    leavesLots: fields[ROW.leaves] as number,
    shownLots: isWaiting ? 0 : (fields[ROW.shown] as number),
    filledLots: fields[ROW.filled] as number,
    partner: partner === 0 ? 0 : core.rows.id(partner),
    isWaiting,
  };
}
