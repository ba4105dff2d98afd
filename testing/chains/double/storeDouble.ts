import { ChainFault } from '@lawbook/chains/chainFault';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import type { SeededRandom } from '../../world/seededRandom.ts';
import type { SimulatedClock } from './simulatedClock.ts';

/** How a store behaves. Scenarios change these while it runs. */
export interface StoreTerms {
  /** Milliseconds for each call, the least and the most; both 0 answers at once. */
  delayMs: readonly [number, number];
  /** Every call fails before it takes effect. */
  away: boolean;
  /** Share of the writes that take effect and then fail, as when a connection breaks. */
  answersLost: number;
  /** Share of all calls that fail before they take effect. */
  failing: number;
}

/** A store that can be slow, away, or silent about what it did. */
export class StoreDouble implements ChainStore {
  readonly terms: StoreTerms = { delayMs: [0, 0], away: false, answersLost: 0, failing: 0 };
  readonly #inner: ChainStore;
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  #failures = 0;

  constructor(inner: ChainStore, dependencies: { clock: SimulatedClock; random: SeededRandom }) {
    this.#inner = inner;
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
  }

  /** Calls that failed so far. */
  failures(): number {
    return this.#failures;
  }

  /** What is stored, past every fault: for checks only. */
  inner(): ChainStore {
    return this.#inner;
  }

  get: ChainStore['get'] = (key) => this.#call(false, () => this.#inner.get(key));
  list: ChainStore['list'] = (prefix, options) =>
    this.#call(false, () => this.#inner.list(prefix, options));
  insert: ChainStore['insert'] = (entries) => this.#call(true, () => this.#inner.insert(entries));
  commit: ChainStore['commit'] = (lease, changes) =>
    this.#call(true, () => this.#inner.commit(lease, changes));
  acquireLease: ChainStore['acquireLease'] = (name, owner, durationMs) =>
    this.#call(true, () => this.#inner.acquireLease(name, owner, durationMs));
  renewLease: ChainStore['renewLease'] = (lease, durationMs) =>
    this.#call(true, () => this.#inner.renewLease(lease, durationMs));
  releaseLease: ChainStore['releaseLease'] = (lease) =>
    this.#call(true, () => this.#inner.releaseLease(lease));

  /** The store outlives every process that closes it. */
  async close(): Promise<void> {
    await this.#pause();
  }

  async #call<T>(writes: boolean, act: () => Promise<T>): Promise<T> {
    await this.#pause();
    const { away, failing, answersLost } = this.terms;
    if (away || (failing > 0 && this.#random.next() < failing)) throw this.#unavailable();
    const result = await act();
    if (writes && answersLost > 0 && this.#random.next() < answersLost) throw this.#unavailable();
    await this.#pause();
    return result;
  }

  async #pause(): Promise<void> {
    const [least, most] = this.terms.delayMs;
    if (most > 0) await this.#clock.sleep(this.#random.between(least, most));
  }

  #unavailable(): ChainFault {
    this.#failures += 1;
    return new ChainFault('CHAIN_STORE_UNAVAILABLE', 'the store of the simulation is away');
  }
}
