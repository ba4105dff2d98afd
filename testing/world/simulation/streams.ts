import { SeededRandom } from '../seededRandom.ts';

/** A stream of randomness of its own for each purpose: a draw more in one shifts no other. */
export function stream(seed: number, purpose: string): SeededRandom {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  for (let k = 0; k < purpose.length; k += 1) {
    state = Math.imul(state ^ purpose.charCodeAt(k), 0x85ebca6b);
    state ^= state >>> 13;
  }
  return new SeededRandom(state);
}

/** One of a list, which is not empty. */
export function oneOf<T>(random: SeededRandom, list: readonly T[]): T {
  return list[random.integer(0, list.length - 1)] as T;
}

/** The element that a number in [0, 1) points to; undefined of an empty list. */
export function picked<T>(list: readonly T[], place: number): T | undefined {
  return list[Math.min(list.length - 1, Math.floor(place * list.length))];
}
