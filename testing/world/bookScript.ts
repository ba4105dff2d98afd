import { at } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { clientOrderId, NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import type { BookBench } from '../exchange/bookBench.ts';
import { BOOK_PARAMETERS } from '../exchange/bookBench.ts';
import type { Person } from '../exchange/exchangeBench.ts';
import type { SeededRandom } from './seededRandom.ts';

const { marketId } = BOOK_PARAMETERS;

/** Draws inputs of every kind for the book of a bench, mostly such as it accepts. */
export class BookScript {
  readonly #bench: BookBench;
  readonly #people: readonly Person[];
  readonly #random: SeededRandom;
  #mid = 1_000;
  #client = 0;

  constructor(bench: BookBench, people: readonly Person[], random: SeededRandom) {
    this.#bench = bench;
    this.#people = people;
    this.#random = random;
  }

  /** The next input; the clock of the bench moves now and then. */
  next(): Input {
    const random = this.#random;
    if (random.next() < 0.3) this.#bench.timeMs += random.integer(1, 40);
    if (random.next() < 0.1) this.#mid = Math.max(50, this.#mid + random.integer(-3, 3));
    const u = random.next();
    if (u < 0.66) return this.#order();
    if (u < 0.77) return this.#amend();
    if (u < 0.88) return this.#cancel();
    if (u < 0.9) return this.#cancelAll();
    if (u < 0.92) return this.#heartbeat();
    if (u < 0.98) {
      const oracleTicks = random.next() < 0.5 ? this.#price(5) : 0;
      return { kind: 'bookTick', marketId, oracleTicks };
    }
    const states = ['open', 'open', 'open', 'postOnly', 'cancelOnly', 'halted'] as const;
    const state = this.#bench.book().state === 'open' ? at(states, random.integer(0, 5)) : 'open';
    return { kind: 'setBookMarketState', marketId, state };
  }

  #person(): Person {
    return at(this.#people, this.#random.integer(0, this.#people.length - 1));
  }

  #price(spread: number): number {
    return this.#mid + this.#random.integer(-spread, spread);
  }

  #order(): Input {
    const random = this.#random;
    const takes = random.next() < 0.25;
    const isGtd = !takes && random.next() < 0.2;
    const trigger = random.next() < 0.12 ? (random.next() < 0.5 ? 'stop' : 'takeProfit') : 'none';
    const sizeLots = random.integer(1, 60);
    const hides = !takes && random.next() < 0.1;
    const pairs = random.next() < 0.1 ? this.#open() : undefined;
    const owner = this.#people.find(({ account }) => account === pairs?.owner) ?? this.#person();
    this.#client += 1;
    const repeats = random.next() < 0.03;
    const id = `0x${(repeats ? 1 : this.#client).toString(16).padStart(32, '0')}`;
    const terms = {
      clientOrderId: random.next() < 0.6 ? clientOrderId(id) : NO_CLIENT_ORDER_ID,
      side: random.next() < 0.5 ? ('buy' as const) : ('sell' as const),
      type: takes && random.next() < 0.5 ? ('market' as const) : ('limit' as const),
      timeInForce: takes
        ? random.next() < 0.3
          ? ('fok' as const)
          : ('ioc' as const)
        : isGtd
          ? ('gtd' as const)
          : ('gtc' as const),
      postOnly: !takes && random.next() < 0.1,
      selfTradePolicy: at(
        ['cancelResting', 'cancelArriving', 'decrement'] as const,
        random.integer(0, 2),
      ),
      priceTicks: this.#price(takes ? 20 : 8),
      sizeLots: random.next() < 0.02 ? 200_000 : sizeLots,
      displayLots: hides ? random.integer(1, sizeLots) : 0,
      trigger,
      triggerSource: random.next() < 0.3 ? ('oracle' as const) : ('lastTrade' as const),
      triggerTicks: trigger === 'none' ? 0 : this.#price(10),
      ocoWith: pairs?.orderId ?? 0,
      goodUntilMs: isGtd ? this.#bench.timeMs + random.integer(1, 400) : 0,
    } as const;
    return { kind: 'submitBookOrder', entry: this.#bench.bookOrder(owner, terms) };
  }

  #open(): { readonly orderId: number; readonly owner: string } | undefined {
    const open = [...this.#bench.book().open.values()];
    return open[this.#random.integer(0, Math.max(0, open.length - 1))];
  }

  #named(): { readonly owner: Person; readonly orderId: number; readonly id: string } {
    const open = [...this.#bench.book().open.values()];
    const order = open[this.#random.integer(0, Math.max(0, open.length - 1))];
    const owner = this.#people.find(({ account }) => account === order?.owner) ?? this.#person();
    const id = order?.order.clientOrderId ?? NO_CLIENT_ORDER_ID;
    const byClient = id !== NO_CLIENT_ORDER_ID && this.#random.next() < 0.5;
    return { owner, orderId: byClient ? 0 : (order?.orderId ?? 1), id };
  }

  #amend(): Input {
    const bench = this.#bench;
    const { owner, orderId, id } = this.#named();
    const amend = {
      owner: owner.account,
      marketId,
      orderId,
      clientOrderId: orderId === 0 ? clientOrderId(id) : NO_CLIENT_ORDER_ID,
      priceTicks: this.#random.next() < 0.4 ? 0 : this.#price(8),
      sizeLots: this.#random.integer(1, 70),
      ...bench.fresh(),
    };
    const digest = bench.bookSigning.amendDigest(amend);
    return { kind: 'amendBookOrder', entry: bench.authorise(owner, amend, digest) };
  }

  #cancel(): Input {
    const bench = this.#bench;
    const { owner, orderId, id } = this.#named();
    const client = orderId === 0 ? clientOrderId(id) : NO_CLIENT_ORDER_ID;
    const cancel = { owner: owner.account, marketId, orderId, clientOrderId: client };
    const digest = bench.bookSigning.cancelDigest(cancel);
    return { kind: 'cancelBookOrder', entry: bench.authorise(owner, cancel, digest) };
  }

  #cancelAll(): Input {
    const bench = this.#bench;
    const owner = this.#person();
    const terms = { owner: owner.account, marketId, ...bench.fresh() };
    const digest = bench.bookSigning.cancelAllDigest(terms);
    return { kind: 'cancelAllBookOrders', entry: bench.authorise(owner, terms, digest) };
  }

  #heartbeat(): Input {
    const bench = this.#bench;
    const owner = this.#person();
    const isOn = this.#random.next() < 0.7;
    const deadlineMs = isOn ? bench.timeMs + this.#random.integer(1, 300) : 0;
    const terms = { owner: owner.account, marketId, deadlineMs, ...bench.fresh() };
    const digest = bench.bookSigning.heartbeatDigest(terms);
    return { kind: 'bookHeartbeat', entry: bench.authorise(owner, terms, digest) };
  }
}
