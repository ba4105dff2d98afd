import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { desk } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { EpochRows } from '../../parts/epochRows.tsx';
import { Empty } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { BatchRows } from './batchRows.tsx';
import { OrderRows } from './orderRows.tsx';

const TABS = { orders: 'My orders', batches: 'Batches', epochs: 'Epochs being proved' } as const;
type Tab = keyof typeof TABS;

const EPOCHS_SHOWN = 12;

/** What happened: the reader's orders, the batches, and the epochs on their way. */
export function ActivityTabs({ market }: { readonly market: MarketView }): ReactElement {
  const [tab, setTab] = useState<Tab>('orders');
  return (
    <section className="panel activity">
      <div className="tabs" role="tablist" aria-label="What happened">
        {(Object.keys(TABS) as Tab[]).map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === tab}
            aria-controls="activity-list"
            onClick={() => setTab(name)}
          >
            {TABS[name]}
          </button>
        ))}
      </div>
      <div
        id="activity-list"
        role="tabpanel"
        aria-labelledby={`tab-${tab}`}
        className="activity-list"
      >
        {tab === 'orders' && <OwnOrders market={market} />}
        {tab === 'batches' && <BatchRows market={market} />}
        {tab === 'epochs' && <LatestEpochs />}
      </div>
    </section>
  );
}

function OwnOrders({ market }: { readonly market: MarketView }): ReactElement {
  const now = useLive(desk);
  if (now === undefined) {
    return <Empty title="No account is chosen">Your orders will be listed here.</Empty>;
  }
  return <OrderRows own={now} market={market} />;
}

function LatestEpochs(): ReactElement {
  const { epochs: live } = useVenue();
  const epochs = useLive(live);
  return <EpochRows epochs={epochs?.slice(0, EPOCHS_SHOWN)} />;
}
