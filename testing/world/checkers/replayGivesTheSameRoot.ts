import type { Checker } from '../simulation/worldView.ts';

/**
 * What the venue has in memory is what its durable journal replays to: their roots are equal
 * whenever both stand at the same input, and at the end a fresh replay of everything agrees too.
 */
export function replayGivesTheSameRoot(): Checker {
  /** What was compared last: of the same life at the same input nothing can have changed. */
  let compared = '';
  return {
    name: 'replayGivesTheSameRoot',
    check: async ({ live, follower, isAtRest, auditor }) => {
      const venue = live?.wired.venue;
      const moment = `${live?.sinceMs} ${follower.sequence} ${auditor.arrivals.length}`;
      const isStill = moment === compared && !isAtRest;
      if (venue !== undefined && venue.state.sequence === follower.sequence && !isStill) {
        compared = moment;
        const [theirs, ours] = [live?.wired.recovered.machine.root(), follower.root()];
        if (theirs !== ours) {
          return `at input ${follower.sequence} the venue has ${theirs}, a replay ${ours}`;
        }
      }
      if (!isAtRest) return undefined;
      const changed = await follower.compare();
      if (changed !== undefined) return changed;
      const [again, root] = [follower.replay(), follower.root()];
      return again === root ? undefined : `a second replay gives ${again}, the first ${root}`;
    },
  };
}
