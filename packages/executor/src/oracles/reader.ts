import type { Rejection } from '@lawbook/exchange/failures/rejection';
import type { Price } from '@lawbook/exchange/numbers/price';
import type { SourceHealth } from './oracleAdapter.ts';

/** One mid and when its source observed it, milliseconds since 1970. */
export interface ObservedMid {
  readonly mid: Price;
  readonly observedAtMs: number;
}

/** What one reading brought. Symbols may be absent from `mids`; each absence has its refusal. */
export interface Reading {
  readonly mids: ReadonlyMap<string, ObservedMid>;
  readonly refusals: readonly Rejection[];
  readonly sources: readonly SourceHealth[];
}

/** The part in which adapters differ: where one reading comes from. */
export interface OracleReader {
  readonly name: string;
  /** Name with the sources, as snapshots carry it. */
  readonly source: string;
  /** Time between two readings, milliseconds. */
  readonly intervalMs: number;
  /** Takes a reading. Failures of sources are part of the reading, not thrown. */
  read(nowMs: number, signal: AbortSignal): Promise<Reading>;
}

/** A reading of one source that cannot fail: every mid observed now. */
export function trustedReading(
  mids: ReadonlyMap<string, Price>,
  observedAtMs: number,
  source: SourceHealth,
): Reading {
  const observed = [...mids].map(([symbol, mid]) => [symbol, { mid, observedAtMs }] as const);
  return { mids: new Map(observed), refusals: [], sources: [source] };
}
