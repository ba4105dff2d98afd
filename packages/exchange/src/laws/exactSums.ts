const RANGE_64 = 1n << 63n;

/**
 * Sums of many amounts by slot, exact at any size. The running sums live in 64-bit words, which
 * engines add without allocating; what does not fit spills into bigints.
 */
export class ExactSums {
  readonly #words: BigInt64Array;
  readonly #spilled: bigint[];

  constructor(slots: number) {
    this.#words = new BigInt64Array(slots);
    this.#spilled = new Array<bigint>(slots).fill(0n);
  }

  /** Adds 0 <= units < 2^64. */
  add(slot: number, units: bigint): void {
    if (units >= RANGE_64) {
      this.#spilled[slot] = (this.#spilled[slot] as bigint) + units;
      return;
    }
    const sum = BigInt.asIntN(64, (this.#words[slot] as bigint) + units);
    if (sum >= 0n) {
      this.#words[slot] = sum;
      return;
    }
    // Two terms below 2^63: the wrapped sum read as unsigned is the true one.
    this.#spilled[slot] = (this.#spilled[slot] as bigint) + BigInt.asUintN(64, sum);
    this.#words[slot] = 0n;
  }

  /** The sum of a slot. */
  at(slot: number): bigint {
    return (this.#words[slot] as bigint) + (this.#spilled[slot] as bigint);
  }

  /** Slots whose sum is not zero, ascending. */
  used(): number[] {
    return this.#spilled.flatMap((_, slot) => (this.at(slot) === 0n ? [] : [slot]));
  }
}
