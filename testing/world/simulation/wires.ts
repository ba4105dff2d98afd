import type { SimulatedClock } from '../../chains/double/simulatedClock.ts';
import type { SeededRandom } from '../seededRandom.ts';

/** How the network between clients and venue behaves now; faults change it while it runs. */
export interface WireTerms {
  /** Milliseconds one way, the least and the most; messages overtake one another. */
  delayMs: readonly [number, number];
  /** Share of the messages that are lost. */
  loss: number;
  /** Share of the messages that arrive twice. */
  repeats: number;
  /** Share of the frames of a feed that a proxy loses, repeats or swaps. */
  frameFaults: number;
}

/** A network on which nothing goes wrong. */
export const GOOD_WIRES: WireTerms = { delayMs: [1, 20], loss: 0, repeats: 0, frameFaults: 0 };

/** Carries messages, and loses, repeats, delays and reorders them as its terms say. */
export class Wires {
  readonly terms: WireTerms = { ...GOOD_WIRES };
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  /** What happened to messages so far. */
  readonly counts = { sent: 0, lost: 0, repeated: 0 };

  constructor(dependencies: { readonly clock: SimulatedClock; readonly random: SeededRandom }) {
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
  }

  get random(): SeededRandom {
    return this.#random;
  }

  /** Sends a message that arrives once, twice or never. */
  send(arrive: () => void): void {
    const { loss, repeats } = this.terms;
    this.counts.sent += 1;
    if (this.#random.next() < loss) {
      this.counts.lost += 1;
      return;
    }
    this.#clock.schedule(this.delayMs(), arrive);
    if (this.#random.next() >= repeats) return;
    this.counts.repeated += 1;
    this.#clock.schedule(this.delayMs() * this.#random.between(1, 20), arrive);
  }

  nowMs(): number {
    return this.#clock.elapsedMs();
  }

  /** How long a message takes now. */
  delayMs(): number {
    const [least, most] = this.terms.delayMs;
    return this.#random.between(least, most);
  }

  /** Calls back after a time. @returns what takes it back. */
  after(delayMs: number, act: () => void): () => void {
    return this.#clock.schedule(delayMs, act);
  }
}
