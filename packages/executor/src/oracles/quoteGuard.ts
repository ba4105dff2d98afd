import type { Rejection } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { abs, divFloor } from '@lawbook/exchange/numbers/mulDiv';
import type { Price } from '@lawbook/exchange/numbers/price';
import { PPM } from '@lawbook/exchange/numbers/price';
import type { ObservedMid, Reading } from './reader.ts';

/** When a mid is refused. */
export interface GuardLimits {
  /** Age at which a mid is stale. */
  readonly ageMsMax: number;
  /** A larger move against the last accepted mid waits for confirmation, parts per million. */
  readonly jumpPpmMax: number;
  /** Observations in a row, the first included, that confirm a jump. */
  readonly jumpConfirmations: number;
}

/** An unconfirmed jump: the latest observation and how many in a row support it. */
interface Quarantine {
  readonly observed: ObservedMid;
  readonly count: number;
}

/**
 * Judges observations, whichever adapter brings them.
 *
 * A mid is accepted if it lies within `jumpPpmMax` of the last accepted one; the first is accepted
 * as it is. A larger jump is quarantined until `jumpConfirmations` observations in a row, each of
 * another time and within `jumpPpmMax` of the one before, support it. While a mid is quarantined or
 * stale the oracle is refused as a whole: the venue does not trade on a mid that it doubts.
 */
export class QuoteGuard {
  readonly #symbols: readonly string[];
  readonly #limits: GuardLimits;
  readonly #accepted = new Map<string, ObservedMid>();
  readonly #quarantined = new Map<string, Quarantine>();
  #readingRefusals: readonly Rejection[] = [];

  constructor(symbols: readonly string[], limits: GuardLimits) {
    this.#symbols = symbols;
    this.#limits = limits;
  }

  /** Takes in one reading. Symbols that the venue does not need are ignored. */
  observe(reading: Reading): void {
    this.#readingRefusals = reading.refusals;
    for (const symbol of this.#symbols) {
      const observed = reading.mids.get(symbol);
      if (observed !== undefined) this.#observeMid(symbol, observed);
    }
  }

  #observeMid(symbol: string, observed: ObservedMid): void {
    const last = this.#accepted.get(symbol);
    if (last === undefined || this.#isNear(observed.mid, last.mid)) {
      this.#accept(symbol, observed);
      return;
    }
    const waiting = this.#quarantined.get(symbol);
    const supports = waiting !== undefined && this.#isNear(observed.mid, waiting.observed.mid);
    if (supports && observed.observedAtMs === waiting.observed.observedAtMs) return;
    const count = supports ? waiting.count + 1 : 1;
    if (count >= this.#limits.jumpConfirmations) this.#accept(symbol, observed);
    else this.#quarantined.set(symbol, { observed, count });
  }

  #accept(symbol: string, observed: ObservedMid): void {
    this.#accepted.set(symbol, observed);
    this.#quarantined.delete(symbol);
  }

  #isNear(mid: Price, reference: Price): boolean {
    return abs(mid - reference) * PPM <= BigInt(this.#limits.jumpPpmMax) * reference;
  }

  /**
   * Every reason why the mids may not be traded on now, lowest number first: `oracleStale`,
   * `oracleContradictory`, `oracleOutlier`, `oracleUnavailable`.
   */
  refusals(nowMs: number): readonly Rejection[] {
    const found = [...this.#readingRefusals];
    for (const symbol of this.#symbols) {
      const rejection = this.#judge(symbol, nowMs);
      if (rejection !== undefined) found.push(rejection);
    }
    return found.sort((a, b) => a.number - b.number);
  }

  #judge(symbol: string, nowMs: number): Rejection | undefined {
    const accepted = this.#accepted.get(symbol);
    if (accepted === undefined) return refuse('oracleUnavailable', { field: symbol }).rejection;
    const { ageMsMax, jumpPpmMax } = this.#limits;
    const waiting = this.#quarantined.get(symbol);
    if (waiting !== undefined) {
      const moved = abs(waiting.observed.mid - accepted.mid) * PPM;
      const actual = divFloor(moved, accepted.mid);
      return refuse('oracleOutlier', { field: symbol, limit: jumpPpmMax, actual }).rejection;
    }
    const age = nowMs - accepted.observedAtMs;
    // A clock that was set back must not make a mid fresh for ever.
    if (Math.abs(age) < ageMsMax) return undefined;
    return refuse('oracleStale', { field: symbol, limit: ageMsMax, actual: age }).rejection;
  }

  /** The accepted mids; complete whenever `refusals` is empty. */
  mids(): ReadonlyMap<string, Price> {
    return new Map([...this.#accepted].map(([symbol, { mid }]) => [symbol, mid]));
  }

  /** When the oldest accepted mid was observed; undefined while one is absent. */
  observedAtMs(): number | undefined {
    if (this.#accepted.size < this.#symbols.length) return undefined;
    return Math.min(...[...this.#accepted.values()].map(({ observedAtMs }) => observedAtMs));
  }
}
