import type { SettlementLag } from './settler.ts';

/** How much a venue may owe to a base layer that is away or slow before trading pauses. */
export interface ExposureLimits {
  /** Lists that are sealed and not settled. */
  readonly unsettledListsMax: number;
  /** Age of the oldest of them, milliseconds. */
  readonly unsettledAgeMsMax: number;
}

/** Why trading is paused, in a sentence for every page, and since when (ms since 1970). */
export interface ExposurePause {
  readonly reason: string;
  readonly since: number;
}

/** What an exposure is judged by. */
export interface ExposureReading {
  readonly lag: Pick<SettlementLag, 'unsettled' | 'oldestUnsettledMs'>;
  readonly nowMs: number;
  /** What was judged last. */
  readonly before: ExposurePause | undefined;
}

/**
 * Whether trading pauses: from the moment a limit is reached until both figures have come down to
 * half of their limits, so that a venue at its limit does not open and close with every list.
 * @returns undefined while trading may go on.
 */
export function judgeExposure(
  { unsettledListsMax, unsettledAgeMsMax }: ExposureLimits,
  { lag, nowMs, before }: ExposureReading,
): ExposurePause | undefined {
  const lists = { actual: lag.unsettled, limit: unsettledListsMax };
  const age = { actual: lag.oldestUnsettledMs, limit: unsettledAgeMsMax };
  const isOver = before === undefined ? reachesLimit : isAboveHalf;
  if (!isOver(lists) && !isOver(age)) return undefined;
  const reason = isOver(lists)
    ? `Trading pauses: ${lists.actual} epochs wait to be settled, and the limit is ${lists.limit}.`
    : `Trading pauses: an epoch has waited ${seconds(age.actual)} s to be settled, and the limit ` +
      `is ${seconds(age.limit)} s.`;
  return { reason, since: before?.since ?? nowMs };
}

interface Figure {
  readonly actual: number;
  readonly limit: number;
}

function reachesLimit({ actual, limit }: Figure): boolean {
  return actual >= limit;
}

function isAboveHalf({ actual, limit }: Figure): boolean {
  return 2 * actual > limit;
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
