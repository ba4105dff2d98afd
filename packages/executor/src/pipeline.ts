import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import { judgeBatch } from '@lawbook/exchange/laws/judge';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { Settlement } from '@lawbook/exchange/markets/batch/allocation';
import type { BatchMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import type { OracleSnapshot } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { proposalOf } from '@lawbook/exchange/markets/batch/proposal';
import type { BatchProposal } from '@lawbook/exchange/markets/batch/solution';
import { solveBatch } from '@lawbook/exchange/markets/batch/solver';
import type { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { Sequenced, Sequencer } from './sequencer/sequencer.ts';

/** What each step took, milliseconds; for metrics and progress, never for decisions. */
export interface StepTimes {
  readonly solveMs: number;
  readonly allocateMs: number;
  readonly judgeMs: number;
}

/** A batch that went through the pipeline. */
export interface ClearedBatch {
  readonly transition: BatchTransition;
  readonly verdicts: readonly LawVerdict[];
  readonly cleared: Sequenced;
  readonly times: StepTimes;
  /** Present when this batch completed an epoch. */
  readonly sealed: Sequenced | undefined;
}

/** Why a batch did not go through: the market is halted, and nothing of the batch was applied. */
export interface BrokenBatch {
  /** The sequenced halt; undefined when the journal had no room even for that. */
  readonly halted: Sequenced | undefined;
  readonly transition: BatchTransition;
  readonly reason: string;
  /** The laws that it broke; none where it only cannot be proved. */
  readonly violations: readonly LawVerdict[];
}

/** What the search proposes, and the fills that it has already settled on the way. */
interface Search {
  readonly proposal: BatchProposal;
  readonly settled: Settlement | undefined;
}

/** A transition that was proposed and not applied, with the input that applies it. */
interface Proposed {
  readonly input: Extract<Input, { kind: 'clearBatch' }>;
  readonly transition: BatchTransition;
}

/** What the pipeline works with. */
export interface PipelineDependencies {
  readonly machine: StateMachine;
  readonly sequencer: Sequencer;
  readonly batchesPerEpoch: number;
  /** Milliseconds on a steady clock. */
  readonly stopwatch: () => number;
  /** Present where epochs are proved. */
  readonly proving?: Proving;
}

/** What a pipeline has to know about proofs: which epochs can have one. */
export interface Proving {
  /** Why no circuit can prove an epoch of these batches; undefined when one can. */
  readonly unprovable: (batches: readonly BatchTransition[]) => string | undefined;
  /** The cleared batches of the epoch that is open. */
  readonly openTransitions: (marketId: number) => readonly BatchTransition[];
  /** Called with a seal that made room for the batch in hand, before that batch is applied. */
  readonly onSealed: (sealed: Sequenced) => void;
}

/**
 * One batch on its way, a step a word:
 *
 *   admit -> clear -> judge -> cut diff -> prove -> publish -> settle
 *
 * `admit` is the sequencer's work for every order (see sequencer/sequencer.ts); this file takes a
 * batch from its closing to a sealed epoch. The search for prices happens outside the state
 * machine: what it proposes is computed in integers, judged by the laws, and only then written and
 * applied, all in one turn of the event loop, so that no order can slip in between.
 *
 * Nobody who trades waits for the rest. The settler (packages/settlement, opened by
 * settlement/operatorDesk.ts) follows the sealed epochs at its own pace: it has each proved by the
 * router (settlement/epochProver.ts) and settles them in order. `publish` is not built.
 */
export class Pipeline {
  readonly #machine: StateMachine;
  readonly #sequencer: Sequencer;
  readonly #batchesPerEpoch: number;
  readonly #stopwatch: () => number;
  readonly #proving: Proving | undefined;

  constructor(dependencies: PipelineDependencies) {
    this.#machine = dependencies.machine;
    this.#sequencer = dependencies.sequencer;
    this.#batchesPerEpoch = dependencies.batchesPerEpoch;
    this.#stopwatch = dependencies.stopwatch;
    this.#proving = dependencies.proving;
  }

  /** Stops a batch from collecting. Rejections: those of `closeBatch`. */
  close(marketId: number): Result<Sequenced> {
    return this.#sequencer.execute({ kind: 'closeBatch', marketId });
  }

  /**
   * Takes a closed batch through clear, judge and cut diff.
   *
   * @returns the broken batch when a law refuses it, or when no circuit could prove it even if it
   * traded nothing: then its market is halted and nothing moved, and its operator may void it.
   */
  run(marketId: number, oracle: OracleSnapshot): Result<ClearedBatch> | BrokenBatch {
    const market = this.#market(marketId);
    const started = this.#stopwatch();
    const search = this.#clear(market, oracle);
    const solved = this.#stopwatch();
    const proposed = this.#proposeWithRoom(market, oracle, search);
    if (!proposed.ok) return proposed;
    const { input, transition } = proposed.value;
    const allocated = this.#stopwatch();
    const verdicts = judgeBatch(transition, { authority: 'admitted' });
    const judged = this.#stopwatch();
    const violations = verdicts.filter(({ verdict }) => verdict.kind === 'violated');
    const reason = this.#flawOf(proposed.value, violations);
    if (reason !== undefined) return this.#halt(transition, reason, violations);
    const cleared = this.#sequencer.settle(input, transition);
    if (!cleared.ok) return cleared;
    const times = {
      solveMs: solved - started,
      allocateMs: allocated - solved,
      judgeMs: judged - allocated,
    };
    const sealed = this.#cutDiff(market);
    return {
      ok: true,
      value: { transition, verdicts, cleared: cleared.value, times, sealed },
    };
  }

  /** Seals what was cleared since the last seal; undefined when there is nothing, or no room. */
  seal(marketId: number): Sequenced | undefined {
    if (this.#market(marketId).epoch.batchCount === 0) return undefined;
    const sealed = this.#sequencer.execute({ kind: 'sealEpoch', marketId });
    // Without room in the journal the epoch stays open and is sealed at a later beat.
    return sealed.ok ? sealed.value : undefined;
  }

  #clear(market: BatchMarket, oracle: OracleSnapshot): Search {
    const { parameters, batch, marketId } = market;
    if (!coversClosing(parameters, oracle, batch.closedAtMs)) {
      // The mids at which it closed are gone, so nobody can say what it should clear at.
      const reason = 'no mids of the time at which the batch closed';
      return { proposal: { kind: 'halted', reason, prices: oracle.mids }, settled: undefined };
    }
    const pool = systemAccount(SystemRole.pool, marketId);
    const inventory = parameters.assets.map(({ assetId }) => {
      return this.#machine.state.ledger.total(pool, assetId);
    });
    const outcome = solveBatch({ parameters, oracle, inventory }, batch.books, batch.table);
    const settled = outcome.kind === 'cleared' ? outcome : undefined;
    return { proposal: proposalOf(outcome), settled };
  }

  /** Why a proposed batch must not be applied; undefined when it may be. */
  #flawOf(
    { input: { proposal }, transition }: Proposed,
    violations: readonly LawVerdict[],
  ): string | undefined {
    const batch = `batch ${transition.batchNumber}`;
    if (violations.length > 0) {
      return `${batch} breaks ${violations.map(({ id, name }) => `${id} ${name}`).join(', ')}`;
    }
    // Nothing is left to take out of a batch that trades nothing, and sealed it would hold up all
    // epochs after it for good.
    if (proposal.kind !== 'halted') return undefined;
    const unprovable = this.#proving?.unprovable([transition]);
    return unprovable === undefined ? undefined : `${batch} cannot be proved: ${unprovable}`;
  }

  #halt(
    transition: BatchTransition,
    reason: string,
    violations: readonly LawVerdict[],
  ): BrokenBatch {
    const { marketId } = transition.parameters;
    const halted = this.#sequencer.execute({ kind: 'haltMarket', marketId, reason });
    return { halted: halted.ok ? halted.value : undefined, transition, reason, violations };
  }

  /**
   * What the search comes to, unapplied. A batch that no circuit could prove would hold up every
   * epoch after it, so it does not trade: it halts with the reason, and its orders are returned.
   */
  #propose(market: BatchMarket, oracle: OracleSnapshot, search: Search): Result<Proposed> {
    const { marketId } = market;
    const { proposal, settled } = search;
    const input = { kind: 'clearBatch' as const, marketId, oracle, proposal };
    const proposed = this.#machine.propose(input, settled);
    if (!proposed.ok) return proposed;
    const unprovable = this.#proving?.unprovable([proposed.value]);
    if (unprovable === undefined || proposal.kind === 'halted') {
      return accepted({ input, transition: proposed.value });
    }
    const reason = `this batch cannot be proved: ${unprovable}`;
    const halted = { kind: 'halted' as const, reason, prices: oracle.mids };
    return this.#propose(market, oracle, { proposal: halted, settled: undefined });
  }

  /**
   * Seals the open epoch first when it and this batch do not fit a circuit together. A seal returns
   * withdrawals and hands the pool the deposits that waited for it, so prices are then searched for
   * again: at those of the pool before, the batch would break L8.
   */
  #proposeWithRoom(market: BatchMarket, oracle: OracleSnapshot, search: Search): Result<Proposed> {
    const proposed = this.#propose(market, oracle, search);
    const open = this.#proving?.openTransitions(market.marketId) ?? [];
    if (!proposed.ok || open.length === 0) return proposed;
    const together = [...open, proposed.value.transition];
    if (this.#proving?.unprovable(together) === undefined) return proposed;
    const { marketId } = market;
    const sealed = this.#sequencer.execute({ kind: 'sealEpoch', marketId });
    // Without room in the journal the batch waits too: both in one epoch could not be proved.
    if (!sealed.ok) return sealed;
    this.#proving?.onSealed(sealed.value);
    return this.#propose(market, oracle, this.#clear(market, oracle));
  }

  #cutDiff({ marketId, epoch }: BatchMarket): Sequenced | undefined {
    return epoch.batchCount < this.#batchesPerEpoch ? undefined : this.seal(marketId);
  }

  #market(marketId: number): BatchMarket {
    const market = this.#machine.state.markets.get(marketId);
    invariant(market !== undefined, 'the pipeline runs for a registered market');
    return market;
  }
}

/** Whether mids were observed before a batch closes, and not too long before. */
export function coversClosing(
  parameters: BatchParameters,
  oracle: OracleSnapshot,
  closedAtMs: number,
): boolean {
  const age = closedAtMs - oracle.observedAtMs;
  return age >= 0 && age <= parameters.oracleAgeMsMax;
}
