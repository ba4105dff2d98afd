const WORD = 4294967296;

/** A BigUint64Array seen as 32-bit words, because reading a bigint allocates one. */
export class Words {
  readonly #words: Uint32Array;
  readonly #low: number;

  constructor(column: BigUint64Array) {
    this.#words = new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
    this.#low = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
  }

  /** The entry as a whole number below 2^52, or -1 where it is larger. */
  get(row: number): number {
    const high = this.#words[2 * row + 1 - this.#low] as number;
    if (high >= 1_048_576) return -1;
    return high * WORD + (this.#words[2 * row + this.#low] as number);
  }

  /** The entry rounded to a double. */
  rounded(row: number): number {
    const high = this.#words[2 * row + 1 - this.#low] as number;
    return high * WORD + (this.#words[2 * row + this.#low] as number);
  }

  set(row: number, units: number): void {
    const low = units % WORD;
    this.#words[2 * row + this.#low] = low;
    this.#words[2 * row + 1 - this.#low] = (units - low) / WORD;
  }
}
