/**
 * A small seeded generator (mulberry32): 32 bits of state, the same sequence on every engine.
 * For worlds and workloads only; nothing secret is drawn from it.
 */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number in low..high inclusive. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** Roughly normal with mean 0 and deviation 1: the sum of twelve uniforms less six. */
  normal(): number {
    let sum = -6;
    for (let k = 0; k < 12; k += 1) sum += this.next();
    return sum;
  }
}
