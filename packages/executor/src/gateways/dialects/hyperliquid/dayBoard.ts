import type { BookTrade } from '../../../books/bookRecords.ts';
import type { VenueService } from '../../../venueService.ts';

/** What was traded in a market over the last day. */
export interface DayTrades {
  readonly lots: number;
  /** Sum of ticks times lots. */
  readonly ticksTimesLots: bigint;
  /** Price of the last trade before the day, or of its first; undefined where there is neither. */
  readonly beforeTicks: number | undefined;
  readonly lastTicks: number | undefined;
}

interface Minute {
  readonly startMs: number;
  lots: number;
  ticksTimesLots: bigint;
  firstTicks: number;
  lastTicks: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Trades read back at the start of a process, and at once. */
const TRADES_READ_MAX = 20_000;
const TRADES_PER_READ = 1_000;

interface Market {
  readonly minutes: Minute[];
  beforeTicks: number | undefined;
  lastNumber: number;
  /** Trades that happen while the past is read; undefined once it is. */
  pending: BookTrade[] | undefined;
  read: Promise<void> | undefined;
}

/**
 * Sums of the last day by market, minute by minute. What was traded before a market is first asked
 * for is read back once, up to a bound: a venue that trades more than that in a day shows less
 * until a day has passed.
 */
export class DayBoard {
  readonly #venue: VenueService;
  readonly #markets = new Map<number, Market>();

  constructor(venue: VenueService) {
    this.#venue = venue;
  }

  /** Counts a trade that just happened. */
  add(trade: BookTrade): void {
    const market = this.#markets.get(trade.marketId);
    // A market that nobody asked for yet is read back with this trade in it.
    if (market === undefined) return;
    if (market.pending !== undefined) market.pending.push(trade);
    else append(market, trade);
  }

  /** The last day of a market. */
  async day(marketId: number, nowMs: number): Promise<DayTrades> {
    const market = this.#markets.get(marketId) ?? this.#open(marketId, nowMs);
    await market.read;
    const { minutes } = market;
    const gone = minutes.findIndex(({ startMs }) => startMs + MINUTE_MS > nowMs - DAY_MS);
    const passed = minutes.splice(0, gone === -1 ? minutes.length : gone);
    market.beforeTicks = passed.at(-1)?.lastTicks ?? market.beforeTicks;
    let lots = 0;
    let ticksTimesLots = 0n;
    for (const minute of minutes) {
      lots += minute.lots;
      ticksTimesLots += minute.ticksTimesLots;
    }
    const { beforeTicks = minutes[0]?.firstTicks } = market;
    const lastTicks = minutes.at(-1)?.lastTicks ?? market.beforeTicks;
    return { lots, ticksTimesLots, beforeTicks, lastTicks };
  }

  #open(marketId: number, nowMs: number): Market {
    const market: Market = {
      minutes: [],
      beforeTicks: undefined,
      lastNumber: 0,
      pending: [],
      read: undefined,
    };
    this.#markets.set(marketId, market);
    market.read = this.#readBack(marketId, market, nowMs).catch((cause: unknown) => {
      // The next one who asks reads again.
      this.#markets.delete(marketId);
      throw cause;
    });
    return market;
  }

  async #readBack(marketId: number, market: Market, nowMs: number): Promise<void> {
    const trades: BookTrade[] = [];
    let before: number | undefined;
    while (trades.length < TRADES_READ_MAX) {
      const page = { limit: TRADES_PER_READ, ...(before !== undefined && { before }) };
      const read = await this.#venue.books.trades(marketId, page);
      trades.push(...read);
      const oldest = read.at(-1);
      if (oldest === undefined || read.length < TRADES_PER_READ) break;
      if (oldest.timeMs < nowMs - DAY_MS) break;
      before = oldest.tradeNumber;
    }
    for (const trade of trades.reverse()) append(market, trade);
    for (const trade of market.pending ?? []) append(market, trade);
    market.pending = undefined;
  }
}

function append(market: Market, { timeMs, lots, priceTicks, tradeNumber }: BookTrade): void {
  if (tradeNumber <= market.lastNumber) return;
  market.lastNumber = tradeNumber;
  const startMs = timeMs - (timeMs % MINUTE_MS);
  const notional = BigInt(priceTicks) * BigInt(lots);
  const last = market.minutes.at(-1);
  if (last?.startMs === startMs) {
    last.lots += lots;
    last.ticksTimesLots += notional;
    last.lastTicks = priceTicks;
    return;
  }
  const prices = { firstTicks: priceTicks, lastTicks: priceTicks };
  market.minutes.push({ startMs, lots, ticksTimesLots: notional, ...prices });
}
