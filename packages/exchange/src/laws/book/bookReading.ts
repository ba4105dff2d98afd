import type { AccountId } from '../../ledger/account.ts';
import type { BookCommand } from '../../markets/book/bookCommand.ts';
import type { BookEvent } from '../../markets/book/bookEvent.ts';
import type { BookImage, ImageOrder } from '../../markets/book/bookImage.ts';
import type { BookReport, OrderReport } from '../../markets/book/bookReport.ts';
import type { BookRule } from '../../markets/book/judge/bookJudge.ts';
import { BOOK_RULES, BookJudge } from '../../markets/book/judge/bookJudge.ts';
import type { BookTransition } from '../../transition.ts';
import { admissionFault } from './bookAdmissions.ts';
import { BookNames } from './bookCommands.ts';
import type { Moved } from './bookMoney.ts';
import { BookMoney, restatedNeed } from './bookMoney.ts';
import type { BookViolated } from './bookVerdict.ts';
import { violatedBook, violatedEpoch } from './bookVerdict.ts';

/** What following a log from its first event to its last finds, or to the first broken rule. */
export interface BookReading {
  /** The first rule of the book that the log breaks. Nothing behind it was read. */
  readonly broken: { readonly rule: BookRule; readonly violated: BookViolated } | undefined;
  /** The first nonce, client order id or expiry that may not be used. */
  readonly stale: BookViolated | undefined;
  /** The first order that was not covered. */
  readonly uncovered: BookViolated | undefined;
  /** What trades and fees moved, vault by vault. */
  readonly moved: ReadonlyMap<AccountId, Moved>;
  /** Highest nonce that each owner used in the epoch. */
  readonly highest: ReadonlyMap<AccountId, bigint>;
  /** The book as the log leaves it. */
  readonly closing: BookImage;
}

/** Follows the log of an epoch once for all laws. It answers for every log and never throws. */
export function readBookLog(transition: BookTransition): BookReading {
  return new LogReader(transition).read();
}

class LogReader {
  readonly #transition: BookTransition;
  readonly #names: BookNames;
  readonly #judge: BookJudge;
  readonly #money: BookMoney;
  readonly #notional = new Map<number, bigint>();
  readonly #highest = new Map<AccountId, bigint>();
  #broken: BookReading['broken'];
  #stale: BookViolated | undefined;
  #uncovered: BookViolated | undefined;

  constructor(transition: BookTransition) {
    const { opening, parameters } = transition;
    const { breakerBandPpm, breakerWindowMs: breakerWindow } = parameters;
    this.#transition = transition;
    this.#judge = new BookJudge({ breakerBandPpm, breakerWindow }, opening);
    this.#names = new BookNames(opening, (orderId) => this.#judge.find(orderId) !== undefined);
    this.#money = new BookMoney(parameters);
    for (const { orderId, filledNotional } of opening.orders) {
      this.#notional.set(orderId, filledNotional);
    }
  }

  read(): BookReading {
    const flaw = imageFlaw(this.#transition.opening);
    if (flaw !== undefined) this.#broken = { rule: 'ordersAreKnown', violated: flaw };
    for (const event of this.#transition.events) {
      if (this.#broken !== undefined) break;
      this.#follow(event);
    }
    return {
      broken: this.#broken,
      stale: this.#stale,
      uncovered: this.#uncovered,
      moved: this.#money.moved,
      highest: this.#highest,
      closing: this.#closing(),
    };
  }

  #follow(event: BookEvent): void {
    const commands = this.#names.commands(event);
    const [first] = commands ?? [];
    if (commands === undefined || first === undefined) {
      this.#break(event, 'commandsAreAnswered', 'an order of the owner', 'none');
      return;
    }
    const fault = admissionFault(this.#transition.parameters, first, this.#judge);
    if (fault !== undefined) {
      this.#break(event, fault.rule, fault.expected, fault.actual);
      return;
    }
    this.#cover(event, first);
    this.#sign(event);
    for (const [k, reports] of splitReports(commands, event.reports).entries()) {
      this.#settle(event, commands[k] as BookCommand, reports);
    }
  }

  /** Whether what the event holds more was available, as the event itself says. */
  #cover(event: BookEvent, command: BookCommand): void {
    const find = (orderId: number): ReturnType<BookJudge['find']> => this.#judge.find(orderId);
    const need = restatedNeed(this.#transition.parameters, command, find) ?? 0n;
    if (need <= event.available || this.#uncovered !== undefined) return;
    const rule = 'an order holds no more than its owner has available';
    const facts = { expected: `at most ${event.available}`, actual: need };
    this.#uncovered = violatedBook(eventLocus(event), rule, facts);
  }

  #sign(event: BookEvent): void {
    const { input, timeMs } = event;
    const misused = this.#names.use(input);
    if (!('entry' in input)) return;
    const { terms } = input.entry;
    if ('orderNonce' in terms) {
      const before = this.#highest.get(terms.owner) ?? 0n;
      if (terms.orderNonce > before) this.#highest.set(terms.owner, terms.orderNonce);
    }
    const isLate = 'expiresAtMs' in terms && terms.expiresAtMs <= timeMs;
    if (this.#stale !== undefined || (misused === undefined && !isLate)) return;
    const facts = isLate
      ? { expected: `after ${timeMs}`, actual: terms.expiresAtMs }
      : { expected: `a fresh ${misused}`, actual: 'one that was used' };
    const rule = 'what an owner signs counts once and until it expires';
    this.#stale = violatedBook(eventLocus(event), rule, facts);
  }

  #settle(event: BookEvent, command: BookCommand, reports: readonly BookReport[]): void {
    const violation = this.#judge.judge({ command, reports });
    if (violation !== undefined) {
      if (this.#broken !== undefined) return;
      const { rule, report, orderId, expected, actual } = violation;
      const locus = { ...eventLocus(event), report, orderId };
      const said = BOOK_RULES[rule as BookRule];
      const violated = violatedBook(locus, said, { expected, actual });
      this.#broken = { rule: rule as BookRule, violated };
      return;
    }
    for (const report of reports) if (report.kind === 'trade') this.#trade(report);
  }

  #trade(report: OrderReport): void {
    for (const orderId of [report.orderId, report.contra]) {
      const before = this.#notional.get(orderId) ?? 0n;
      this.#notional.set(orderId, before + BigInt(report.lots) * BigInt(report.priceTicks));
    }
    const [maker, taker] = [report.orderId, report.contra].map((orderId) => {
      const account = this.#names.orders.get(orderId)?.account ?? -1;
      return this.#names.owners[account]?.owner;
    });
    if (maker !== undefined && taker !== undefined) this.#money.trade(report, maker, taker);
  }

  #break(event: BookEvent, rule: BookRule, expected: unknown, actual: unknown): void {
    const violated = violatedBook(eventLocus(event), BOOK_RULES[rule], { expected, actual });
    this.#broken = { rule, violated };
  }

  #closing(): BookImage {
    const orders = this.#judge.openOrders.map((order): ImageOrder => {
      const { placed } = order;
      return {
        orderId: placed.orderId,
        account: placed.account,
        clientOrderId: this.#names.orders.get(placed.orderId)?.clientOrderId ?? NO_ID,
        side: placed.side,
        type: placed.type,
        timeInForce: placed.timeInForce,
        postOnly: placed.postOnly,
        selfTradePolicy: placed.selfTradePolicy,
        trigger: placed.trigger,
        triggerSource: placed.triggerSource,
        priceTicks: order.price,
        leavesLots: order.leaves,
        shownLots: order.place === 'waiting' ? 0 : order.shown,
        filledLots: order.filled,
        filledNotional: this.#notional.get(placed.orderId) ?? 0n,
        displayLots: placed.displayLots,
        triggerTicks: placed.triggerTicks,
        expiresAt: placed.expiresAt,
        partner: order.partner?.placed.orderId ?? 0,
        isWaiting: order.place === 'waiting',
      };
    });
    const owners = this.#names.owners.map(({ owner, highest, used }) => {
      return { owner, nonces: { highest, used } };
    });
    const { lastOrderId } = this.#names;
    return { ...this.#judge.standing, lastOrderId, owners, orders };
  }
}

/** Sizes fit 31 bits, and what an order has filled is below 31 bits of lots times 32 of ticks. */
const LOTS_MAX = 2 ** 31 - 1;
const FILLED_MAX = 1n << 63n;

const NO_ID = `0x${'00'.repeat(16)}` as ImageOrder['clientOrderId'];

function eventLocus({ eventNumber }: BookEvent): {
  readonly kind: 'event';
  readonly eventNumber: number;
  readonly report: number;
  readonly orderId: number;
} {
  return { kind: 'event', eventNumber, report: -1, orderId: 0 };
}

/** The reports of a tick's two commands: whatever the oracle does begins with a trigger. */
function splitReports(
  commands: readonly BookCommand[],
  reports: readonly BookReport[],
): (readonly BookReport[])[] {
  if (commands.length === 1) return [reports];
  const first = reports.findIndex(({ kind }) => kind === 'triggered');
  const end = first < 0 ? reports.length : first;
  return [reports.slice(0, end), reports.slice(end)];
}

/** Why an opening is no book: what the log's reader relies on. */
function imageFlaw({
  orders,
  owners,
  deadlines,
  lastOrderId,
}: BookImage): BookViolated | undefined {
  const ids = new Set<number>();
  const said = (field: string, actual: unknown): BookViolated => {
    const facts = { expected: 'a book that can be', actual };
    return violatedEpoch(`opening.${field}`, 'an epoch opens on a book', facts);
  };
  for (const order of orders) {
    const isSound =
      order.orderId >= 1 &&
      order.orderId <= lastOrderId &&
      !ids.has(order.orderId) &&
      order.account < owners.length &&
      order.priceTicks >= 1 &&
      order.leavesLots >= 1 &&
      order.filledLots + order.leavesLots <= LOTS_MAX &&
      order.filledNotional >= 0n &&
      order.filledNotional <= FILLED_MAX &&
      order.shownLots <= order.leavesLots &&
      order.isWaiting === (order.shownLots === 0) &&
      (!order.isWaiting || order.trigger !== 'none');
    if (!isSound) return said('orders', order.orderId);
    ids.add(order.orderId);
  }
  const partners = new Map(orders.map(({ orderId, partner }) => [orderId, partner]));
  const odd = orders.find(({ orderId, partner }) => {
    return partner !== 0 && partners.get(partner) !== orderId;
  });
  if (odd !== undefined) return said('orders', odd.partner);
  const stray = deadlines.find(({ account }) => account >= owners.length);
  if (stray !== undefined) return said('deadlines', stray.account);
  const names = new Set(owners.map(({ owner }) => owner));
  return names.size === owners.length ? undefined : said('owners', 'an owner twice');
}
