import type { Checker } from '../simulation/worldView.ts';
import { wishOf } from './acknowledgedInputsLast.ts';

/**
 * What was refused changed nothing: a wish of which every arrival was answered with a refusal is
 * nowhere in the journal. That a refusal leaves no trace in memory either is seen by the root.
 */
export function refusalsChangeNothing(): Checker {
  const applied = new Map<string, number>();
  return {
    name: 'refusalsChangeNothing',
    check: ({ news, auditor, follower, isAtRest }) => {
      for (const followed of news) {
        const wish = wishOf(followed, follower.machine.state);
        if (wish !== undefined) applied.set(wish, followed.sequence);
      }
      if (!isAtRest) return undefined;
      const taken = new Set(auditor.unclear);
      for (const { wishId, reply } of auditor.arrivals) {
        const isOpen = reply === undefined || reply.status < 400;
        // Not received: the disk was away, and whether the input is on it shows after a restart.
        if (isOpen || reply?.status === 503) taken.add(wishId);
      }
      for (const { wishId } of auditor.acknowledged) taken.add(wishId);
      for (const [wish, code] of auditor.refused) {
        const sequence = applied.get(wish);
        if (sequence === undefined || taken.has(wish)) continue;
        return `${wish} was refused (${code}) and took effect as ${sequence}`;
      }
      return undefined;
    },
  };
}
