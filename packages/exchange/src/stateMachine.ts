import type { Applied } from './application/applied.ts';
import {
  deposit,
  noticeExit,
  payExit,
  restoreCounts,
  restoreVault,
  skipCrossing,
  withdrawExit,
} from './application/baseLayerInputs.ts';
import {
  closeBatch,
  closeCollection,
  proposeClearing,
  sealEpoch,
  settleClearing,
  voidBatch,
} from './application/batchInputs.ts';
import { applyBookInput, createBookMarket, sealBookEpoch } from './application/bookInputs.ts';
import { ExchangeState } from './application/exchangeState.ts';
import {
  createMarket,
  credit,
  haltMarket,
  registerAsset,
  resumeMarket,
  setParameters,
} from './application/operatorInputs.ts';
import {
  cancelOrder,
  commitOrder,
  openSession,
  revealOrder,
  revokeSession,
  submitOrder,
} from './application/orderInputs.ts';
import { stateRoot } from './application/stateRoot.ts';
import { requestWithdrawal } from './application/withdrawals.ts';
import type { Hash } from './codec/hash.ts';
import { invariant, unreachable } from './failures/invariant.ts';
import type { Result } from './failures/result.ts';
import { accepted } from './failures/result.ts';
import type { Input, SequencedInput } from './inputs.ts';
import { isBookInput } from './inputs.ts';
import type { Settlement } from './markets/batch/allocation.ts';
import type { Moment } from './orders/admission.ts';
import type { AdmissionBounds } from './orders/admissionBounds.ts';
import type { VenueDomain } from './orders/typedData.ts';
import type { BatchTransition } from './transition.ts';

/**
 * The exchange: `apply` is a pure function of the inputs so far.
 *
 * A refused input changes nothing and takes no sequence number, so a journal holds accepted inputs
 * only, and replaying it rebuilds every balance and root bit for bit.
 *
 * @example
 * const machine = new StateMachine({ chainId: 31337n, address: accountId('0x...') });
 * machine.apply({ sequence: 1, timeMs: 0, input: { kind: 'registerAsset', symbol: 'USD', decimals:
 * 6 } });
 */
export class StateMachine {
  readonly state: ExchangeState;

  constructor(domain: VenueDomain, state: ExchangeState = new ExchangeState(domain)) {
    this.state = state;
  }

  /** The sequence number that the next input must carry. */
  get nextSequence(): number {
    return this.state.sequence + 1;
  }

  /**
   * Applies one input. `bounds` are for new inputs: a replay leaves them away, and what they let
   * pass has the same effect without them.
   *
   * @returns what it did, or the rejection of the kind's own list.
   */
  apply(entry: SequencedInput, bounds?: AdmissionBounds): Result<Applied> {
    this.#expect(entry);
    const result = this.#dispatch(entry.input, { timeMs: entry.timeMs, bounds });
    if (result.ok) this.#advance(entry);
    return result;
  }

  /**
   * What a clearing would do, computed without doing it: for the laws to judge first. Fills that
   * the search has settled may be handed over; the laws find them out if they are not the exact
   * ones.
   */
  propose(
    input: Extract<Input, { kind: 'clearBatch' }>,
    settled?: Settlement,
  ): Result<BatchTransition> {
    return proposeClearing(this.state, input, settled);
  }

  /** Applies a clearing that `propose` computed on this state and the laws let pass. */
  settle(entry: SequencedInput, transition: BatchTransition): Applied {
    this.#expect(entry);
    invariant(entry.input.kind === 'clearBatch', 'a clearing settles under its own input');
    const applied = settleClearing(this.state, transition, entry.timeMs);
    this.#advance(entry);
    return applied;
  }

  /** The commitment to everything the exchange remembers. */
  root(): Hash {
    return stateRoot(this.state);
  }

  #expect(entry: SequencedInput): void {
    invariant(entry.sequence === this.nextSequence, 'inputs are applied in sequence');
    invariant(entry.timeMs >= this.state.timeMs, 'the time of inputs never decreases');
  }

  #seal(input: Extract<Input, { kind: 'sealEpoch' }>, timeMs: number): Result<Applied> {
    const book = this.state.books.get(input.marketId);
    if (book !== undefined) return sealBookEpoch(this.state, book, timeMs);
    return sealEpoch(this.state, input, timeMs);
  }

  #advance(entry: SequencedInput): void {
    this.state.sequence = entry.sequence;
    this.state.timeMs = entry.timeMs;
  }

  #dispatch(input: Input, moment: Moment): Result<Applied> {
    const { state } = this;
    if (isBookInput(input)) return applyBookInput(state, input, moment);
    const { timeMs } = moment;
    switch (input.kind) {
      case 'registerAsset':
        return registerAsset(state, input);
      case 'createMarket':
        return createMarket(state, input, moment);
      case 'setParameters':
        return setParameters(state, input, moment);
      case 'credit':
        return credit(state, input);
      case 'submitOrder':
        return submitOrder(state, input, moment);
      case 'cancelOrder':
        return cancelOrder(state, input);
      case 'openSession':
        return openSession(state, input, moment);
      case 'revokeSession':
        return revokeSession(state, input);
      case 'commitOrder':
        return commitOrder(state, input);
      case 'revealOrder':
        return revealOrder(state, input, moment);
      case 'closeCollection':
        return closeCollection(state, input, timeMs);
      case 'closeBatch':
        return closeBatch(state, input, timeMs);
      case 'clearBatch': {
        const proposed = proposeClearing(state, input);
        if (!proposed.ok) return proposed;
        return accepted(settleClearing(state, proposed.value, timeMs));
      }
      case 'haltMarket':
        return haltMarket(state, input);
      case 'resumeMarket':
        return resumeMarket(state, input, timeMs);
      case 'sealEpoch':
        return this.#seal(input, timeMs);
      case 'voidBatch':
        return voidBatch(state, input, timeMs);
      case 'requestWithdrawal':
        return requestWithdrawal(state, input, moment);
      case 'deposit':
        return deposit(state, input);
      case 'noticeExit':
        return noticeExit(state, input);
      case 'withdrawExit':
        return withdrawExit(state, input);
      case 'payExit':
        return payExit(state, input);
      case 'restoreVault':
        return restoreVault(state, input);
      case 'restoreCounts':
        return restoreCounts(state, input);
      case 'skipCrossing':
        return skipCrossing(state, input);
      case 'createBookMarket':
        return createBookMarket(state, input, moment);
      default:
        return unreachable(input);
    }
  }
}
