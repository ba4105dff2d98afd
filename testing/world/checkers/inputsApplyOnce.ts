import type { Checker } from '../simulation/worldView.ts';
import { wishOf } from './acknowledgedInputsLast.ts';

/**
 * However often a wish arrives, it takes effect once: no order, commitment, session, withdrawal or
 * action on a book stands in the journal twice, nor does a deposit or a payment of an exit.
 */
export function inputsApplyOnce(): Checker {
  const seen = new Map<string, number>();
  return {
    name: 'inputsApplyOnce',
    check: ({ news, follower }) => {
      for (const followed of news) {
        const { input, sequence } = followed;
        const crossing =
          input.kind === 'deposit'
            ? `deposit ${input.depositNumber}`
            : input.kind === 'payExit'
              ? `exit ${input.exitNumber}`
              : undefined;
        // A cancel signs the order alone: of an order that is gone, another is refused.
        const wish = crossing ?? wishOf(followed, follower.machine.state);
        if (wish === undefined) continue;
        const before = seen.get(wish);
        if (before !== undefined) return `${wish} took effect as ${before} and as ${sequence}`;
        seen.set(wish, sequence);
      }
      return undefined;
    },
  };
}
