import type { BookScale } from '@lawbook/api/client/bookScale';
import { scaleOf } from '@lawbook/api/client/buildBookOrder';
import { unwrap } from '@lawbook/api/client/transport';
import type { BookView, TradeView } from '@lawbook/api/schema/bookViews';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import { Ladder } from './ladder.ts';
import { Live } from './live.ts';
import { troubleOf } from './trouble.ts';
import { upsertAll } from './upsert.ts';
import type { VenueLink } from './venueLink.ts';

/** Whether the ladder is the venue's, and what was done when it was not. */
export interface LadderSync {
  readonly state: 'reading' | 'live' | 'resyncing' | 'wrong';
  /** How often it was read anew since the book was opened. */
  readonly resyncs: number;
  /** Why it was last read anew, and when it stood again. */
  readonly reason: string | undefined;
  readonly atMs: number | undefined;
}

/** Trades that the page remembers. */
const TRADES_MAX = 200;
const TRADES_PAGE = 60;
/** A whole ladder that does not have its own checksum is asked for this often before giving up. */
const WRONG_MAX = 3;

type BookEvent = Extract<ChannelEvent, { kind: 'book' }>;

/** One order book as its feeds tell it: the ladder, checked at every step, and the trades. */
export class BookLink {
  readonly rules: BookView;
  readonly scale: BookScale;
  readonly ladder: Ladder;
  /** Grows, once a frame at most, when the ladder was changed; it is changed in place. */
  readonly version: Live<number> = new Live<number>(0);
  readonly state: Live<string>;
  readonly sync: Live<LadderSync> = new Live<LadderSync>({
    state: 'reading',
    resyncs: 0,
    reason: undefined,
    atMs: undefined,
  });
  readonly trades: Live<readonly TradeView[] | undefined> = new Live<
    readonly TradeView[] | undefined
  >(undefined);
  readonly trouble: Live<string | undefined> = new Live<string | undefined>(undefined);
  readonly #venue: VenueLink;
  readonly #endings: (() => void)[];
  #wrong = 0;
  #wasLost = false;
  #frame = 0;

  constructor(rules: BookView, venue: VenueLink) {
    this.rules = rules;
    this.scale = scaleOf(rules);
    this.ladder = new Ladder(this.scale);
    this.state = new Live<string>(rules.state);
    this.#venue = venue;
    this.#endings = [this.#followLadder(), this.#followTrades(), this.#followConnection()];
  }

  /** Reads the rules of a book and follows it. */
  static async open(marketId: string, venue: VenueLink): Promise<BookLink> {
    return new BookLink(unwrap(await venue.books.rules(marketId)), venue);
  }

  leave(): void {
    cancelAnimationFrame(this.#frame);
    for (const end of this.#endings.splice(0)) end();
  }

  get #channel(): string {
    return `book:${this.rules.marketId}`;
  }

  #followLadder(): () => void {
    return this.#venue.feed.follow(this.#channel, {
      onSnapshot: ([event]) => {
        if (event?.kind === 'book') this.#takeWhole(event);
      },
      onEvent: (event) => {
        if (event.kind === 'book') this.#take(event);
      },
      onBreak: (reason) => {
        this.#breaks(reason === 'sequence' ? 'a message was missing' : 'a message was changed');
      },
      onRefused: ({ rule, fix }) => this.trouble.set(`${rule} ${fix}`),
    });
  }

  #takeWhole(event: BookEvent): void {
    if (!this.ladder.reset(event)) {
      this.#wrong += 1;
      if (this.#wrong < WRONG_MAX) this.#readAnew('the ladder did not have its checksum');
      else this.sync.set({ ...this.sync.get(), state: 'wrong' });
      return;
    }
    this.#wrong = 0;
    this.state.set(event.state);
    this.#changed();
    const before = this.sync.get();
    if (before.state === 'live') return;
    const isFirst = before.state === 'reading' && before.reason === undefined;
    const resyncs = before.resyncs + (isFirst ? 0 : 1);
    this.sync.set({ ...before, state: 'live', resyncs, atMs: isFirst ? undefined : Date.now() });
  }

  #take(event: BookEvent): void {
    if (event.whole) {
      this.#takeWhole(event);
      return;
    }
    if (this.sync.get().state !== 'live') return;
    this.state.set(event.state);
    if (this.ladder.change(event)) this.#changed();
    else this.#readAnew('the ladder did not have its checksum');
  }

  /** A book may change hundreds of times between two frames; what shows it is told once. */
  #changed(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.version.set(this.version.get() + 1);
    });
  }

  #breaks(reason: string): void {
    this.sync.set({ ...this.sync.get(), state: 'resyncing', reason });
  }

  #readAnew(reason: string): void {
    this.#breaks(reason);
    this.#venue.feed.resynchronise(this.#channel);
  }

  /** A connection that comes back may have missed anything: the ladder is told whole. */
  #followConnection(): () => void {
    const { connection } = this.#venue;
    return connection.subscribe(() => {
      if (connection.get() === 'waiting') {
        this.#wasLost = true;
        this.#breaks('the connection was lost');
      }
      if (connection.get() === 'open' && this.#wasLost) {
        this.#wasLost = false;
        this.#venue.feed.resynchronise(this.#channel);
      }
    });
  }

  #followTrades(): () => void {
    const past = (): void => {
      this.#readTrades().then(
        () => this.trouble.set(undefined),
        (cause: unknown) => this.trouble.set(troubleOf(cause)),
      );
    };
    return this.#venue.feed.follow(`trades:${this.rules.marketId}`, {
      onSnapshot: past,
      onEvent: (event) => {
        if (event.kind === 'trade') this.#join([event.trade]);
      },
    });
  }

  async #readTrades(): Promise<void> {
    const { marketId } = this.rules;
    const list = await this.#venue.books.trades(marketId, { limit: TRADES_PAGE });
    this.#join(unwrap(list).trades);
  }

  #join(news: readonly TradeView[]): void {
    const known = this.trades.get() ?? [];
    const rank = ({ tradeNumber }: TradeView): number => tradeNumber;
    this.trades.set(upsertAll(known, news, { rank, most: TRADES_MAX }));
  }
}
