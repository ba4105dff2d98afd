import type { ChannelEvent } from '@lawbook/api/schema/messages';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookNews } from '../../books/bookRecords.ts';
import type { VenueService } from '../../venueService.ts';
import type { VenueEvent } from '../../venueTypes.ts';
import {
  presentBookEpoch,
  presentBookOrder,
  presentExecution,
  presentQueued,
  presentQuote,
  presentTrade,
  unitsOf,
} from '../present/presentBook.ts';
import type { Channel } from './channel.ts';

/** A snapshot of an owner's open orders holds at most this many of each book. */
const OPEN_ORDERS_MAX = 2_000;

/** Whether channels of a kind tell what everybody may see of one book. */
export function ofBook(kind: string): boolean {
  return kind === 'book' || kind === 'queue' || kind === 'trades' || kind === 'quotes';
}

/**
 * Feeds of books: changes of the ladder, trades, best prices, and the executions of owners. Every
 * ladder told stands after a whole input, so none is ever crossed.
 */
export class BookFeed {
  readonly #venue: VenueService;
  readonly #quotes = new Map<number, string>();

  constructor(venue: VenueService) {
    this.#venue = venue;
  }

  /** Publishes what happened on the channels that are open. */
  publish(
    event: Extract<VenueEvent, { kind: 'book' | 'bookEpoch' }>,
    channel: (name: string) => Channel | undefined,
  ): void {
    if (event.kind === 'bookEpoch') {
      const epochs = channel(`epochs:${event.epoch.marketId}`);
      epochs?.publish({ kind: 'bookEpoch', epoch: presentBookEpoch(event.epoch) });
      return;
    }
    const { news } = event;
    this.#publishBook(news, channel(`book:${news.marketId}`));
    this.#publishQueue(news, channel(`queue:${news.marketId}`));
    this.#publishQuote(news, channel(`quotes:${news.marketId}`));
    const trades = channel(`trades:${news.marketId}`);
    if (trades !== undefined && news.trades.length > 0) {
      for (const trade of this.#trades(news)) trades.publish(trade);
    }
    this.#publishOwners(news, channel);
  }

  /** What a reader of a channel of a book begins with, all of it told. */
  snapshot(name: string): ChannelEvent[] {
    const [kind, subject = ''] = name.split(':');
    const marketId = Number(subject);
    const market = this.#venue.state.books.get(marketId);
    if (market === undefined || kind === 'trades') return [];
    const units = unitsOf(this.#venue.state, marketId);
    const ladder = this.#venue.books.ladder(marketId);
    if (kind === 'quotes') {
      return [{ kind: 'quote', marketId: subject, ...presentQuote(units, ladder) }];
    }
    const inputSequence = this.#venue.books.toldSequence(marketId);
    if (kind === 'queue') {
      const entries = this.#venue.books.queue(marketId);
      const orders = entries.map((entry) => presentQueued(units, entry));
      return [{ kind, marketId: subject, whole: true, inputSequence, orders }];
    }
    const { state } = market;
    const head = { kind: 'book', marketId: subject, whole: true, state } as const;
    return [{ ...head, inputSequence, ...units.ladder(ladder) }];
  }

  /** Open orders of an owner in all books. */
  async openOrders(owner: AccountId): Promise<ChannelEvent[]> {
    const { books, state } = this.#venue;
    const page = { open: true, limit: OPEN_ORDERS_MAX };
    const events: ChannelEvent[] = [];
    for (const marketId of state.books.keys()) {
      const units = unitsOf(state, marketId);
      for (const record of await books.orders(marketId, owner, page)) {
        events.push({ kind: 'bookOrder', order: presentBookOrder(units, record) });
      }
    }
    return events;
  }

  #publishBook(news: BookNews, channel: Channel | undefined): void {
    const { marketId, changes, state, sequence: inputSequence } = news;
    if (channel === undefined) return;
    const units = unitsOf(this.#venue.state, marketId);
    const ladder = units.ladder(changes, this.#venue.books.ladder(marketId));
    const head = { kind: 'book', marketId: String(marketId), whole: false, state } as const;
    channel.publish({ ...head, inputSequence, ...ladder });
  }

  #publishQueue(news: BookNews, channel: Channel | undefined): void {
    const { marketId, queue, sequence: inputSequence } = news;
    if (channel === undefined || queue.length === 0) return;
    const units = unitsOf(this.#venue.state, marketId);
    const orders = queue.map((entry) => presentQueued(units, entry));
    channel.publish({
      kind: 'queue',
      marketId: String(marketId),
      whole: false,
      inputSequence,
      orders,
    });
  }

  #publishQuote({ marketId }: BookNews, channel: Channel | undefined): void {
    if (channel === undefined) return;
    const units = unitsOf(this.#venue.state, marketId);
    const quote = presentQuote(units, this.#venue.books.ladder(marketId));
    const text = JSON.stringify(quote);
    if (this.#quotes.get(marketId) === text) return;
    this.#quotes.set(marketId, text);
    channel.publish({ kind: 'quote', marketId: String(marketId), ...quote });
  }

  #trades({ marketId, trades }: BookNews): ChannelEvent[] {
    const units = unitsOf(this.#venue.state, marketId);
    return trades.map((trade) => {
      return { kind: 'trade', marketId: String(marketId), trade: presentTrade(units, trade) };
    });
  }

  /** Executions first, then how the orders stand. */
  #publishOwners(news: BookNews, channel: (name: string) => Channel | undefined): void {
    const { state } = this.#venue;
    for (const report of news.executions) {
      const execution = presentExecution(state, news.marketId, report);
      channel(`executions:${report.owner}`)?.publish({ kind: 'execution', execution });
    }
    for (const record of news.orders) {
      const owned = channel(`executions:${record.order.owner}`);
      if (owned === undefined) continue;
      const order = presentBookOrder(unitsOf(state, news.marketId), record);
      owned.publish({ kind: 'bookOrder', order });
    }
  }
}
