import type { TradeView } from '../schema/bookViews.ts';
import type { BookReader } from './bookReader.ts';
import { ClientFault } from './clientFault.ts';
import type { Feed } from './feed.ts';

/** What a follower of trades is told. */
export interface TradeFollower {
  /** Every trade once, in order of its number. */
  readonly onTrade: (trade: TradeView) => void;
  /** Trades of these numbers, both included, could not be fetched and are left out. */
  readonly onGap?: (first: number, last: number) => void;
}

/** What trades are followed with. */
export interface FollowedTradesOptions {
  readonly feed: Pick<Feed, 'follow'>;
  readonly reader: Pick<BookReader, 'trades'>;
  readonly marketId: string;
  /** Number of the last trade known: those after it are fetched first. Absent: from now on. */
  readonly after?: number;
}

/** Trades that are fetched at most to close a gap, and those of one page. */
const GAP_MAX = 10_000;
const PAGE = 200;

/**
 * Follows the trades of a book without a gap: trades have numbers without holes, so that those
 * missed while the connection was away are known and read from the venue.
 */
export class FollowedTrades {
  readonly #options: FollowedTradesOptions;
  readonly #follower: TradeFollower;
  readonly #stopFollowing: () => void;
  readonly #stopping: AbortController = new AbortController();
  /** Trades that came while others are fetched. */
  #waiting: TradeView[] = [];
  #last: number | undefined;
  #fetching: Promise<void> | undefined;

  constructor(options: FollowedTradesOptions, follower: TradeFollower) {
    this.#options = options;
    this.#follower = follower;
    this.#last = options.after;
    this.#stopFollowing = options.feed.follow(`trades:${options.marketId}`, {
      onSnapshot: () => this.#catchUp(),
      onEvent: (event) => {
        if (event.kind === 'trade') this.#take(event.trade);
      },
    });
  }

  /** Number of the last trade that was told. */
  get last(): number | undefined {
    return this.#last;
  }

  /** Follows no longer; resolves once nothing is fetched any more. */
  async stop(): Promise<void> {
    this.#stopFollowing();
    this.#stopping.abort();
    await this.#fetching;
  }

  #take(trade: TradeView): void {
    if (this.#fetching !== undefined) {
      this.#waiting.push(trade);
      // What does not fit is fetched again like any other gap.
      if (this.#waiting.length > GAP_MAX) this.#waiting = [];
      return;
    }
    if (this.#last !== undefined && trade.tradeNumber > this.#last + 1) {
      this.#waiting.push(trade);
      this.#catchUp();
      return;
    }
    this.#tell(trade);
  }

  #tell(trade: TradeView): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#last !== undefined && trade.tradeNumber <= this.#last) return;
    if (this.#last !== undefined && trade.tradeNumber > this.#last + 1) {
      this.#follower.onGap?.(this.#last + 1, trade.tradeNumber - 1);
    }
    this.#last = trade.tradeNumber;
    this.#follower.onTrade(trade);
  }

  #catchUp(): void {
    if (this.#last === undefined || this.#fetching !== undefined) return;
    this.#fetching = this.#fetch(this.#last).then((missed) => {
      this.#fetching = undefined;
      for (const trade of missed) this.#tell(trade);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const trade of waiting) this.#tell(trade);
    });
  }

  /** Trades after a number, old to new: as many of the latest as can be had. */
  async #fetch(after: number): Promise<TradeView[]> {
    const { reader, marketId } = this.#options;
    const trades: TradeView[] = [];
    let before: number | undefined;
    while (trades.length < GAP_MAX) {
      const page = await this.#page(() => {
        const { signal } = this.#stopping;
        return reader.trades(marketId, {
          limit: PAGE,
          signal,
          ...(before !== undefined && { before }),
        });
      });
      const fresh = page.filter(({ tradeNumber }) => tradeNumber > after);
      trades.push(...fresh);
      const oldest = fresh.at(-1)?.tradeNumber;
      if (fresh.length < PAGE || oldest === undefined) break;
      before = oldest;
    }
    return trades.reverse();
  }

  /** A page, or nothing where the venue cannot be reached: the gap is then told. */
  async #page(read: () => ReturnType<BookReader['trades']>): Promise<readonly TradeView[]> {
    try {
      const result = await read();
      return result.ok ? result.value.trades : [];
    } catch (cause) {
      if (!(cause instanceof ClientFault)) throw cause;
      return [];
    }
  }
}
