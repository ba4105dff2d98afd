import type { Clock } from '@lawbook/chains/environment';

/**
 * Time that passes only when nothing else can happen.
 *
 * Events wait in a queue ordered by (time, insertion). The clock lets every promise settle, then
 * jumps to the next event. The same program with the same seed therefore runs the same way each
 * time, and an hour of waiting costs nothing. Everything that waits has to wait here: a promise
 * that is settled by the real world (a socket, a thread, a real timer) would arrive too late.
 */
export class SimulatedClock implements Clock {
  #elapsedMs = 0;
  #insertions = 0;
  #fired = 0;
  readonly #startMs: number;
  readonly #queue = new EventQueue();

  /** `startMs`: milliseconds since 1970 at which the simulation begins. */
  constructor(startMs: number = DEFAULT_START_MS) {
    this.#startMs = startMs;
  }

  nowMs(): number {
    return Math.floor(this.#startMs + this.#elapsedMs);
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Events that were fired since the beginning. */
  fired(): number {
    return this.#fired;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.schedule(durationMs, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /**
   * Calls `action` after `delayMs`: how the simulated world itself moves.
   * @returns what takes the event back.
   */
  schedule(delayMs: number, action: () => void): () => void {
    const delay = Number.isFinite(delayMs) && delayMs > 0 ? delayMs : 0;
    this.#insertions += 1;
    const event: ClockEvent = {
      dueMs: this.#elapsedMs + delay,
      insertion: this.#insertions,
      action,
      cancelled: false,
    };
    this.#queue.push(event);
    return () => {
      event.cancelled = true;
    };
  }

  /** Calls `action` every `periodMs` until it is told to stop, starting one period from now. */
  every(periodMs: number, action: () => void): () => void {
    let cancel = (): void => undefined;
    const again = (): void => {
      cancel = this.schedule(periodMs, again);
      action();
    };
    cancel = this.schedule(periodMs, again);
    return () => cancel();
  }

  /** Lets every promise settle without letting time pass. */
  async settle(): Promise<void> {
    await turn();
  }

  /**
   * Runs until `condition` holds. It is asked after every event, once promises have settled.
   * @throws SimulationFailure `deadlock` when nothing is left that could change it, `livelock` when
   *   too many events passed, `late` when too much simulated time passed.
   */
  async runUntil(condition: () => boolean, options: RunOptions = {}): Promise<void> {
    const eventsMax = this.#fired + (options.eventsMax ?? DEFAULT_EVENTS_MAX);
    const latestMs = this.#elapsedMs + (options.withinMs ?? DEFAULT_WITHIN_MS);
    const what = options.what ?? 'the condition';
    await turn();
    while (!condition()) {
      const event = this.#queue.peek();
      if (event === undefined) {
        throw new SimulationFailure('deadlock', `${what} does not hold and nothing is scheduled`);
      }
      if (event.dueMs > latestMs) {
        this.#elapsedMs = latestMs;
        throw new SimulationFailure('late', `${what} did not hold by ${latestMs} ms`);
      }
      if (this.#fired >= eventsMax) {
        throw new SimulationFailure(
          'livelock',
          `${what} did not hold within ${options.eventsMax ?? DEFAULT_EVENTS_MAX} events; the ` +
            `clock stands at ${this.#elapsedMs} ms`,
        );
      }
      this.#fire(event);
      await turn();
    }
  }

  /** Runs everything that is due within `durationMs`, and leaves the clock at its end. */
  async runFor(durationMs: number, options: { readonly eventsMax?: number } = {}): Promise<void> {
    const endMs = this.#elapsedMs + durationMs;
    const eventsMax = this.#fired + (options.eventsMax ?? DEFAULT_EVENTS_MAX);
    await turn();
    for (let event = this.#queue.peek(); event !== undefined; event = this.#queue.peek()) {
      if (event.dueMs > endMs) break;
      if (this.#fired >= eventsMax) {
        throw new SimulationFailure('livelock', `${durationMs} ms took more than the event budget`);
      }
      this.#fire(event);
      await turn();
    }
    this.#elapsedMs = endMs;
  }

  /** Runs until no event is left. @throws SimulationFailure `livelock`. */
  async runUntilIdle(options: RunOptions = {}): Promise<void> {
    await this.runUntil(() => this.#queue.peek() === undefined, {
      what: 'an idle clock',
      ...options,
    });
  }

  #fire(event: ClockEvent): void {
    this.#queue.pop();
    this.#elapsedMs = event.dueMs;
    this.#fired += 1;
    event.action();
  }
}

/** Bounds of one run; beyond them the simulation counts as stuck. */
export interface RunOptions {
  /** Events at most. */
  readonly eventsMax?: number;
  /** Simulated milliseconds at most. */
  readonly withinMs?: number;
  /** Names the condition in the failure. */
  readonly what?: string;
}

/** A simulation that cannot go on. */
export class SimulationFailure extends Error {
  override readonly name = 'SimulationFailure';
  readonly kind: 'deadlock' | 'livelock' | 'late';

  constructor(kind: 'deadlock' | 'livelock' | 'late', sentence: string) {
    super(`${kind}: ${sentence}`);
    this.kind = kind;
  }
}

/** 2026-01-01T00:00:00Z: any fixed moment does. */
const DEFAULT_START_MS = 1_767_225_600_000;
const DEFAULT_EVENTS_MAX = 1_000_000;
/** A week. */
const DEFAULT_WITHIN_MS = 604_800_000;

/** A turn of the event loop: Node runs every pending microtask before the immediate comes. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface ClockEvent {
  readonly dueMs: number;
  readonly insertion: number;
  readonly action: () => void;
  cancelled: boolean;
}

/** A binary heap by (time, insertion); cancelled events fall out when they come to the top. */
class EventQueue {
  readonly #heap: ClockEvent[] = [];

  push(event: ClockEvent): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as ClockEvent;
      if (!isBefore(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  peek(): ClockEvent | undefined {
    while (this.#heap[0]?.cancelled === true) this.pop();
    return this.#heap[0];
  }

  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child =
        right < heap.length && isBefore(heap[right] as ClockEvent, heap[left] as ClockEvent)
          ? right
          : left;
      if (!isBefore(heap[child] as ClockEvent, last)) break;
      heap[index] = heap[child] as ClockEvent;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: ClockEvent, b: ClockEvent): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.insertion < b.insertion);
}
