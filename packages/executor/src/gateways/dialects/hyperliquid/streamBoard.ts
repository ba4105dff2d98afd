import { invariant } from '@lawbook/exchange/failures/invariant';
import type { ExecutionReport } from '@lawbook/exchange/markets/book/executionReport';
import type { BookFill, BookNews } from '../../../books/bookRecords.ts';
import type { VenueService } from '../../../venueService.ts';
import type { AccountReads } from './accountReads.ts';
import { LiveCandle } from './liveCandles.ts';
import type { MarketReads } from './marketReads.ts';
import type { ReadDesk } from './readDesk.ts';
import type { SpotMarket, SpotMarkets } from './spotMarkets.ts';
import type { Subscription } from './subscriptions.ts';
import { streamKey } from './subscriptions.ts';
import type { WireFill, WireTrade } from './wireOrders.ts';
import { wireFill, wireOpenOrder, wireStatus, wireTrade } from './wireOrders.ts';

/** What the board works with. */
export interface StreamBoardParts {
  readonly venue: VenueService;
  readonly markets: SpotMarkets;
  readonly marketReads: MarketReads;
  readonly accountReads: AccountReads;
  readonly readDesk: ReadDesk;
  /** What could not be read for a stream; the next change tries again. */
  readonly onFault: (cause: unknown) => void;
}

/** Somebody who follows streams. */
export interface Follower {
  readonly send: (frame: string) => void;
  /** Whether it still wants a stream that is being opened for it. */
  readonly follows: (key: string) => boolean;
}

/** How often what changes all the time is told: books, mids, candles, sums, balances. */
export const STREAM_PACE_MS = 100;

/**
 * The streams of the dialect. Trades, orders and fills are told one by one as they happen; what is
 * told whole is told at a pace, and only where somebody follows it and something changed.
 */
export class StreamBoard {
  readonly #parts: StreamBoardParts;
  readonly #followers = new Map<string, Set<Follower>>();
  readonly #streams = new Map<string, Subscription>();
  readonly #candles = new Map<string, LiveCandle>();
  readonly #changed = new Set<string>();
  /** Best prices last told, by stream. */
  readonly #lastBest = new Map<string, string>();
  /** What was told lately, for streams that open meanwhile. */
  readonly #lateTrades: WireTrade[] = [];
  readonly #lateFills: { readonly user: string; readonly fill: WireFill }[] = [];
  #opening = 0;
  readonly #stopListening: () => void;
  readonly #pace: NodeJS.Timeout;

  constructor(parts: StreamBoardParts) {
    this.#parts = parts;
    this.#stopListening = parts.venue.subscribe((event) => {
      if (event.kind !== 'book') return;
      if (this.#followers.size > 0 || this.#opening > 0) this.#tell(event.news);
    });
    this.#pace = setInterval(() => this.#tellChanged(), STREAM_PACE_MS);
    this.#pace.unref();
  }

  /** Whether there is such a stream: its coin is traded here. */
  exists(stream: Subscription): boolean {
    return !('coin' in stream) || this.#parts.markets.byCoin(stream.coin) !== undefined;
  }

  /**
   * Tells a follower of a stream from now on, beginning with where it stands. What is read for the
   * beginning and what is told afterwards meet without a gap or a repetition.
   */
  async follow(stream: Subscription, follower: Follower): Promise<void> {
    const key = streamKey(stream);
    this.#opening += 1;
    try {
      const begin = await this.#begin(key, stream);
      if (!follower.follows(key)) return;
      const followers = this.#followers.get(key) ?? new Set();
      this.#followers.set(key, followers.add(follower));
      this.#streams.set(key, stream);
      const frame = begin();
      if (frame !== undefined) follower.send(frame);
    } finally {
      this.#opening -= 1;
      if (this.#opening === 0) this.#dropCandles();
    }
  }

  leave(key: string, follower: Follower): void {
    const followers = this.#followers.get(key);
    followers?.delete(follower);
    if (followers?.size !== 0) return;
    this.#followers.delete(key);
    this.#streams.delete(key);
    this.#candles.delete(key);
    this.#lastBest.delete(key);
    this.#changed.delete(key);
  }

  close(): void {
    this.#stopListening();
    clearInterval(this.#pace);
  }

  /** Reads what a stream begins with; the frame is made in the turn in which it is sent. */
  async #begin(key: string, stream: Subscription): Promise<() => string | undefined> {
    const { marketReads, accountReads, markets, venue } = this.#parts;
    const market = 'coin' in stream ? markets.byCoin(stream.coin) : undefined;
    if (stream.type === 'candle' && market !== undefined) {
      const known = this.#candles.get(key);
      const candle = known ?? new LiveCandle(market, stream.interval);
      this.#candles.set(key, candle);
      if (known === undefined) await candle.begin(venue);
    }
    if (stream.type === 'trades' && market !== undefined) {
      const read = (await marketReads.trades(market)).reverse();
      return () => {
        const late = this.#lateTrades.filter(({ coin }) => coin === market.coin);
        const trades = joined(read, late);
        return trades.length === 0 ? undefined : frameOf('trades', trades);
      };
    }
    if (stream.type === 'userFills') {
      const { user } = stream;
      const read = await accountReads.fills(user, ALL_TIME);
      return () => {
        const late = this.#lateFills.filter((entry) => entry.user === user);
        const fills = joined(
          read,
          late.map(({ fill }) => fill),
        ).reverse();
        return frameOf('userFills', { isSnapshot: true, user, fills });
      };
    }
    const frame = await this.#whole(stream);
    return () => frame;
  }

  /** Candles that were made for followers who left while their stream opened. */
  #dropCandles(): void {
    for (const key of this.#candles.keys()) {
      if (!this.#followers.has(key)) this.#candles.delete(key);
    }
  }

  /** What one input did to a book. */
  #tell(news: BookNews): void {
    const market = this.#parts.markets.byMarketId(news.marketId);
    if (market === undefined) return;
    const { coin } = market;
    this.#note(`l2Book:${coin}`, 'allMids', `activeAssetCtx:${coin}`);
    this.#tellBest(market);
    for (const trade of news.trades) for (const candle of this.#candles.values()) candle.add(trade);
    if (news.trades.length > 0) {
      for (const key of this.#candles.keys()) {
        if (key.startsWith(`candle:${coin}:`)) this.#note(key);
      }
      const trades = news.trades.map((trade) => wireTrade(market, trade));
      keepLate(this.#lateTrades, trades);
      this.#send(`trades:${coin}`, { channel: 'trades', data: trades });
    }
    this.#tellOwners(market, news);
  }

  #tellBest(market: SpotMarket): void {
    const key = `bbo:${market.coin}`;
    if (!this.#followers.has(key)) return;
    const [bid] = this.#parts.venue.books.ladder(market.marketId).bids;
    const [ask] = this.#parts.venue.books.ladder(market.marketId).asks;
    const best = `${bid?.join() ?? ''}|${ask?.join() ?? ''}`;
    if (this.#lastBest.get(key) === best) return;
    this.#lastBest.set(key, best);
    this.#send(key, { channel: 'bbo', data: this.#parts.marketReads.bbo(market) });
  }

  #tellOwners(market: SpotMarket, { executions, orders, sequence, timeMs }: BookNews): void {
    for (const record of orders) {
      const { owner } = record.order;
      this.#note(`spotState:${owner}`, `openOrders:${owner}`);
      const order = wireOpenOrder(market, record);
      const update = { order, status: wireStatus(record), statusTimestamp: timeMs };
      this.#send(`orderUpdates:${owner}`, { channel: 'orderUpdates', data: [update] });
    }
    for (const report of executions) {
      if (report.execType !== 'trade') continue;
      const { owner: user } = report;
      this.#note(`spotState:${user}`);
      const place = { marketId: market.marketId, sequence, timeMs };
      const fill = wireFill(market, fillOf(report, place));
      keepLate(this.#lateFills, [{ user, fill }]);
      const fills = [fill];
      this.#send(`userFills:${user}`, { channel: 'userFills', data: { user, fills } });
      this.#send(`userEvents:${user}`, { channel: 'user', data: { fills } });
    }
  }

  #note(...keys: readonly string[]): void {
    for (const key of keys) if (this.#followers.has(key)) this.#changed.add(key);
  }

  #tellChanged(): void {
    const keys = [...this.#changed];
    this.#changed.clear();
    for (const key of keys) {
      const stream = this.#streams.get(key);
      if (stream === undefined) continue;
      this.#whole(stream)
        .then((frame) => {
          if (frame !== undefined) this.#sendFrame(key, frame);
        })
        .catch(this.#parts.onFault);
    }
  }

  /** A frame with where a stream stands; undefined for those that only tell changes. */
  async #whole(stream: Subscription): Promise<string | undefined> {
    const { marketReads, accountReads, readDesk } = this.#parts;
    const market = 'coin' in stream ? this.#parts.markets.byCoin(stream.coin) : undefined;
    switch (stream.type) {
      case 'l2Book':
        return market && frameOf('l2Book', marketReads.book(market));
      case 'bbo':
        return market && frameOf('bbo', marketReads.bbo(market));
      case 'activeAssetCtx': {
        if (market === undefined) return undefined;
        const ctx = await marketReads.context(market);
        return frameOf('activeSpotAssetCtx', { coin: market.coin, ctx });
      }
      case 'candle': {
        const candle = this.#candles.get(streamKey(stream))?.present();
        return candle && frameOf('candle', candle);
      }
      case 'allMids':
        return frameOf('allMids', { mids: marketReads.mids() });
      case 'spotState': {
        const spotState = accountReads.balances(stream.user);
        return frameOf('spotState', { user: stream.user, spotState });
      }
      case 'openOrders': {
        const orders = accountReads.frontendOrders(stream.user);
        return frameOf('openOrders', { dex: '', user: stream.user, orders });
      }
      case 'clearinghouseState': {
        const { user } = stream;
        const clearinghouseState = readDesk.noMargin();
        return frameOf('clearinghouseState', { dex: '', user, clearinghouseState });
      }
      default:
        // Orders and events are told as they change; where they stand is asked for.
        return undefined;
    }
  }

  #send(key: string, frame: { readonly channel: string; readonly data: unknown }): void {
    if (this.#followers.has(key)) this.#sendFrame(key, JSON.stringify(frame));
  }

  #sendFrame(key: string, frame: string): void {
    for (const follower of this.#followers.get(key) ?? []) follower.send(frame);
  }
}

const ALL_TIME = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, oldestFirst: true } as const;

/** Rows kept of what was told lately: far more than happens while one stream opens. */
const LATE_ROWS_MAX = 2_000;

function keepLate<T>(late: T[], rows: readonly T[]): void {
  late.push(...rows);
  if (late.length > LATE_ROWS_MAX * 2) late.splice(0, late.length - LATE_ROWS_MAX);
}

/** What was read, and what was told meanwhile of the same markets; both old to new. */
function joined<T extends { readonly tid: number; readonly coin: string }>(
  read: readonly T[],
  late: readonly T[],
): T[] {
  const last = new Map(read.map(({ coin, tid }) => [coin, tid]));
  return [...read, ...late.filter(({ coin, tid }) => tid > (last.get(coin) ?? 0))];
}

function frameOf(channel: string, told: unknown): string {
  return JSON.stringify({ channel, data: told });
}

function fillOf(
  report: ExecutionReport,
  place: Pick<BookFill, 'marketId' | 'sequence' | 'timeMs'>,
): BookFill {
  const { owner, orderId, side, role, fee, tradeNumber, lastPrice, lastSize } = report;
  invariant(role !== undefined, 'a trade has a maker and a taker');
  const traded = { tradeNumber, priceTicks: lastPrice, lots: lastSize };
  return { ...place, ...traded, owner, orderId, side, role, fee };
}
