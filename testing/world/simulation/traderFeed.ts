import { BookLadder } from '@lawbook/api/client/bookLadder';
import { Feed } from '@lawbook/api/client/feed';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import type { OrderAnswer, SignedOrder } from '@lawbook/api/schema/orderViews';
import type { SimulatedClock } from '../../chains/double/simulatedClock.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { Trader } from '../workload/trader.ts';
import type { ServerEnd } from './socketPair.ts';
import { connect } from './socketPair.ts';
import type { Wires } from './wires.ts';

/** What a feed of the world is made of. */
export interface TraderFeedParts {
  readonly trader: Trader;
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  readonly wires: Wires;
  /** Whoever takes connections now; undefined while nobody listens. */
  readonly accept: () => ((socket: ServerEnd) => void) | undefined;
  readonly books: readonly number[];
}

/** A trader's connection, by the client that we ship: it rebuilds books and follows its orders. */
export class TraderFeed {
  readonly trader: Trader;
  readonly ladders: Map<number, BookLadder> = new Map();
  /** The last word on each of the trader's batch orders. */
  readonly orders: Map<string, string> = new Map();
  /** Streams that did not add up, and whole ladders that were asked for. */
  readonly counts = { breaks: 0, resynchronised: 0 };
  readonly #feed: Feed;
  #cut: () => void = () => undefined;

  constructor(parts: TraderFeedParts) {
    const { trader, clock, random, wires, accept, books } = parts;
    this.trader = trader;
    this.#feed = new Feed({
      baseUrl: 'http://venue.example',
      openSocket: () => {
        const { client, cut } = connect(wires, accept);
        this.#cut = cut;
        return client as never;
      },
      timers: {
        now: () => clock.nowMs(),
        after: (delayMs, callback) => clock.schedule(delayMs, callback),
        random: () => random.next(),
      },
    });
    for (const book of books) this.#followBook(book);
    this.#feed.follow(`orders:${trader.account}`, {
      onSnapshot: (events) => {
        for (const event of events) this.#takeOrder(event);
      },
      onEvent: (event) => this.#takeOrder(event),
      onBreak: () => this.#broke(),
    });
  }

  /** Submits an order; undefined when no answer came in time. */
  async submit(order: SignedOrder): Promise<OrderAnswer | undefined> {
    try {
      const answer = await this.#feed.submit([order]);
      return answer.ok ? answer.value[0] : undefined;
    } catch {
      // No answer in time: the trader does not know what became of it.
      return undefined;
    }
  }

  /** Breaks the connection; the client comes back by itself. */
  cut(): void {
    this.#cut();
  }

  close(): void {
    this.#feed.close();
  }

  #followBook(marketId: number): void {
    const ladder = new BookLadder();
    this.ladders.set(marketId, ladder);
    const name = `book:${marketId}`;
    const take = (event: ChannelEvent): void => {
      if (event.kind !== 'book' || ladder.take(event)) return;
      this.counts.resynchronised += 1;
      this.#feed.resynchronise(name);
    };
    this.#feed.follow(name, {
      onSnapshot: (events) => {
        for (const event of events) take(event);
      },
      onEvent: take,
      onBreak: () => this.#broke(),
    });
  }

  #takeOrder(event: ChannelEvent): void {
    if (event.kind === 'order') this.orders.set(event.order.orderId, event.order.status);
  }

  #broke(): void {
    this.counts.breaks += 1;
  }
}
