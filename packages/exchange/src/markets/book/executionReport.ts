import type { AccountId } from '../../ledger/account.ts';
import type { ClientOrderId } from '../../orders/bookOrder.ts';
import type { ReportReason } from './bookReport.ts';
import type { Side } from './bookTerms.ts';

/** FIX ExecType (150). `restated`: own orders met and both shrank (self-trade, decrement). */
export type ExecType =
  | 'new'
  | 'trade'
  | 'canceled'
  | 'expired'
  | 'replaced'
  | 'triggered'
  | 'restated';

/** FIX OrdStatus (39) of a book order; leavesSize is 0 in the last three. */
export type BookOrderStatus = 'new' | 'partiallyFilled' | 'filled' | 'canceled' | 'expired';

/**
 * One change of one order, FIX ExecutionReport (35=8): a match of two orders makes two. Prices in
 * ticks, sizes in lots, both whole numbers below 2^32.
 */
export interface ExecutionReport {
  readonly execType: ExecType;
  readonly orderStatus: BookOrderStatus;
  /** Why, where it was not the owner's own wish for a trade. */
  readonly reason: ReportReason;
  readonly orderId: number;
  readonly clientOrderId: ClientOrderId;
  readonly owner: AccountId;
  readonly side: Side;
  /** The order's present limit and whole size. */
  readonly price: number;
  readonly size: number;
  /** Of a trade; else 0. */
  readonly lastPrice: number;
  readonly lastSize: number;
  readonly cumulativeSize: number;
  readonly leavesSize: number;
  /** Sum of price times size over all trades: divided by cumulativeSize, the average price. */
  readonly cumulativeNotional: bigint;
  /** Of a trade: what this order paid, negative where it was paid, quote ledger units; else 0. */
  readonly fee: bigint;
  /** Of a trade; else undefined. */
  readonly role: 'maker' | 'taker' | undefined;
  /** The other order of a trade; else 0. */
  readonly contraOrderId: number;
  /** 1, 2, 3, ... over the trades of the market, the same for both orders; else 0. */
  readonly tradeNumber: number;
}
