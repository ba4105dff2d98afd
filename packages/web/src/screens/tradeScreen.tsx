import type { ReactElement } from 'react';
import { useState } from 'react';
import { useLive } from '../live/live.ts';
import { Loading } from '../parts/marks.tsx';
import { useVenue } from '../parts/venueContext.tsx';
import { ActivityTabs } from './trade/activityTabs.tsx';
import { BalancesPanel } from './trade/balancesPanel.tsx';
import { BatchBar } from './trade/batchBar.tsx';
import { MarketList } from './trade/marketList.tsx';
import type { Pair } from './trade/pair.ts';
import { PriceChart } from './trade/priceChart.tsx';
import { Ticket } from './trade/ticket.tsx';

/** One screen to trade: markets, price, ticket, orders, balances. */
export function TradeScreen(): ReactElement {
  const venue = useVenue();
  const market = useLive(venue.market);
  const trouble = useLive(venue.trouble);
  const [pair, setPair] = useState<Pair>({ pay: 'USD', receive: 'EUR' });
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
  return (
    <div className="trade">
      <h1 className="visually-hidden">Trade</h1>
      <MarketList market={market} pair={pair} choose={setPair} />
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
