import { at, invariant } from '../../failures/invariant.ts';
import type { BookRejectionCode } from './bookRejections.ts';
import { BOOK_REJECTION_NAMES } from './bookRejections.ts';
import type { MarketState, Side } from './bookTerms.ts';

/**
 * What a report tells. `trade` and `decremented` name two orders and stand for a change of both;
 * the others change one. An order that arrives is in flight from `new`, `triggered` or `replaced`
 * (lost priority) on: it rests afterwards unless it is filled, canceled or waits for its trigger.
 */
export const REPORT = {
  new: 1,
  trade: 2,
  /** Own orders met: both shrink, nothing trades. */
  decremented: 3,
  canceled: 4,
  expired: 5,
  reduced: 6,
  replaced: 7,
  triggered: 8,
  /** An iceberg shows its next tranche, at the end of its level's queue. */
  refreshed: 9,
  rejected: 10,
  marketState: 11,
} as const;
export type ReportKind = keyof typeof REPORT;

/** Why: who canceled, what a replacement did to priority, whether a new order waits. */
export const REASON = {
  none: 0,
  /** Its owner asked. */
  owner: 1,
  cancelAll: 2,
  /** No heartbeat came. */
  deadMan: 3,
  selfTrade: 4,
  /** What is left of an order that does not rest. */
  unfilled: 5,
  /** All or nothing, and not all was there. */
  fokUnfilled: 6,
  /** A post-only order that would have taken when its trigger fired. */
  postOnly: 7,
  /** The other order of its pair traded, fired or ended. */
  oco: 8,
  /** The circuit breaker. */
  breaker: 9,
  keptPriority: 10,
  lostPriority: 11,
  waiting: 12,
  operator: 13,
} as const;
export type ReportReason = keyof typeof REASON;

/** One change of one order or, in a match, of two. */
export interface OrderReport {
  readonly kind: Exclude<ReportKind, 'rejected' | 'marketState'>;
  readonly reason: ReportReason;
  /** Side of the order; in a match, of the taker. */
  readonly side: Side;
  /** The order; in a match, the maker. */
  readonly orderId: number;
  /** In a match the taker's order id; of a new order its account; else 0. */
  readonly contra: number;
  readonly priceTicks: number;
  /**
   * new, replaced, reduced: the whole size, filled lots included. trade, decremented: lots matched.
   * canceled, expired: lots given up. triggered: lots left. refreshed: lots that show.
   */
  readonly lots: number;
  /** Lots that stay open; in a match, of the maker. */
  readonly leavesLots: number;
}

/** A command was refused. */
export interface RejectedReport {
  readonly kind: 'rejected';
  readonly code: BookRejectionCode;
  /** The order id in the command, 0 where it has none. */
  readonly orderId: number;
  readonly limit: number;
  readonly actual: number;
}

/** The market changed its state. */
export interface StateReport {
  readonly kind: 'marketState';
  readonly reason: ReportReason;
  readonly state: MarketState;
}

export type BookReport = OrderReport | RejectedReport | StateReport;

/** Bytes of one report: four 32-bit integers, then two doubles. */
export const REPORT_BYTES = 32;

/** Reports that fit before the ring first grows. */
const CAPACITY_START = 4_096;

/**
 * Reports in the order they happened, numbered without a gap from 0, in one preallocated ring.
 *
 * The book writes, a publisher takes batches and says how far it has read. A full ring doubles
 * rather than lose a report: that is bounded by what one command can cause, because whoever drives
 * the book drains the ring between commands.
 *
 * Layout: kind, reason and side in one integer, leaves, price, lots, then order id and contra as
 * doubles. A refusal has its limit as a double where price and lots stand, and the number that was
 * sent where contra stands.
 */
export class ReportRing {
  integers: Int32Array = new Int32Array((CAPACITY_START * REPORT_BYTES) / 4);
  doubles: Float64Array = new Float64Array(this.integers.buffer);
  mask: number = CAPACITY_START - 1;
  /** Number of the next report. */
  written = 0;
  /** Number of the first report that nobody has taken. */
  taken = 0;

  /** Claims the next report's place, in reports; the caller fills all 32 bytes. */
  claim(): number {
    if (this.written - this.taken > this.mask) this.#grow();
    const place = this.written & this.mask;
    this.written += 1;
    return place;
  }

  /** Says that all reports below `sequence` were read. */
  release(sequence: number): void {
    invariant(sequence >= this.taken && sequence <= this.written, 'read reports were written');
    this.taken = sequence;
  }

  /** The report with a sequence, as an object: for edges, tests and judges. */
  read(sequence: number): BookReport {
    invariant(sequence >= this.taken && sequence < this.written, 'a report is still in the ring');
    const place = sequence & this.mask;
    const [i, d] = [place * 8, place * 4];
    const head = this.integers[i] as number;
    const kind = at(KIND_NAMES, (head & 255) - 1);
    const orderId = this.doubles[d + 2] as number;
    if (kind === 'rejected') {
      const code = at(BOOK_REJECTION_NAMES, ((head >> 8) & 255) - 1);
      const [limit, actual] = [this.doubles[d + 1] as number, this.doubles[d + 3] as number];
      return { kind, code, orderId, limit, actual };
    }
    const reason = at(REASON_NAMES, (head >> 8) & 255);
    if (kind === 'marketState') {
      return { kind, reason, state: at(STATE_NAMES, this.integers[i + 1] as number) };
    }
    return {
      kind,
      reason,
      side: ((head >> 16) & 1) === 0 ? 'buy' : 'sell',
      orderId,
      contra: this.doubles[d + 3] as number,
      priceTicks: this.integers[i + 2] as number,
      lots: this.integers[i + 3] as number,
      leavesLots: this.integers[i + 1] as number,
    };
  }

  /** Takes every report as an object. */
  drain(): BookReport[] {
    const reports: BookReport[] = [];
    for (let k = this.taken; k < this.written; k += 1) reports.push(this.read(k));
    this.release(this.written);
    return reports;
  }

  #grow(): void {
    const before = this.mask + 1;
    const integers = new Int32Array(before * 2 * 8);
    for (let k = this.taken; k < this.written; k += 1) {
      const from = (k & this.mask) * 8;
      integers.set(this.integers.subarray(from, from + 8), (k & (before * 2 - 1)) * 8);
    }
    this.integers = integers;
    this.doubles = new Float64Array(integers.buffer);
    this.mask = before * 2 - 1;
  }
}

const KIND_NAMES: readonly ReportKind[] = Object.keys(REPORT) as ReportKind[];
const REASON_NAMES: readonly ReportReason[] = Object.keys(REASON) as ReportReason[];
const STATE_NAMES: readonly MarketState[] = ['open', 'postOnly', 'cancelOnly', 'halted'];
