/** Slots for each row, at least: searches end after a step or two. */
const SLOTS_PER_ROW = 2;

/** Slots at first, as a power of two. */
const SLOT_BITS_START = 12;

/** 2^32 over the golden ratio: consecutive ids fall far from one another. */
const GOLDEN: number = 0x9e3779b1 | 0;

/**
 * Finds rows by the order ids that they carry: open addressing without tombstones.
 *
 * It grows with the orders that are open and not with those that could be: a roomy table is a miss
 * of the cache at every look.
 */
export class RowIndex {
  readonly #doubles: Float64Array;
  #slots: Int32Array = new Int32Array(2 ** SLOT_BITS_START);
  #shift: number = 32 - SLOT_BITS_START;
  #count = 0;

  /** A row has 64 bytes, the seventh double its id; row 0 is none. */
  constructor(doubles: Float64Array) {
    this.#doubles = doubles;
  }

  /** The row with an id, or 0. */
  find(orderId: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = Math.imul(orderId | 0, GOLDEN) >>> this.#shift;
    for (;;) {
      const row = slots[slot] as number;
      if (row === 0 || this.#doubles[row * 8 + 6] === orderId) return row;
      slot = (slot + 1) & mask;
    }
  }

  /** Makes a row findable by the id that it carries. */
  add(row: number): void {
    this.#count += 1;
    if (this.#count * SLOTS_PER_ROW > this.#slots.length) this.#grow();
    this.#put(row);
  }

  /** Empties a row's slot and moves later rows of its run up. */
  remove(row: number): void {
    this.#count -= 1;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#home(row);
    while (slots[hole] !== row) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const other = slots[slot] as number;
      if (other === 0) break;
      if (((slot - this.#home(other)) & mask) >= ((slot - hole) & mask)) {
        slots[hole] = other;
        hole = slot;
      }
    }
    slots[hole] = 0;
  }

  #home(row: number): number {
    const orderId = this.#doubles[row * 8 + 6] as number;
    return Math.imul(orderId | 0, GOLDEN) >>> this.#shift;
  }

  #put(row: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = this.#home(row);
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = row;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    this.#shift -= 1;
    for (const row of before) if (row !== 0) this.#put(row);
  }
}
