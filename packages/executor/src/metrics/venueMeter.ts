import { Fault } from '@lawbook/exchange/failures/fault';
import type { BookNews } from '../books/bookRecords.ts';
import type { Journal, SyncedGroup } from '../journal/journal.ts';
import type { OracleAdapter } from '../oracles/oracleAdapter.ts';
import type { BrokenBatch, ClearedBatch } from '../pipeline.ts';
import type { Venue } from '../venue.ts';
import type { VenueEvent } from '../venueTypes.ts';
import type { Metrics } from './metrics.ts';

/** The number of an epoch of either kind, and when it was sealed. */
interface SealedPlace {
  readonly marketId: number;
  readonly epochNumber: number;
  readonly sealedAtMs: number;
}

/** Turns what happens in a venue into metrics. It only watches: nothing depends on it. */
export class VenueMeter {
  readonly #metrics: Metrics;
  readonly #levels = new Map<string, number>();
  /** Highest epoch by market and level; levels and markets are few. */
  readonly #highest = new Map<string, number>();
  #venue: Venue | undefined;
  #journal: Journal | undefined;
  #oracle: OracleAdapter | undefined;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Starts watching a venue and the parts that are only read at a scrape. */
  watch(venue: Venue, journal: Journal, oracle: OracleAdapter): void {
    this.#venue = venue;
    this.#journal = journal;
    this.#oracle = oracle;
    venue.subscribe((event) => this.#event(event));
  }

  /** Times and executions of a batch that kept the laws. */
  cleared({ transition, times }: ClearedBatch): void {
    const market = String(transition.parameters.marketId);
    const { batchStep, batchesCleared, executions } = this.#metrics;
    batchStep.observe({ market, step: 'solve' }, times.solveMs / 1000);
    batchStep.observe({ market, step: 'allocate' }, times.allocateMs / 1000);
    batchStep.observe({ market, step: 'judge' }, times.judgeMs / 1000);
    const { outcome, measures } = transition.report;
    batchesCleared.inc({ market, outcome: outcome.kind });
    executions.inc({ market }, measures.ordersFilled + measures.ordersPartial);
  }

  /** Laws that a batch broke. */
  broken({ violations }: BrokenBatch): void {
    for (const { id } of violations) this.#metrics.lawsViolated.inc({ law: id });
  }

  /** A group of inputs that reached the disk. */
  synced({ bytes, ms }: SyncedGroup): void {
    this.#metrics.journalSync.observe(ms / 1000);
    this.#metrics.journalWritten.inc(bytes);
  }

  /** A fault that nobody waits for. */
  fault(fault: unknown): void {
    this.#metrics.faults.inc({ code: fault instanceof Fault ? fault.code : 'UNCODED' });
  }

  /** Reads the gauges; called right before a scrape is answered. */
  refresh(): void {
    const { journalQueue, oracleAge, levelAge } = this.#metrics;
    const journal = this.#journal?.health();
    if (journal !== undefined) journalQueue.set(journal.pendingBytes);
    oracleAge.set((this.#oracle?.health().ageMs ?? 0) / 1000);
    this.#refreshBooks();
    for (const [level, atMs] of this.#levels) levelAge.set({ level }, (Date.now() - atMs) / 1000);
  }

  #event(event: VenueEvent): void {
    if (event.kind === 'order' && event.record.status === 'new') {
      this.#metrics.ordersAccepted.inc({ market: String(event.record.order.marketId) });
    }
    if (event.kind === 'epoch') {
      const { epoch, level: reached } = event.record;
      for (const level of ['executed', reached]) this.#reach(level, epoch);
    }
    if (event.kind === 'book') this.#book(event.news);
    if (event.kind === 'bookEpoch') {
      for (const level of ['executed', event.epoch.level]) this.#reach(level, event.epoch);
      for (const { id, verdict } of event.epoch.verdicts) {
        if (verdict.kind === 'violated') this.#metrics.lawsViolated.inc({ law: id });
      }
    }
  }

  #book({ marketId, sequence, orders, trades, stateChange }: BookNews): void {
    const market = String(marketId);
    const { ordersAccepted, bookTrades, bookClosures } = this.#metrics;
    const placed = orders.filter((record) => record.sequence === sequence).length;
    if (placed > 0) ordersAccepted.inc({ market }, placed);
    if (trades.length > 0) bookTrades.inc({ market }, trades.length);
    if (stateChange === undefined || stateChange.state === 'open') return;
    bookClosures.inc({ market, state: stateChange.state, cause: stateChange.cause });
  }

  #refreshBooks(): void {
    const { bookOpen, bookUnsealed, bookLag } = this.#metrics;
    const venue = this.#venue;
    if (venue === undefined) return;
    for (const { marketId, open } of venue.state.books.values()) {
      const market = String(marketId);
      const { events, sinceMs } = venue.books.unsealed(marketId);
      bookOpen.set({ market }, open.size);
      bookUnsealed.set({ market }, events);
      bookLag.set({ market }, sinceMs === undefined ? 0 : (Date.now() - sinceMs) / 1000);
    }
  }

  /** An epoch is told again whenever something about it changes, and counts once for a level. */
  #reach(level: string, { marketId, epochNumber, sealedAtMs }: SealedPlace): void {
    const place = `${marketId}/${level}`;
    if (epochNumber <= (this.#highest.get(place) ?? 0)) return;
    this.#highest.set(place, epochNumber);
    this.#metrics.epochs.inc({ level });
    this.#levels.set(level, sealedAtMs);
  }
}
