import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { BookOrderList } from '../schema/bookActions.ts';
import * as book from '../schema/bookRoutes.ts';
import type {
  BookAnswer,
  BookCandleList,
  BookDepth,
  BookEpochAnswer,
  BookEpochList,
  BookList,
  BookView,
  FillList,
  TradeList,
} from '../schema/bookViews.ts';
import type { CallOptions, TransportOptions } from './transport.ts';
import { call } from './transport.ts';
import type { PageOptions, ReadOptions } from './venueReader.ts';

/** Whose orders or fills. */
export interface OwnedPageOptions extends PageOptions {
  readonly owner: string;
}

/** Everything that anybody may read of a venue's order books. Refusals returned, faults thrown. */
export class BookReader {
  readonly transport: TransportOptions;
  readonly #books = new Map<string, BookView>();

  constructor(transport: TransportOptions) {
    this.transport = transport;
  }

  /** All books with their rules and best prices. */
  list(options?: ReadOptions): Promise<Result<BookList>> {
    const query = { atLeast: options?.atLeast };
    return call(this.transport, book.listBooks, { query }, options);
  }

  /** One book with its rules and best prices. Rejections: notFound. */
  read(marketId: string, options?: ReadOptions): Promise<Result<BookAnswer>> {
    const parts = { params: { marketId }, query: { atLeast: options?.atLeast } };
    return call(this.transport, book.readBook, parts, options);
  }

  /** The rules of a book, kept after the first read: they never change. Prices in it grow old. */
  async rules(marketId: string, options?: CallOptions): Promise<Result<BookView>> {
    const known = this.#books.get(marketId);
    if (known !== undefined) return accepted(known);
    const result = await this.read(marketId, options);
    if (!result.ok) return result;
    this.#books.set(marketId, result.value.book);
    return accepted(result.value.book);
  }

  /** The ladder, best first; 20 levels of each half unless stated. */
  depth(
    marketId: string,
    options?: ReadOptions & { readonly levels?: number },
  ): Promise<Result<BookDepth>> {
    const { atLeast, levels } = options ?? {};
    const parts = { params: { marketId }, query: { atLeast, levels } };
    return call(this.transport, book.readBookDepth, parts, options);
  }

  /** Trades, new to old by number. */
  trades(marketId: string, options?: PageOptions): Promise<Result<TradeList>> {
    const parts = { params: { marketId }, query: pageOf(options) };
    return call(this.transport, book.listTrades, parts, options);
  }

  /** Candles, new to old, of a minute unless stated. */
  candles(
    marketId: string,
    options?: PageOptions & { readonly intervalMs?: number },
  ): Promise<Result<BookCandleList>> {
    const query = { ...pageOf(options), intervalMs: options?.intervalMs };
    return call(this.transport, book.listBookCandles, { params: { marketId }, query }, options);
  }

  /** Orders of an owner, new to old by sequence. */
  orders(
    marketId: string,
    options: OwnedPageOptions & { readonly open?: boolean },
  ): Promise<Result<BookOrderList>> {
    const { owner, open } = options;
    const parts = { params: { marketId }, query: { ...pageOf(options), owner, open } };
    return call(this.transport, book.listBookOrders, parts, options);
  }

  /** Fills of an owner, new to old by trade number. */
  fills(marketId: string, options: OwnedPageOptions): Promise<Result<FillList>> {
    const query = { ...pageOf(options), owner: options.owner };
    return call(this.transport, book.listFills, { params: { marketId }, query }, options);
  }

  /** Sealed epochs, new to old; `readBundle` of the client has their bytes. */
  epochs(marketId: string, options?: PageOptions): Promise<Result<BookEpochList>> {
    const parts = { params: { marketId }, query: pageOf(options) };
    return call(this.transport, book.listBookEpochs, parts, options);
  }

  /** One sealed epoch with what every law said about it. */
  epoch(
    marketId: string,
    epochNumber: number,
    options?: ReadOptions,
  ): Promise<Result<BookEpochAnswer>> {
    const query = { atLeast: options?.atLeast };
    const parts = { params: { marketId, epochNumber }, query };
    return call(this.transport, book.readBookEpoch, parts, options);
  }
}

function pageOf({ atLeast, limit, before }: PageOptions = {}): object {
  return { atLeast, limit, before };
}
