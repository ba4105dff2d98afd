import type { Applied } from '@lawbook/exchange/application/applied';
import { encodeBookBundle } from '@lawbook/exchange/bookBundle';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { ExecutionReport } from '@lawbook/exchange/markets/book/executionReport';
import { statusOf } from '@lawbook/exchange/markets/book/executions';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { bundleChange } from '../readModel/venueIndex.ts';
import type { StoreChange } from '../storage/keyValueStore.ts';
import type { Executed } from '../venueTypes.ts';
import { bookEpochChange, bookOrderChanges, fillChange, tradeChange } from './bookIndex.ts';
import type { BookFill, BookOrderRecord, BookTrade, SealedBookEpoch } from './bookRecords.ts';

/** What follows from an input of a book for readers. */
export interface BookProjected {
  readonly changes: readonly StoreChange[];
  readonly trades: readonly BookTrade[];
  /** Orders that the input changed, as they stand after it. */
  readonly orders: readonly BookOrderRecord[];
  readonly sealed: SealedBookEpoch | undefined;
}

const NOTHING: BookProjected = { changes: [], trades: [], orders: [], sealed: undefined };

type BookApplied = Extract<Applied, { kind: 'bookApplied' }>;

/**
 * Turns inputs of books into rows: admissions, orders that ended, trades, fills, epochs with their
 * bundles. It remembers the open orders and the events of each open epoch.
 */
export class BookProjection {
  readonly #books: ReadonlyMap<number, BookMarket>;
  readonly #domain: VenueDomain;
  readonly #open = new Map<number, Map<number, BookOrderRecord>>();
  readonly #events = new Map<number, BookEvent[]>();

  /** Takes the orders that are open now; their events come by `restore`. */
  constructor(books: ReadonlyMap<number, BookMarket>, domain: VenueDomain) {
    this.#books = books;
    this.#domain = domain;
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
    if (applied.kind === 'bookEpochSealed') return this.#sealed(applied);
    return NOTHING;
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
      const before = open.get(orderId) ?? admitted(terms, orderId, { sequence, timeMs });
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
    return { changes, trades, orders: [...changed.values()], sealed: undefined };
  }

  #sealed({ epoch, stateRoot }: Extract<Applied, { kind: 'bookEpochSealed' }>): BookProjected {
    const { marketId, epochNumber, firstEvent, eventCount, sealedAtMs, diffs } = epoch;
    const events = this.openEvents(marketId);
    this.#events.set(marketId, []);
    invariant(events.length === eventCount, 'a book epoch is bundled from all of its events');
    const bundle = encodeBookBundle({ ...epoch, kind: 'book', domain: this.#domain, events });
    const { logRoot, closingRoot, diffRoot, parentEpochHash, epochHash } = epoch;
    const vaultCount = diffs.accounts.length;
    const sealed: SealedBookEpoch = {
      ...{ marketId, epochNumber, firstEvent, eventCount, sealedAtMs, vaultCount },
      ...{ logRoot, closingRoot, diffRoot, parentEpochHash, epochHash, stateRoot },
    };
    return {
      ...NOTHING,
      changes: [bookEpochChange(sealed), bundleChange(marketId, epochNumber, bundle)],
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
