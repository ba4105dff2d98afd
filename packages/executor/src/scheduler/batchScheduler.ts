import type { Result } from '@lawbook/exchange/failures/result';
import type { BatchMarket, BatchPhase } from '@lawbook/exchange/markets/batch/batchMarket';
import type { OracleSnapshot } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import { AdmissionMode } from '@lawbook/exchange/markets/batch/parameters';
import type { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BrokenBatch, ClearedBatch, Pipeline } from '../pipeline.ts';
import { coversClosing } from '../pipeline.ts';
import type { Sequenced, Sequencer } from '../sequencer/sequencer.ts';
import type { OracleBoard } from './oracleBoard.ts';

/** What the scheduler sets in motion, and whom it tells. */
export interface SchedulerDependencies {
  readonly machine: StateMachine;
  readonly sequencer: Sequencer;
  readonly pipeline: Pipeline;
  readonly oracles: Pick<OracleBoard, 'snapshot' | 'missing'>;
  /** Milliseconds on a steady clock: nobody loses a bond because the time of day was set. */
  readonly stopwatch: () => number;
  /** Age at which an epoch is sealed although it is not full, milliseconds. */
  readonly epochSealAfterMs: number;
  /** Whether withdrawals wait for an epoch to take them: then even an empty batch closes. */
  readonly withdrawalsWait: () => boolean;
  /** The beat of books, which is the same. */
  readonly books?: { tick(): void };
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
 * An empty batch is not closed: there would be nothing to judge, and a chain of empty reports says
 * nothing. Only withdrawals close one, because they leave with an epoch. A batch that is due while
 * the oracle may not be traded on goes on collecting.
 *
 * Phases are measured from when this process first saw them: time in which no venue ran is no time
 * in which anybody could have revealed.
 */
export class BatchScheduler {
  readonly #deps: SchedulerDependencies;
  readonly #waiting = new Map<number, string>();
  readonly #phases = new Map<number, SeenPhase>();
  /** Mids at which a batch closed that could not be cleared in the same turn, by market. */
  readonly #closedAt = new Map<number, ClosingMids>();
  /** When the open epoch of a market was first seen with a batch in it, on the stopwatch. */
  readonly #epochSince = new Map<number, OpenEpochSeen>();

  constructor(dependencies: SchedulerDependencies) {
    this.#deps = dependencies;
  }

  /** Does what is due now in every market. @returns milliseconds until something may be due. */
  tick(): number {
    this.#deps.books?.tick();
    let next = IDLE_MS;
    for (const market of this.#deps.machine.state.markets.values()) {
      this.#wait(market.marketId, this.#advance(market));
      this.#sealWhenOld(market);
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
    this.#closedAt.delete(marketId);
    const isEmpty = batch.table.count === 0 && batch.commitments.length === 0;
    // Withdrawals leave with the epoch that is open, if one is.
    if (isEmpty && (market.epoch.batchCount > 0 || !this.#deps.withdrawalsWait())) return undefined;
    const isDue = batch.phase === 'revealing' ? this.#windowLeftMs(market) <= 0 : onBeat;
    if (!isDue) return this.#waiting.get(marketId);
    const hidden = market.parameters.admission === AdmissionMode.commitReveal;
    if (hidden && batch.phase === 'collecting') {
      return this.#follow(this.#deps.sequencer.execute({ kind: 'closeCollection', marketId }));
    }
    return this.#close(market);
  }

  /** Seals an epoch that waits too long for more batches; that of a halted market too. */
  #sealWhenOld({ marketId, epoch }: BatchMarket): void {
    if (epoch.batchCount === 0) return;
    const { stopwatch, epochSealAfterMs, pipeline, onSequenced } = this.#deps;
    const seen = this.#epochSince.get(marketId);
    if (seen?.epochNumber !== epoch.number) {
      this.#epochSince.set(marketId, { epochNumber: epoch.number, sinceMs: stopwatch() });
      return;
    }
    if (stopwatch() - seen.sinceMs < epochSealAfterMs) return;
    const sealed = pipeline.seal(marketId);
    if (sealed !== undefined) onSequenced(sealed);
  }

  /** The mids come first: once closed, a batch can only be cleared, and only at those mids. */
  #close(market: BatchMarket): string | undefined {
    const { parameters, marketId, batch } = market;
    const { oracles, sequencer, pipeline } = this.#deps;
    const oracle = oracles.snapshot(parameters);
    if (oracle === undefined) return `no fresh mid for ${oracles.missing(parameters).join(', ')}`;
    if (!coversClosing(parameters, oracle, sequencer.nextTimeMs)) {
      return 'the mids are of another time than the orders';
    }
    const refused = this.#follow(pipeline.close(marketId));
    if (refused !== undefined) return refused;
    this.#closedAt.set(marketId, { batchNumber: batch.number, oracle });
    return this.#clear(market);
  }

  #follow(result: Result<Sequenced>): string | undefined {
    if (!result.ok) return result.rejection.rule;
    this.#deps.onSequenced(result.value);
    return undefined;
  }

  /**
   * Clears a closed batch at the mids at which it closed. Where they are gone, by a restart or
   * because the batch broke a law at them, later mids void it: every hold and bond is returned.
   */
  #clear({ marketId, parameters, batch }: BatchMarket): string | undefined {
    const closing = this.#closedAt.get(marketId);
    const kept = closing?.batchNumber === batch.number ? closing.oracle : undefined;
    const oracle = kept ?? this.#deps.oracles.snapshot(parameters);
    if (oracle === undefined) return 'no fresh mids';
    const result = this.#deps.pipeline.run(marketId, oracle);
    if ('ok' in result && !result.ok) return result.rejection.rule;
    this.#closedAt.delete(marketId);
    if ('ok' in result) this.#deps.onCleared(result.value);
    else this.#deps.onBroken(result);
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
    if (batch.phase === 'revealing') {
      const left = this.#windowLeftMs(market);
      return left > 0 ? left : RETRY_MS;
    }
    return parameters.batchIntervalMs - (this.#elapsedMs(market) % parameters.batchIntervalMs);
  }

  #windowLeftMs(market: BatchMarket): number {
    return market.parameters.revealWindowMs - this.#elapsedMs(market);
  }

  /**
   * Whether a beat has passed since the last look. Batches close on a fixed beat counted from their
   * opening, so an order after a quiet time waits for the next beat and not for nothing at all.
   */
  #takeBeat(market: BatchMarket): boolean {
    const seen = this.#seen(market);
    const beat = Math.floor(this.#elapsedMs(market) / market.parameters.batchIntervalMs);
    const passed = beat > seen.beat;
    seen.beat = beat;
    return passed;
  }

  /** Milliseconds since the present phase of a market was first seen here. */
  #elapsedMs(market: BatchMarket): number {
    return this.#deps.stopwatch() - this.#seen(market).sinceMs;
  }

  #seen({ marketId, batch }: BatchMarket): SeenPhase {
    const known = this.#phases.get(marketId);
    const { number: batchNumber, phase, phaseSinceMs } = batch;
    const same =
      known?.batchNumber === batchNumber &&
      known.phase === phase &&
      known.phaseSinceMs === phaseSinceMs;
    if (same) return known;
    const sinceMs = this.#deps.stopwatch();
    const seen = { batchNumber, phase, phaseSinceMs, sinceMs, beat: 0 };
    this.#phases.set(marketId, seen);
    return seen;
  }
}

interface SeenPhase {
  readonly batchNumber: number;
  readonly phase: BatchPhase;
  /** By the sequencer's clock: tells a phase that began anew from the one before. */
  readonly phaseSinceMs: number;
  /** On the stopwatch. */
  readonly sinceMs: number;
  /** Beats counted so far. */
  beat: number;
}

interface OpenEpochSeen {
  readonly epochNumber: number;
  readonly sinceMs: number;
}

interface ClosingMids {
  readonly batchNumber: number;
  readonly oracle: OracleSnapshot;
}

/** Upper bound on the time between two looks at the markets. */
const IDLE_MS = 1_000;
const RETRY_MS = 250;
