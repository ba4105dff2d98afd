import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { ReactElement } from 'react';
import { useCallback, useRef, useState } from 'react';
import { desk } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { Term } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { TERMS } from '../../words/meanings.ts';
import { bpsText, rateText } from '../../words/numbers.ts';
import type { Draw } from './chartBox.tsx';
import { ChartBox, IntervalChoice } from './chartBox.tsx';
import type { Pair } from './pair.ts';
import { dollarPrices, quotingOf, rateOf } from './pair.ts';

const INTERVALS = [
  { ms: 5000, name: '5 s' },
  { ms: 30_000, name: '30 s' },
  { ms: 60_000, name: '1 min' },
  { ms: 300_000, name: '5 min' },
] as const;

/** The course of a pair's clearing prices, with the mid, the band, and the reader's own fills. */
export function PriceChart({
  market,
  pair,
}: {
  readonly market: MarketView;
  readonly pair: Pair;
}): ReactElement {
  const [intervalMs, setIntervalMs] = useState<number>(INTERVALS[0].ms);
  const quoting = quotingOf(pair);
  return (
    <section className="panel chart-panel">
      <header className="panel-head">
        <h2>
          {quoting.base}/{quoting.quote}
        </h2>
        <PriceNow market={market} pair={pair} />
        <IntervalChoice intervals={INTERVALS} intervalMs={intervalMs} choose={setIntervalMs} />
      </header>
      <Canvas market={market} pair={pair} intervalMs={intervalMs} />
    </section>
  );
}

function PriceNow({
  market,
  pair,
}: {
  readonly market: MarketView;
  readonly pair: Pair;
}): ReactElement {
  const venue = useVenue();
  const mids = useLive(venue.mids);
  const [last] = useLive(venue.batches);
  const quoting = quotingOf(pair);
  const cleared = new Map(last?.assets.map(({ symbol, price }) => [symbol, price]));
  const price = rateOf(quoting, dollarPrices(market, cleared));
  const mid = rateOf(quoting, dollarPrices(market, mids));
  return (
    <p className="price-now">
      <b className="num price-big" data-testid="clearing-price">
        {rateText(price)}
      </b>
      <span className="dim">
        <Term meaning={TERMS.clearing}>cleared</Term>
      </span>
      <span className="dim">
        <Term meaning={TERMS.mid}>mid</Term> <span className="num">{rateText(mid)}</span>
        {Number.isFinite(price / mid) && (
          <span className="num price-off"> {bpsText((price - mid) / mid)} bps off</span>
        )}
      </span>
    </p>
  );
}

function Canvas({
  market,
  pair,
  intervalMs,
}: {
  readonly market: MarketView;
  readonly pair: Pair;
  readonly intervalMs: number;
}): ReactElement {
  const venue = useVenue();
  const { base, quote } = quotingOf(pair);
  // A venue tells its market anew each second; the chart only needs what never changes.
  const facts = useRef(market);
  facts.current = market;
  const draw: Draw = useCallback(
    async (place, onTrouble) => {
      const { drawChart } = await import('./drawChart.ts');
      const subject = { market: facts.current, quoting: { base, quote }, intervalMs };
      return () => drawChart(place, subject, { venue, desk, onTrouble });
    },
    [venue, base, quote, intervalMs],
  );
  return (
    <ChartBox
      draw={draw}
      label={`Clearing prices of ${base} in ${quote}; the latest stands above`}
    />
  );
}
