import { NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import type { FollowedInput } from '../auditor/journalFollower.ts';
import type { Checker } from '../simulation/worldView.ts';
import { wishOf } from './acknowledgedInputsLast.ts';

/**
 * However often a wish arrives, it takes effect once: no order, commitment, session, withdrawal or
 * action on a book stands in the journal twice, nor does a deposit or a payment of an exit; and a
 * client order id names one order for ever.
 */
export function inputsApplyOnce(): Checker {
  const seen = new Map<string, number>();
  const names = new Set<string>();
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
        const named = clientOrder(followed);
        if (named !== undefined) {
          if (names.has(named)) return `${named} was used again by ${sequence}`;
          names.add(named);
        }
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

/** The client order id that an order used, with whose it is and where. */
function clientOrder({ input }: FollowedInput): string | undefined {
  if (input.kind !== 'submitBookOrder') return undefined;
  const { owner, marketId, clientOrderId } = input.entry.terms;
  if (clientOrderId === NO_CLIENT_ORDER_ID) return undefined;
  return `client order id ${clientOrderId} of ${owner} on ${marketId}`;
}
