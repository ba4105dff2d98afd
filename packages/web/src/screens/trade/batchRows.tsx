import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { ReactElement } from 'react';
import { useLive } from '../../live/live.ts';
import { addressOf } from '../../live/route.ts';
import { Empty } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { counted, grouped, rateText } from '../../words/numbers.ts';
import { clockText } from '../../words/times.ts';

const SHOWN = 40;

/** The latest batches, each with its one price vector and the verdict of the laws. */
export function BatchRows({ market }: { readonly market: MarketView }): ReactElement {
  const { batches: live } = useVenue();
  const batches = useLive(live);
  const priced = market.products.filter(({ symbol, kind }) => kind === 'asset' && symbol !== 'USD');
  if (batches.length === 0) return <Empty title="No batch has cleared yet" />;
  return (
    <table className="table table-wide">
      <thead>
        <tr>
          <th className="right">Batch</th>
          <th>Closed</th>
          <th className="right">Orders</th>
          <th className="right">Traded, USD</th>
          {priced.map(({ symbol }) => (
            <th key={symbol} className="right">
              {symbol}
            </th>
          ))}
          <th>Laws</th>
          <th className="right">Epoch</th>
        </tr>
      </thead>
      <tbody>
        {batches.slice(0, SHOWN).map((batch) => {
          const broken = batch.verdicts.filter(({ holds }) => !holds);
          const prices = new Map(batch.assets.map(({ symbol, price }) => [symbol, Number(price)]));
          return (
            <tr key={batch.batchNumber}>
              <td className="num right">{counted(batch.batchNumber)}</td>
              <td className="num">{clockText(batch.closedAt)}</td>
              <td className="num right">{counted(batch.orderCount)}</td>
              <td className="num right">{grouped(batch.measures.filledUsd, 2)}</td>
              {priced.map(({ symbol }) => (
                <td key={symbol} className="num right">
                  {rateText(prices.get(symbol) ?? Number.NaN)}
                </td>
              ))}
              <td>
                {broken.length === 0 ? (
                  `all ${batch.verdicts.length} hold`
                ) : (
                  <span className="bad">{broken.map(({ law }) => law).join(', ')} broken</span>
                )}
              </td>
              <td className="num right">
                <a href={addressOf('epochs', batch.epochNumber)}>{counted(batch.epochNumber)}</a>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
