import { useEffect, useState } from 'react';
import { BookDesk } from '../live/bookDesk.ts';
import { BookLink } from '../live/bookLink.ts';
import { desk } from '../live/desk.ts';
import { useLive } from '../live/live.ts';
import { troubleOf } from '../live/trouble.ts';
import { useVenue } from './venueContext.tsx';

/** A book while a part of the page looks at it, and why it cannot be. */
export function useBook(marketId: string): {
  readonly book: BookLink | undefined;
  readonly trouble: string | undefined;
} {
  const venue = useVenue();
  const connection = useLive(venue.connection);
  const [book, setBook] = useState<BookLink>();
  const [trouble, setTrouble] = useState<string>();
  const isOpen = connection === 'open';
  // biome-ignore lint/correctness/useExhaustiveDependencies: a venue that returns is asked again.
  useEffect(() => {
    if (book !== undefined) return;
    let isGone = false;
    BookLink.open(marketId, venue).then(
      (opened) => {
        if (isGone) opened.leave();
        else setBook(opened);
      },
      (cause: unknown) => {
        if (!isGone) setTrouble(troubleOf(cause));
      },
    );
    return () => {
      isGone = true;
    };
  }, [venue, marketId, isOpen]);
  useEffect(() => () => book?.leave(), [book]);
  return { book, trouble };
}

/** What the chosen account does in a book; undefined while none is chosen. */
export function useBookDesk(book: BookLink): BookDesk | undefined {
  const venue = useVenue();
  const own = useLive(desk);
  const [bookDesk, setBookDesk] = useState<BookDesk>();
  useEffect(() => {
    if (own === undefined) return;
    const opened = new BookDesk(own, book, venue);
    setBookDesk(opened);
    return () => {
      opened.leave();
      setBookDesk(undefined);
    };
  }, [own, book, venue]);
  return bookDesk;
}
