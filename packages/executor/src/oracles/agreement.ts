import type { Rejection } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { abs, divFloor } from '@lawbook/exchange/numbers/mulDiv';
import type { Price } from '@lawbook/exchange/numbers/price';
import { PPM } from '@lawbook/exchange/numbers/price';
import type { ObservedMid } from './reader.ts';

/** When sources agree. */
export interface AgreementLimits {
  readonly ageMsMax: number;
  readonly deviationPpmMax: number;
}

/** Either the agreed mid or why there is none. */
export type Agreement = { readonly ok: true; readonly agreed: ObservedMid } | Refusal;

interface Refusal {
  readonly ok: false;
  readonly rejection: Rejection;
}

/** A single source is never enough: it could be wrong, and nobody would notice. */
const SOURCES_MIN = 2;

/**
 * The mid of one symbol from what several sources say.
 *
 * Sources older than `ageMsMax` do not count. The centre is the lower median of the rest; those
 * within `deviationPpmMax` of it agree. If they are at least two and more than half of the fresh
 * ones, the mid is their lower median: of two, the lower. It is as old as the oldest of them.
 *
 * @returns `oracleUnavailable` when fewer than two sources quote the symbol, `oracleStale` when
 *   fewer than two are fresh, `oracleContradictory` when they disagree; the latter names how far
 *   each fresh source lies from the centre, ppm.
 */
export function agree(
  symbol: string,
  quotes: readonly ObservedMid[],
  { ageMsMax, deviationPpmMax, nowMs }: AgreementLimits & { readonly nowMs: number },
): Agreement {
  if (quotes.length < SOURCES_MIN) {
    const detail = { field: symbol, limit: SOURCES_MIN, actual: quotes.length };
    return refuse('oracleUnavailable', detail);
  }
  const fresh = quotes.filter(({ observedAtMs }) => nowMs - observedAtMs < ageMsMax);
  if (fresh.length < SOURCES_MIN) {
    const oldest = Math.min(...quotes.map(({ observedAtMs }) => observedAtMs));
    return refuse('oracleStale', { field: symbol, limit: ageMsMax, actual: nowMs - oldest });
  }
  const centre = lowerMedian(fresh.map(({ mid }) => mid));
  const limit = BigInt(deviationPpmMax) * centre;
  const agreeing = fresh.filter(({ mid }) => abs(mid - centre) * PPM <= limit);
  if (agreeing.length < SOURCES_MIN || agreeing.length * 2 <= fresh.length) {
    const actual = fresh.map(({ mid }) => divFloor(abs(mid - centre) * PPM, centre)).join(', ');
    return refuse('oracleContradictory', { field: symbol, limit: deviationPpmMax, actual });
  }
  const observedAtMs = Math.min(...agreeing.map((quote) => quote.observedAtMs));
  return { ok: true, agreed: { mid: lowerMedian(agreeing.map(({ mid }) => mid)), observedAtMs } };
}

function lowerMedian(mids: readonly Price[]): Price {
  const sorted = [...mids].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[(sorted.length - 1) >> 1] as Price;
}
