import { BookReader } from '@lawbook/api/client/bookReader';
import type { FeedState } from '@lawbook/api/client/feed';
import { Feed } from '@lawbook/api/client/feed';
import { unwrap } from '@lawbook/api/client/transport';
import { VenueReader } from '@lawbook/api/client/venueReader';
import type { BookView } from '@lawbook/api/schema/bookViews';
import type { MarketView, PhaseView, PoolView } from '@lawbook/api/schema/marketViews';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import type { StatusView } from '@lawbook/api/schema/operatorViews';
import type { BatchView, EpochView } from '@lawbook/api/schema/recordViews';
import type { SettlementReply } from '@lawbook/api/schema/settlementViews';
import type { Acting } from './acting.ts';
import { Live } from './live.ts';
import { troubleOf } from './trouble.ts';
import { upsertAll } from './upsert.ts';

/** A phase and the moment by this machine's clock at which it was told. */
export interface PhaseMoment {
  readonly phase: PhaseView;
  readonly toldAtMs: number;
}

/** Batches and epochs that the page remembers. */
export const BATCHES_MAX = 240;
export const EPOCHS_MAX = 200;
const FIRST_PAGE = 60;
const READ_MS = 10_000;
/** The venue and its settlement are read again at most this often, however much happens. */
const REREAD_MS = 1500;
/** And at least this often, because a venue that stands still says nothing. */
const REREAD_MS_MOST = 5000;

/**
 * The page's one connection to its venue: what the feeds tell, and reads that they set off. Nothing
 * here is made up: what was not told is undefined.
 */
export class VenueLink {
  readonly marketId = '1';
  readonly client: VenueReader;
  readonly books: BookReader;
  readonly feed: Feed;
  readonly connection: Live<FeedState> = new Live<FeedState>('connecting');
  readonly market: Live<MarketView | undefined> = new Live<MarketView | undefined>(undefined);
  readonly phase: Live<PhaseMoment | undefined> = new Live<PhaseMoment | undefined>(undefined);
  readonly mids: Live<ReadonlyMap<string, string>> = new Live(new Map());
  readonly batches: Live<readonly BatchView[]> = new Live<readonly BatchView[]>([]);
  readonly epochs: Live<readonly EpochView[] | undefined> = new Live<
    readonly EpochView[] | undefined
  >(undefined);
  readonly pool: Live<PoolView | undefined> = new Live<PoolView | undefined>(undefined);
  readonly settlement: Live<SettlementReply | undefined> = new Live<SettlementReply | undefined>(
    undefined,
  );
  readonly status: Live<StatusView | undefined> = new Live<StatusView | undefined>(undefined);
  /** Every order book with its best prices; empty on a venue that has none. */
  readonly bookList: Live<readonly BookView[]> = new Live<readonly BookView[]>([]);
  /** Why the last read failed; undefined while reads succeed. */
  readonly trouble: Live<string | undefined> = new Live<string | undefined>(undefined);
  readonly #baseUrl: string;
  #acting: Promise<Acting> | undefined;
  #rereadAtMs = 0;
  #rereadTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
    this.client = new VenueReader({
      baseUrl,
      // Called as a plain function: a browser's fetch refuses to be a method of another object.
      fetch: (input, init) => fetch(input, init),
      timeoutMs: READ_MS,
      authorise: async () => undefined,
    });
    this.books = new BookReader(this.client.transport);
    this.feed = new Feed({ baseUrl, onState: (state) => this.#connected(state) });
    for (const kind of ['batches', 'epochs', 'phases', 'oracle']) {
      this.feed.follow(`${kind}:${this.marketId}`, {
        onSnapshot: (events) => {
          for (const event of events) this.#take(event);
        },
        onEvent: (event) => this.#take(event),
      });
    }
  }

  /** What signs for this venue; loaded when first asked for, and again after a failure. */
  acting(): Promise<Acting> {
    this.#acting ??= import('./acting.ts').then(
      ({ Acting }) => new Acting(this.#baseUrl),
      (cause: unknown) => {
        this.#acting = undefined;
        throw cause;
      },
    );
    return this.#acting;
  }

  /** Reads what the feeds do not carry, now. */
  reread(): void {
    this.#rereadAtMs = 0;
    this.#schedule();
  }

  #connected(state: FeedState): void {
    this.connection.set(state);
    if (state !== 'open') return;
    this.#read(() => this.#readPast());
    this.reread();
  }

  #take(event: ChannelEvent): void {
    switch (event.kind) {
      case 'batch':
        this.batches.set(joinBatches(this.batches.get(), [event.batch]));
        break;
      case 'epoch':
        this.epochs.set(joinEpochs(this.epochs.get() ?? [], [event.epoch]));
        break;
      case 'phase':
        this.phase.set({ phase: event.phase, toldAtMs: performance.now() });
        break;
      case 'oracle':
        this.mids.set(new Map(event.mids.map(({ symbol, mid }) => [symbol, mid])));
        break;
      default:
    }
    this.#schedule();
  }

  /** What was before the page was opened, or while it was away. */
  async #readPast(): Promise<void> {
    const { client, marketId } = this;
    const [batches, epochs] = await Promise.all([
      client.listBatches(marketId, { limit: FIRST_PAGE }),
      client.listEpochs(marketId, { limit: FIRST_PAGE }),
    ]);
    this.batches.set(joinBatches(this.batches.get(), unwrap(batches).batches));
    // What the feed told meanwhile is as new or newer.
    const told = this.epochs.get() ?? [];
    this.epochs.set(joinEpochs(joinEpochs([], unwrap(epochs).epochs), told));
  }

  async #readNow(): Promise<void> {
    const { client, marketId } = this;
    const [market, pool, settlement, status, list] = await Promise.all([
      client.readMarket(marketId),
      client.readPool(marketId),
      client.readSettlement(),
      client.readStatus(),
      this.books.list(),
    ]);
    this.market.set(unwrap(market).market);
    this.pool.set(unwrap(pool));
    this.settlement.set(unwrap(settlement));
    this.status.set(unwrap(status));
    this.bookList.set(unwrap(list).books);
  }

  #schedule(): void {
    const sinceMs = performance.now() - this.#rereadAtMs;
    clearTimeout(this.#rereadTimer);
    if (this.#rereadAtMs > 0 && sinceMs < REREAD_MS) {
      this.#rereadTimer = setTimeout(() => this.#schedule(), REREAD_MS - sinceMs);
      return;
    }
    this.#rereadAtMs = performance.now();
    this.#read(() => this.#readNow());
    this.#rereadTimer = setTimeout(() => this.#schedule(), REREAD_MS_MOST);
  }

  #read(read: () => Promise<void>): void {
    read().then(
      () => this.trouble.set(undefined),
      (cause: unknown) => this.trouble.set(troubleOf(cause)),
    );
  }
}

function joinBatches(list: readonly BatchView[], news: readonly BatchView[]): readonly BatchView[] {
  return upsertAll(list, news, { rank: ({ batchNumber }) => batchNumber, most: BATCHES_MAX });
}

function joinEpochs(list: readonly EpochView[], news: readonly EpochView[]): readonly EpochView[] {
  return upsertAll(list, news, { rank: ({ epochNumber }) => epochNumber, most: EPOCHS_MAX });
}
