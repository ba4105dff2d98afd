import type { BookCommand, PlaceOrder } from '@lawbook/exchange/markets/book/bookCommand';
import { COMMAND_STRIDE, encodeCommand } from '@lawbook/exchange/markets/book/bookCommand';
import type { BookReport } from '@lawbook/exchange/markets/book/bookReport';
import type { BookParameters } from '@lawbook/exchange/markets/book/bookTerms';
import { BOOK_DEFAULTS } from '@lawbook/exchange/markets/book/bookTerms';
import { OrderBook } from '@lawbook/exchange/markets/book/orderBook';

/** A small bare book that answers each command with one line a report. */
export class OrderDesk {
  readonly book: OrderBook;
  readonly #encoded = new Float64Array(COMMAND_STRIDE);
  #lastId = 0;

  constructor(parameters: Partial<BookParameters> = {}) {
    const small = { ordersMax: 100, accountsMax: 10, windowLevels: 64 };
    this.book = new OrderBook({ ...BOOK_DEFAULTS, ...small, ...parameters });
  }

  send(command: BookCommand): string[] {
    encodeCommand(command, this.#encoded, 0);
    this.book.apply(this.#encoded, 0);
    return this.book.reports.drain().map(line);
  }

  /** Places an order; account 1 buys and account 2 sells unless said otherwise. */
  place(
    side: 'buy' | 'sell',
    sizeLots: number,
    priceTicks: number,
    more: Partial<PlaceOrder> = {},
  ): string[] {
    const orderId = more.orderId ?? this.#lastId + 1;
    if (Number.isSafeInteger(orderId)) this.#lastId = Math.max(this.#lastId, orderId);
    return this.send({
      kind: 'place',
      orderId,
      account: side === 'buy' ? 1 : 2,
      side,
      type: 'limit',
      timeInForce: 'gtc',
      postOnly: false,
      selfTradePolicy: 'cancelResting',
      trigger: 'none',
      triggerSource: 'lastTrade',
      priceTicks,
      sizeLots,
      displayLots: 0,
      expiresAt: 0,
      triggerTicks: 0,
      ocoWith: 0,
      ...more,
    });
  }
}

function line(report: BookReport): string {
  if (report.kind === 'rejected') return `rejected ${report.code} ${report.limit} ${report.actual}`;
  if (report.kind === 'marketState') return `${report.state} by ${report.reason}`;
  const { kind, orderId, contra, lots, priceTicks, leavesLots, reason } = report;
  const match = kind === 'trade' || kind === 'decremented' ? ` with ${contra}` : '';
  const why = reason === 'none' ? '' : ` (${reason})`;
  return `${kind} ${orderId}${match}: ${lots} at ${priceTicks}, leaves ${leavesLots}${why}`;
}
