import { invariant } from '@lawbook/exchange/failures/invariant';
import { ProofFault } from '../proofFault.ts';
import type { ProveOptions } from './prover.ts';
import { Urgency } from './prover.ts';

/** How much runs at once and how much may wait. */
export interface QueueLimits {
  readonly workers: number;
  readonly queueMax: number;
}

/** What orders waiting work. */
export interface Place {
  readonly urgency: Urgency;
  readonly deadlineAtMs: number;
  /** Order of arrival, unique. */
  readonly arrival: number;
}

/** Withdrawals first, then the earliest deadline, then the first that came. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.urgency !== b.urgency) return a.urgency === Urgency.withdrawal ? -1 : 1;
  if (a.deadlineAtMs !== b.deadlineAtMs) return a.deadlineAtMs < b.deadlineAtMs ? -1 : 1;
  return a.arrival - b.arrival;
}

interface Waiting extends Place {
  readonly start: () => void;
}

/** Runs work on a few workers; what waits is bounded and ordered by `comparePlaces`. */
export class ProvingQueue {
  readonly limits: QueueLimits;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #arrivals = 0;

  constructor(limits: QueueLimits) {
    invariant(limits.workers >= 1 && limits.queueMax >= 0, 'a queue has a worker');
    this.limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  /**
   * Runs `work` when its turn comes. Aborting takes waiting work out of the queue.
   *
   * @throws ProofFault PROOF_QUEUE_FULL at once when nothing more may wait.
   */
  async run<T>(work: () => Promise<T>, options: ProveOptions = {}): Promise<T> {
    options.signal?.throwIfAborted();
    if (this.#running < this.limits.workers) this.#running += 1;
    else await this.#wait(options);
    try {
      return await work();
    } finally {
      // The place passes on to the next in line, or is given up.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next.start();
    }
  }

  #wait({ signal, urgency, deadlineAtMs, onProgress }: ProveOptions): Promise<void> {
    const { queueMax } = this.limits;
    if (this.#waiting.length >= queueMax) {
      const fault = new ProofFault('PROOF_QUEUE_FULL', 'The prover’s queue is full.', {
        fields: { queueMax },
      });
      return Promise.reject(fault);
    }
    this.#arrivals += 1;
    onProgress?.({ stage: 'queued' });
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal?.reason);
      };
      const waiting: Waiting = {
        urgency: urgency ?? Urgency.epoch,
        deadlineAtMs: deadlineAtMs ?? Number.POSITIVE_INFINITY,
        arrival: this.#arrivals,
        start: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#waiting.sort(comparePlaces);
    });
  }
}
