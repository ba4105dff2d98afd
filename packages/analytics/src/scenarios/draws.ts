import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';

/**
 * Seeded draws: mulberry32, a 32-bit generator in integer arithmetic only, so that a seed gives the
 * same numbers on every machine. For scenarios; it is no source of secrets.
 *
 * @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** The next 32 bits, 0..2^32-1. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** An integer in 0..count-1: floor(bits * count / 2^32), exact below 2^53. */
  below(count: number): number {
    invariant(count >= 1 && count <= 0x1fffff, 'a draw is among 1 to 2^21 - 1');
    const product = this.bits() * count;
    return (product - (product % WORD)) / WORD;
  }

  /** An integer in least..most, both included. */
  between(least: bigint, most: bigint): bigint {
    invariant(least <= most, 'a draw has a range');
    return least + mulDivFloor(BigInt(this.bits()), most - least + 1n, BigInt(WORD));
  }

  /** `count` flags, exactly round(count * percent / 100) of them set, shuffled (Fisher-Yates). */
  flags(count: number, percent: number): boolean[] {
    const set = Math.round((count * percent) / 100);
    const flags = Array.from({ length: count }, (_, k) => k < set);
    for (let last = count - 1; last > 0; last -= 1) {
      const other = this.below(last + 1);
      const held = at(flags, last);
      flags[last] = at(flags, other);
      flags[other] = held;
    }
    return flags;
  }
}

const WORD = 0x1_0000_0000;
