import type { Checker } from '../simulation/worldView.ts';
import { wishOf } from './acknowledgedInputsLast.ts';

/**
 * What was refused changed nothing: a wish of which every arrival was answered with a refusal is
 * nowhere in the journal. That a refusal leaves no trace in memory either is seen by the root.
 */
export function refusalsChangeNothing(): Checker {
  const applied = new Map<string, number>();
  let seen = 0;
  return {
    name: 'refusalsChangeNothing',
    check: ({ news, auditor, follower }) => {
      for (const followed of news) {
        const wish = wishOf(followed, follower.machine.state);
        if (wish === undefined) continue;
        applied.set(wish, followed.sequence);
        if (!auditor.wasOnlyRefused(wish)) continue;
        return `${wish} was refused and took effect as ${followed.sequence}`;
      }
      for (; seen < auditor.refusals.length; seen += 1) {
        const { wishId, code } = auditor.refusals[seen] ?? { wishId: '', code: '' };
        const sequence = applied.get(wishId);
        if (sequence === undefined || !auditor.wasOnlyRefused(wishId)) continue;
        return `${wishId} was refused (${code}) and took effect as ${sequence}`;
      }
      return undefined;
    },
  };
}
