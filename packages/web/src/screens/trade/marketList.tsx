import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { BatchView } from '@lawbook/api/schema/recordViews';
import type { ReactElement } from 'react';
import { useLive } from '../../live/live.ts';
import { Panel, Term } from '../../parts/marks.tsx';
import { Sparkline } from '../../parts/sparkline.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { TERMS } from '../../words/meanings.ts';
import { bpsText, rateText } from '../../words/numbers.ts';
import type { Pair } from './pair.ts';
import { dollarPrices, quotingOf } from './pair.ts';

/** Every product against the dollar: clearing price, its course, and the change over it. */
export function MarketList({
  market,
  pair,
  choose,
}: {
  readonly market: MarketView;
  readonly pair: Pair;
  readonly choose: (pair: Pair) => void;
}): ReactElement {
  const { batches: live } = useVenue();
  const batches = useLive(live);
  const { base } = quotingOf(pair);
  const shown = market.products.filter(({ symbol }) => symbol !== 'USD');
  return (
    <Panel
      title="Markets"
      aside={<Term meaning={TERMS.batch}>Batch auction</Term>}
      className="markets"
    >
      <ul className="market-list">
        {shown.map(({ symbol, kind }) => {
          const course = courseOf(market, batches, symbol);
          const [last] = course;
          const first = course.at(-1);
          const change =
            last === undefined || first === undefined ? undefined : (last - first) / first;
          return (
            <li key={symbol}>
              <button
                type="button"
                aria-pressed={symbol === base}
                onClick={() => choose({ pay: 'USD', receive: symbol })}
              >
                <span className="market-name">
                  {symbol}
                  <span className="dim">{kind === 'basket' ? ' basket' : '/USD'}</span>
                </span>
                <Sparkline course={course} />
                <span className="num market-price">
                  {last === undefined ? '–' : rateText(last)}
                </span>
                <span className="num market-change dim">
                  {change === undefined ? '' : `${change > 0 ? '+' : ''}${bpsText(change)} bps`}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      <p className="foot">
        USD per unit. Clearing prices of the last {batches.length} batches, and the change over
        them.
      </p>
    </Panel>
  );
}

/** Clearing prices from new to old. */
function courseOf(market: MarketView, batches: readonly BatchView[], symbol: string): number[] {
  return batches
    .filter(({ outcome }) => outcome.kind === 'cleared')
    .map(({ assets }) => {
      const prices = new Map(assets.map((asset) => [asset.symbol, asset.price]));
      return dollarPrices(market, prices).get(symbol) ?? Number.NaN;
    })
    .filter(Number.isFinite);
}
