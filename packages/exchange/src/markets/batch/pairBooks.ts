import { invariant } from '../../failures/invariant.ts';
import type { OrderTable } from './orderTable.ts';
import type { SortedRun } from './sortedRuns.ts';
import { SortedRuns } from './sortedRuns.ts';

/** The orders of one (pay asset, product), sorted. */
export interface PairBook {
  readonly pay: number;
  readonly receive: number;
  readonly orders: SortedRun;
}

/**
 * One sorted book per ordered pair (pay asset, product), kept sorted while orders arrive, so that
 * closing a batch merges and sums but never sorts.
 *
 * A cancelled order stays in its book: `OrderTable.canceled` marks it and the sums taken at close
 * leave it out, which is cheaper than taking a row out of a run.
 */
export class PairBooks {
  /** Assets plus baskets of the market. */
  readonly products: number;
  readonly #books: (SortedRuns | undefined)[];
  #length = 0;

  constructor(products: number) {
    this.products = products;
    this.#books = new Array<SortedRuns | undefined>(products * products);
  }

  /** The books of a table that was filled without them. */
  static of(table: OrderTable, products: number): PairBooks {
    const books = new PairBooks(products);
    for (let row = 0; row < table.count; row += 1) books.insert(table, row);
    return books;
  }

  /** Orders inserted, the cancelled ones included. */
  get length(): number {
    return this.#length;
  }

  /** Bytes held: a rate, a budget and a row number for every order, tails included. */
  get byteLength(): number {
    return this.#books.reduce((sum, book) => sum + (book?.byteLength ?? 0), 0);
  }

  /** Files the order of a row. Rows are filed once each; any order of rows gives the same sums. */
  insert(table: OrderTable, row: number): void {
    invariant(row < table.count, 'a filed row exists');
    const pay = table.pay[row] as number;
    const receive = table.receive[row] as number;
    invariant(pay < this.products && receive < this.products, 'an order names known products');
    const slot = pay * this.products + receive;
    let book = this.#books[slot];
    if (book === undefined) {
      book = new SortedRuns();
      this.#books[slot] = book;
    }
    const rate =
      Number(table.limitNumerator[row] as bigint) / Number(table.limitDenominator[row] as bigint);
    book.insert(rate, Number(table.budget[row] as bigint), row);
    this.#length += 1;
  }

  /** Books that hold orders, by pay asset and then product. */
  *books(): IterableIterator<PairBook> {
    for (let slot = 0; slot < this.#books.length; slot += 1) {
      const runs = this.#books[slot];
      if (runs === undefined) continue;
      const receive = slot % this.products;
      yield { pay: (slot - receive) / this.products, receive, orders: runs.merged() };
    }
  }
}
