import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';

/**
 * Bounds the writes that were taken and not answered yet. Beyond the bound a write is refused at
 * once rather than queued, so that every write that is taken is answered soon.
 */
export class AdmissionGate {
  readonly #most: number;
  #inFlight = 0;
  #closed = false;
  #whenDrained: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether a write would be taken now. */
  get admitting(): boolean {
    return !this.#closed && this.#inFlight < this.#most;
  }

  /** Takes a place; the caller leaves again whatever becomes of the write. */
  enter(field: string): Refused | undefined {
    if (this.#closed) return refuse('notAdmitting', { field, actual: 'the venue is closing' });
    if (this.#inFlight >= this.#most) {
      return refuse('notAdmitting', { field, limit: this.#most, actual: this.#inFlight + 1 });
    }
    this.#inFlight += 1;
    return undefined;
  }

  /** Gives a place back. */
  leave(): void {
    this.#inFlight -= 1;
    if (this.#inFlight > 0) return;
    const waiting = this.#whenDrained;
    this.#whenDrained = [];
    for (const resolve of waiting) resolve();
  }

  /** Takes no write any more; resolves once those in flight are answered. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenDrained.push(resolve));
  }
}
