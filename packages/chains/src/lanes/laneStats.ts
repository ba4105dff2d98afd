import type { LaneStats } from './lane.ts';
import type { LaneTally } from './laneTally.ts';
import type { Tenure } from './tenure.ts';

/** One line about a lane, from its owner's memory; zeros where another process owns it. */
export function laneStats(seen: {
  readonly lane: string;
  readonly tenure: Tenure | undefined;
  readonly tally: LaneTally;
  readonly nowMs: number;
}): LaneStats {
  const { lane, tenure, tally, nowMs } = seen;
  const intents = [...(tenure?.memory.intents.values() ?? [])];
  const oldest = intents.reduce((least, { createdAtMs }) => Math.min(least, createdAtMs), nowMs);
  const slots = tenure?.memory.slots() ?? [];
  const highest = slots.at(-1);
  const used = slots.filter((chainNonce) => chainNonce >= (tenure?.minedCount ?? 0)).length;
  const span = highest === undefined ? 0 : Math.max(0, highest + 1 - (tenure?.minedCount ?? 0));
  return {
    lane,
    owner: tenure !== undefined,
    halted: tenure?.memory.record.halted,
    depth: intents.length,
    inFlight: tenure?.memory.inFlight().length ?? 0,
    oldestAgeMs: nowMs - oldest,
    attempts: tally.attempts,
    attemptsPerIntent: tally.started === 0 ? 0 : tally.attempts / tally.started,
    gaps: span - used,
    nextChainNonce:
      tenure === undefined ? undefined : Math.max(tenure.minedCount, (highest ?? -1) + 1),
    ended: { ...tally.ended },
    denials: { ...tally.denials },
    reoffers: tally.reoffers,
    bumps: tally.bumps,
    alerts: tally.alerts,
    alertsUnheard: tally.alertsUnheard,
  };
}
