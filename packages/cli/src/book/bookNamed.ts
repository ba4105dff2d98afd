import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { BookView } from '@lawbook/api/schema/bookViews';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { RefusedFault } from '../terminal/cliFault.ts';
import { granted } from '../trading/granted.ts';

/**
 * The book that a word names: by its market id, or by its symbol such as EUR-USD or eur/usd.
 * @throws RefusedFault notFound, with the books that there are.
 */
export async function bookNamed(client: LawbookClient, word: string): Promise<BookView> {
  if (/^[1-9]\d{0,8}$/.test(word)) return (await granted(client.books.read(word))).book;
  const { books } = await granted(client.books.list());
  const symbol = word.toUpperCase().replace('/', '-');
  const book = books.find((one) => one.symbol.toUpperCase() === symbol);
  if (book !== undefined) return book;
  const known = books.map((one) => one.symbol).join(', ');
  const limit = known === '' ? 'no books at all' : `one of ${known}`;
  throw new RefusedFault(refuse('notFound', { field: 'market', limit, actual: word }).rejection);
}

/** Symbol and number of a book, as the first words of what is printed about it. */
export function bookTitle({ symbol, marketId }: BookView): string {
  return `${symbol}, book ${marketId}`;
}
