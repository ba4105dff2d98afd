import { InvariantViolation, invariant } from '@lawbook/exchange/failures/invariant';
import { circuitOf } from '../../circuits/circuit.ts';
import { ProofFault } from '../../proofFault.ts';
import type { Proof } from '../../statements/proof.ts';
import type { Statement, Witness } from '../../statements/statement.ts';
import type { Progress, ProveOptions, Prover } from '../prover.ts';
import type { Breaker, BreakerLimits, Outcome } from './breaker.ts';
import { afterOutcome, afterStart, CLOSED } from './breaker.ts';
import type { BackendView, Decision, DecisionInputs, Demands } from './decision.ts';
import { decide } from './decision.ts';
import { Durations } from './durations.ts';

/** A backend and what a second of it costs, in any unit that all backends share. */
export interface Backend {
  readonly prover: Prover;
  readonly costPerSecond: number;
}

/** How a router works. */
export interface RouterOptions {
  readonly backends: readonly Backend[];
  readonly demands: Demands;
  readonly breaker: BreakerLimits;
  /** An attempt that takes longer is given up. */
  readonly attemptMsMax: number;
  /** Failures of one statement after which a backend is not asked for it again. */
  readonly failuresMax: number;
  /** Told every decision with its inputs; `decide(inputs)` takes it again. */
  readonly onDecision?: (inputs: DecisionInputs, decision: Decision) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Calls back once after a time; what it returns prevents that. */
  readonly after?: (delayMs: number, callback: () => void) => () => void;
}

/** What is known about one backend. */
export interface BackendReport {
  readonly id: string;
  readonly breaker: Breaker['kind'];
  readonly proved: number;
  readonly failed: number;
  readonly running: number;
  readonly queued: number;
}

/** The quantile of past runs that predictions use: nine of ten took no longer. */
const QUANTILE = 0.9;

/**
 * Gives each statement to the backend that `decide` chooses, and to the next one when that fails or
 * takes too long. When nobody can prove, the caller's epoch stays `checked`.
 */
export class Router {
  readonly #options: RouterOptions;
  readonly #backends = new Map<string, BackendRecord>();
  readonly #now: () => number;
  readonly #after: NonNullable<RouterOptions['after']>;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#after = options.after ?? afterOnMachine;
    for (const { prover, costPerSecond } of options.backends) {
      invariant(!this.#backends.has(prover.id), 'every backend has its own id');
      this.#backends.set(prover.id, {
        prover,
        costPerSecond,
        durations: new Durations(),
        breaker: CLOSED,
        proved: 0,
        failed: 0,
      });
    }
  }

  /**
   * Proves a statement by the best backend there is.
   *
   * @throws ProofFault PROOF_STATEMENT_FALSE and InvariantViolation at once; PROOF_NO_BACKEND
   *   when none is left, with the last failure as its cause; the signal's reason when it aborts.
   */
  async prove(
    statement: Statement,
    witness: Witness,
    options: ProveOptions = {},
  ): Promise<{ readonly proof: Proof; readonly backend: string }> {
    const failures = new Map<string, number>();
    let last: unknown;
    // Every pass either returns or adds a failure, and a backend is left out after `failuresMax`.
    for (;;) {
      options.signal?.throwIfAborted();
      const backend = this.#choose(statement, options, failures);
      if (backend === undefined) {
        throw new ProofFault('PROOF_NO_BACKEND', 'No prover could prove the statement.', {
          fields: { circuit: statement.circuit, tried: [...failures.keys()].join(' ') },
          cause: last,
        });
      }
      try {
        return { proof: await this.#attempt(backend, [statement, witness], options), backend };
      } catch (cause) {
        options.signal?.throwIfAborted();
        // Neither a false statement nor a bug gets better with another backend.
        if (isFalse(cause) || cause instanceof InvariantViolation) throw cause;
        last = cause;
        failures.set(backend, (failures.get(backend) ?? 0) + 1);
      }
    }
  }

  /** Every backend with its breaker and counts. */
  report(): BackendReport[] {
    return [...this.#backends].map(([id, { prover, breaker, proved, failed }]) => {
      const { running, queued } = prover.load();
      return { id, breaker: breaker.kind, proved, failed, running, queued };
    });
  }

  /** Closes every backend. */
  async close(): Promise<void> {
    await Promise.all([...this.#backends.values()].map(({ prover }) => prover.close()));
  }

  #choose(
    { circuit }: Statement,
    { deadlineAtMs }: ProveOptions,
    failures: ReadonlyMap<string, number>,
  ): string | undefined {
    const { demands, failuresMax, onDecision } = this.#options;
    const { gates, gatesDyadic } = circuitOf(circuit);
    const inputs: DecisionInputs = {
      nowMs: this.#now(),
      circuit,
      gates,
      gatesDyadic,
      demands,
      failuresMax,
      ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
      backends: [...this.#backends].map(([id, record]) =>
        viewOf(id, record, { circuit, failures: failures.get(id) ?? 0 }),
      ),
    };
    const decision = decide(inputs);
    onDecision?.(inputs, decision);
    return decision.chosen;
  }

  async #attempt(
    id: string,
    [statement, witness]: readonly [Statement, Witness],
    options: ProveOptions,
  ): Promise<Proof> {
    const record = this.#backends.get(id);
    invariant(record !== undefined, 'a chosen backend exists');
    const watch = this.#watch(id, options);
    const stops = [watch.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const signal = AbortSignal.any(stops);
    record.breaker = afterStart(record.breaker);
    let outcome: Outcome = 'failed';
    try {
      const proof = await record.prover.prove(statement, witness, {
        ...options,
        signal,
        onProgress: watch.onProgress,
      });
      outcome = 'proved';
      record.durations.add(statement.circuit, watch.runningMs());
      return proof;
    } catch (cause) {
      const isOurs = options.signal?.aborted === true || isFalse(cause) || isQueueFull(cause);
      if (isOurs) outcome = 'dropped';
      throw cause;
    } finally {
      watch.stop();
      this.#record(record, outcome);
    }
  }

  /** Times an attempt while it runs; waiting in a queue is bounded by what runs before it. */
  #watch(id: string, { onProgress }: ProveOptions): AttemptWatch {
    const timeout = new AbortController();
    let stopTimer = (): void => undefined;
    let startedAtMs = 0;
    const start = (): void => {
      stopTimer();
      startedAtMs = this.#now();
      const late = (): void => timeout.abort(timedOut(id));
      stopTimer = this.#after(this.#options.attemptMsMax, late);
    };
    start();
    return {
      signal: timeout.signal,
      runningMs: () => this.#now() - startedAtMs,
      stop: () => stopTimer(),
      onProgress: (progress) => {
        if (progress.stage === 'queued') stopTimer();
        if (progress.stage === 'witness') start();
        onProgress?.(progress);
      },
    };
  }

  #record(record: BackendRecord, outcome: Outcome): void {
    if (outcome === 'proved') record.proved += 1;
    if (outcome === 'failed') record.failed += 1;
    const { breaker: limits } = this.#options;
    record.breaker = afterOutcome(record.breaker, { outcome, nowMs: this.#now(), limits });
  }
}

function afterOnMachine(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}

interface AttemptWatch {
  readonly signal: AbortSignal;
  readonly runningMs: () => number;
  readonly stop: () => void;
  readonly onProgress: (progress: Progress) => void;
}

interface BackendRecord {
  readonly prover: Prover;
  readonly costPerSecond: number;
  readonly durations: Durations;
  breaker: Breaker;
  proved: number;
  failed: number;
}

function viewOf(
  id: string,
  { prover, breaker, durations, costPerSecond }: BackendRecord,
  { circuit, failures }: { readonly circuit: string; readonly failures: number },
): BackendView {
  const measuredMs = durations.quantile(circuit, QUANTILE);
  return {
    id,
    capabilities: prover.capabilities,
    load: prover.load(),
    breaker,
    costPerSecond,
    failures,
    ...(measuredMs === undefined ? {} : { measuredMs }),
  };
}

function timedOut(id: string): ProofFault {
  const message = 'The prover took too long and was stopped.';
  return new ProofFault('PROOF_PROVER_TIMED_OUT', message, { fields: { prover: id } });
}

function isFalse(cause: unknown): boolean {
  return cause instanceof ProofFault && cause.code === 'PROOF_STATEMENT_FALSE';
}

function isQueueFull(cause: unknown): boolean {
  return cause instanceof ProofFault && cause.code === 'PROOF_QUEUE_FULL';
}
