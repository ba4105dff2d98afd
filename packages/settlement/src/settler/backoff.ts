import type { Environment } from '@lawbook/chains/environment';
import type { SettlerLimits } from './settler.ts';

/** Failures in a row, and when to try again. */
export class Backoff {
  readonly #limits: Pick<SettlerLimits, 'retryMsMin' | 'retryMsMax'>;
  readonly #environment: Environment;
  #failures = 0;
  #dueMs = 0;

  constructor(limits: Pick<SettlerLimits, 'retryMsMin' | 'retryMsMax'>, environment: Environment) {
    this.#limits = limits;
    this.#environment = environment;
  }

  /** Puts the next try off: twice as far each time, up to the limit, less up to half by chance. */
  fail(): number {
    this.#failures += 1;
    const { retryMsMin, retryMsMax } = this.#limits;
    const full = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(30, this.#failures - 1));
    const { clock, random } = this.#environment;
    this.#dueMs = clock.elapsedMs() + full * (0.5 + 0.5 * random.next());
    return this.#failures;
  }

  succeed(): void {
    this.#failures = 0;
    this.#dueMs = 0;
  }

  /** Milliseconds until the next try is due; zero when it is. */
  waitMs(): number {
    return Math.max(0, this.#dueMs - this.#environment.clock.elapsedMs());
  }
}
