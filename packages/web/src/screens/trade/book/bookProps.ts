import type { Dispatch, SetStateAction } from 'react';
import type { BookDesk } from '../../../live/bookDesk.ts';
import type { BookLink } from '../../../live/bookLink.ts';
import type { BookWish } from './bookWish.ts';

/** What parts of the screen of a book are given. */
export interface BookProps {
  readonly book: BookLink;
  readonly own: BookDesk | undefined;
  readonly digits: BookDigits;
}

/** How many digits the prices and sizes of a book are shown with. */
export interface BookDigits {
  readonly price: number;
  readonly size: number;
}

/** What the ticket of a book is given. */
export interface TicketProps extends BookProps {
  readonly wish: BookWish;
  readonly setWish: Dispatch<SetStateAction<BookWish>>;
}
