import type { ReactElement } from 'react';
import { useCallback, useState } from 'react';
import { useLive } from '../../../live/live.ts';
import { Chip } from '../../../parts/marks.tsx';
import { useVenue } from '../../../parts/venueContext.tsx';
import { bpsText } from '../../../words/numbers.ts';
import type { Draw } from '../chartBox.tsx';
import { ChartBox, IntervalChoice } from '../chartBox.tsx';
import type { BookProps } from './bookProps.ts';

const INTERVALS = [
  { ms: 5000, name: '5 s' },
  { ms: 60_000, name: '1 min' },
  { ms: 300_000, name: '5 min' },
  { ms: 3_600_000, name: '1 h' },
] as const;

const STATES: Readonly<Record<string, readonly ['good' | 'warn' | 'bad', string]>> = {
  open: ['good', 'open'],
  postOnly: ['warn', 'takes orders that rest only'],
  cancelOnly: ['warn', 'takes cancels only'],
  halted: ['bad', 'halted'],
};

/** The course of a book's trades, with the reader's own fills and open orders. */
export function BookChart(props: BookProps): ReactElement {
  const { book } = props;
  const [intervalMs, setIntervalMs] = useState<number>(INTERVALS[0].ms);
  const state = useLive(book.state);
  const [tone, words] = STATES[state] ?? ['warn', state];
  return (
    <section className="panel chart-panel">
      <header className="panel-head">
        <h2>
          {book.rules.base}/{book.rules.quote}
        </h2>
        <PriceNow {...props} />
        <Chip tone={tone}>{words}</Chip>
        <IntervalChoice intervals={INTERVALS} intervalMs={intervalMs} choose={setIntervalMs} />
      </header>
      <Canvas {...props} intervalMs={intervalMs} />
    </section>
  );
}

function PriceNow({ book, digits }: BookProps): ReactElement {
  const [last] = useLive(book.trades) ?? [];
  const price = Number(last?.price ?? book.rules.lastPrice ?? Number.NaN);
  const { takerFeePpm, makerFeePpm } = book.rules;
  return (
    <p className="price-now">
      <b className="num price-big" data-testid="last-trade">
        {Number.isFinite(price) ? price.toFixed(digits.price) : '–'}
      </b>
      <span className="dim">last trade</span>
      <span className="dim num book-fees">
        taker {bpsText(takerFeePpm / 1e6)}, maker {bpsText(makerFeePpm / 1e6)} bps
      </span>
    </p>
  );
}

function Canvas({
  book,
  own,
  digits,
  intervalMs,
}: BookProps & { readonly intervalMs: number }): ReactElement {
  const venue = useVenue();
  const priceDigits = digits.price;
  const draw: Draw = useCallback(
    async (place, onTrouble) => {
      const { drawBookChart } = await import('./drawBookChart.ts');
      const subject = { book, own, intervalMs, priceDigits };
      return () => drawBookChart(place, subject, { venue, onTrouble });
    },
    [venue, book, own, intervalMs, priceDigits],
  );
  const { base, quote } = book.rules;
  return <ChartBox draw={draw} label={`Trades of ${base} in ${quote}; the latest stands above`} />;
}
