import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import type { ComponentHealth } from '../venueTypes.ts';
import type { BookDesk } from './bookDesk.ts';

/** What the health of books is read from. */
export interface BookHealthSources {
  readonly state: ExchangeState;
  readonly books: Pick<BookDesk, 'unsealed' | 'unhalted' | 'closedBy'>;
}

/** One entry per book: ready while it is not halted and no law objects to its last epoch. */
export function bookHealth({ state, books }: BookHealthSources): ComponentHealth[] {
  return [...state.books.values()].map(({ marketId, state: allowed, open }): ComponentHealth => {
    const broken = books.unhalted(marketId);
    const reason = broken?.reason ?? books.closedBy(marketId)?.reason;
    const why = allowed === 'open' || reason === undefined ? '' : ` (${reason})`;
    const { events } = books.unsealed(marketId);
    return {
      name: 'market',
      state: allowed === 'halted' || broken !== undefined ? 'unready' : 'ready',
      detail: `book ${marketId}: ${allowed}${why}, ${open.size} orders, ${events} unsealed events`,
    };
  });
}
