import type { Clock } from '../environment.ts';
import type { MethodClass } from './endpointPool.ts';
import type { EndpointLimits } from './presets.ts';
import { reserveFor, unitsOf } from './presets.ts';
import { TokenBucket } from './tokenBucket.ts';

/** Who asks for leave to send. */
export interface Admission {
  readonly method: string;
  readonly methodClass: MethodClass;
}

/** Why leave was not given. */
export type Refusal = 'queueFull' | 'aborted' | 'closed';

/** What an endpoint's limiter tells metrics. */
export interface LimiterStats {
  readonly queued: number;
  readonly running: number;
  readonly debt: number;
}

/** Pause after a 429 that names no Retry-After, doubled with each further one. */
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 30_000;
/** The effective rate is halved by a 429 and grows back within this time. */
const RECOVERY_MS = 30_000;
const RATE_FACTOR_MIN = 1 / 16;

/**
 * Keeps one endpoint's limits: units per second, requests in flight, and a bounded queue in the
 * order of arrival, broadcasts first. Learns from 429s.
 */
export class Limiter {
  readonly #limits: EndpointLimits;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  /** Waiting calls in order; `false` in `granted` tells of an end without leave. */
  readonly #broadcasts: Set<Waiter> = new Set();
  readonly #reads: Set<Waiter> = new Set();
  #running = 0;
  #timer: AbortController | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #strikes = 0;
  #lastStrikeAtMs = Number.NEGATIVE_INFINITY;
  #rateFactor = 1;
  #closed = false;

  constructor(limits: EndpointLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    const { unitsPerSecond: rate, burst } = limits;
    this.#bucket = new TokenBucket({ rate, burst }, clock.elapsedMs());
  }

  /**
   * Leave to send one request, given back by `release`.
   * @returns undefined at once when leave is given, a promise when the call has to wait.
   */
  acquire(admission: Admission, signal: AbortSignal): undefined | Promise<Refusal | undefined> {
    if (this.#closed) return Promise.resolve('closed');
    if (signal.aborted) return Promise.resolve('aborted');
    const queue = this.#queueOf(admission.methodClass);
    const mayPass = queue.size === 0 && (queue === this.#broadcasts || this.#unqueued());
    if (mayPass && this.#admit(admission)) return undefined;
    if (this.#broadcasts.size + this.#reads.size >= this.#limits.queueMax) {
      return Promise.resolve('queueFull');
    }
    return new Promise((resolve) => {
      const settle = (refusal: Refusal | undefined): void => {
        queue.delete(waiter);
        signal.removeEventListener('abort', abort);
        resolve(refusal);
      };
      const abort = (): void => settle('aborted');
      const waiter: Waiter = { admission, settle };
      queue.add(waiter);
      signal.addEventListener('abort', abort, { once: true });
      this.#arm();
    });
  }

  /** Ends a request that `acquire` let through. */
  release(): void {
    this.#running -= 1;
    this.#drain();
  }

  /** Milliseconds that a call would wait at least; an estimate for choosing endpoints. */
  waitMs({ method, methodClass }: Admission): number {
    const nowMs = this.#clock.elapsedMs();
    const units = unitsOf(this.#limits, method);
    const reserve = reserveFor(this.#limits, methodClass);
    const ahead = methodClass === 'broadcast' ? this.#broadcasts.size : this.#queued();
    const behind = (ahead * this.#limits.defaultUnits * 1_000) / this.#limits.unitsPerSecond;
    const crowd = this.#running >= this.#slots(methodClass) ? CROWDED_MS : 0;
    return this.#bucket.waitMs(units, reserve, nowMs) + behind + crowd;
  }

  /** The endpoint said that it is asked too often: pauses, and slows down for a while. */
  onRateLimited(retryAfterMs: number | undefined): void {
    const nowMs = this.#clock.elapsedMs();
    // Answers to requests that were under way together are one event, not many.
    const isNew = nowMs - this.#lastStrikeAtMs >= PAUSE_MS;
    if (isNew) {
      this.#rateFactor = Math.max(RATE_FACTOR_MIN, this.#currentFactor(nowMs) / 2);
      this.#strikes = Math.min(this.#strikes + 1, 16);
      this.#lastStrikeAtMs = nowMs;
    }
    const ownPauseMs = Math.min(PAUSE_MS * 2 ** (this.#strikes - 1), PAUSE_MS_MAX);
    this.#bucket.pauseUntil(nowMs + (retryAfterMs ?? ownPauseMs), nowMs);
    this.#applyFactor(nowMs);
    this.#arm();
  }

  /** A request was answered: the next 429 starts from a short pause again. */
  onAnswered(): void {
    if (this.#strikes === 0) return;
    this.#strikes = 0;
    this.#drain();
  }

  stats(): LimiterStats {
    const debt = this.#bucket.debt(this.#clock.elapsedMs());
    return { queued: this.#queued(), running: this.#running, debt };
  }

  /** Turns away everybody who waits. */
  close(): void {
    this.#closed = true;
    this.#timer?.abort(CLOSED);
    for (const queue of [this.#broadcasts, this.#reads]) {
      for (const waiter of [...queue]) waiter.settle('closed');
    }
  }

  #admit({ method, methodClass }: Admission): boolean {
    if (this.#running >= this.#slots(methodClass)) return false;
    const nowMs = this.#clock.elapsedMs();
    this.#applyFactor(nowMs);
    const reserve = reserveFor(this.#limits, methodClass);
    if (!this.#bucket.take(unitsOf(this.#limits, method), reserve, nowMs)) return false;
    this.#running += 1;
    return true;
  }

  #drain(): void {
    for (const queue of [this.#broadcasts, this.#reads]) {
      for (const waiter of queue) {
        if (!this.#admit(waiter.admission)) {
          this.#arm();
          // Reads do not overtake broadcasts: what is refilled goes to those first.
          return;
        }
        waiter.settle(undefined);
      }
    }
  }

  /** Wakes up when the bucket has enough for the first in the queue; slots wake by `release`. */
  #arm(): void {
    const first = firstOf(this.#broadcasts) ?? firstOf(this.#reads);
    if (first === undefined || this.#closed) return;
    const { method, methodClass } = first.admission;
    if (this.#running >= this.#slots(methodClass)) return;
    const nowMs = this.#clock.elapsedMs();
    const reserve = reserveFor(this.#limits, methodClass);
    const waitMs = Math.max(1, this.#bucket.waitMs(unitsOf(this.#limits, method), reserve, nowMs));
    if (this.#timer !== undefined && this.#timerAtMs <= nowMs + waitMs) return;
    this.#timer?.abort(CLOSED);
    const timer = new AbortController();
    this.#timer = timer;
    this.#timerAtMs = nowMs + waitMs;
    const wake = (): void => {
      if (this.#timer !== timer) return;
      this.#timer = undefined;
      this.#drain();
    };
    this.#clock.sleep(waitMs, timer.signal).then(wake, () => undefined);
  }

  #slots(methodClass: MethodClass): number {
    const { concurrency } = this.#limits;
    // After a 429 one request at a time finds out whether the endpoint answers again.
    if (this.#strikes > 0) return Math.min(concurrency, methodClass === 'broadcast' ? 2 : 1);
    return methodClass === 'broadcast' || concurrency === 1 ? concurrency : concurrency - 1;
  }

  #queueOf(methodClass: MethodClass): Set<Waiter> {
    return methodClass === 'broadcast' ? this.#broadcasts : this.#reads;
  }

  #queued(): number {
    return this.#broadcasts.size + this.#reads.size;
  }

  #unqueued(): boolean {
    return this.#broadcasts.size === 0;
  }

  #currentFactor(nowMs: number): number {
    const grown = Math.max(0, nowMs - this.#lastStrikeAtMs) / RECOVERY_MS;
    return Math.min(1, this.#rateFactor + grown);
  }

  #applyFactor(nowMs: number): void {
    if (this.#rateFactor === 1) return;
    const factor = this.#currentFactor(nowMs);
    if (factor === 1) this.#rateFactor = 1;
    this.#bucket.setRate(this.#limits.unitsPerSecond * factor, nowMs);
  }
}

interface Waiter {
  readonly admission: Admission;
  readonly settle: (refusal: Refusal | undefined) => void;
}

/** What a full house costs in an estimate: about one answer. */
const CROWDED_MS = 100;
const CLOSED = 'the limiter no longer waits';

function firstOf(queue: ReadonlySet<Waiter>): Waiter | undefined {
  for (const waiter of queue) return waiter;
  return undefined;
}
