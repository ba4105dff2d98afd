import type { Rejection } from '@lawbook/exchange/failures/rejection';
import type { Price } from '@lawbook/exchange/numbers/price';

/** Mids that may be traded on, taken together. */
export interface OracleQuote {
  /** USD per whole unit times PRICE_SCALE, by asset symbol; the numeraire is not among them. */
  readonly mids: ReadonlyMap<string, Price>;
  /** When the oldest of these mids was observed, milliseconds since 1970. */
  readonly observedAtMs: number;
  /** Name of the adapter and its sources, for snapshots and reports. */
  readonly source: string;
}

/** One source of an adapter, as health reports show it. */
export interface SourceHealth {
  readonly name: string;
  readonly ok: boolean;
  /** What it last did, or why it failed. */
  readonly note: string;
}

/** Whether the oracle may be traded on, and if not, every reason. */
export interface OracleHealth {
  readonly ready: boolean;
  readonly adapter: string;
  /** Age of the oldest mid in milliseconds; undefined before the first quote. */
  readonly ageMs: number | undefined;
  /** Why not, lowest number first; empty when ready. */
  readonly refusals: readonly Rejection[];
  readonly sources: readonly SourceHealth[];
}

/** Where the venue takes mids from. */
export interface OracleAdapter {
  readonly name: string;
  /**
   * Takes the first observation, then goes on in the background until `signal` aborts.
   * @returns once the first observation is judged, whatever the judgement.
   */
  start(signal: AbortSignal): Promise<void>;
  /** The current quote, undefined while any mid is refused: a doubtful mid is not traded on. */
  latest(): OracleQuote | undefined;
  health(): OracleHealth;
  /** Resolves when the background work has ended after the abort. */
  stopped(): Promise<void>;
}

/** Time, injected so that tests own it. */
export interface OracleClock {
  /** Milliseconds since 1970; below 2^53 for 285,000 years. */
  nowMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}
