import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { ReactElement } from 'react';
import { useLive } from '../../live/live.ts';
import { Empty, Panel, Term } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { counted, rateText } from '../../words/numbers.ts';
import { dollarPrices } from '../trade/pair.ts';

const TRIANGLES =
  'Paying around any three currencies at these rates: how far the product is from one. It is the ' +
  'rounding of this page’s floating point; the venue keeps one exact price a currency.';

/**
 * The last price vector as every pair. One price a currency means that a round trip through any
 * three returns exactly what went in before fees: the product over each triangle is one.
 */
export function TriangleCheck({ market }: { readonly market: MarketView }): ReactElement {
  const { batches: live } = useVenue();
  const [last] = useLive(live);
  if (last === undefined) return <Empty title="No batch has cleared yet" />;
  const worth = dollarPrices(market, new Map(last.assets.map((a) => [a.symbol, a.price])));
  const symbols = last.assets.map(({ symbol }) => symbol);
  const rate = (base: string, quote: string): number =>
    (worth.get(base) ?? Number.NaN) / (worth.get(quote) ?? Number.NaN);
  const worst = largestGap(symbols, rate);
  return (
    <Panel
      title={`Price vector of batch ${counted(last.batchNumber)}`}
      aside={<Term meaning={TRIANGLES}>Triangles: off by {worst.toExponential(0)}</Term>}
    >
      <div className="scroll">
        <table className="table vector">
          <thead>
            <tr>
              <th>1 unit of</th>
              {symbols.map((symbol) => (
                <th key={symbol} className="right">
                  in {symbol}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {symbols.map((base) => (
              <tr key={base}>
                <td>
                  <b>{base}</b>
                </td>
                {symbols.map((quote) => (
                  <td key={quote} className={`num right ${base === quote ? 'dim' : ''}`}>
                    {base === quote ? '1' : rateText(rate(base, quote))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function largestGap(
  symbols: readonly string[],
  rate: (base: string, quote: string) => number,
): number {
  let worst = 0;
  for (const a of symbols) {
    for (const b of symbols) {
      for (const c of symbols) {
        worst = Math.max(worst, Math.abs(rate(a, b) * rate(b, c) * rate(c, a) - 1));
      }
    }
  }
  return worst;
}
