import type { ReactElement } from 'react';
import { useLive } from '../../../live/live.ts';
import { Empty, Loading, Panel } from '../../../parts/marks.tsx';
import { grouped } from '../../../words/numbers.ts';
import { clockText } from '../../../words/times.ts';
import type { BookProps } from './bookProps.ts';

const SHOWN = 24;

/** What was traded last, new to old; the colour is the side that came to the book. */
export function RecentTrades({ book, digits }: Pick<BookProps, 'book' | 'digits'>): ReactElement {
  const trades = useLive(book.trades);
  const trouble = useLive(book.trouble);
  return (
    <Panel title="Trades" className="recent-trades">
      {trades === undefined ? (
        trouble === undefined ? (
          <Loading what="trades" />
        ) : (
          <Empty title="The trades could not be read">{trouble}</Empty>
        )
      ) : trades.length === 0 ? (
        <Empty title="Nothing has traded yet" />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys.
        <section className="scroll-y" aria-label="Latest trades" tabIndex={0}>
          <table className="table table-dense">
            <thead>
              <tr>
                <th className="right">Price</th>
                <th className="right">Size</th>
                <th className="right">Time</th>
              </tr>
            </thead>
            <tbody>
              {trades.slice(0, SHOWN).map(({ tradeNumber, price, size, takerSide, time }) => (
                <tr key={tradeNumber}>
                  <td className={`num right ${takerSide === 'buy' ? 'good' : 'bad'}`}>
                    {Number(price).toFixed(digits.price)}
                    <span className="visually-hidden">
                      {takerSide === 'buy' ? ' bought' : ' sold'}
                    </span>
                  </td>
                  <td className="num right">{grouped(size, digits.size)}</td>
                  <td className="num right dim">{clockText(time)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Panel>
  );
}
