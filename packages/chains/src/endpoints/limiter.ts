import type { Clock } from '../environment.ts';
import type { Admission, Rank } from './broadcastReserve.ts';
import { BroadcastReserve, rankOf } from './broadcastReserve.ts';
import type { EndpointLimits } from './presets.ts';
import { unitsOf } from './presets.ts';
import { TokenBucket } from './tokenBucket.ts';

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

/** Units of high priority for each unit of ordinary reads, at most, while both are waiting. */
const OVERTAKING = 4;

/**
 * Keeps one endpoint's limits: units per second, requests in flight, and bounded queues, each in
 * the order of arrival: broadcasts, reads of high priority, ordinary reads. Learns from 429s.
 */
export class Limiter {
  readonly #limits: EndpointLimits;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #reserve: BroadcastReserve;
  /** Waiting calls, in the order of their rank. */
  readonly #queues: Readonly<Record<Rank, Set<Waiter>>> = {
    broadcast: new Set(),
    high: new Set(),
    ordinary: new Set(),
  };
  /** Units by which high priority went ahead of waiting ordinary reads beyond its share. */
  #overtaken = 0;
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
    this.#reserve = new BroadcastReserve(limits);
  }

  /**
   * Leave to send one request, given back by `release`.
   * @returns undefined at once when leave is given, a promise when the call has to wait.
   */
  acquire(admission: Admission, signal: AbortSignal): undefined | Promise<Refusal | undefined> {
    if (this.#closed) return Promise.resolve('closed');
    if (signal.aborted) return Promise.resolve('aborted');
    const rank = rankOf(admission);
    const queue = this.#queues[rank];
    if (this.#mayPass(rank) && this.#admit(admission)) return undefined;
    if (queue.size >= this.#limits.queueMax) return Promise.resolve('queueFull');
    return new Promise((resolve) => {
      const settle = (refusal: Refusal | undefined): void => {
        queue.delete(waiter);
        signal.removeEventListener('abort', abort);
        resolve(refusal);
      };
      const abort = (): void => {
        settle('aborted');
        // The next in turn may need less than the one who left.
        this.#arm();
      };
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
  waitMs(admission: Admission): number {
    const rank = rankOf(admission);
    const { broadcast, high } = this.#queues;
    const queued = {
      broadcast: broadcast.size,
      high: broadcast.size + high.size,
      ordinary: this.#queued(),
    };
    const { defaultUnits, unitsPerSecond } = this.#limits;
    const behind = (queued[rank] * defaultUnits * 1_000) / unitsPerSecond;
    const crowd = this.#running >= this.#slots(rank) ? CROWDED_MS : 0;
    return this.#bucketWaitMs(admission) + behind + crowd;
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
    for (const queue of Object.values(this.#queues)) {
      for (const waiter of [...queue]) waiter.settle('closed');
    }
  }

  #admit(admission: Admission): boolean {
    const rank = rankOf(admission);
    if (this.#running >= this.#slots(rank)) return false;
    const nowMs = this.#clock.elapsedMs();
    this.#applyFactor(nowMs);
    const units = unitsOf(this.#limits, admission.method);
    if (!this.#bucket.take(units, this.#floorFor(rank, nowMs), nowMs)) return false;
    this.#running += 1;
    if (rank === 'broadcast') this.#reserve.onBroadcast(units, nowMs);
    else this.#countTurns(rank, units);
    return true;
  }

  #countTurns(rank: Rank, units: number): void {
    if (rank === 'ordinary') this.#overtaken = Math.max(0, this.#overtaken - OVERTAKING * units);
    else if (this.#queues.ordinary.size > 0) this.#overtaken += units;
  }

  /** Whether high priority has gone ahead for so long that ordinary reads come next. */
  #isOrdinaryTurn(): boolean {
    const { ordinary } = this.#queues;
    if (ordinary.size === 0 || this.#running >= this.#slots('ordinary')) return false;
    // A second's worth is a surge; beyond it, they share.
    return this.#overtaken >= this.#limits.unitsPerSecond;
  }

  /** Whether a call that arrives now need not queue behind others. */
  #mayPass(rank: Rank): boolean {
    const { broadcast, high, ordinary } = this.#queues;
    if (broadcast.size > 0) return false;
    if (rank === 'broadcast') return true;
    if (high.size > 0) return false;
    return rank === 'high' ? !this.#isOrdinaryTurn() : ordinary.size === 0;
  }

  /** Who is served next. Nobody overtakes it: what is refilled goes to it first. */
  #next(): Waiter | undefined {
    const { broadcast, high, ordinary } = this.#queues;
    const first = firstOf(broadcast);
    if (first !== undefined) return first;
    if (this.#isOrdinaryTurn()) return firstOf(ordinary);
    return firstOf(high) ?? firstOf(ordinary);
  }

  #drain(): void {
    for (let waiter = this.#next(); waiter !== undefined; waiter = this.#next()) {
      if (!this.#admit(waiter.admission)) {
        this.#arm();
        return;
      }
      waiter.settle(undefined);
    }
    // Only who is kept waiting can be overtaken.
    this.#overtaken = 0;
  }

  /** Wakes up when the bucket has enough for the next in turn; slots wake by `release`. */
  #arm(): void {
    const next = this.#next();
    if (next === undefined || this.#closed) return;
    if (this.#running >= this.#slots(rankOf(next.admission))) return;
    const nowMs = this.#clock.elapsedMs();
    const waitMs = Math.max(1, this.#bucketWaitMs(next.admission));
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

  #slots(rank: Rank): number {
    const { concurrency } = this.#limits;
    // After a 429 one request at a time finds out whether the endpoint answers again.
    if (this.#strikes > 0) return Math.min(concurrency, rank === 'broadcast' ? 2 : 1);
    if (rank === 'broadcast' || concurrency === 1) return concurrency;
    return rank === 'ordinary' && concurrency >= 5 ? concurrency - 2 : concurrency - 1;
  }

  #bucketWaitMs(admission: Admission): number {
    const nowMs = this.#clock.elapsedMs();
    const floor = this.#floorFor(rankOf(admission), nowMs);
    return this.#bucket.waitMs(unitsOf(this.#limits, admission.method), floor, nowMs);
  }

  #floorFor(rank: Rank, nowMs: number): number {
    return this.#reserve.floorFor(rank, nowMs);
  }

  #queued(): number {
    const { broadcast, high, ordinary } = this.#queues;
    return broadcast.size + high.size + ordinary.size;
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
