import type { ReactElement } from 'react';
import { useEffect, useRef, useState } from 'react';
import { useLive } from '../../../live/live.ts';
import { Chip } from '../../../parts/marks.tsx';
import { useVenue } from '../../../parts/venueContext.tsx';
import { bpsText } from '../../../words/numbers.ts';
import type { ChartHandle } from '../drawChart.ts';
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
        <fieldset className="segments" aria-label="Width of a candle">
          {INTERVALS.map(({ ms, name }) => (
            <button
              key={ms}
              type="button"
              aria-pressed={ms === intervalMs}
              onClick={() => setIntervalMs(ms)}
            >
              {name}
            </button>
          ))}
        </fieldset>
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

/** The canvas; the library comes when a chart is first shown. */
function Canvas({
  book,
  own,
  digits,
  intervalMs,
}: BookProps & { readonly intervalMs: number }): ReactElement {
  const venue = useVenue();
  const box = useRef<HTMLDivElement>(null);
  const [trouble, setTrouble] = useState<string>();
  const priceDigits = digits.price;
  useEffect(() => {
    const place = box.current;
    if (place === null) return;
    let chart: ChartHandle | undefined;
    let isGone = false;
    setTrouble(undefined);
    import('./drawBookChart.ts').then(
      ({ drawBookChart }) => {
        if (isGone) return;
        const subject = { book, own, intervalMs, priceDigits };
        chart = drawBookChart(place, subject, { venue, onTrouble: setTrouble });
      },
      () => setTrouble('The chart could not be loaded. Load the page again.'),
    );
    return () => {
      isGone = true;
      chart?.remove();
    };
  }, [venue, book, own, intervalMs, priceDigits]);
  return (
    <div className="chart-box">
      <div
        ref={box}
        className="chart"
        role="img"
        aria-label={`Trades of ${book.rules.base} in ${book.rules.quote}; the latest stands above`}
      />
      {trouble !== undefined && <p className="chart-trouble">{trouble}</p>}
    </div>
  );
}
