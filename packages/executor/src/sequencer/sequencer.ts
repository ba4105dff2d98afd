import type { Applied } from '@lawbook/exchange/application/applied';
import type { Fault } from '@lawbook/exchange/failures/fault';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { Input, SequencedInput } from '@lawbook/exchange/inputs';
import { encodeInput } from '@lawbook/exchange/inputs';
import type { AdmissionBounds } from '@lawbook/exchange/orders/admissionBounds';
import { ADMISSION_BOUNDS } from '@lawbook/exchange/orders/admissionBounds';
import type { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { Journal } from '../journal/journal.ts';
import type { Executed } from '../venueTypes.ts';

/** An input that was applied, and the promise that it is on disk. */
export interface Sequenced {
  readonly executed: Executed;
  /**
   * Shared by the inputs of one group; resolves in the order of sequences.
   * Rejects with the journal's fault: then nothing may be acknowledged any more.
   */
  readonly durable: Promise<void>;
}

/** What the sequencer needs from outside. */
export interface SequencerDependencies {
  readonly machine: StateMachine;
  readonly journal: Pick<Journal, 'append' | 'refusal' | 'sequence'>;
  /** Milliseconds since 1970. May jump: times given to inputs never decrease. */
  readonly clock: () => number;
  /** What is asked of new inputs; left away, the bounds of a venue that settles. */
  readonly bounds?: AdmissionBounds;
  /** Called once, when the journal fails; the state in memory is ahead of the disk from then on. */
  readonly onFailure: (fault: unknown) => void;
}

/**
 * The one place where order arises: applies an input, gives it the next sequence number and hands
 * it to the journal, all in one turn of the event loop.
 *
 * An input is applied before it is written, because only the state machine can tell whether it is
 * accepted; it is answered only after it is durable. The journal is asked for room first, so that
 * an applied input can always be appended.
 */
export class Sequencer {
  readonly #machine: StateMachine;
  readonly #journal: Pick<Journal, 'append' | 'refusal' | 'sequence'>;
  readonly #clock: () => number;
  readonly #bounds: AdmissionBounds;
  readonly #onFailure: (fault: unknown) => void;
  #failed = false;
  /** The promise of the last group of which a failure will be noticed. */
  #watched: Promise<void> | undefined;

  constructor(dependencies: SequencerDependencies) {
    this.#machine = dependencies.machine;
    this.#journal = dependencies.journal;
    this.#clock = dependencies.clock;
    this.#bounds = dependencies.bounds ?? ADMISSION_BOUNDS;
    this.#onFailure = dependencies.onFailure;
  }

  /** Sequence of the last input known to be on disk. */
  get durableSequence(): number {
    return this.#journal.sequence;
  }

  /** The time that an input would carry now: never before that of the input before it. */
  get nextTimeMs(): number {
    return Math.max(this.#clock(), this.#machine.state.timeMs);
  }

  /**
   * Sequences an input. Rejections: those of its kind, and `notAdmitting` while the disk is away.
   */
  execute(input: Input): Result<Sequenced> {
    const entry = this.#next(input);
    const payload = encodeInput(entry);
    const refusal = this.#refusal(payload.length);
    if (refusal !== undefined) return refusal;
    const applied = this.#machine.apply(entry, this.#bounds);
    if (!applied.ok) return applied;
    return accepted(this.#record(entry, payload, applied.value));
  }

  /** Sequences a clearing that was proposed on the present state and judged. */
  settle(
    input: Extract<Input, { kind: 'clearBatch' }>,
    transition: BatchTransition,
  ): Result<Sequenced> {
    const entry = this.#next(input);
    const payload = encodeInput(entry);
    const refusal = this.#refusal(payload.length);
    if (refusal !== undefined) return refusal;
    return accepted(this.#record(entry, payload, this.#machine.settle(entry, transition)));
  }

  #next(input: Input): SequencedInput {
    return { sequence: this.#machine.nextSequence, timeMs: this.nextTimeMs, input };
  }

  #refusal(bytes: number): Result<never> | undefined {
    const fault: Fault | undefined = this.#journal.refusal(bytes);
    if (fault === undefined && !this.#failed) return undefined;
    return refuse('notAdmitting', {
      field: 'journal',
      actual: fault?.code ?? 'JOURNAL_UNAVAILABLE',
    });
  }

  #record(entry: SequencedInput, payload: Uint8Array, applied: Applied): Sequenced {
    const { durable } = this.#journal.append(payload);
    if (durable !== this.#watched) {
      this.#watched = durable;
      // The first reaction to a group's promise: the failure is known before any caller hears of
      // it, and a caller that does not wait cannot turn it into an unhandled rejection.
      durable.catch((fault: unknown) => this.#fail(fault));
    }
    const { sequence, timeMs } = entry;
    return { executed: { sequence, timeMs, applied }, durable };
  }

  #fail(fault: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#onFailure(fault);
  }
}
