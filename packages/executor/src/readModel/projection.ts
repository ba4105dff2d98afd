import type { Applied, EpochRecord } from '@lawbook/exchange/application/applied';
import { encodeBundle } from '@lawbook/exchange/bundle';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import type { BatchMarket, OpenBatch } from '@lawbook/exchange/markets/batch/batchMarket';
import { reportHash } from '@lawbook/exchange/markets/batch/report';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { BookProjected, BookProjection } from '../books/bookProjection.ts';
import type { StoreChange } from '../storage/keyValueStore.ts';
import type { BatchRecord, Executed, OrderRecord, SealedEpoch, VenueEvent } from '../venueTypes.ts';
import type { Admission } from './orderOutcomes.ts';
import { finalRecord, OrderOutcomes } from './orderOutcomes.ts';
import {
  batchChange,
  depositChange,
  epochChanges,
  orderChanges,
  withdrawalChanges,
} from './venueIndex.ts';
import { WithdrawalTracker } from './withdrawalTracker.ts';

/** What follows from one input for readers: rows to store and events to tell. */
export interface Projected {
  readonly changes: readonly StoreChange[];
  readonly events: readonly VenueEvent[];
  /** What it did to a book. */
  readonly book?: BookProjected;
}

const NOTHING: Projected = { changes: [], events: [] };

/**
 * Turns executed inputs into records and events, the same way live and in a replay.
 *
 * It remembers what the state machine has no use for: when each open row was admitted, and the
 * transitions of the epoch that is still open.
 */
export class Projection {
  readonly #markets: ReadonlyMap<number, BatchMarket>;
  readonly #judge: (transition: BatchTransition) => readonly LawVerdict[];
  readonly #admissions = new Map<number, Admission[]>();
  readonly #open = new Map<number, BatchTransition[]>();
  readonly withdrawals: WithdrawalTracker = new WithdrawalTracker();
  /** Of a venue that has or may open books. */
  readonly books: BookProjection | undefined;

  constructor(
    markets: ReadonlyMap<number, BatchMarket>,
    judge: (transition: BatchTransition) => readonly LawVerdict[],
    books?: BookProjection,
  ) {
    this.#markets = markets;
    this.#judge = judge;
    this.books = books;
  }

  /** Admissions of the rows of a market's open batch, in order of rows. */
  admissions(marketId: number): readonly Admission[] {
    return this.#admissions.get(marketId) ?? [];
  }

  /** Transitions of a market's open epoch. */
  openTransitions(marketId: number): readonly BatchTransition[] {
    return this.#open.get(marketId) ?? [];
  }

  /** Takes up where a snapshot left off. */
  restore(
    marketId: number,
    admissions: readonly Admission[],
    transitions: readonly BatchTransition[],
  ): void {
    this.#admissions.set(marketId, [...admissions]);
    this.#open.set(marketId, [...transitions]);
  }

  /** The record of an order in the open batch of a market. */
  openOrder(market: BatchMarket, row: number): OrderRecord {
    return unfilledRecord(market.batch, row, at(this.admissions(market.marketId), row));
  }

  /** Remembers what later inputs need, without building records: for inputs already indexed. */
  follow(executed: Executed): void {
    const { applied, sequence, timeMs } = executed;
    this.withdrawals.follow(executed);
    this.books?.follow(executed);
    if (applied.kind === 'orderAdmitted') this.#admit(applied.marketId, { sequence, timeMs });
    if (applied.kind === 'batchCleared') this.#keep(applied.transition);
    if (applied.kind === 'batchVoided') this.#admissions.set(applied.marketId, []);
    if (applied.kind === 'epochSealed') this.#open.set(applied.epoch.marketId, []);
  }

  /** Projects one executed input. `verdicts` spares judging a batch twice when it is live. */
  project(executed: Executed, verdicts?: readonly LawVerdict[]): Projected {
    const book = this.books?.project(executed);
    const { kind } = executed.applied;
    if (book !== undefined && (kind === 'bookApplied' || kind === 'bookEpochSealed')) {
      return { changes: book.changes, events: [], book };
    }
    const { changes, events } = this.#projectMarket(executed, verdicts);
    const crossings = [
      ...this.withdrawals.follow(executed).flatMap((record) => withdrawalChanges(record)),
      ...depositChanges(executed),
    ];
    return crossings.length === 0
      ? { changes, events }
      : { changes: [...changes, ...crossings], events };
  }

  #projectMarket(executed: Executed, verdicts?: readonly LawVerdict[]): Projected {
    const { applied, sequence, timeMs } = executed;
    switch (applied.kind) {
      case 'orderAdmitted':
        this.#admit(applied.marketId, { sequence, timeMs });
        return this.#orderEvent(applied.marketId, applied.row);
      case 'orderCanceled':
        return this.#orderEvent(applied.marketId, applied.row);
      case 'batchCleared':
        return this.#cleared(applied, sequence, verdicts);
      case 'batchVoided':
        return this.#voided(applied, { sequence, timeMs });
      case 'epochSealed':
        return this.#sealed(applied.epoch);
      case 'collectionClosed':
        return this.#phase(applied.marketId, 'revealing', timeMs);
      case 'batchClosed':
        return this.#phase(applied.marketId, 'closed', timeMs);
      case 'marketHalted':
        return this.#phase(applied.marketId, 'halted', timeMs);
      case 'parametersSet':
        // Rules for later leave the open batch as it is.
        return applied.fromBatch === this.#market(applied.marketId).batch.number
          ? this.#presentPhase(applied.marketId)
          : NOTHING;
      case 'marketResumed':
      case 'marketCreated':
        return this.#presentPhase(applied.marketId);
      default:
        return NOTHING;
    }
  }

  #admit(marketId: number, admission: Admission): void {
    const list = this.#admissions.get(marketId) ?? [];
    list.push(admission);
    this.#admissions.set(marketId, list);
  }

  #keep(transition: BatchTransition): void {
    const { marketId } = transition.parameters;
    this.#admissions.set(marketId, []);
    this.#open.set(marketId, [...this.openTransitions(marketId), transition]);
  }

  #orderEvent(marketId: number, row: number): Projected {
    const market = this.#market(marketId);
    return { changes: [], events: [{ kind: 'order', record: this.openOrder(market, row) }] };
  }

  #phase(
    marketId: number,
    phase: Extract<VenueEvent, { kind: 'phase' }>['phase'],
    sinceMs: number,
  ): Projected {
    const { batch, parameters } = this.#market(marketId);
    const lasts = { collecting: parameters.batchIntervalMs, revealing: parameters.revealWindowMs };
    const due =
      phase === 'collecting' || phase === 'revealing' ? sinceMs + lasts[phase] : undefined;
    const event = { marketId, batchNumber: batch.number, phase, sinceMs, dueMs: due };
    return { changes: [], events: [{ kind: 'phase', ...event }] };
  }

  #cleared(
    { transition, epochNumber }: Extract<Applied, { kind: 'batchCleared' }>,
    sequence: number,
    judged: readonly LawVerdict[] | undefined,
  ): Projected {
    const { marketId } = transition.parameters;
    const admissions = this.admissions(marketId);
    this.#keep(transition);
    const changes: StoreChange[] = [];
    const events: VenueEvent[] = [];
    const outcomes = new OrderOutcomes(transition);
    for (let row = 0; row < transition.orders.count; row += 1) {
      const record = finalRecord(transition, outcomes, row, {
        admitted: at(admissions, row),
        endedBy: sequence,
      });
      changes.push(...orderChanges(record));
      events.push({ kind: 'order', record });
    }
    const record: BatchRecord = {
      report: transition.report,
      reportHash: reportHash(transition.report),
      epochNumber,
      sequence,
      verdicts: judged ?? this.#judge(transition),
    };
    changes.push(batchChange(record));
    events.push({ kind: 'batch', record });
    const { events: phase } = this.#presentPhase(marketId);
    return { changes, events: [...events, ...phase] };
  }

  #voided(
    { marketId, batch }: Extract<Applied, { kind: 'batchVoided' }>,
    { sequence, timeMs }: Admission,
  ): Projected {
    const admissions = this.admissions(marketId);
    this.#admissions.set(marketId, []);
    const records = Array.from({ length: batch.table.count }, (_, row) => {
      const unfilled = unfilledRecord(batch, row, at(admissions, row));
      const isLive = unfilled.status === 'new';
      const ending = isLive ? ({ status: 'canceled', residual: 'halted' } as const) : {};
      return { ...unfilled, ...ending, endedBy: sequence };
    });
    const { events: phase } = this.#phase(marketId, 'halted', timeMs);
    return {
      changes: records.flatMap((record) => orderChanges(record)),
      events: [...records.map((record) => ({ kind: 'order' as const, record })), ...phase],
    };
  }

  #sealed(epoch: EpochRecord): Projected {
    const { marketId } = epoch;
    const batches = this.openTransitions(marketId);
    this.#open.set(marketId, []);
    invariant(
      batches.length === epoch.lastBatch - epoch.firstBatch + 1,
      'an epoch is bundled from all of its batches',
    );
    const bundle = encodeBundle({
      marketId,
      epochNumber: epoch.epochNumber,
      parentEpochHash: epoch.parentEpochHash,
      epochHash: epoch.epochHash,
      batches,
      diffs: epoch.diffs,
      withdrawals: epoch.withdrawals,
      attachments: [],
    });
    const record: SealedEpoch = {
      epoch,
      level: 'checked',
      prove: { kind: 'notConfigured' },
      publish: { kind: 'notConfigured' },
      settle: { kind: 'notConfigured' },
    };
    return { changes: epochChanges(record, bundle), events: [{ kind: 'epoch', record }] };
  }

  /** The event of the phase in which a market stands now. */
  #presentPhase(marketId: number): Projected {
    const { batch } = this.#market(marketId);
    return this.#phase(marketId, batch.phase, batch.phaseSinceMs);
  }

  #market(marketId: number): BatchMarket {
    const market = this.#markets.get(marketId);
    invariant(market !== undefined, 'an event belongs to a registered market');
    return market;
  }
}

/** The row of a deposit; nothing for other inputs. */
function depositChanges({ applied, sequence, timeMs }: Executed): StoreChange[] {
  if (applied.kind !== 'deposited') return [];
  const { depositNumber, account, transfer } = applied;
  const { assetId, amount: units } = transfer;
  const creditedAtMs = timeMs;
  return [depositChange({ depositNumber, account, assetId, units, sequence, creditedAtMs })];
}

/** The record of a row in a batch that has not cleared. */
function unfilledRecord(batch: OpenBatch, row: number, admission: Admission): OrderRecord {
  const { table, number } = batch;
  const isVoid = table.canceled[row] === 1;
  const ended = isVoid && isWithdrawn(batch, row) ? 'canceled' : 'expired';
  return {
    orderId: table.orderId(row),
    order: table.order(row),
    sequence: admission.sequence,
    admittedAtMs: admission.timeMs,
    batchNumber: number,
    status: isVoid ? ended : 'new',
    paid: 0n,
    received: 0n,
    fee: 0n,
    residual: isVoid ? ended : undefined,
    endedBy: undefined,
  };
}

/** Whether a void row is void by its owner's wish; only a closed batch holds expired ones. */
function isWithdrawn(batch: OpenBatch, row: number): boolean {
  if (batch.phase !== 'closed') return true;
  return batch.cancellations.some((cancellation) => cancellation.row === row);
}

/** An order id in the open batch of any market, with its market and row. */
export function findOpenOrder(
  markets: ReadonlyMap<number, BatchMarket>,
  orderId: Hash,
): { readonly market: BatchMarket; readonly row: number } | undefined {
  for (const market of markets.values()) {
    const row = market.batch.table.find(orderId);
    if (row !== undefined) return { market, row };
  }
  return undefined;
}
