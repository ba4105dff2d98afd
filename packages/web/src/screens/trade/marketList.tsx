import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { BatchView } from '@lawbook/api/schema/recordViews';
import type { ReactElement } from 'react';
import { useLive } from '../../live/live.ts';
import { addressOf } from '../../live/route.ts';
import { Panel, Term } from '../../parts/marks.tsx';
import { Sparkline } from '../../parts/sparkline.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { TERMS } from '../../words/meanings.ts';
import { bpsText, digitsOfStep, rateText } from '../../words/numbers.ts';
import type { Pair } from './pair.ts';
import { dollarPrices, quotingOf } from './pair.ts';

/** What can be traded: every product of the batch market against the dollar, and the books. */
export function MarketList({
  market,
  pair,
  bookId,
  choose,
}: {
  readonly market: MarketView;
  readonly pair: Pair;
  /** The book that is shown; undefined for the batch market. */
  readonly bookId: string | undefined;
  readonly choose: (pair: Pair) => void;
}): ReactElement {
  const { batches: live } = useVenue();
  const batches = useLive(live);
  const { base } = quotingOf(pair);
  const shown = market.products.filter(({ symbol }) => symbol !== 'USD');
  return (
    <Panel title="Markets" className="markets">
      <h3 className="market-kind">
        <Term meaning={TERMS.batch}>Batch auction</Term>
      </h3>
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
                aria-pressed={bookId === undefined && symbol === base}
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
      <Books bookId={bookId} />
    </Panel>
  );
}

function Books({ bookId }: { readonly bookId: string | undefined }): ReactElement | null {
  const books = useLive(useVenue().bookList);
  if (books.length === 0) return null;
  return (
    <>
      <h3 className="market-kind">
        <Term meaning={TERMS.ladder}>Order books</Term>
      </h3>
      <ul className="market-list">
        {books.map(({ marketId, base, quote, tickSize, lastPrice, bestBid, bestAsk, settles }) => {
          const digits = digitsOfStep(tickSize);
          const text = (price: string | undefined): string =>
            price === undefined ? '–' : Number(price).toFixed(digits);
          return (
            <li key={marketId}>
              <button
                type="button"
                className="market-book"
                aria-pressed={marketId === bookId}
                onClick={() => {
                  location.hash = addressOf('trade', marketId);
                }}
              >
                <span className="market-name">
                  {base}
                  <span className="dim">/{quote}</span>
                </span>
                <span className="num market-price">{text(lastPrice)}</span>
                <span className="market-note dim">{settles ? 'settles' : 'play money'}</span>
                <span className="num market-change dim">
                  {text(bestBid?.price)} / {text(bestAsk?.price)}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </>
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
