import type { ReactElement } from 'react';
import { useState } from 'react';
import { useLive } from '../live/live.ts';
import { Fact, Loading, Panel } from '../parts/marks.tsx';
import { useVenue } from '../parts/venueContext.tsx';
import { grouped, shortText } from '../words/numbers.ts';
import { ImpactCurve } from './pool/impactCurve.tsx';
import { InventoryTable } from './pool/inventoryTable.tsx';
import { TriangleCheck } from './pool/triangleCheck.tsx';
import { BatchBar } from './trade/batchBar.tsx';
import { dollarPrices } from './trade/pair.ts';

/** The pool that stands on the other side of every batch. */
export function PoolScreen(): ReactElement {
  const venue = useVenue();
  const market = useLive(venue.market);
  const pool = useLive(venue.pool);
  const mids = useLive(venue.mids);
  const [last] = useLive(venue.batches);
  const [chosen, choose] = useState('EUR');
  if (market === undefined || pool === undefined) return <Loading what="the pool" />;
  const worth = dollarPrices(market, mids);
  const { assets } = pool;
  const sum = (pick: (asset: (typeof assets)[number]) => string): number =>
    assets.reduce((all, asset) => {
      return all + Number(pick(asset)) * (worth.get(asset.symbol) ?? Number.NaN);
    }, 0);
  return (
    <>
      <div className="screen-head">
        <h1>FX pool</h1>
        <p className="dim">
          One pool holds all six currencies and takes the other side of each batch. Its quote
          follows the risk of its inventory after the trade, and it never leaves its bounds.
        </p>
      </div>
      <dl className="figures">
        <Fact name="Worth at mid, USD">
          <b className="num" title={String(sum(({ inventory }) => inventory))}>
            {shortText(sum(({ inventory }) => inventory))}
          </b>
        </Fact>
        <Fact name="Fees collected, USD">
          <b className="num">{shortText(sum(({ fees }) => fees))}</b>
        </Fact>
        <Fact
          name="Inventory risk, USD"
          meaning="What the market’s own risk measure charges for the distance from its targets."
        >
          <b className="num">
            {last === undefined ? '–' : grouped(last.measures.inventoryRiskUsd, 4)}
          </b>
        </Fact>
        <Fact name="Last batch traded, USD">
          <b className="num">{last === undefined ? '–' : grouped(last.measures.filledUsd, 2)}</b>
        </Fact>
      </dl>
      <div className="pool-bar">
        <BatchBar />
      </div>
      <Panel title="Inventory against its bounds">
        <InventoryTable pool={pool} worth={worth} chosen={chosen} choose={choose} />
      </Panel>
      <div className="pool-body">
        <ImpactCurve symbol={chosen} choose={choose} market={market} />
        <TriangleCheck market={market} />
      </div>
    </>
  );
}
