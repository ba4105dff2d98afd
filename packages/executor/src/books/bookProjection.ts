import type { Applied } from '@lawbook/exchange/application/applied';
import { encodeBookBundle } from '@lawbook/exchange/bookBundle';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { BookEpochVerdict, BookLawVerdict } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import { judgeBookEpoch } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import { bookOf } from '@lawbook/exchange/markets/book/bookInputs';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { ExecutionReport } from '@lawbook/exchange/markets/book/executionReport';
import { statusOf } from '@lawbook/exchange/markets/book/executions';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { BookTransition } from '@lawbook/exchange/transition';
import { bundleChange } from '../readModel/venueIndex.ts';
import type { StoreChange } from '../storage/keyValueStore.ts';
import type { Executed } from '../venueTypes.ts';
import type { BookIndex } from './bookIndex.ts';
import {
  bookEpochChanges,
  bookOrderChanges,
  fillChange,
  stateChange,
  tradeChange,
} from './bookIndex.ts';
import type {
  BookFill,
  BookOrderRecord,
  BookStateChange,
  BookTrade,
  SealedBookEpoch,
} from './bookRecords.ts';

/** What follows from an input of a book for readers. */
export interface BookProjected {
  readonly changes: readonly StoreChange[];
  readonly trades: readonly BookTrade[];
  /** Orders that the input changed, as they stand after it. */
  readonly orders: readonly BookOrderRecord[];
  readonly sealed: SealedBookEpoch | undefined;
  /** What the book allows from now on, where the input changed that. */
  readonly stateChange?: BookStateChange;
}

const NOTHING: BookProjected = { changes: [], trades: [], orders: [], sealed: undefined };

/** Asks the laws about an epoch of a book. */
export type JudgeBook = (epoch: BookTransition) => BookEpochVerdict;

/** An epoch to which laws object. */
export interface BrokenBookEpoch {
  readonly marketId: number;
  readonly epochNumber: number;
  readonly violations: readonly BookLawVerdict[];
  readonly reason: string;
}

type BookApplied = Extract<Applied, { kind: 'bookApplied' }>;

/**
 * Turns inputs of books into rows: admissions, orders that ended, trades, fills, epochs with their
 * bundles. It remembers the open orders and the events of each open epoch, and judges each epoch
 * when it is sealed, live as in a replay.
 */
export class BookProjection {
  readonly #books: ReadonlyMap<number, BookMarket>;
  readonly #domain: VenueDomain;
  readonly #open = new Map<number, Map<number, BookOrderRecord>>();
  readonly #events = new Map<number, BookEvent[]>();
  readonly #judge: JudgeBook;
  /** Markets with an epoch to which a law objected, at any time. */
  readonly #flawed = new Set<number>();
  /** The last epoch of a market, where a law objects to it and the market was not halted since. */
  readonly #unhalted = new Map<number, BrokenBookEpoch>();
  /** What the next change of a market's state is for; the operator's words come this way. */
  readonly #words = new Map<number, Pick<BookStateChange, 'cause' | 'reason'>>();

  /** Takes the orders that are open now; their events come by `restore`. */
  constructor(
    books: ReadonlyMap<number, BookMarket>,
    domain: VenueDomain,
    judge: JudgeBook = (epoch) => judgeBookEpoch(epoch, { authority: 'admitted' }),
  ) {
    this.#books = books;
    this.#domain = domain;
    this.#judge = judge;
    for (const market of books.values()) this.#open.set(market.marketId, openRecords(market));
  }

  /** Events of a market's open epoch. */
  openEvents(marketId: number): readonly BookEvent[] {
    return this.#events.get(marketId) ?? [];
  }

  /** Takes up where a snapshot left off. */
  restore(marketId: number, events: readonly BookEvent[]): void {
    this.#events.set(marketId, [...events]);
  }

  /** Learns which markets have epochs that break a law, before anything is projected. */
  async recall(index: BookIndex): Promise<void> {
    for (const marketId of this.#books.keys()) {
      const [first] = await index.violations(marketId, 1);
      if (first === undefined) continue;
      this.#flawed.add(marketId);
      const [last] = await index.epochs(marketId, { limit: 1 });
      const broken = last && brokenEpoch(last);
      const [change] = await index.stateChanges(marketId, { limit: 1 });
      if (broken === undefined || (change?.sequence ?? 0) > (last?.sequence ?? 0)) continue;
      this.#unhalted.set(marketId, broken);
    }
  }

  /** The last epoch of a market where a law objects to it and the market was not halted since. */
  unhalted(marketId: number): BrokenBookEpoch | undefined {
    return this.#unhalted.get(marketId);
  }

  /** Says what the next change of a market's state is for; undefined takes that back. */
  explain(marketId: number, words: Pick<BookStateChange, 'cause' | 'reason'> | undefined): void {
    if (words === undefined) this.#words.delete(marketId);
    else this.#words.set(marketId, words);
  }

  /** An open order. */
  order(marketId: number, orderId: number): BookOrderRecord | undefined {
    return this.#open.get(marketId)?.get(orderId);
  }

  /** Open orders of an owner, old to new. */
  orders(marketId: number, owner: AccountId): BookOrderRecord[] {
    const open = this.#open.get(marketId)?.values() ?? [];
    return [...open].filter(({ order }) => order.owner === owner);
  }

  /** Projects one executed input; nothing for inputs that are not about books. */
  project(executed: Executed): BookProjected {
    const { applied } = executed;
    if (applied.kind === 'bookApplied') return this.#applied(applied, executed);
    if (applied.kind === 'bookEpochSealed') return this.#sealed(applied, executed.sequence);
    return NOTHING;
  }

  /** Remembers what later inputs need, for inputs whose rows are stored: nothing is judged. */
  follow(executed: Executed): void {
    const { applied } = executed;
    if (applied.kind === 'bookApplied') this.#applied(applied, executed);
    if (applied.kind === 'bookEpochSealed') this.#events.set(applied.epoch.marketId, []);
  }

  #applied(applied: BookApplied, { sequence, timeMs }: Executed): BookProjected {
    const { marketId, event, executions } = applied;
    this.#eventsOf(marketId).push(event);
    const open = this.#openOf(marketId);
    const changed = new Map<number, BookOrderRecord>();
    const trades: BookTrade[] = [];
    const changes: StoreChange[] = [];
    const terms = event.input.kind === 'submitBookOrder' ? event.input.entry.terms : undefined;
    for (const report of executions) {
      const { orderId } = report;
      // An order may be told of again after the report that ended it: a match of own orders takes
      // the last lots of one and then cancels it.
      const known = open.get(orderId) ?? changed.get(orderId);
      const before = known ?? admitted(terms, orderId, { sequence, timeMs });
      const record = after(before, report, sequence);
      changed.set(orderId, record);
      if (record.endedBy === undefined) open.set(orderId, record);
      else open.delete(orderId);
      if (report.execType !== 'trade') continue;
      const fill = fillOf(marketId, report, { sequence, timeMs });
      changes.push(fillChange(fill));
      if (fill.role !== 'taker') continue;
      const { owner, orderId: _, side: takerSide, role, fee, ...rest } = fill;
      trades.push({ ...rest, takerSide });
    }
    for (const trade of trades) changes.push(tradeChange(trade));
    for (const record of changed.values()) {
      const isNew = record.sequence === sequence;
      if (isNew || record.endedBy !== undefined) changes.push(...bookOrderChanges(record));
    }
    const change = this.#stateChange(event, { sequence, timeMs });
    if (change !== undefined) changes.push(stateChange(change));
    return {
      ...{ changes, trades, orders: [...changed.values()], sealed: undefined },
      ...(change !== undefined && { stateChange: change }),
    };
  }

  #stateChange({ input, reports }: BookEvent, at: Moment): BookStateChange | undefined {
    const report = reports.findLast(({ kind }) => kind === 'marketState');
    if (report?.kind !== 'marketState') return undefined;
    const marketId = bookOf(input);
    const { state } = report;
    const words = this.#words.get(marketId);
    if (state === 'halted') this.#unhalted.delete(marketId);
    if (report.reason === 'breaker') {
      return { marketId, ...at, state, cause: 'breaker', reason: BREAKER_REASON };
    }
    return { marketId, ...at, state, ...(words ?? { cause: 'operator', reason: '' }) };
  }

  #sealed(
    { epoch, stateRoot }: Extract<Applied, { kind: 'bookEpochSealed' }>,
    sequence: number,
  ): BookProjected {
    const { marketId, epochNumber, firstEvent, eventCount, sealedAtMs, diffs } = epoch;
    const events = this.openEvents(marketId);
    this.#events.set(marketId, []);
    invariant(events.length === eventCount, 'a book epoch is bundled from all of its events');
    const transition: BookTransition = { ...epoch, kind: 'book', domain: this.#domain, events };
    const bundle = encodeBookBundle(transition);
    const { verdicts, holds } = this.#judge(transition);
    if (!holds) this.#flawed.add(marketId);
    const { logRoot, closingRoot, diffRoot, parentEpochHash, epochHash } = epoch;
    const vaultCount = diffs.accounts.length;
    const sealed: SealedBookEpoch = {
      ...{ marketId, epochNumber, firstEvent, eventCount, sealedAtMs, vaultCount },
      ...{ logRoot, closingRoot, diffRoot, parentEpochHash, epochHash, stateRoot },
      ...{ sequence, verdicts, level: this.#flawed.has(marketId) ? 'executed' : 'checked' },
    };
    const broken = brokenEpoch(sealed);
    if (broken !== undefined) this.#unhalted.set(marketId, broken);
    return {
      ...NOTHING,
      changes: [...bookEpochChanges(sealed), bundleChange(marketId, epochNumber, bundle)],
      sealed,
    };
  }

  #openOf(marketId: number): Map<number, BookOrderRecord> {
    const known = this.#open.get(marketId);
    if (known !== undefined) return known;
    invariant(this.#books.has(marketId), 'a book that has events is registered');
    const open = new Map<number, BookOrderRecord>();
    this.#open.set(marketId, open);
    return open;
  }

  #eventsOf(marketId: number): BookEvent[] {
    const events = this.#events.get(marketId) ?? [];
    this.#events.set(marketId, events);
    return events;
  }
}

const BREAKER_REASON = 'a trade would have been outside the band of the circuit breaker';

function brokenEpoch({
  marketId,
  epochNumber,
  verdicts,
}: SealedBookEpoch): BrokenBookEpoch | undefined {
  const violations = verdicts.filter(({ verdict }) => verdict.kind === 'violated');
  if (violations.length === 0) return undefined;
  const laws = violations.map(({ id, name }) => `${id} ${name}`).join(', ');
  return { marketId, epochNumber, violations, reason: `epoch ${epochNumber} breaks ${laws}` };
}

interface Moment {
  readonly sequence: number;
  readonly timeMs: number;
}

function admitted(order: BookOrder | undefined, orderId: number, at: Moment): BookOrderRecord {
  invariant(order !== undefined, 'a report is about an open order or the one that arrives');
  return {
    marketId: order.marketId,
    orderId,
    order,
    sequence: at.sequence,
    admittedAtMs: at.timeMs,
    status: 'new',
    priceTicks: order.priceTicks,
    sizeLots: order.sizeLots,
    filledLots: 0,
    leavesLots: order.sizeLots,
    filledNotional: 0n,
    reason: 'none',
    endedBy: undefined,
  };
}

function after(
  before: BookOrderRecord,
  report: ExecutionReport,
  sequence: number,
): BookOrderRecord {
  const { orderStatus: status, leavesSize, reason } = report;
  return {
    ...before,
    status,
    priceTicks: report.price,
    sizeLots: report.size,
    filledLots: report.cumulativeSize,
    leavesLots: leavesSize,
    filledNotional: report.cumulativeNotional,
    reason,
    endedBy: isOver(report) ? sequence : undefined,
  };
}

/** A match of own orders may leave nothing of one; it ends with the report that says so. */
function isOver({ orderStatus }: ExecutionReport): boolean {
  return orderStatus === 'filled' || orderStatus === 'canceled' || orderStatus === 'expired';
}

function fillOf(marketId: number, report: ExecutionReport, at: Moment): BookFill {
  const { owner, orderId, side, role, fee, tradeNumber, lastPrice, lastSize } = report;
  invariant(role !== undefined, 'a trade has a maker and a taker');
  const { sequence, timeMs } = at;
  const what = { marketId, tradeNumber, priceTicks: lastPrice, lots: lastSize, sequence, timeMs };
  return { ...what, owner, orderId, side, role, fee };
}

function openRecords(market: BookMarket): Map<number, BookOrderRecord> {
  const { marketId } = market;
  const records = new Map<number, BookOrderRecord>();
  for (const open of market.open.values()) {
    const { orderId, order, sequence, admittedAtMs, priceTicks, leavesLots, filledLots } = open;
    const { filledNotional } = open;
    records.set(orderId, {
      ...{ marketId, orderId, order, sequence, admittedAtMs, status: statusOf(open) },
      ...{ priceTicks, sizeLots: filledLots + leavesLots, filledLots, leavesLots, filledNotional },
      ...{ reason: 'none', endedBy: undefined },
    });
  }
  return records;
}
