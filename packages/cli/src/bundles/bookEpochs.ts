import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { BookEpochView } from '@lawbook/api/schema/bookViews';
import { decodeBookBundle } from '@lawbook/exchange/bookBundle';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { BookTransition } from '@lawbook/exchange/transition';
import { RefusedFault, UsageFault } from '../terminal/cliFault.ts';
import { granted } from '../trading/granted.ts';

/** Whether a market of a venue is an order book. @throws RefusedFault, but not for notFound. */
export async function isBook(client: LawbookClient, marketId: string): Promise<boolean> {
  const book = await client.books.rules(marketId);
  if (book.ok) return true;
  if (book.rejection.code !== 'notFound') throw new RefusedFault(book.rejection);
  return false;
}

/**
 * A sealed epoch of a book by its number, or the latest one.
 * @throws UsageFault for another word, RefusedFault notFound.
 */
export async function findBookEpoch(
  client: LawbookClient,
  marketId: string,
  word: string,
): Promise<BookEpochView> {
  if (word !== 'latest' && !/^[1-9]\d{0,14}$/.test(word)) {
    throw new UsageFault(`name an epoch by number or latest, not ${word}`);
  }
  const before = word === 'latest' ? {} : { before: Number(word) + 1 };
  const { epochs } = await granted(client.books.epochs(marketId, { limit: 1, ...before }));
  const [epoch] = epochs;
  const isIt = epoch !== undefined && (word === 'latest' || epoch.epochNumber === Number(word));
  if (isIt) return epoch;
  const actual = word === 'latest' ? 'none yet' : word;
  throw new RefusedFault(refuse('notFound', { field: 'epoch', actual }).rejection);
}

/** The epoch of a book with every event. @throws DecodeError, RefusedFault notFound. */
export async function fetchBookBundle(
  client: LawbookClient,
  marketId: string,
  epochNumber: number,
): Promise<{ readonly bytes: Uint8Array; readonly epoch: BookTransition }> {
  const bytes = await granted(client.readBundle(marketId, epochNumber));
  return { bytes, epoch: decodeBookBundle(bytes) };
}
