import type { BookTrader } from '@lawbook/api/client/bookTrader';
import type { BookOrderRequest } from '@lawbook/api/client/buildBookOrder';
import { unwrap } from '@lawbook/api/client/transport';
import type {
  BookActionAnswer,
  BookOrderView,
  ExecutionView,
} from '@lawbook/api/schema/bookActions';
import type { FillView } from '@lawbook/api/schema/bookViews';
import type { Rejection } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { plainSize } from '../words/numbers.ts';
import type { BookLink } from './bookLink.ts';
import type { Desk, RefusedOrder } from './desk.ts';
import { Live } from './live.ts';
import { say } from './toasts.ts';
import { troubleOf } from './trouble.ts';
import { upsertAll } from './upsert.ts';
import type { VenueLink } from './venueLink.ts';

/** Something that was asked of a book and not taken. */
export interface RefusedAct {
  readonly key: number;
  readonly atMs: number;
  readonly words: string;
  readonly rejection: RefusedOrder['rejection'];
}

const ORDERS_MAX = 300;
const FILLS_MAX = 200;
const PAGE = 100;
const REFUSED_MAX = 20;
/** One order may trade with many at once; they are told together. */
const TELL_MS = 120;

/** What one account does and owns in one book. Ends with `leave`. */
export class BookDesk {
  readonly desk: Desk;
  readonly book: BookLink;
  /** New to old by sequence, ended ones among them. */
  readonly orders: Live<readonly BookOrderView[] | undefined> = new Live<
    readonly BookOrderView[] | undefined
  >(undefined);
  /** New to old by trade number. */
  readonly fills: Live<readonly FillView[] | undefined> = new Live<readonly FillView[] | undefined>(
    undefined,
  );
  readonly refused: Live<readonly RefusedAct[]> = new Live<readonly RefusedAct[]>([]);
  readonly trouble: Live<string | undefined> = new Live<string | undefined>(undefined);
  readonly #venue: VenueLink;
  readonly #leave: () => void;
  readonly #untold = new Map<string, ExecutionView[]>();
  #isReading = false;
  #wantsRead = false;
  #refusals = 0;

  constructor(desk: Desk, book: BookLink, venue: VenueLink) {
    this.desk = desk;
    this.book = book;
    this.#venue = venue;
    this.#leave = venue.feed.follow(`executions:${desk.who.account}`, {
      onSnapshot: () => this.reread(),
      onEvent: (event) => {
        if (event.kind === 'bookOrder') this.#takeOrder(event.order);
        if (event.kind === 'execution') this.#takeExecution(event.execution);
      },
    });
    this.reread();
  }

  leave(): void {
    this.#leave();
  }

  /** Signs an order and sends it. @returns the answer of the venue where it took the order. */
  place(request: BookOrderRequest): Promise<BookActionAnswer | undefined> {
    const { side, size, price } = request;
    const at = price === undefined ? 'at the market' : `at ${price}`;
    const words = `${side === 'buy' ? 'Buy' : 'Sell'} ${size} ${this.book.rules.base} ${at}`;
    return this.#act(words, (trader) => trader.placeOrder(request, { feed: this.#venue.feed }));
  }

  /** Changes an open order; without a price it keeps its place and only shrinks. */
  amend(change: {
    readonly orderId: string;
    readonly size: string;
    readonly price?: string;
  }): Promise<BookActionAnswer | undefined> {
    const { marketId } = this.book.rules;
    return this.#act(`Change order ${change.orderId}`, (trader) =>
      trader.amendOrder({ marketId, ...change }, { feed: this.#venue.feed }),
    );
  }

  cancel(orderId: string): Promise<BookActionAnswer | undefined> {
    const { marketId } = this.book.rules;
    return this.#act(`Cancel order ${orderId}`, (trader) =>
      trader.cancelOrder({ marketId, orderId }, { feed: this.#venue.feed }),
    );
  }

  cancelAll(): Promise<BookActionAnswer | undefined> {
    const { marketId } = this.book.rules;
    return this.#act('Cancel every order', (trader) =>
      trader.cancelAll(marketId, { feed: this.#venue.feed }),
    );
  }

  /** Reads orders and fills again; asked for twice at once, it reads once more. */
  reread(): void {
    this.#wantsRead = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.#readWhileWanted().then(
      () => this.trouble.set(undefined),
      (cause: unknown) => this.trouble.set(troubleOf(cause)),
    );
  }

  async #readWhileWanted(): Promise<void> {
    try {
      while (this.#wantsRead) {
        this.#wantsRead = false;
        await this.#read();
      }
    } finally {
      this.#isReading = false;
    }
  }

  async #read(): Promise<void> {
    const { books } = this.#venue;
    const { marketId } = this.book.rules;
    const page = { owner: this.desk.who.account, limit: PAGE };
    const [orders, fills] = await Promise.all([
      books.orders(marketId, page),
      books.fills(marketId, page),
    ]);
    this.#joinOrders(unwrap(orders).orders);
    const rank = ({ tradeNumber }: FillView): number => tradeNumber;
    const known = this.fills.get() ?? [];
    this.fills.set(upsertAll(known, unwrap(fills).fills, { rank, most: FILLS_MAX }));
  }

  async #act(
    words: string,
    run: (trader: BookTrader) => Promise<Result<BookActionAnswer>>,
  ): Promise<BookActionAnswer | undefined> {
    const { who } = this.desk;
    const { client } = await this.#venue.acting();
    const sign = client.books.actingFor({ kind: 'wallet', owner: who.account, sign: who.sign });
    const result = await run(sign);
    if (!result.ok) return this.#refuse(words, result.rejection);
    if (result.value.kind !== 'accepted') return this.#refuse(words, result.value.rejection);
    return result.value;
  }

  #refuse(words: string, rejection: RefusedOrder['rejection'] | Rejection): undefined {
    this.#refusals += 1;
    const refused = { key: this.#refusals, atMs: Date.now(), words, rejection };
    this.refused.set([refused, ...this.refused.get()].slice(0, REFUSED_MAX));
  }

  #takeOrder(order: BookOrderView): void {
    if (order.terms.marketId !== this.book.rules.marketId) return;
    this.#joinOrders([order]);
    // What an order holds moved with it.
    this.desk.reread();
  }

  #joinOrders(news: readonly BookOrderView[]): void {
    const known = this.orders.get() ?? [];
    // A read that was under way when an order ended would open it again.
    const ended = new Set(known.filter(isEnded).map(({ orderId }) => orderId));
    const fresh = news.filter((order) => isEnded(order) || !ended.has(order.orderId));
    const rank = ({ sequence }: BookOrderView): number => sequence;
    this.orders.set(upsertAll(known, fresh, { rank, most: ORDERS_MAX }));
  }

  #takeExecution(execution: ExecutionView): void {
    if (execution.marketId !== this.book.rules.marketId) return;
    if (execution.execType !== 'trade') return;
    const { orderId } = execution;
    const untold = this.#untold.get(orderId);
    if (untold !== undefined) {
      untold.push(execution);
      return;
    }
    this.#untold.set(orderId, [execution]);
    setTimeout(() => this.#tell(orderId), TELL_MS);
  }

  #tell(orderId: string): void {
    const executions = this.#untold.get(orderId) ?? [];
    this.#untold.delete(orderId);
    this.reread();
    const last = executions.at(-1);
    if (last === undefined) return;
    const { base, quote } = this.book.rules;
    const lots = executions.reduce((sum, { lastSize = '0' }) => sum + Number(lastSize), 0);
    const worth = executions.reduce((sum, { lastSize = '0', lastPrice = '0' }) => {
      return sum + Number(lastSize) * Number(lastPrice);
    }, 0);
    const leaves = Number(last.leavesSize);
    say({
      tone: 'good',
      title: `${last.side === 'buy' ? 'Bought' : 'Sold'} ${plainSize(lots)} ${base}`,
      words: `At ${(worth / lots).toFixed(5)} ${quote} on average${
        leaves > 0 ? `; ${plainSize(leaves)} still open` : ''
      }.`,
    });
  }
}

/** Whether an order trades no more. */
export function isEnded({ status }: Pick<BookOrderView, 'status'>): boolean {
  return status !== 'new' && status !== 'partiallyFilled';
}
