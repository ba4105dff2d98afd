import { invariant } from '../../failures/invariant.ts';

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

/** Slots of the index by id for each order, at least: searches end after a step or two. */
const SLOTS_PER_ORDER = 4;

/** Slots at first, as a power of two. */
const SLOT_BITS_START = 12;

/** 2^32 over the golden ratio: consecutive ids fall far from one another. */
const GOLDEN = 0x9e3779b1 | 0;

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
  /**
   * Rows by the hash of their ids. It grows with the orders that are open and not with those that
   * could be: a roomy table is a miss of the cache at every look.
   */
  #slots: Int32Array = new Int32Array(2 ** SLOT_BITS_START);
  #shift: number = 32 - SLOT_BITS_START;
  #registered = 0;
  #free = 0;
  #untouched = 1;
  #count = 0;
  readonly #capacity: number;

  constructor(capacity: number, accounts: number) {
    this.#capacity = capacity;
    this.integers = new Int32Array((capacity + 1) * STRIDE);
    this.doubles = new Float64Array(this.integers.buffer);
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
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = Math.imul(orderId | 0, GOLDEN) >>> this.#shift;
    for (;;) {
      const row = slots[slot] as number;
      if (row === 0 || (this.doubles[row * 8 + 6] as number) === orderId) return row;
      slot = (slot + 1) & mask;
    }
  }

  /** Makes an order findable and lists it last under its account. */
  register(row: number): void {
    const { integers } = this;
    this.#registered += 1;
    if (this.#registered * SLOTS_PER_ORDER > this.#slots.length) this.#growSlots();
    this.#index(row);

    const at = row * STRIDE;
    const account = integers[at + ROW_ACCOUNT] as number;
    const last = this.lastOwn[account] as number;
    integers[at + ROW_PREVIOUS_OWN] = last;
    integers[at + ROW_NEXT_OWN] = 0;
    if (last === 0) this.firstOwn[account] = row;
    else integers[last * STRIDE + ROW_NEXT_OWN] = row;
    this.lastOwn[account] = row;
  }

  #index(row: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = Math.imul((this.doubles[row * 8 + 6] as number) | 0, GOLDEN) >>> this.#shift;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = row;
  }

  #growSlots(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    this.#shift -= 1;
    for (const row of before) if (row !== 0) this.#index(row);
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
    this.#registered -= 1;
    this.#forget(row);
  }

  /** Empties a row's slot and moves later rows of its run up, so that no tombstones gather. */
  #forget(row: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = Math.imul((this.doubles[row * 8 + 6] as number) | 0, GOLDEN) >>> this.#shift;
    while (slots[hole] !== row) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const other = slots[slot] as number;
      if (other === 0) break;
      const home = Math.imul((this.doubles[other * 8 + 6] as number) | 0, GOLDEN) >>> this.#shift;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[hole] = other;
        hole = slot;
      }
    }
    slots[hole] = 0;
  }
}
