import type {
  BookCommand,
  PlaceOrder,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import type { BookReport } from '../../packages/exchange/src/markets/book/bookReport.ts';
import type {
  BookParameters,
  MarketState,
  OrderType,
  SelfTradePolicy,
  Side,
  TimeInForce,
  Trigger,
} from '../../packages/exchange/src/markets/book/bookTerms.ts';
import { BOOK_DEFAULTS } from '../../packages/exchange/src/markets/book/bookTerms.ts';
import type { SeededRandom } from './seededRandom.ts';

/** How a generated flow is slanted. */
export interface FlowShape {
  /** Few accounts meet themselves often. */
  readonly accounts: number;
  /** Ticks around the mid in which most orders fall. */
  readonly spread: number;
  /** Ticks that the mid may jump at a command. */
  readonly swing: number;
  /** The share of commands that are broken on purpose. */
  readonly hostile: number;
  /** The share of orders with triggers, pairs, icebergs and expiries. */
  readonly special: number;
  /** From one order id to the next; multiples of 2^32 crowd the same slots of an index. */
  readonly idStep: number;
  /** The first mid in ticks, 100,000 unless told; it never falls below a tenth of it. */
  readonly mid?: number;
}

/** Names of slants. */
export type FlowName =
  | 'calm'
  | 'selfTrading'
  | 'special'
  | 'hostile'
  | 'jumping'
  | 'scattered'
  | 'crowding';

/** Slants that reach different corners. */
export const FLOW_SHAPES: Readonly<Record<FlowName, FlowShape>> = {
  calm: { accounts: 40, spread: 12, swing: 0, hostile: 0.02, special: 0.1, idStep: 1 },
  selfTrading: { accounts: 2, spread: 6, swing: 1, hostile: 0.02, special: 0.2, idStep: 1 },
  special: { accounts: 8, spread: 10, swing: 1, hostile: 0.02, special: 0.8, idStep: 1 },
  hostile: { accounts: 5, spread: 20, swing: 3, hostile: 0.5, special: 0.4, idStep: 1 },
  jumping: { accounts: 10, spread: 30, swing: 400, hostile: 0.02, special: 0.2, idStep: 1 },
  scattered: { accounts: 10, spread: 5_000, swing: 2_000, hostile: 0.02, special: 0.2, idStep: 1 },
  crowding: { accounts: 12, spread: 8, swing: 1, hostile: 0.1, special: 0.3, idStep: 2 ** 32 },
};

/** Numbers that no field should take, and those at the edges of what it may. */
const ODD: readonly number[] = [
  0,
  -1,
  0.5,
  1.000001,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 30 - 1,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  Number.MAX_VALUE,
];

/** A stream of commands that hits every kind, and every edge that its shape leaves room for. */
export class BookFlow {
  readonly #random: SeededRandom;
  readonly #shape: FlowShape;
  #mid: number;
  readonly #midMin: number;
  #lastId = 0;
  #now = 0;
  /** Orders that are open, as far as the flow was told, and whose they are. */
  readonly #open: { readonly orderId: number; readonly account: number }[] = [];

  constructor(random: SeededRandom, shape: FlowShape) {
    this.#random = random;
    this.#shape = shape;
    this.#mid = shape.mid ?? 100_000;
    this.#midMin = Math.ceil(this.#mid / 10);
  }

  /** The next command. */
  next(): BookCommand {
    const random = this.#random;
    const { swing } = this.#shape;
    if (random.next() < 0.05) {
      this.#mid = Math.max(this.#midMin, this.#mid + random.integer(-swing, swing));
    }
    const command = this.#draw();
    return random.next() < this.#shape.hostile ? this.#spoil(command) : command;
  }

  /** Tells the flow which orders have ended, so that it mostly names open ones. */
  observe(reports: readonly BookReport[]): void {
    for (const report of reports) {
      if (report.kind === 'new') {
        this.#open.push({ orderId: report.orderId, account: report.contra });
      }
      const ended = 'leavesLots' in report && report.leavesLots === 0 ? report.orderId : 0;
      const place = this.#open.findIndex(({ orderId }) => orderId === ended);
      if (place >= 0) this.#open.splice(place, 1);
    }
  }

  #draw(): BookCommand {
    const random = this.#random;
    const u = random.next();
    if (u < 0.7) return this.#place();
    const account = random.integer(0, this.#shape.accounts - 1);
    const order = this.#pick();
    if (u < 0.78) return { kind: 'cancel', ...order };
    if (u < 0.83) return { kind: 'reduce', ...order, sizeLots: random.integer(1, 40) };
    if (u < 0.92) {
      const sizeLots = random.integer(1, 60);
      return { kind: 'replace', ...order, priceTicks: this.#price(this.#side()), sizeLots };
    }
    if (u < 0.94) {
      this.#now += random.integer(0, 3);
      return { kind: 'advanceTime', now: this.#now };
    }
    if (u < 0.96) return { kind: 'oraclePrice', priceTicks: this.#price('buy') };
    if (u < 0.965) {
      const deadline = random.next() < 0.5 ? 0 : this.#now + random.integer(1, 40);
      return { kind: 'heartbeat', account, deadline };
    }
    if (u < 0.967) return { kind: 'cancelAll', account };
    const states: readonly MarketState[] = ['open', 'open', 'postOnly', 'cancelOnly', 'halted'];
    // Mostly back to open, so that markets do not stand still for long.
    const state = states[random.integer(0, 4)] as MarketState;
    return { kind: 'marketState', state: random.next() < 0.9 ? 'open' : state };
  }

  #place(): PlaceOrder {
    const random = this.#random;
    const isSpecial = (): boolean => random.next() < this.#shape.special;
    const type: OrderType = random.next() < 0.2 ? 'market' : 'limit';
    const takes = type === 'market' || random.next() < 0.2;
    let timeInForce: TimeInForce = takes ? 'ioc' : 'gtc';
    if (takes && random.next() < 0.4) timeInForce = 'fok';
    if (!takes && isSpecial()) timeInForce = 'gtd';
    const sizeLots = takes ? random.integer(1, 120) : random.integer(1, 50);
    const hides = !takes && isSpecial() && random.next() < 0.5;
    const trigger: Trigger = isSpecial() && random.next() < 0.4 ? this.#trigger() : 'none';
    this.#lastId += this.#shape.idStep;
    const account = random.integer(0, this.#shape.accounts - 1);
    const orderId = this.#lastId;
    const pairs = isSpecial() && random.next() < 0.3 ? this.#pick() : undefined;
    const side = this.#side();
    return {
      kind: 'place',
      orderId,
      account: pairs?.account ?? account,
      side,
      type,
      timeInForce,
      postOnly: !takes && random.next() < 0.15,
      selfTradePolicy: this.#policy(),
      trigger,
      triggerSource: random.next() < 0.3 ? 'oracle' : 'lastTrade',
      priceTicks: takes ? this.#worstPrice(side) : this.#price(side),
      sizeLots,
      displayLots: hides ? random.integer(1, sizeLots) : 0,
      expiresAt: timeInForce === 'gtd' ? this.#now + random.integer(1, 50) : 0,
      triggerTicks: trigger === 'none' ? 0 : this.#price(this.#side()),
      ocoWith: pairs?.orderId ?? 0,
    };
  }

  #trigger(): Trigger {
    return this.#random.next() < 0.5 ? 'stop' : 'takeProfit';
  }

  #side(): Side {
    return this.#random.next() < 0.5 ? 'buy' : 'sell';
  }

  #policy(): SelfTradePolicy {
    const policies = ['cancelResting', 'cancelArriving', 'decrement'] as const;
    return policies[this.#random.integer(0, 2)] as SelfTradePolicy;
  }

  /** Mostly on its side of the mid, seldom across it, in one case of thirty far away. */
  #price(side: Side): number {
    const random = this.#random;
    const { spread } = this.#shape;
    if (random.next() < 0.03) return random.integer(1, 2 ** 22);
    const away = random.integer(-Math.ceil(spread / 5), spread);
    return Math.max(1, this.#mid + (side === 'buy' ? -away : away));
  }

  #worstPrice(side: Side): number {
    const random = this.#random;
    if (random.next() < 0.3) return random.integer(1, 200_000);
    const across = random.integer(0, this.#shape.spread);
    return Math.max(1, this.#mid + (side === 'buy' ? across : -across));
  }

  #pick(): { readonly orderId: number; readonly account: number } {
    const picked = this.#open[Math.floor(this.#random.next() * this.#open.length)];
    return picked ?? { orderId: Math.max(1, this.#lastId), account: 0 };
  }

  /** Spoils one field of a command, sometimes only by naming another's order. */
  #spoil(command: BookCommand): BookCommand {
    const random = this.#random;
    const fields = Object.entries(command).filter(([, given]) => typeof given === 'number');
    const field = fields[random.integer(0, fields.length - 1)]?.[0];
    if (field === undefined || field === 'now') return command;
    if (field === 'deadline' && random.next() < 0.9) return command;
    const odd = ODD[random.integer(0, ODD.length - 1)] as number;
    if (field === 'orderId' && command.kind === 'place' && odd > this.#lastId) return command;
    if (random.next() < 0.2) return { ...command, [field]: random.integer(0, 10) };
    return { ...command, [field]: odd };
  }
}

/** Parameters of a small market whose window is left all the time and whose breaker trips. */
export const TIGHT_BOOK: BookParameters = {
  ...BOOK_DEFAULTS,
  ordersMax: 150,
  accountsMax: 40,
  windowLevels: 64,
  notionalMin: 10_000,
  breakerBandPpm: 2_000,
  breakerWindow: 10,
};
