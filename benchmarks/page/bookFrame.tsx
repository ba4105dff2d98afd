import { ladderChecksum } from '@lawbook/api/client/bookLadder';
import { scaleOf } from '@lawbook/api/client/buildBookOrder';
import { crc32 } from '@lawbook/api/client/crc32';
import { Feed } from '@lawbook/api/client/feed';
import type { BookView, LevelView } from '@lawbook/api/schema/bookViews';
import type { ClientMessage } from '@lawbook/api/schema/messages';
import { accepted } from '@lawbook/exchange/failures/result';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { BookLink } from '../../packages/web/src/live/bookLink.ts';
import { Live } from '../../packages/web/src/live/live.ts';
import type { VenueLink } from '../../packages/web/src/live/venueLink.ts';
import { BookTicket } from '../../packages/web/src/screens/trade/book/bookTicket.tsx';
import { NO_BOOK_WISH } from '../../packages/web/src/screens/trade/book/bookWish.ts';
import { LadderPanel } from '../../packages/web/src/screens/trade/book/ladderPanel.tsx';
import '../../packages/web/src/styles/base.css';
import '../../packages/web/src/styles/trade.css';
import '../../packages/web/src/styles/book.css';

/*
 * Runs in a browser. The page's own ladder and ticket stand on a book whose messages come from a
 * socket of this file, so that the time of a frame is the page's and nobody else's: reading each
 * message, both of its checksums, the ladder, every write to the document, style and layout. What
 * the browser paints afterwards is left out.
 */

const MARKET = '101';
const DIGITS = { price: 4, size: 0 };

const RULES: BookView = {
  marketId: MARKET,
  symbol: 'BASE-QUOTE',
  base: 'BASE',
  quote: 'QUOTE',
  lotSize: '1.000000',
  tickSize: '0.000100000000',
  lotUnits: '1000000',
  tickUnits: '100',
  baseDecimals: 6,
  quoteDecimals: 6,
  notionalMin: '1.000000',
  priceTicksMax: 1_000_000,
  sizeLotsMax: 1_000_000,
  ordersMax: 20_000,
  makerFeePpm: 0,
  takerFeePpm: 200,
  breakerBandPpm: 100_000,
  breakerWindowMs: 60_000,
  state: 'open',
  openOrders: 0,
  epoch: { number: 1, events: 0 },
  settles: false,
};

/** Where the book stands; asks begin one tick above. */
const MID_TICKS = 11_000;
const FEED = 'bench';
const MESSAGES_EVERY_FRAME = 10;
const WARM_UP_FRAMES = 60;

/** A venue with one deep book that changes at random near its best prices. */
class DeepBook {
  readonly #scale = scaleOf(RULES);
  readonly #lots = { bids: new Map<number, number>(), asks: new Map<number, number>() };
  #seed = 1;
  #sequence = 0;
  #checksum = 0;

  constructor(levels: number) {
    for (let k = 0; k < levels; k += 1) {
      this.#lots.bids.set(MID_TICKS - k, 1 + this.#below(5_000));
      this.#lots.asks.set(MID_TICKS + 1 + k, 1 + this.#below(5_000));
    }
  }

  /** The answer to a subscription. */
  snapshot(id: string): string {
    const whole = this.#best(Number.POSITIVE_INFINITY);
    const checksum = ladderChecksum(whole);
    const head = { kind: 'book', marketId: MARKET, whole: true, state: 'open' };
    const event = { ...head, inputSequence: 1, ...whole, checksum };
    return JSON.stringify({
      ...{ op: 'subscribed', id, channel: `book:${MARKET}`, feed: FEED },
      ...{ sequence: 0, checksum: '00000000', resumed: false, snapshot: [event] },
    });
  }

  /** A change of two levels, one of each half: what an order that trades and rests comes to. */
  change(): string {
    const place = 1 + this.#below(60);
    const ticks = { bids: MID_TICKS + 1 - place, asks: MID_TICKS + place };
    const told = { bids: this.#move('bids', ticks.bids), asks: this.#move('asks', ticks.asks) };
    const checksum = ladderChecksum(this.#best(10));
    const head = { kind: 'book', marketId: MARKET, whole: false, state: 'open' };
    this.#sequence += 1;
    const event = { ...head, inputSequence: this.#sequence, ...told, checksum };
    const text = JSON.stringify(event);
    this.#checksum = crc32(text, this.#checksum);
    const sum = this.#checksum.toString(16).padStart(8, '0');
    const sequence = this.#sequence;
    const frame = { op: 'event', channel: `book:${MARKET}`, sequence, checksum: sum, event };
    return JSON.stringify(frame);
  }

  #move(half: 'bids' | 'asks', ticks: number): LevelView[] {
    const lots = this.#lots[half].has(ticks) && this.#below(4) === 0 ? 0 : 1 + this.#below(5_000);
    if (lots === 0) this.#lots[half].delete(ticks);
    else this.#lots[half].set(ticks, lots);
    return [this.#level(ticks, lots)];
  }

  #best(levels: number): { readonly bids: LevelView[]; readonly asks: LevelView[] } {
    const half = (name: 'bids' | 'asks', direction: number): LevelView[] =>
      [...this.#lots[name]]
        .sort(([a], [b]) => direction * (a - b))
        .slice(0, levels)
        .map(([ticks, lots]) => this.#level(ticks, lots));
    return { bids: half('bids', -1), asks: half('asks', 1) };
  }

  #level(ticks: number, lots: number): LevelView {
    return { price: this.#scale.price(BigInt(ticks)), size: this.#scale.size(lots) };
  }

  #below(n: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed % n;
  }
}

/** A socket that answers subscriptions to the book and carries whatever it is given. */
class BenchSocket extends EventTarget {
  readonly readyState = 1;
  readonly #book: DeepBook;

  constructor(book: DeepBook) {
    super();
    this.#book = book;
    queueMicrotask(() => this.dispatchEvent(new Event('open')));
  }

  send(text: string): void {
    const message = JSON.parse(text) as ClientMessage;
    if (message.op !== 'subscribe' || !message.channel.startsWith('book:')) return;
    queueMicrotask(() => this.say(this.#book.snapshot(message.id)));
  }

  say(text: string): void {
    this.dispatchEvent(new MessageEvent('message', { data: text }));
  }

  close(): void {}
}

/** What was measured; milliseconds. */
export interface FrameTimes {
  readonly levels: number;
  readonly messagesEveryFrame: number;
  /** One time a frame: taking its messages, drawing, style and layout. */
  readonly frames: readonly number[];
  /** Whether the ladder on the page was the book's own at the end. */
  readonly isRight: boolean;
}

declare global {
  /** Called from outside the browser. */
  var measureBookFrames: (levels: number, frames: number) => Promise<FrameTimes>;
}

function BookParts({ book }: { readonly book: BookLink }): ReactElement {
  const [wish, setWish] = useState(NO_BOOK_WISH);
  const parts = { book, own: undefined, digits: DIGITS };
  return (
    <div className="trade-ladder" style={{ width: 268 }}>
      <LadderPanel {...parts} pick={() => {}} />
      <BookTicket {...parts} wish={wish} setWish={setWish} />
    </div>
  );
}

const nextFrame = (): Promise<number> => {
  return new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
};

globalThis.measureBookFrames = async (levels, frames): Promise<FrameTimes> => {
  const deep = new DeepBook(levels);
  const socket = new BenchSocket(deep);
  const feed = new Feed({
    baseUrl: 'http://127.0.0.1',
    openSocket: () => socket as unknown as WebSocket,
    silenceMs: 3_600_000,
  });
  const books = { trades: async () => accepted({ trades: [] }) };
  const venue = { feed, books, connection: new Live('open') } as unknown as VenueLink;
  const book = new BookLink(RULES, venue);
  const place = document.getElementById('page');
  if (place === null) return { levels, messagesEveryFrame: 0, frames: [], isRight: false };
  createRoot(place).render(<BookParts book={book} />);
  while (book.sync.get().state !== 'live') await nextFrame();
  const times: number[] = [];
  for (let k = 0; k < frames + WARM_UP_FRAMES; k += 1) {
    const messages = Array.from({ length: MESSAGES_EVERY_FRAME }, () => deep.change());
    const taken = performance.now();
    // The first callback of the frame tells when it began, the last when all were done.
    const begun = nextFrame();
    for (const message of messages) socket.say(message);
    const takenMs = performance.now() - taken;
    const drawn = nextFrame();
    const from = await begun;
    await drawn;
    place.getBoundingClientRect();
    if (k >= WARM_UP_FRAMES) times.push(takenMs + performance.now() - from);
  }
  const [best] = place.querySelectorAll('.ladder-bids .rung-size');
  const shown = best?.textContent?.replace(/\D/g, '');
  const isRight = book.sync.get().resyncs === 0 && shown === String(book.ladder.bids[0]?.lots);
  feed.close();
  return { levels, messagesEveryFrame: MESSAGES_EVERY_FRAME, frames: times, isRight };
};
