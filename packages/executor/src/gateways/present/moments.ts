import type { AsOf } from '@lawbook/api/schema/primitives';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';

/** A moment as ISO 8601 in UTC. */
export function isoTime(timeMs: number): string {
  // Times of orders may lie beyond what a Date can show; those read as its last moment.
  return new Date(Math.min(timeMs, LAST_MOMENT_MS)).toISOString();
}

/** The last moment with a four-digit year, so that every time has one form. */
const LAST_MOMENT_MS = 253_402_300_799_999;

/** When an answer from the executed state is true. */
export function asOfState(state: ExchangeState): AsOf {
  return { sequence: state.sequence, time: isoTime(state.timeMs) };
}
