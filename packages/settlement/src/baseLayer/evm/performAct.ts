import { ChainFault } from '@lawbook/chains/chainFault';
import type { IntentLife, IntentRequest, Urgency } from '@lawbook/chains/intents/intent';
import { isEnd } from '@lawbook/chains/intents/intent';
import type { IntentHandle, SignerLane, WaitLevel } from '@lawbook/chains/lanes/lane';
import type { FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { Address, Hex } from 'viem';
import { SettlementFault } from '../../settlementFault.ts';
import { refusalOf } from '../refusalRules.ts';
import type { EvmStands } from './chainReader.ts';
import { ChainReader, settlementFaultOf } from './chainReader.ts';
import type { Refused } from './decodeRefusal.ts';
import { refusalOfCall } from './decodeRefusal.ts';

/** Something that shall happen on the chain once, however often it is asked for. */
export interface Act {
  /** Names it for ever: 1 to 120 characters of A-Z a-z 0-9 . _ : - */
  readonly key: string;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  /** Wei sent along. */
  readonly amount: bigint;
  readonly callData: Hex;
  /**
   * Whether an act under this key counts as the same although its call data differ: a list is the
   * same by its hash, whichever proof carried it. Refused otherwise.
   */
  readonly mayDiffer: boolean;
}

/** On what terms acts are sent; the chain engine says what each means. */
export interface ActTerms {
  readonly urgency: Urgency;
  /** Wei that the fee of one act may cost at most. */
  readonly feeCap: bigint;
  /** How long an act may wait to be started, milliseconds; a later call starts it again. */
  readonly patienceMs: number;
  readonly finality: FinalityTarget;
  /** Who asks: policies count budgets by it. */
  readonly principal: string;
}

/** Terms that fit a chain with blocks of one to twelve seconds. */
export const DEFAULT_ACT_TERMS: Omit<ActTerms, 'finality'> = {
  urgency: 'urgent',
  feeCap: 250_000_000_000_000_000n,
  patienceMs: 3_600_000,
  principal: 'settlement',
};

/** What a dry run says. */
export type ActCheck = { readonly kind: 'passes'; readonly gas: bigint | undefined } | Refused;

/** What became of an act. */
export type ActOutcome =
  | { readonly kind: 'done'; readonly life: IntentLife; readonly isNew: boolean }
  | Refused;

/** Intents of one act that one call starts at most, when the chain changes its mind in between. */
const STARTS_MAX = 3;
/** Acts whose last attempt is remembered; others are looked up again. */
const REMEMBERED_MAX = 1_024;

/**
 * Brings acts to the chain by the lane of one signer.
 *
 * An act is one intent. Only after an intent ended for good without effect does the act get another
 * one, under the next number: nothing of the earlier one can land any more. Before each intent the
 * act is run dry, so that what the contract refuses costs nothing and is told by name.
 */
export class Actor {
  readonly reader: ChainReader;
  readonly sender: Address;
  readonly #stands: EvmStands;
  readonly #terms: ActTerms;
  /** Number of the next attempt by key, where earlier ones ended. */
  readonly #attempts = new Map<string, number>();

  constructor(stands: EvmStands, sender: Address, terms: ActTerms) {
    this.reader = new ChainReader(stands, terms.finality);
    this.sender = sender;
    this.#stands = stands;
    this.#terms = terms;
  }

  /** What the chain would say at its head, without sending anything. */
  async check(act: Act): Promise<ActCheck> {
    const check = await this.#checkAtHead(act);
    if (check.kind === 'passes') return check;
    // What it lacks may stand in a block that the tracker has not seen yet.
    const isMoved = await this.reader.lookAgain();
    return isMoved ? await this.#checkAtHead(act) : check;
  }

  async #checkAtHead(act: Act): Promise<ActCheck> {
    const request = { from: this.sender, to: act.to, amount: act.amount, callData: act.callData };
    return await this.reader.atHead(async (block) => {
      try {
        await this.reader.call(request, block);
      } catch (fault) {
        const refused = refusalOfCall(fault);
        if (refused === undefined) throw fault;
        return refused;
      }
      return { kind: 'passes', gas: await this.reader.gasOf(request, block) } as const;
    });
  }

  /** Whether an intent for the act is under way or done: performing it starts nothing new. */
  async isBegun(act: Act): Promise<boolean> {
    try {
      return (await this.#nextAttempt(act)).intent !== undefined;
    } catch (fault) {
      throw settlementFaultOf(fault);
    }
  }

  /**
   * Brings an act to a level, or finds out that it is refused.
   * @throws SettlementFault SETTLEMENT_UNCERTAIN when the signal, or the end of the lane, ends the
   *   wait first; SETTLEMENT_UNAVAILABLE; SETTLEMENT_REFUSED for a key of another act.
   */
  async perform(act: Act, signal: AbortSignal, level: WaitLevel = 'included'): Promise<ActOutcome> {
    try {
      return await this.#perform(act, signal, level);
    } catch (fault) {
      if (signal.aborted) throw uncertain(act, signal.reason);
      throw settlementFaultOf(fault);
    }
  }

  async #perform(act: Act, signal: AbortSignal, level: WaitLevel): Promise<ActOutcome> {
    for (let starts = 1; ; starts += 1) {
      signal.throwIfAborted();
      const begun = await this.#begin(act);
      if (begun.kind === 'refused') return begun;
      const { verdict, life } = await begun.intent.wait(level, { signal });
      if (verdict === 'done') {
        // What is read after an act shows the act.
        const { inclusion } = life;
        if (inclusion !== undefined) await this.reader.reach(inclusion.block.number, signal);
        return { kind: 'done', life, isNew: begun.isNew };
      }
      if (verdict === 'unknown') throw uncertain(act, undefined);
      // The chain refused what it would have taken a moment before: look again what it says now.
      if (!isTurnedDown(life) || starts >= STARTS_MAX) return refusalOfLife(life);
    }
  }

  /** The intent of the act that is under way or done, or a new one unless the chain refuses it. */
  async #begin(
    act: Act,
  ): Promise<
    { readonly kind: 'begun'; readonly intent: IntentHandle; readonly isNew: boolean } | Refused
  > {
    const attempt = await this.#nextAttempt(act);
    if (attempt.intent !== undefined) {
      if (act.mayDiffer) return { kind: 'begun', intent: attempt.intent, isNew: false };
      const intent = await this.#submit(act, attempt.key, undefined);
      return { kind: 'begun', intent, isNew: false };
    }
    const check = await this.check(act);
    if (check.kind === 'refused') return check;
    return {
      kind: 'begun',
      intent: await this.#submit(act, attempt.key, check.gas),
      isNew: true,
    };
  }

  async #nextAttempt(
    act: Act,
  ): Promise<{ readonly key: string; readonly intent: IntentHandle | undefined }> {
    for (let attempt = this.#attempts.get(act.key) ?? 0; ; attempt += 1) {
      const key = `${act.key}:${attempt}`;
      const intent = await find(this.#lane(), key);
      if (intent === undefined) return { key, intent };
      const { state } = await intent.life();
      if (!isEnd(state) || state === 'final') return { key, intent };
      this.#remember(act.key, attempt + 1);
    }
  }

  async #submit(act: Act, key: string, gas: bigint | undefined): Promise<IntentHandle> {
    const { urgency, feeCap, patienceMs, finality, principal } = this.#terms;
    const request: IntentRequest = {
      key,
      to: act.to,
      amount: act.amount,
      callData: act.callData,
      // A quarter on top: slots that are new by then cost more than at the dry run.
      gasLimit: gas === undefined ? undefined : (gas * 5n) >> 2n,
      urgency,
      deadlineMs: this.#stands.environment.clock.nowMs() + patienceMs,
      finality,
      feeCap,
      route: 'public',
      privateForMs: undefined,
      expects: [],
      after: undefined,
      principal,
    };
    try {
      return await this.#lane().submit(request);
    } catch (fault) {
      if (!(fault instanceof ChainFault)) throw fault;
      if (fault.code === 'CHAIN_KEY_REUSED' && act.mayDiffer) return await this.#lane().intent(key);
      if (fault.code === 'CHAIN_KEY_REUSED' || fault.code === 'CHAIN_INTENT_INVALID') {
        const fields = { key, ...fault.fields };
        throw new SettlementFault('SETTLEMENT_REFUSED', fault.message, { fields, cause: fault });
      }
      throw fault;
    }
  }

  #lane(): SignerLane {
    return this.#stands.engine.lane(this.sender);
  }

  #remember(key: string, attempt: number): void {
    this.#attempts.delete(key);
    this.#attempts.set(key, attempt);
    if (this.#attempts.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#attempts.keys()) {
      this.#attempts.delete(oldest);
      return;
    }
  }
}

async function find(lane: SignerLane, key: string): Promise<IntentHandle | undefined> {
  try {
    return await lane.intent(key);
  } catch (fault) {
    if (fault instanceof ChainFault && fault.code === 'CHAIN_INTENT_UNKNOWN') return undefined;
    throw fault;
  }
}

/** Whether the contract, not the lane, turned it down. */
function isTurnedDown({ state, reason }: IntentLife): boolean {
  return state === 'reverted' || reason?.code === 'simulationFailed';
}

/** Reasons of a lane that pass: with time, with funds, or because somebody asks again. */
const PASSING: ReadonlySet<string> = new Set([
  'insufficientFunds',
  'deadlinePassed',
  'cancelRequested',
  'simulationFailed',
]);

function refusalOfLife(life: IntentLife): Refused {
  const rule = life.reason?.code ?? life.state;
  const sentence = life.reason?.sentence ?? `The transaction is ${life.state}.`;
  const details = Object.values(life.reason?.fields ?? {});
  const refusal = { ...refusalOf(rule, details), sentence };
  return { kind: 'refused', refusal, mayPass: life.state === 'reverted' || PASSING.has(rule) };
}

function uncertain({ key }: Act, cause: unknown): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_UNCERTAIN',
    `Nobody waits for ${key} any more; what was sent goes on. Ask for it again to learn its end.`,
    { fields: { key }, ...(cause === undefined ? {} : { cause }) },
  );
}
