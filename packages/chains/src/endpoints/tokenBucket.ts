import { invariant } from '@lawbook/exchange/failures/invariant';

/**
 * Counts what may be spent at a provider: `rate` units per second, `burst` at most at once.
 *
 * Over any window of t seconds no more than rate x t + burst units are taken, provided that no call
 * costs more than the burst. A dearer call waits for a full bucket and leaves a debt.
 * Times are milliseconds of a clock that never goes back.
 */
export class TokenBucket {
  readonly #burst: number;
  #rate: number;
  #tokens: number;
  #refilledAtMs: number;

  constructor(options: { readonly rate: number; readonly burst: number }, nowMs: number) {
    const { rate, burst } = options;
    invariant(rate > 0, 'a bucket is refilled');
    invariant(burst > 0, 'a bucket holds something');
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#refilledAtMs = nowMs;
  }

  /** Spends `units` if as many as `reserve` stay behind, or if the bucket is full. */
  take(units: number, reserve: number, nowMs: number): boolean {
    if (this.waitMs(units, reserve, nowMs) > 0) return false;
    this.#tokens -= units;
    return true;
  }

  /** Milliseconds until `take` would succeed if nobody else took anything; 0 means now. */
  waitMs(units: number, reserve: number, nowMs: number): number {
    this.#refill(nowMs);
    const pausedMs = Math.max(0, Math.ceil(this.#refilledAtMs - nowMs));
    const missing = units === 0 ? 0 : Math.min(units + reserve, this.#burst) - this.#tokens;
    // A billionth of a unit is what floats lose on the way; a wait is rounded up to the next ms.
    return missing <= 1e-9 ? pausedMs : pausedMs + Math.ceil((missing / this.#rate) * 1_000);
  }

  /** Nothing is taken or refilled until `untilMs`, and what was saved up is gone. */
  pauseUntil(untilMs: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens = Math.min(this.#tokens, 0);
    this.#refilledAtMs = Math.max(this.#refilledAtMs, untilMs);
  }

  /** Refills at another rate from now on. */
  setRate(rate: number, nowMs: number): void {
    invariant(rate > 0, 'a bucket is refilled');
    this.#refill(nowMs);
    this.#rate = rate;
  }

  /** Units that the bucket is below zero, as a positive number. */
  debt(nowMs: number): number {
    this.#refill(nowMs);
    return Math.max(0, -this.#tokens);
  }

  #refill(nowMs: number): void {
    const elapsedMs = nowMs - this.#refilledAtMs;
    if (elapsedMs <= 0) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + (this.#rate * elapsedMs) / 1_000);
    this.#refilledAtMs = nowMs;
  }
}
