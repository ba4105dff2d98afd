import type { BookCommand } from '../../packages/exchange/src/markets/book/bookCommand.ts';
import {
  COMMAND,
  COMMAND_STRIDE,
  encodeCommand,
  FIELD,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import { BOOK_DEFAULTS, TICKS_MAX } from '../../packages/exchange/src/markets/book/bookTerms.ts';
import type { LedgerBookParameters } from '../../packages/exchange/src/markets/book/ledgerBook.ts';
import { OrderBook } from '../../packages/exchange/src/markets/book/orderBook.ts';
import { SeededRandom } from '../../testing/world/seededRandom.ts';

/** Flows by name; `mixed` is the normal one. */
export const SCENARIOS = [
  'mixed',
  'static',
  'swing-25',
  'swing-40',
  'flash-crash',
  'cancels',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** Commands that every engine gets alike. */
export interface Flow {
  /** Encoded commands in shared memory: `untimed` of them first, then `timed`. */
  readonly commands: Float64Array;
  readonly untimed: number;
  readonly timed: number;
}

/** Parameters of the measured market: as by default, with room for the deep book. */
export const BENCH_BOOK: typeof BOOK_DEFAULTS = { ...BOOK_DEFAULTS, ordersMax: 1_048_576 };

/** The same market with balances and fees: four basis points to take, one back to make. */
export const BENCH_LEDGER_BOOK: LedgerBookParameters = {
  ...BENCH_BOOK,
  lotSize: 1,
  tickSize: 1,
  makerFeePpm: -100,
  takerFeePpm: 400,
};

const MID_START = 65_536;
/** Buyers have the even accounts, sellers the odd ones: no order ever meets its own account. */
const ACCOUNTS = 1_024;

/**
 * Draws a flow once. The mid starts at tick 65,536 and steps by one with probability 0.02; 10,000
 * limits at 1 + Exp(60) ticks from it are laid down untimed. Then, of `timed` commands, one half
 * are limits at floor(Exp(12)) ticks, half of them one tick nearer, 3 in 10 cancels (2 % of them of
 * any id ever used), the rest market orders.
 *
 *   static       300,000 more orders over 30,000 ticks on both sides, which nothing takes
 *   swing-25/40  the mid is 25 or 40 ticks above its start at one command and below it at the next
 *   flash-crash  ten times the price falls by 50,000 ticks within 2,000 commands, and comes back
 *   cancels      40 % limits, 38 % cancels, 20 % replacements, 2 % market orders
 */
export function drawFlow(scenario: Scenario, timed: number, seed: number): Flow {
  return new FlowWriter(scenario, timed, seed).write();
}

class FlowWriter {
  readonly #scenario: Scenario;
  readonly #random: SeededRandom;
  readonly #timed: number;
  readonly #untimed: number;
  readonly #commands: Float64Array;
  readonly #book = new OrderBook(BENCH_BOOK);
  /** Open orders in no order, and where each stands. */
  readonly #live: number[] = [];
  readonly #places = new Map<number, number>();
  #count = 0;
  #lastId = 0;
  #mid = MID_START;

  constructor(scenario: Scenario, timed: number, seed: number) {
    this.#scenario = scenario;
    this.#random = new SeededRandom(seed);
    this.#timed = timed;
    this.#untimed = scenario === 'static' ? 310_000 : 10_000;
    const doubles = (this.#untimed + timed) * COMMAND_STRIDE;
    this.#commands = new Float64Array(new SharedArrayBuffer(doubles * 8));
  }

  write(): Flow {
    // The deep book: thirty orders a tick-step far away on both sides, which nothing ever takes.
    for (let k = 10_000; k < this.#untimed; k += 1) this.#limit(200 + (k % 30_000), k % 2 === 0);
    for (let k = 0; k < 10_000; k += 1) this.#limit(1 + Math.floor(this.#exponential(60)));
    for (let k = 0; k < this.#timed; k += 1) this.#step(k);
    return { commands: this.#commands, untimed: this.#untimed, timed: this.#timed };
  }

  #step(k: number): void {
    this.#moveMid(k);
    const random = this.#random;
    const u = random.next();
    const [limits, cancels] = this.#scenario === 'cancels' ? [0.4, 0.78] : [0.5, 0.8];
    if (u < limits) {
      const nearer = random.next() < 0.5 ? 1 : 0;
      this.#limit(Math.floor(this.#exponential(12)) - nearer);
    } else if (u < cancels) this.#cancel();
    else if (this.#scenario === 'cancels' && u < 0.98) this.#modify();
    else this.#market();
  }

  #moveMid(k: number): void {
    const random = this.#random;
    if (this.#scenario === 'swing-25') this.#mid = MID_START + (k % 2 === 0 ? 25 : -25);
    else if (this.#scenario === 'swing-40') this.#mid = MID_START + (k % 2 === 0 ? 40 : -40);
    else if (this.#scenario === 'flash-crash') {
      // In each tenth of the flow the price falls by 50,000 ticks within 2,000 commands, and is
      // back after as many.
      const place = k % Math.floor(this.#timed / 10);
      const fallen = Math.max(0, 2_000 - Math.abs(place - 10_000)) * 25;
      this.#mid = MID_START - fallen;
    } else if (random.next() < 0.02) this.#mid += random.next() < 0.5 ? 1 : -1;
  }

  #limit(offset: number, isBuy: boolean = this.#random.next() < 0.5): void {
    this.#lastId += 1;
    const priceTicks = Math.max(1, this.#mid + (isBuy ? -offset : offset));
    const sizeLots = this.#random.integer(1, 100);
    this.#place({ isBuy, priceTicks, sizeLots, type: 'limit' });
  }

  #market(): void {
    this.#lastId += 1;
    const isBuy = this.#random.next() < 0.5;
    const sizeLots = this.#random.integer(1, this.#live.length > 10_000 ? 100 : 40);
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

  #exponential(mean: number): number {
    return -Math.log(1 - this.#random.next()) * mean;
  }

  #accountOf(isBuy: boolean): number {
    return this.#random.integer(0, ACCOUNTS / 2 - 1) * 2 + (isBuy ? 0 : 1);
  }

  #pick(): number {
    const random = this.#random;
    if (this.#live.length === 0 || random.next() < 0.02) return random.integer(1, this.#lastId);
    return this.#live[random.integer(0, this.#live.length - 1)] as number;
  }

  #cancel(): void {
    const orderId = this.#pick();
    this.#emit({ kind: 'cancel', orderId, account: this.#ownerOf(orderId) });
  }

  /** One tick away and smaller or larger, so that most lose their priority. */
  #modify(): void {
    const orderId = this.#pick();
    const row = this.#book.core.rows.find(orderId);
    const price = row === 0 ? this.#mid : (this.#book.core.rows.integers[row * 16] as number);
    const priceTicks = Math.max(1, price + this.#random.integer(-1, 1));
    const sizeLots = this.#random.integer(50, 150);
    this.#emit({ kind: 'replace', orderId, account: this.#ownerOf(orderId), priceTicks, sizeLots });
  }

  #ownerOf(orderId: number): number {
    const row = this.#book.core.rows.find(orderId);
    return row === 0 ? 0 : (this.#book.core.rows.integers[row * 16 + 5] as number);
  }

  #emit(command: BookCommand): void {
    encodeCommand(command, this.#commands, this.#count * COMMAND_STRIDE);
    this.#book.apply(this.#commands, this.#count * COMMAND_STRIDE);
    this.#count += 1;
    for (const report of this.#book.reports.drain()) {
      if (report.kind === 'rejected' || report.kind === 'marketState') continue;
      if (report.leavesLots === 0) this.#forget(report.orderId);
    }
    if (command.kind === 'place' && this.#book.core.rows.find(command.orderId) !== 0) {
      this.#places.set(command.orderId, this.#live.length);
      this.#live.push(command.orderId);
    }
    // A replaced order may have been filled as a taker, which no report of its own says.
    if (command.kind === 'replace' && this.#book.core.rows.find(command.orderId) === 0) {
      this.#forget(command.orderId);
    }
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

/** Moves all ids of a flow up, so that the same flow can run once more on the same book. */
export function shiftIds(commands: Float64Array, by: number): void {
  for (let o = 0; o < commands.length; o += COMMAND_STRIDE) {
    const kind = commands[o + FIELD.kind] as number;
    if (kind === COMMAND.cancelAll || kind >= COMMAND.advanceTime) continue;
    commands[o + FIELD.orderId] = (commands[o + FIELD.orderId] as number) + by;
  }
}
