import { invariant } from '../../failures/invariant.ts';
import { RowIndex } from './rowIndex.ts';

/** 32-bit integers of one order: 64 bytes, one line of a processor's cache. */
export const ROW_STRIDE = 16;

/** Where the fields of a row stand, in 32-bit integers from `row * ROW_STRIDE`. */
export const ROW = {
  price: 0,
  /** Lots still open, those that do not show included. */
  leaves: 1,
  /** Lots of the present tranche; all that is left unless the order is an iceberg. */
  shown: 2,
  /** The next order in the queue of its level, or among fired triggers. */
  next: 3,
  previous: 4,
  account: 5,
  terms: 6,
  filled: 7,
  /** The next open order of the same account, in order of acceptance. */
  nextOwn: 8,
  previousOwn: 9,
  /** Size of a tranche; 0 for orders that show everything. */
  display: 10,
  /** The row of the other order of a pair, or 0. */
  partner: 11,
  /** The order id is a double in places 12 and 13. */
  trigger: 14,
  place: 15,
} as const;

/**
 * Where an order is. `arriving` is in flight and not yet registered; `moving` is in flight again,
 * after its trigger or a replacement, and stays registered.
 */
export const PLACE = {
  nowhere: 0,
  arriving: 1,
  resting: 2,
  waiting: 3,
  fired: 4,
  moving: 5,
} as const;

// Compiled in, where an imported or exported constant would be loaded and checked at each use.
const {
  next: ROW_NEXT,
  place: ROW_PLACE,
  account: ROW_ACCOUNT,
  previousOwn: ROW_PREVIOUS_OWN,
  nextOwn: ROW_NEXT_OWN,
} = ROW;
const { nowhere: PLACE_NOWHERE } = PLACE;
const STRIDE = ROW_STRIDE;

/**
 * The open orders of a book as rows of one preallocated buffer.
 *
 * Row 0 is no order: links end there, and writing to it does no harm, which saves the core its
 * questions whether a neighbour exists. A row is registered while it rests or waits: then it is
 * found by its id and listed under its account.
 */
export class OrderRows {
  readonly integers: Int32Array;
  readonly doubles: Float64Array;
  /** The first and last open order by account. */
  readonly firstOwn: Int32Array;
  readonly lastOwn: Int32Array;
  readonly #index: RowIndex;
  #free = 0;
  #untouched = 1;
  #count = 0;
  readonly #capacity: number;

  constructor(capacity: number, accounts: number) {
    this.#capacity = capacity;
    this.integers = new Int32Array((capacity + 1) * STRIDE);
    this.doubles = new Float64Array(this.integers.buffer);
    this.#index = new RowIndex(this.doubles);
    this.firstOwn = new Int32Array(accounts);
    this.lastOwn = new Int32Array(accounts);
  }

  /** Rows in use. */
  get count(): number {
    return this.#count;
  }

  /** Whether no further order fits. */
  get isFull(): boolean {
    return this.#count === this.#capacity;
  }

  /** Takes a row; its fields hold whatever they held. */
  take(): number {
    invariant(this.#count < this.#capacity, 'a row is taken while there is one');
    this.#count += 1;
    const row = this.#free;
    if (row === 0) {
      this.#untouched += 1;
      return this.#untouched - 1;
    }
    this.#free = this.integers[row * STRIDE + ROW_NEXT] as number;
    return row;
  }

  /** Gives a row back. */
  free(row: number): void {
    const at = row * STRIDE;
    this.integers[at + ROW_NEXT] = this.#free;
    this.integers[at + ROW_PLACE] = PLACE_NOWHERE;
    this.#free = row;
    this.#count -= 1;
  }

  /** The id of a row's order. */
  id(row: number): number {
    return this.doubles[row * 8 + 6] as number;
  }

  /** The row of a registered order, or 0. */
  find(orderId: number): number {
    return this.#index.find(orderId);
  }

  /** Makes an order findable and lists it last under its account. */
  register(row: number): void {
    const { integers } = this;
    this.#index.add(row);

    const at = row * STRIDE;
    const account = integers[at + ROW_ACCOUNT] as number;
    const last = this.lastOwn[account] as number;
    integers[at + ROW_PREVIOUS_OWN] = last;
    integers[at + ROW_NEXT_OWN] = 0;
    if (last === 0) this.firstOwn[account] = row;
    else integers[last * STRIDE + ROW_NEXT_OWN] = row;
    this.lastOwn[account] = row;
  }

  /** Undoes `register`. */
  unregister(row: number): void {
    const { integers } = this;
    const at = row * STRIDE;
    const account = integers[at + ROW_ACCOUNT] as number;
    const next = integers[at + ROW_NEXT_OWN] as number;
    const previous = integers[at + ROW_PREVIOUS_OWN] as number;
    if (previous === 0) this.firstOwn[account] = next;
    else integers[previous * STRIDE + ROW_NEXT_OWN] = next;
    if (next === 0) this.lastOwn[account] = previous;
    else integers[next * STRIDE + ROW_PREVIOUS_OWN] = previous;
    this.#index.remove(row);
  }
}
