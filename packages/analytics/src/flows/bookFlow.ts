import type { BookCommand } from '@lawbook/exchange/markets/book/bookCommand';
import { COMMAND_STRIDE, encodeCommand } from '@lawbook/exchange/markets/book/bookCommand';
import { BOOK_DEFAULTS, TICKS_MAX } from '@lawbook/exchange/markets/book/bookTerms';
import type { LedgerBookParameters } from '@lawbook/exchange/markets/book/ledgerBook';
import { OrderBook } from '@lawbook/exchange/markets/book/orderBook';
import { ROW, ROW_STRIDE } from '@lawbook/exchange/markets/book/orderRows';
import { logRatio } from '../logRatio.ts';
import { Draws } from '../scenarios/draws.ts';

/** Flows by name; `mixed` is the normal one. */
export const FLOW_NAMES = [
  'mixed',
  'static',
  'swing-25',
  'swing-40',
  'flash-crash',
  'cancels',
] as const;
export type FlowName = (typeof FLOW_NAMES)[number];

/** Which flow. */
export interface FlowChoice {
  readonly scenario: FlowName;
  /** Commands after those that lay the book out; below 2^31. */
  readonly timed: number;
  /** 32 bits. */
  readonly seed: number;
}

/** The market of all flows: room for the deep book, four basis points to take, one back to make. */
export const FLOW_MARKET: LedgerBookParameters = {
  ...BOOK_DEFAULTS,
  ordersMax: 1_048_576,
  lotSize: 1,
  tickSize: 1,
  makerFeePpm: -100,
  takerFeePpm: 400,
};

/** What each account begins with: enough for every order, and in all below 2^53. */
export const FLOW_BASE_EACH = 1e9;
export const FLOW_QUOTE_EACH = 2e12;

const MID_START = 65_536;
/** Buyers have the even accounts, sellers the odd ones: no order ever meets its own account. */
const ACCOUNTS = 1_024;
const WORD = 2 ** 32;
const WORD_BIG = 1n << 32n;
/** How far a flash crash falls, in ticks. */
const CRASH_TICKS = 50_000;

/**
 * Draws the commands of a flow one after another. The mid starts at tick 65,536 and steps by one
 * with probability 0.02; 10,000 limits at 1 + Exp(60) ticks from it lay the book out. Then, of
 * `timed` commands, one half are limits at floor(Exp(12)) ticks, half of them one tick nearer, 3 in
 * 10 cancels (2 % of them of any id ever used), the rest market orders.
 *
 *   static       300,000 more orders over 30,000 ticks on both sides, which nothing takes
 *   swing-25/40  the mid is 25 or 40 ticks above its start at one command and below it at the next
 *   flash-crash  ten times the price falls by 50,000 ticks within 2,000 commands, and comes back;
 *                in flows of fewer than 200,000 the fall is that much quicker
 *   cancels      40 % limits, 38 % cancels, 20 % replacements, 2 % market orders
 */
export class BookFlow {
  /** How many of the first commands lay the book out. */
  readonly setupCount: number;
  readonly #choice: FlowChoice;
  readonly #draws: Draws;
  /** A book of its own tells which orders are open. */
  readonly #book: OrderBook = new OrderBook(FLOW_MARKET);
  readonly #row: Float64Array = new Float64Array(COMMAND_STRIDE);
  /** Open orders in no order, and where each stands. */
  readonly #live: number[] = [];
  readonly #places = new Map<number, number>();
  #count = 0;
  #lastId = 0;
  #mid = MID_START;

  constructor(choice: FlowChoice) {
    this.#choice = choice;
    this.#draws = new Draws(choice.seed);
    this.setupCount = choice.scenario === 'static' ? 310_000 : 10_000;
  }

  /** Draws the next command into `commands` at `o`. */
  next(commands: Float64Array, o: number): void {
    const deepCount = this.setupCount - 10_000;
    const k = this.#count;
    this.#count += 1;
    // The deep book: orders on both sides, each thirty thousand ticks wide, that nothing takes.
    if (k < deepCount) this.#limit(200 + ((k + 10_000) % 30_000), k % 2 === 0);
    else if (k < this.setupCount) this.#limit(1 + Math.floor(this.#exponential(60)));
    else this.#step(k - this.setupCount);
    commands.set(this.#row, o);
  }

  #step(k: number): void {
    this.#moveMid(k);
    const u = this.#unit();
    const isCancels = this.#choice.scenario === 'cancels';
    const [limits, cancels] = isCancels ? [0.4, 0.78] : [0.5, 0.8];
    if (u < limits) {
      const nearer = this.#unit() < 0.5 ? 1 : 0;
      this.#limit(Math.floor(this.#exponential(12)) - nearer);
    } else if (u < cancels) this.#cancel();
    else if (isCancels && u < 0.98) this.#modify();
    else this.#market();
  }

  #moveMid(k: number): void {
    const { scenario, timed } = this.#choice;
    if (scenario === 'swing-25') this.#mid = MID_START + (k % 2 === 0 ? 25 : -25);
    else if (scenario === 'swing-40') this.#mid = MID_START + (k % 2 === 0 ? 40 : -40);
    else if (scenario === 'flash-crash') {
      const period = Math.max(1, Math.floor(timed / 10));
      const middle = Math.min(10_000, Math.floor(period / 2));
      const width = Math.max(1, Math.min(2_000, middle));
      const steps = Math.max(0, width - Math.abs((k % period) - middle));
      this.#mid = MID_START - steps * Math.floor(CRASH_TICKS / width);
    } else if (this.#unit() < 0.02) this.#mid += this.#unit() < 0.5 ? 1 : -1;
  }

  #limit(offset: number, isBuy: boolean = this.#unit() < 0.5): void {
    this.#lastId += 1;
    const priceTicks = Math.max(1, this.#mid + (isBuy ? -offset : offset));
    const sizeLots = this.#integer(1, 100);
    this.#place({ isBuy, priceTicks, sizeLots, type: 'limit' });
  }

  #market(): void {
    this.#lastId += 1;
    const isBuy = this.#unit() < 0.5;
    const sizeLots = this.#integer(1, this.#live.length > 10_000 ? 100 : 40);
    this.#place({ isBuy, priceTicks: isBuy ? TICKS_MAX : 1, sizeLots, type: 'market' });
  }

  #place(order: {
    readonly isBuy: boolean;
    readonly priceTicks: number;
    readonly sizeLots: number;
    readonly type: 'limit' | 'market';
  }): void {
    this.#emit({
      kind: 'place',
      orderId: this.#lastId,
      account: this.#accountOf(order.isBuy),
      side: order.isBuy ? 'buy' : 'sell',
      type: order.type,
      timeInForce: order.type === 'market' ? 'ioc' : 'gtc',
      postOnly: false,
      selfTradePolicy: 'cancelResting',
      trigger: 'none',
      triggerSource: 'lastTrade',
      priceTicks: order.priceTicks,
      sizeLots: order.sizeLots,
      displayLots: 0,
      expiresAt: 0,
      triggerTicks: 0,
      ocoWith: 0,
    });
  }

  /** In [0, 1). */
  #unit(): number {
    return this.#draws.bits() / WORD;
  }

  #integer(low: number, high: number): number {
    return low + Math.floor(this.#unit() * (high - low + 1));
  }

  /** -ln(1 - u) times the mean, to the last digit the same on every engine. */
  #exponential(mean: number): number {
    return -logRatio(BigInt(WORD - this.#draws.bits()), WORD_BIG) * mean;
  }

  #accountOf(isBuy: boolean): number {
    return this.#integer(0, ACCOUNTS / 2 - 1) * 2 + (isBuy ? 0 : 1);
  }

  #pick(): number {
    if (this.#live.length === 0 || this.#unit() < 0.02) return this.#integer(1, this.#lastId);
    return this.#live[this.#integer(0, this.#live.length - 1)] as number;
  }

  #cancel(): void {
    const orderId = this.#pick();
    this.#emit({ kind: 'cancel', orderId, account: this.#fieldOf(orderId, ROW.account, 0) });
  }

  /** One tick away and smaller or larger, so that most lose their priority. */
  #modify(): void {
    const orderId = this.#pick();
    const price = this.#fieldOf(orderId, ROW.price, this.#mid);
    const priceTicks = Math.max(1, price + this.#integer(-1, 1));
    const sizeLots = this.#integer(50, 150);
    const account = this.#fieldOf(orderId, ROW.account, 0);
    this.#emit({ kind: 'replace', orderId, account, priceTicks, sizeLots });
  }

  #fieldOf(orderId: number, field: number, absent: number): number {
    const { rows } = this.#book.core;
    const row = rows.find(orderId);
    return row === 0 ? absent : (rows.integers[row * ROW_STRIDE + field] as number);
  }

  #emit(command: BookCommand): void {
    encodeCommand(command, this.#row, 0);
    this.#book.apply(this.#row, 0);
    for (const report of this.#book.reports.drain()) {
      if (report.kind === 'rejected' || report.kind === 'marketState') continue;
      if (report.leavesLots === 0) this.#forget(report.orderId);
    }
    const isOpen = 'orderId' in command && this.#book.core.rows.find(command.orderId) !== 0;
    if (command.kind === 'place' && isOpen) {
      this.#places.set(command.orderId, this.#live.length);
      this.#live.push(command.orderId);
    }
    // A replaced order may have been filled as a taker, which no report of its own says.
    if (command.kind === 'replace' && !isOpen) this.#forget(command.orderId);
  }

  #forget(orderId: number): void {
    const place = this.#places.get(orderId);
    if (place === undefined) return;
    const moved = this.#live.pop() as number;
    this.#places.delete(orderId);
    if (moved === orderId) return;
    this.#live[place] = moved;
    this.#places.set(moved, place);
  }
}
