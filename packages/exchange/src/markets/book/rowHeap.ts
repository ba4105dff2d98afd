import { invariant } from '../../failures/invariant.ts';

/**
 * Rows ordered by a key, ties by a second: a binary heap from which any row can be removed.
 *
 * For what happens rarely and in order of a number: expiry, triggers, heartbeats. Both keys are
 * whole numbers below 2^53, copied into the heap so that comparing touches no rows.
 */
export class RowHeap {
  readonly #capacity: number;
  #rows: Int32Array;
  #keys: Float64Array;
  #ties: Float64Array;
  /** The place of each row, 0 where it is not in the heap. */
  readonly #places: Int32Array;
  #count = 0;

  /** Rows are numbered below `capacity`. Memory grows with what is in use. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#places = new Int32Array(capacity);
    const start = Math.min(capacity, 63) + 1;
    this.#rows = new Int32Array(start);
    this.#keys = new Float64Array(start);
    this.#ties = new Float64Array(start);
  }

  /** The row with the least key, or -1. */
  get top(): number {
    return this.#count === 0 ? -1 : (this.#rows[1] as number);
  }

  /** The least key; infinity when empty. */
  get topKey(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : (this.#keys[1] as number);
  }

  /** Adds a row that is not in the heap. */
  push(row: number, key: number, tie: number): void {
    invariant(this.#places[row] === 0, 'a row enters a heap once');
    this.#count += 1;
    if (this.#count === this.#rows.length) this.#grow();
    this.#rise(this.#count, row, key, tie);
  }

  /** Removes a row; does nothing if it is not in the heap. */
  remove(row: number): void {
    const place = this.#places[row] as number;
    if (place === 0) return;
    this.#places[row] = 0;
    const last = this.#count;
    this.#count -= 1;
    if (place === last) return;
    const moved = this.#rows[last] as number;
    const [key, tie] = [this.#keys[last] as number, this.#ties[last] as number];
    this.#sink(place, moved, key, tie);
    this.#rise(this.#places[moved] as number, moved, key, tie);
  }

  #rise(from: number, row: number, key: number, tie: number): void {
    let place = from;
    while (place > 1) {
      const parent = place >> 1;
      const other = this.#keys[parent] as number;
      if (other < key || (other === key && (this.#ties[parent] as number) < tie)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#set(place, row, key, tie);
  }

  #sink(from: number, row: number, key: number, tie: number): void {
    let place = from;
    for (;;) {
      let child = place * 2;
      if (child > this.#count) break;
      if (child < this.#count && this.#precedes(child + 1, child)) child += 1;
      const other = this.#keys[child] as number;
      if (other > key || (other === key && (this.#ties[child] as number) > tie)) break;
      this.#move(child, place);
      place = child;
    }
    this.#set(place, row, key, tie);
  }

  #precedes(a: number, b: number): boolean {
    const left = this.#keys[a] as number;
    const right = this.#keys[b] as number;
    return (
      left < right || (left === right && (this.#ties[a] as number) < (this.#ties[b] as number))
    );
  }

  #move(from: number, to: number): void {
    const row = this.#rows[from] as number;
    this.#rows[to] = row;
    this.#keys[to] = this.#keys[from] as number;
    this.#ties[to] = this.#ties[from] as number;
    this.#places[row] = to;
  }

  #set(place: number, row: number, key: number, tie: number): void {
    this.#rows[place] = row;
    this.#keys[place] = key;
    this.#ties[place] = tie;
    this.#places[row] = place;
  }

  #grow(): void {
    const size = Math.min(this.#rows.length * 2, this.#capacity + 1);
    const [rows, keys, ties] = [this.#rows, this.#keys, this.#ties];
    this.#rows = new Int32Array(size);
    this.#keys = new Float64Array(size);
    this.#ties = new Float64Array(size);
    this.#rows.set(rows);
    this.#keys.set(keys);
    this.#ties.set(ties);
  }
}
