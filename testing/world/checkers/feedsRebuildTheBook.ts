import { LADDER_LEVELS } from '../../../packages/executor/src/books/ladders.ts';
import { unitsOf } from '../../../packages/executor/src/gateways/present/presentBook.ts';
import type { Checker, WorldView } from '../simulation/worldView.ts';

/**
 * Whoever follows a feed holds the book: a ladder that a client rebuilt from changes is the one
 * that the venue has told at the same input; at the end every client has the last one, and it is
 * what the orders of the book show, added up here one by one.
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
      return view.isAtRest ? compareOrders(view) : undefined;
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

function compareOrders({ live }: WorldView): string | undefined {
  if (live === undefined) return undefined;
  const { state, books } = live.wired.venue;
  for (const market of state.books.values()) {
    const shown = new Map<string, number>();
    for (const { side, priceTicks, shownLots } of market.image().orders) {
      const key = `${side} ${priceTicks}`;
      if (shownLots > 0) shown.set(key, (shown.get(key) ?? 0) + shownLots);
    }
    const told = books.ladder(market.marketId);
    const levels = [
      ...told.bids.map(([ticks, lots]) => [`buy ${ticks}`, lots] as const),
      ...told.asks.map(([ticks, lots]) => [`sell ${ticks}`, lots] as const),
    ];
    for (const [key, lots] of levels) {
      const there = shown.get(key) ?? 0;
      if (there !== lots) return `book ${market.marketId} tells ${lots} to ${key}, of ${there}`;
    }
    const isWhole = told.bids.length < LADDER_LEVELS && told.asks.length < LADDER_LEVELS;
    if (isWhole && levels.length !== shown.size) {
      return `book ${market.marketId} tells ${levels.length} levels of ${shown.size}`;
    }
  }
  return undefined;
}
