import type { BookCommand, PlaceOrder } from '../bookCommand.ts';
import type { ImageOrder } from '../bookImage.ts';
import type { BookReport } from '../bookReport.ts';
import type { Side } from '../bookTerms.ts';

/** One command and everything that the book reported about it. */
export interface BookStep {
  readonly command: BookCommand;
  readonly reports: readonly BookReport[];
}

/** What the log says about an open order so far. */
export interface LoggedOrder {
  readonly placed: PlaceOrder;
  price: number;
  leaves: number;
  shown: number;
  filled: number;
  /** Number of the event by which it stands where it stands in its queue. */
  stamp: number;
  place: 'inFlight' | 'resting' | 'waiting';
  partner: LoggedOrder | undefined;
}

/** Where a log breaks a rule. */
export interface BookViolation {
  readonly rule: string;
  /** The step, and the report in it; -1 where the step as a whole is meant. */
  readonly step: number;
  readonly report: number;
  readonly orderId: number;
  readonly expected: string;
  readonly actual: string;
}

/** An order of an image as a log would have left it; its pair and its place come later. */
export function loggedOrder(image: ImageOrder): LoggedOrder {
  const { orderId, account, priceTicks, leavesLots, shownLots, filledLots, ...terms } = image;
  const sizeLots = filledLots + leavesLots;
  const placed = { ...terms, kind: 'place' as const, orderId, account, priceTicks, sizeLots };
  return {
    placed: { ...placed, ocoWith: 0 },
    price: priceTicks,
    leaves: leavesLots,
    shown: shownLots,
    filled: filledLots,
    stamp: 0,
    place: 'waiting',
    partner: undefined,
  };
}

/** Whether an order's limit reaches a price of the other side. */
export function reaches(side: Side, limit: number, price: number): boolean {
  return side === 'buy' ? limit >= price : limit <= price;
}

/** Whether the trigger of an order fires at a price. */
export function firesAt({ side, trigger, triggerTicks }: PlaceOrder, price: number): boolean {
  const onRise = (trigger === 'stop') === (side === 'buy');
  return onRise ? price >= triggerTicks : price <= triggerTicks;
}

/** The orders of an account in the order in which a cancel of all ends them. */
export function ordersOf(open: Iterable<LoggedOrder>, account: number): LoggedOrder[] {
  const own = [...open].filter(({ placed }) => placed.account === account);
  return own.sort((a, b) => a.placed.orderId - b.placed.orderId);
}

/** Whether an order that ends at a time of its own has reached it. */
export function isExpired({ placed }: LoggedOrder, now: number): boolean {
  return placed.expiresAt > 0 && placed.expiresAt <= now;
}

/**
 * The orders that time ends, in the order in which it must: by expiry, then by the deadlines of
 * accounts; what is due at one time by number. An order stands twice where both are due.
 */
export function ordersDue(
  open: Iterable<LoggedOrder>,
  deadlines: ReadonlyMap<number, number>,
  now: number,
): LoggedOrder[] {
  const orders = [...open];
  const expired = orders.filter((order) => isExpired(order, now));
  expired.sort(
    ({ placed: a }, { placed: b }) => a.expiresAt - b.expiresAt || a.orderId - b.orderId,
  );
  const deadlineOf = ({ placed }: LoggedOrder): number =>
    deadlines.get(placed.account) ?? Number.MAX_VALUE;
  const silent = orders.filter((order) => deadlineOf(order) <= now);
  silent.sort((a, b) => {
    const byTime = deadlineOf(a) - deadlineOf(b) || a.placed.account - b.placed.account;
    return byTime || a.placed.orderId - b.placed.orderId;
  });
  return [...expired, ...silent];
}

/** Resting orders of one side in the order in which they must trade. */
export class LoggedQueue {
  readonly #side: Side;
  readonly #orders: LoggedOrder[] = [];

  constructor(side: Side) {
    this.#side = side;
  }

  /** Best price first, then lowest stamp. */
  get orders(): readonly LoggedOrder[] {
    return this.#orders;
  }

  /** The order that must trade next. */
  get first(): LoggedOrder | undefined {
    return this.#orders[0];
  }

  insert(order: LoggedOrder): void {
    this.#orders.splice(this.#placeOf(order), 0, order);
  }

  remove(order: LoggedOrder): void {
    this.#orders.splice(this.#placeOf(order), 1);
  }

  #placeOf(order: LoggedOrder): number {
    let [low, high] = [0, this.#orders.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#precedes(this.#orders[middle] as LoggedOrder, order)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #precedes(a: LoggedOrder, b: LoggedOrder): boolean {
    if (a.price !== b.price) return this.#side === 'buy' ? a.price > b.price : a.price < b.price;
    return a.stamp < b.stamp;
  }
}
