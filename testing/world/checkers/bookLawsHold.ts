import { invariant } from '@lawbook/exchange/failures/invariant';
import { judgeBookEpoch } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import { recoverOnce } from '../simulation/signatures.ts';
import type { Checker } from '../simulation/worldView.ts';

/** Every epoch of a book that became durable satisfies every law of books, signatures included. */
export function bookLawsHold(): Checker {
  const open = new Map<number, BookEvent[]>();
  return {
    name: 'bookLawsHold',
    check: ({ news, follower }) => {
      for (const { applied, sequence } of news) {
        if (applied.kind === 'bookApplied') {
          const events = open.get(applied.marketId) ?? [];
          events.push(applied.event);
          open.set(applied.marketId, events);
        }
        if (applied.kind !== 'bookEpochSealed') continue;
        const { epoch } = applied;
        const events = open.get(epoch.marketId) ?? [];
        open.delete(epoch.marketId);
        invariant(events.length === epoch.eventCount, 'an epoch is made of what was applied');
        const { domain } = follower.machine.state;
        const authority = { authority: 'recover' as const, recover: recoverOnce };
        const transition = { ...epoch, kind: 'book' as const, domain, events };
        for (const { id, name, verdict } of judgeBookEpoch(transition, authority).verdicts) {
          if (verdict.kind === 'holds') continue;
          return `input ${sequence} breaks ${id} ${name}: ${JSON.stringify(verdict)}`;
        }
      }
      return undefined;
    },
  };
}
