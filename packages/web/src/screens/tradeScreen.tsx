import type { ReactElement } from 'react';
import { lazy, Suspense, useState } from 'react';
import { useLive } from '../live/live.ts';
import { addressOf, place } from '../live/route.ts';
import { useShortcuts } from '../live/shortcuts.ts';
import { Loading } from '../parts/marks.tsx';
import { useVenue } from '../parts/venueContext.tsx';
import { ActivityTabs } from './trade/activityTabs.tsx';
import { BalancesPanel } from './trade/balancesPanel.tsx';
import { BatchBar } from './trade/batchBar.tsx';
import { MarketList } from './trade/marketList.tsx';
import type { Pair } from './trade/pair.ts';
import { PriceChart } from './trade/priceChart.tsx';
import { Ticket } from './trade/ticket.tsx';

/** Books come when one is chosen. */
const BookTrade = lazy(async () => ({
  default: (await import('./trade/book/bookTrade.tsx')).BookTrade,
}));

/** One screen to trade: markets, price, ticket, orders, balances. */
export function TradeScreen(): ReactElement {
  const venue = useVenue();
  const market = useLive(venue.market);
  const trouble = useLive(venue.trouble);
  const { rest } = useLive(place);
  const [pair, setPair] = useState<Pair>({ pay: 'USD', receive: 'EUR' });
  const [wanted] = rest;
  const bookId = wanted !== undefined && /^\d+$/.test(wanted) ? wanted : undefined;
  useMarketKeys(bookId);
  if (market === undefined) {
    return trouble === undefined ? (
      <Loading what="the market" />
    ) : (
      <div className="empty" role="alert">
        <p className="empty-title">The venue does not answer.</p>
        <p>{trouble}</p>
      </div>
    );
  }
  const choose = (next: Pair): void => {
    setPair(next);
    if (bookId !== undefined) location.hash = addressOf('trade');
  };
  const markets = <MarketList market={market} pair={pair} bookId={bookId} choose={choose} />;
  if (bookId !== undefined) {
    return (
      <Suspense fallback={<Loading what="the book" />}>
        <BookTrade key={bookId} marketId={bookId} markets={markets} />
      </Suspense>
    );
  }
  return (
    <div className="trade">
      <h1 className="visually-hidden">Trade</h1>
      {markets}
      <div className="trade-centre">
        <PriceChart market={market} pair={pair} />
        <BatchBar />
        <ActivityTabs market={market} />
      </div>
      <div className="trade-side">
        <Ticket market={market} pair={pair} setPair={setPair} />
        <BalancesPanel market={market} />
      </div>
    </div>
  );
}

/** Keys that go from one market to the next. */
function useMarketKeys(bookId: string | undefined): void {
  const { bookList } = useVenue();
  const go = (by: number): void => {
    const places = [undefined, ...bookList.get().map(({ marketId }) => marketId)];
    const next = places[(places.indexOf(bookId) + by + places.length) % places.length];
    location.hash = next === undefined ? addressOf('trade') : addressOf('trade', next);
  };
  useShortcuts([
    { key: ']', words: 'Next market', run: () => go(1) },
    { key: '[', words: 'Market before', run: () => go(-1) },
  ]);
}
