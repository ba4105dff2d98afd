import { invariant } from '../../failures/invariant.ts';
import { RowIndex } from './rowIndex.ts';

/** 32-bit integers of one order: 64 bytes, one line of a cache, and as `RowIndex` wants them. */
export const HOLD_STRIDE = 16;

/** Where the integers of a row stand; behind them come two doubles. */
export const HOLD = {
  /** Open lots; 0 where the other order of a pair holds for both. */
  leaves: 0,
  /** Account times two, plus the column of the asset that the order holds. */
  slot: 1,
  filled: 2,
  /** The row of the other order of a pair, or 0. */
  partner: 3,
} as const;

/** Where the doubles of a row stand, from `row * HOLD_STRIDE / 2`. */
export const HOLD_DOUBLE = {
  orderId: 6,
  /** What one lot holds. */
  perLot: 3,
} as const;

// Compiled in, where an exported constant would be loaded and checked at each use.
const STRIDE = HOLD_STRIDE;
const { leaves: HOLD_LEAVES } = HOLD;
const { orderId: HOLD_ORDER_ID } = HOLD_DOUBLE;

/** What open orders hold, as rows of one preallocated buffer; row 0 is no order. */
export class HoldRows {
  readonly integers: Int32Array;
  readonly doubles: Float64Array;
  readonly #index: RowIndex;
  readonly #capacity: number;
  #free = 0;
  #untouched = 1;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.integers = new Int32Array((capacity + 1) * STRIDE);
    this.doubles = new Float64Array(this.integers.buffer);
    this.#index = new RowIndex(this.doubles);
  }

  /** Takes a row for an order; its other fields hold whatever they held. */
  take(orderId: number): number {
    let row = this.#free;
    if (row === 0) {
      row = this.#untouched;
      invariant(row <= this.#capacity, 'a row is taken while there is one');
      this.#untouched += 1;
    } else this.#free = this.integers[row * STRIDE + HOLD_LEAVES] as number;
    this.doubles[row * (STRIDE / 2) + HOLD_ORDER_ID] = orderId;
    this.#index.add(row);
    return row;
  }

  /** Gives a row back. */
  free(row: number): void {
    this.#index.remove(row);
    this.doubles[row * (STRIDE / 2) + HOLD_ORDER_ID] = 0;
    this.integers[row * STRIDE + HOLD_LEAVES] = this.#free;
    this.#free = row;
  }

  /** The row of an open order, or 0. */
  find(orderId: number): number {
    return this.#index.find(orderId);
  }
}
