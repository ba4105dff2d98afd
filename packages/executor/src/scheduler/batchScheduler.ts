import type { Result } from '@lawbook/exchange/failures/result';
import type { BatchMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import { AdmissionMode } from '@lawbook/exchange/markets/batch/parameters';
import type { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BrokenBatch, ClearedBatch, Pipeline } from '../pipeline.ts';
import type { Sequenced, Sequencer } from '../sequencer/sequencer.ts';
import type { OracleBoard } from './oracleBoard.ts';

/** What the scheduler sets in motion, and whom it tells. */
export interface SchedulerDependencies {
  readonly machine: StateMachine;
  readonly sequencer: Sequencer;
  readonly pipeline: Pipeline;
  readonly oracles: OracleBoard;
  readonly clock: () => number;
  readonly onSequenced: (sequenced: Sequenced) => void;
  readonly onCleared: (batch: ClearedBatch) => void;
  readonly onBroken: (batch: BrokenBatch) => void;
  /** A batch is due but cannot close; the reason, once per change of reason. */
  readonly onWaiting: (marketId: number, reason: string) => void;
}

/**
 * Decides when each batch closes. `tick` does whatever is due and is safe to call at any time;
 * `main.ts` calls it from a timer, tests call it by hand.
 *
 * An empty batch is never closed: there would be nothing to judge, and a chain of empty reports
 * says nothing. A batch that is due while the oracle may not be traded on goes on collecting.
 */
export class BatchScheduler {
  readonly #deps: SchedulerDependencies;
  readonly #waiting = new Map<number, string>();
  readonly #beats = new Map<number, { readonly sinceMs: number; readonly beat: number }>();

  constructor(dependencies: SchedulerDependencies) {
    this.#deps = dependencies;
  }

  /** Does what is due now in every market. @returns milliseconds until something may be due. */
  tick(): number {
    let next = IDLE_MS;
    for (const market of this.#deps.machine.state.markets.values()) {
      this.#wait(market.marketId, this.#advance(market));
      next = Math.min(next, this.#dueInMs(market));
    }
    return Math.max(next, 1);
  }

  /** Does what is due in a market. @returns why something due has to wait, if so. */
  #advance(market: BatchMarket): string | undefined {
    const { batch, marketId } = market;
    const onBeat = this.#takeBeat(market);
    if (market.haltReason !== undefined) return market.haltReason;
    if (batch.phase === 'closed') return this.#clear(market);
    if (batch.table.count === 0 && batch.commitments.length === 0) return undefined;
    const isDue = batch.phase === 'revealing' ? this.#dueInMs(market) <= 0 : onBeat;
    if (!isDue) return undefined;
    const hidden = market.parameters.admission === AdmissionMode.commitReveal;
    if (hidden && batch.phase === 'collecting') {
      return this.#follow(this.#deps.sequencer.execute({ kind: 'closeCollection', marketId }));
    }
    // The mids come first: once closed, a batch can only be cleared.
    if (this.#deps.oracles.snapshot(market.parameters) === undefined) {
      const missing = this.#deps.oracles.missing(market.parameters).join(', ');
      return `no fresh mid for ${missing}`;
    }
    return this.#follow(this.#deps.pipeline.close(marketId)) ?? this.#clear(market);
  }

  #follow(result: Result<Sequenced>): string | undefined {
    if (!result.ok) return result.rejection.rule;
    this.#deps.onSequenced(result.value);
    return undefined;
  }

  #clear(market: BatchMarket): string | undefined {
    const oracle = this.#deps.oracles.snapshot(market.parameters);
    if (oracle === undefined) return 'no fresh mids';
    const result = this.#deps.pipeline.run(market.marketId, oracle);
    if (!('ok' in result)) {
      this.#deps.onBroken(result);
      return undefined;
    }
    if (!result.ok) return result.rejection.rule;
    this.#deps.onCleared(result.value);
    return undefined;
  }

  /** Tells a reason to wait once, until it changes. */
  #wait(marketId: number, reason: string | undefined): void {
    if (this.#waiting.get(marketId) === reason) return;
    if (reason === undefined) {
      this.#waiting.delete(marketId);
      return;
    }
    this.#waiting.set(marketId, reason);
    this.#deps.onWaiting(marketId, reason);
  }

  /** Milliseconds until the market may have work: the next beat, or the end of a window. */
  #dueInMs(market: BatchMarket): number {
    const { batch, parameters } = market;
    if (batch.phase === 'closed') return RETRY_MS;
    const elapsed = this.#deps.clock() - batch.phaseSinceMs;
    if (batch.phase === 'revealing') return parameters.revealWindowMs - elapsed;
    return parameters.batchIntervalMs - (Math.max(0, elapsed) % parameters.batchIntervalMs);
  }

  /**
   * Whether a beat has passed since the last look. Batches close on a fixed beat counted from their
   * opening, so an order after a quiet time waits for the next beat and not for nothing at all.
   */
  #takeBeat(market: BatchMarket): boolean {
    const { batch, parameters, marketId } = market;
    const beat = Math.floor((this.#deps.clock() - batch.phaseSinceMs) / parameters.batchIntervalMs);
    const last = this.#beats.get(marketId);
    this.#beats.set(marketId, { sinceMs: batch.phaseSinceMs, beat });
    return beat > (last?.sinceMs === batch.phaseSinceMs ? last.beat : 0);
  }
}

/** Upper bound on the time between two looks at the markets. */
const IDLE_MS = 1_000;
const RETRY_MS = 250;
