import { unitsOf } from '../../../packages/executor/src/gateways/present/presentBook.ts';
import type { Checker, WorldView } from '../simulation/worldView.ts';

/**
 * Whoever follows a feed holds the book: a ladder that a client rebuilt from changes is the one
 * that the venue has told at the same input; at the end every client has the last one.
 */
export function feedsRebuildTheBook(): Checker {
  return {
    name: 'feedsRebuildTheBook',
    check: (view) => {
      for (const { ladders, trader } of view.feeds) {
        for (const [marketId, { now }] of ladders) {
          const flaw = compare(view, marketId, now);
          if (flaw !== undefined) return `the book ${marketId} of ${trader.name}: ${flaw}`;
        }
      }
      return undefined;
    },
  };
}

type Held =
  WorldView['feeds'][number]['ladders'] extends Map<number, { now: infer Now }> ? Now : never;

function compare({ live, isAtRest }: WorldView, marketId: number, held: Held): string | undefined {
  if (live === undefined) return undefined;
  const { venue } = live.wired;
  if (held === undefined) return isAtRest ? 'was never received' : undefined;
  const told = venue.books.toldSequence(marketId);
  // A venue that told nothing since its start says 0, whatever a client holds from before.
  if (!isAtRest && (told === 0 || held.inputSequence !== told)) return undefined;
  const { bids, asks } = unitsOf(venue.state, marketId).ladder(venue.books.ladder(marketId));
  const [theirs, ours] = [
    JSON.stringify({ bids: held.bids, asks: held.asks }),
    JSON.stringify({ bids, asks }),
  ];
  return theirs === ours ? undefined : `${theirs} instead of ${ours}`;
}
