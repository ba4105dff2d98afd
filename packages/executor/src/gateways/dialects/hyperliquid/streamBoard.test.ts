// Goal: a stream that begins with what was read goes on with what happened while it was read: no
// trade and no fill is left out or told twice, and nobody is told who has left.
// Method: reads that answer when the test says so; trades are told before, while and after.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VenueService } from '../../../venueService.ts';
import type { VenueEvent } from '../../../venueTypes.ts';
import type { AccountReads } from './accountReads.ts';
import type { MarketReads } from './marketReads.ts';
import type { ReadDesk } from './readDesk.ts';
import type { SpotMarket, SpotMarkets } from './spotMarkets.ts';
import { StreamBoard } from './streamBoard.ts';
import type { WireFill, WireTrade } from './wireOrders.ts';

const OWNER = `0x${'1'.repeat(40)}`;

const market = {
  ...{ marketId: 7, coin: '@0', index: 0, quoteSymbol: 'USD' },
  units: { price: String, size: String, quote: String },
} as unknown as SpotMarket;

/** A board over a venue that the test tells trades of. */
class Stage {
  readonly board: StreamBoard;
  readonly frames: { channel: string; data: unknown }[] = [];
  /** Numbers of the trades so far. */
  count = 0;
  following = true;
  #tell: (event: VenueEvent) => void = () => {};
  #answer: () => void = () => {};

  constructor() {
    const venue = {
      subscribe: (listener: (event: VenueEvent) => void) => {
        this.#tell = listener;
        return () => undefined;
      },
    } as unknown as VenueService;
    // A read knows what had happened when it was asked, and answers later.
    const read = async (): Promise<{ coin: string; tid: number }[]> => {
      const stood = Array.from({ length: this.count }, (_, k) => ({
        coin: '@0',
        tid: (k + 1) * 1000,
      }));
      await new Promise<void>((resolve) => {
        this.#answer = resolve;
      });
      return stood;
    };
    this.board = new StreamBoard({
      venue,
      markets: { byCoin: () => market, byMarketId: () => market } as unknown as SpotMarkets,
      marketReads: { trades: async () => (await read()).reverse() } as unknown as MarketReads,
      accountReads: { fills: read } as unknown as AccountReads,
      readDesk: {} as ReadDesk,
      onFault: (cause) => assert.fail(String(cause)),
    });
  }

  trade(): void {
    this.count += 1;
    const trade = {
      marketId: 7,
      tradeNumber: this.count,
      takerSide: 'buy',
      priceTicks: 1,
      lots: 1,
    };
    const what = { ...{ execType: 'trade', owner: OWNER, orderId: 1, side: 'buy', role: 'taker' } };
    const report = { ...what, fee: 0n, tradeNumber: this.count, lastPrice: 1, lastSize: 1 };
    const news = { marketId: 7, sequence: 1, timeMs: 1, trades: [trade], executions: [report] };
    this.#tell({ kind: 'book', news: { ...news, orders: [] } } as unknown as VenueEvent);
  }

  /** Opens a stream; two trades happen before, two while it is read, and two after. */
  async run(type: 'trades' | 'userFills', leaves = false): Promise<number[]> {
    this.trade();
    this.trade();
    const follower = {
      send: (frame: string) => this.frames.push(JSON.parse(frame)),
      follows: () => this.following,
    };
    const stream = type === 'trades' ? { type, coin: '@0' } : { type, user: OWNER as never };
    const opened = this.board.follow(stream, follower);
    this.trade();
    this.trade();
    if (leaves) this.following = false;
    await Promise.resolve();
    this.#answer();
    await opened;
    this.trade();
    this.trade();
    this.board.close();
    return this.frames.flatMap(({ data: told }) => {
      const rows = Array.isArray(told)
        ? (told as WireTrade[])
        : (told as { fills: WireFill[] }).fills;
      // A snapshot of fills has the newest first, as in the dialect.
      const isSnapshot = !Array.isArray(told) && Reflect.has(told as object, 'isSnapshot');
      const ids = rows.map(({ tid }) => tid / 1000);
      return isSnapshot ? ids.reverse() : ids;
    });
  }
}

for (const type of ['trades', 'userFills'] as const) {
  test(`${type} are told from the first on, each once`, async () => {
    assert.deepEqual(await new Stage().run(type), [1, 2, 3, 4, 5, 6]);
  });

  test(`${type} are not told to who left while they were read`, async () => {
    assert.deepEqual(await new Stage().run(type, true), []);
  });
}
