import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Hash } from 'viem';
import { ChainFault } from '../chainFault.ts';
import { isHash } from './chainBlock.ts';
import { ChangeSignal } from './changeSignal.ts';
import type { SubscriptionSource } from './subscriptionSource.ts';

/** Hashes of transactions that a node has taken into its pool. */
export interface PendingWatch {
  /**
   * The hashes as they arrive, each once among the last few thousand. One reader at a time.
   * @throws ChainFault CHAIN_CLOSED; the reason of the signal.
   */
  hashes(signal?: AbortSignal): AsyncGenerator<Hash, never, undefined>;
  stats(): PendingWatchStats;
  close(): void;
}

/** What a watch has seen; counts under 2^53. */
export interface PendingWatchStats {
  readonly arrived: number;
  /** Hashes given up because the reader was slow. */
  readonly missed: number;
  /** Times that the subscription began, each but the first after a gap; and was refused. */
  readonly starts: number;
  readonly refusals: number;
}

/** Bounds of a watch; counts under 2^53. */
export interface PendingWatchOptions {
  /** Hashes that wait for the reader; the oldest goes first beyond. 10,000 otherwise. */
  readonly queueMax?: number;
}

/**
 * Watches the pool of the node behind a WebSocket.
 *
 * Best effort by nature: pools differ between nodes, nodes drop frames under load, and nothing
 * arrives while the connection is down. A hash that arrives says that one node has seen the
 * transaction, a hash that does not says nothing. No decision about money may rest on it.
 *
 * @throws ChainFault CHAIN_METHOD_UNSUPPORTED when there is no source: polling cannot replace it.
 */
export function watchPending(
  source: SubscriptionSource | undefined,
  options: PendingWatchOptions = {},
): PendingWatch {
  if (source === undefined) {
    throw new ChainFault(
      'CHAIN_METHOD_UNSUPPORTED',
      'Pending transactions are only told over a WebSocket; configure one for an endpoint.',
      { fields: { method: 'eth_subscribe' } },
    );
  }
  return new SubscribedPendingWatch(source, options.queueMax ?? 10_000);
}

/** Hashes among which a repetition is noticed. */
const RECENT_MAX = 4_096;

class SubscribedPendingWatch implements PendingWatch {
  readonly #queueMax: number;
  readonly #queue: Hash[] = [];
  readonly #recent: Set<Hash> = new Set();
  readonly #arrivals = new ChangeSignal();
  readonly #subscription: { close(): void };
  #arrived = 0;
  #missed = 0;
  #starts = 0;
  #refusals = 0;
  #isClosed = false;
  #isRead = false;

  constructor(source: SubscriptionSource, queueMax: number) {
    this.#queueMax = queueMax;
    const topic = { kind: 'newPendingTransactions' } as const;
    this.#subscription = source.subscribe(topic, (message) => {
      if (message.kind === 'message') this.#take(message.result);
      else if (message.kind === 'started') this.#starts += 1;
      else this.#refusals += 1;
    });
  }

  async *hashes(signal?: AbortSignal): AsyncGenerator<Hash, never, undefined> {
    invariant(!this.#isRead, 'a watch of pending transactions has one reader');
    this.#isRead = true;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const hash = this.#queue.shift();
        if (hash === undefined || this.#isClosed) await this.#arrivals.next(signal);
        else yield hash;
      }
    } finally {
      this.#isRead = false;
    }
  }

  stats(): PendingWatchStats {
    return {
      arrived: this.#arrived,
      missed: this.#missed,
      starts: this.#starts,
      refusals: this.#refusals,
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#subscription.close();
    this.#arrivals.close();
  }

  #take(hash: unknown): void {
    if (!isHash(hash) || this.#recent.has(hash) || this.#isClosed) return;
    this.#recent.add(hash);
    if (this.#recent.size > RECENT_MAX) this.#forgetOldest();
    this.#arrived += 1;
    this.#queue.push(hash);
    if (this.#queue.length > this.#queueMax) {
      this.#queue.shift();
      this.#missed += 1;
    }
    this.#arrivals.fire();
  }

  #forgetOldest(): void {
    for (const hash of this.#recent) {
      this.#recent.delete(hash);
      return;
    }
  }
}
