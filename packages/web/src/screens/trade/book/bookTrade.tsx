import type { BookView } from '@lawbook/api/schema/bookViews';
import type { ReactElement } from 'react';
import { useCallback, useState } from 'react';
import type { BookLink } from '../../../live/bookLink.ts';
import { Empty, Loading } from '../../../parts/marks.tsx';
import { useBook, useBookDesk } from '../../../parts/useBook.ts';
import { digitsOfStep } from '../../../words/numbers.ts';
import { BookActivity } from './bookActivity.tsx';
import { BookBalances } from './bookBalances.tsx';
import { BookChart } from './bookChart.tsx';
import type { BookDigits } from './bookProps.ts';
import { BookTicket } from './bookTicket.tsx';
import type { BookWish } from './bookWish.ts';
import { NO_BOOK_WISH } from './bookWish.ts';
import { LadderPanel } from './ladderPanel.tsx';
import type { PickedLevel } from './ladderRows.ts';
import { RecentTrades } from './recentTrades.tsx';

/** Trading on one order book; the list of markets is given. */
export function BookTrade({
  marketId,
  markets,
}: {
  readonly marketId: string;
  readonly markets: ReactElement;
}): ReactElement {
  const { book, trouble } = useBook(marketId);
  return (
    <div className="trade trade-book">
      <h1 className="visually-hidden">Trade</h1>
      {markets}
      {book === undefined ? (
        <section className="panel book-missing">
          {trouble === undefined ? (
            <Loading what="the book" />
          ) : (
            <Empty title={`Book ${marketId} could not be opened`}>{trouble}</Empty>
          )}
        </section>
      ) : (
        <OpenBook book={book} />
      )}
    </div>
  );
}

function OpenBook({ book }: { readonly book: BookLink }): ReactElement {
  const own = useBookDesk(book);
  const digits = digitsOf(book.rules);
  const [wish, setWish] = useState<BookWish>(NO_BOOK_WISH);
  const pick = useCallback(
    ({ half, ticks, depthLots, withSize }: PickedLevel): void => {
      const price = Number(book.scale.price(BigInt(ticks))).toFixed(digits.price);
      const size = Number(book.scale.size(depthLots)).toFixed(digits.size);
      setWish((now) => ({
        ...now,
        type: now.type === 'market' ? 'limit' : now.type,
        price,
        // Whoever wants the size too wants to take it, so the ticket turns to the other side.
        ...(withSize && { size, side: half === 'asks' ? 'buy' : 'sell' }),
      }));
    },
    [book, digits.price, digits.size],
  );
  return (
    <>
      <div className="trade-centre">
        <BookChart book={book} own={own} digits={digits} />
        <BookActivity own={own} digits={digits} />
      </div>
      <div className="trade-ladder">
        <LadderPanel book={book} own={own} digits={digits} pick={pick} />
        <RecentTrades book={book} digits={digits} />
      </div>
      <div className="trade-side">
        <BookTicket book={book} own={own} digits={digits} wish={wish} setWish={setWish} />
        <BookBalances rules={book.rules} />
      </div>
    </>
  );
}

function digitsOf({ tickSize, lotSize }: BookView): BookDigits {
  return { price: digitsOfStep(tickSize), size: digitsOfStep(lotSize) };
}
