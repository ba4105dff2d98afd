import type { Environment } from '../environment.ts';

/** Whether an endpoint is used, left alone, or on trial. */
export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** When the breaker opens, and how long it stays so. */
export interface BreakerSettings {
  /** Failures of the transport in a row. */
  readonly failuresMax: number;
  /** First pause before a trial, doubled with every trial that fails. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
}

/**
 * Half a second at least between two trials keeps an endpoint that is down below two requests per
 * second; four seconds at most bring it back within five after it recovered.
 */
export const DEFAULT_BREAKER: BreakerSettings = {
  failuresMax: 3,
  backoffMs: 1_000,
  backoffMsMax: 4_000,
};

/**
 * Leaves an endpoint alone after transport-class failures in a row, then lets one request try it.
 * Application errors are successes here: the endpoint answered.
 */
export class Breaker {
  readonly #environment: Environment;
  readonly #settings: BreakerSettings;
  #state: BreakerState = 'closed';
  #failures = 0;
  #trials = 0;
  #retryAtMs = 0;

  constructor(environment: Environment, settings: BreakerSettings = DEFAULT_BREAKER) {
    this.#environment = environment;
    this.#settings = settings;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether `enter` would let a request through now. */
  admits(): boolean {
    if (this.#state === 'closed') return true;
    return this.#state === 'open' && this.#environment.clock.elapsedMs() >= this.#retryAtMs;
  }

  /** Milliseconds until a trial may start; infinite while one runs. */
  waitMs(): number {
    if (this.#state === 'closed') return 0;
    if (this.#state === 'halfOpen') return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#retryAtMs - this.#environment.clock.elapsedMs());
  }

  /** Lets a request through, or not. One that is let through ends with one of the three below. */
  enter(): boolean {
    if (!this.admits()) return false;
    if (this.#state === 'open') this.#state = 'halfOpen';
    return true;
  }

  /** The endpoint answered, whatever it said. */
  onAnswered(): void {
    this.#state = 'closed';
    this.#failures = 0;
    this.#trials = 0;
  }

  /** No readable answer came. */
  onFailed(): void {
    this.#failures += 1;
    if (this.#state === 'open') return;
    if (this.#state === 'halfOpen') this.#trials += 1;
    else if (this.#failures < this.#settings.failuresMax) return;
    this.#open();
  }

  /** The request ended without telling anything, as the loser of a hedge does. */
  onAbandoned(): void {
    if (this.#state === 'halfOpen') this.#open();
  }

  #open(): void {
    const { backoffMs, backoffMsMax } = this.#settings;
    const backoff = Math.min(backoffMs * 2 ** this.#trials, backoffMsMax);
    this.#state = 'open';
    // Between half of the pause and all of it: endpoints that fell together rise apart.
    const pauseMs = backoff * (0.5 + this.#environment.random.next() / 2);
    this.#retryAtMs = this.#environment.clock.elapsedMs() + pauseMs;
  }
}
