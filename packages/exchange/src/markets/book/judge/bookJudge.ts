// Long because one log has one memory: every rule reads what the others have followed so far.
import type { BookCommand, PlaceOrder } from '../bookCommand.ts';
import type { BookImage } from '../bookImage.ts';
import type { BookReport, OrderReport, StateReport } from '../bookReport.ts';
import type { BookParameters, MarketState, Side } from '../bookTerms.ts';
import type { BookStep, BookViolation, LoggedOrder } from './bookLog.ts';
import {
  firesAt,
  isExpired,
  LoggedQueue,
  loggedOrder,
  ordersDue,
  ordersOf,
  reaches,
} from './bookLog.ts';
import { fillsWhole } from './fillsWhole.ts';

/** Rules that a log of a book keeps; the names become those of laws. */
export const BOOK_RULES = {
  commandsAreAnswered: 'every command is refused alone or begins with its own report',
  ordersAreKnown: 'reports name open orders with the side, price and lots that the log gives them',
  priorityIsKept: 'the best price trades first, and the oldest order at it',
  tradesAreAtRestingPrice: 'an execution is at the price of the order that rested',
  limitsAreRespected: 'nobody trades beyond the own limit',
  lotsAreConserved: 'lots leave both orders of a match alike, and what is given up is what is left',
  nothingStopsEarly: 'an order stops only when filled, out of reach, or for a cause that holds',
  spreadIsPositive: 'after every command the best bid is below the best ask',
  termsAreKept: 'orders end, wait, hide and fire as their terms say and never otherwise',
  ownersDoNotTrade: 'orders of one account never trade with each other',
  timeIsKept: 'what is due ends when time reaches it and not before',
  bandIsKept: 'no trade lies outside the band of the circuit breaker',
} as const;
export type BookRule = keyof typeof BOOK_RULES;

/** The rules of a market that its log is judged by; the others bind admission alone. */
export type BreakerRules = Pick<BookParameters, 'breakerBandPpm' | 'breakerWindow'>;

/** What a log leaves behind besides open orders. */
export type BookStanding = Pick<
  BookImage,
  'state' | 'now' | 'lastTrade' | 'oraclePrice' | 'breakerReference' | 'breakerSince' | 'deadlines'
>;

/**
 * Judges a book by its log alone: commands and reports in order. It shares no code with any book,
 * rebuilds from the reports what rests, and asks of every report whether it had to come.
 *
 * Priority, the resting price, no early stop, positive spread and conservation together leave a
 * book one thing to do after each command, so a log that passes is the right one.
 */
export class BookJudge {
  readonly #rules: BreakerRules;
  readonly #open = new Map<number, LoggedOrder>();
  readonly #queues = { buy: new LoggedQueue('buy'), sell: new LoggedQueue('sell') };
  readonly #deadlines = new Map<number, number>();
  #state: MarketState = 'open';
  #now = 0;
  #lastTrade = 0;
  #oracle = 0;
  #reference = 0;
  #referenceSince = 0;
  #stamp = 0;
  #step = -1;
  #report = -1;
  #reports: readonly BookReport[] = [];
  /** The order that takes, and why the log must let it end next. */
  #taker: LoggedOrder | undefined;
  /** Orders that must be canceled next because the other of their pair moved. */
  #owed: LoggedOrder[] = [];
  /** An iceberg whose tranche is used up and must be refreshed next. */
  #spent: LoggedOrder | undefined;
  /** Orders that own orders shrank to nothing and that must be canceled next. */
  #shrunk: LoggedOrder[] = [];
  /** Orders that time or a cancel of all must end, in the order in which they must end. */
  #due: LoggedOrder[] = [];
  #dueEnded = 0;
  #violation: BookViolation | undefined;
  /** Triggers that trades or the oracle have reached and that have not fired yet. */
  #reached: LoggedOrder[] = [];
  #traded: number[] = [];
  /** The market has opened: once the triggers on trades have acted, those on the oracle are due. */
  #oracleIsDue = false;

  /** Without an opening the log begins with an empty book. */
  constructor(rules: BreakerRules, opening?: BookImage) {
    this.#rules = rules;
    if (opening !== undefined) this.#startFrom(opening);
  }

  /** Open orders as the log leaves them: bids best first, asks, then those that wait, by id. */
  get openOrders(): readonly LoggedOrder[] {
    const waiting = [...this.#open.values()].filter(({ place }) => place === 'waiting');
    waiting.sort((a, b) => a.placed.orderId - b.placed.orderId);
    return [...this.#queues.buy.orders, ...this.#queues.sell.orders, ...waiting];
  }

  /** An open order by its id. */
  find(orderId: number): LoggedOrder | undefined {
    return this.#open.get(orderId);
  }

  /** What else the log leaves behind. */
  get standing(): BookStanding {
    return {
      state: this.#state,
      now: this.#now,
      lastTrade: this.#lastTrade,
      oraclePrice: this.#oracle,
      breakerReference: this.#reference,
      breakerSince: this.#referenceSince,
      deadlines: [...this.#deadlines]
        .map(([account, deadline]) => ({ account, deadline }))
        .sort((a, b) => a.account - b.account),
    };
  }

  #startFrom(opening: BookImage): void {
    this.#state = opening.state;
    this.#now = opening.now;
    this.#lastTrade = opening.lastTrade;
    this.#oracle = opening.oraclePrice;
    this.#reference = opening.breakerReference;
    this.#referenceSince = opening.breakerSince;
    for (const { account, deadline } of opening.deadlines) this.#deadlines.set(account, deadline);
    for (const image of opening.orders) {
      const order = loggedOrder(image);
      order.partner = this.#open.get(image.partner);
      if (order.partner !== undefined) order.partner.partner = order;
      this.#open.set(image.orderId, order);
      if (!image.isWaiting) this.#enqueue(order);
    }
  }

  /** Judges the next step; the first violation stays the answer. */
  judge({ command, reports }: BookStep): BookViolation | undefined {
    if (this.#violation !== undefined) return this.#violation;
    this.#step += 1;
    this.#report = -1;
    this.#reports = reports;
    const refused = reports.some(({ kind }) => kind === 'rejected');
    if (refused) this.#require('commandsAreAnswered', reports.length === 1, 1, reports.length);
    else this.#follow(command);
    this.#report = -1;
    const [bid, ask] = [this.#queues.buy.first, this.#queues.sell.first];
    const isPositive = bid === undefined || ask === undefined || bid.price < ask.price;
    this.#require('spreadIsPositive', isPositive, ask?.price ?? 0, bid?.price ?? 0);
    return this.#violation;
  }

  #follow(command: BookCommand): void {
    this.#traded = [];
    if (command.kind === 'marketState') {
      const first = this.#reports[0]?.kind ?? 'nothing';
      this.#require('commandsAreAnswered', first === 'marketState', 'marketState', first);
    }
    this.#begin(command);
    for (const [index, report] of this.#reports.entries()) {
      if (this.#violation !== undefined) return;
      this.#report = index;
      if (report.kind === 'marketState') this.#seeState(command, report);
      else if (report.kind !== 'rejected') this.#see(command, report);
    }
    this.#report = -1;
    this.#settleTaker();
    this.#require('termsAreKept', this.#owed.length === 0, 'pairs end together', 'one is left');
    this.#require('termsAreKept', this.#spent === undefined, 'a tranche is refreshed', 'it is not');
    this.#require('termsAreKept', this.#shrunk.length === 0, 'own orders end', 'one is left');
    if (this.#state === 'open') {
      this.#require('termsAreKept', this.#reached.length === 0, 0, this.#reached.length);
    }
    this.#reached = [];
    this.#oracleIsDue = false;
    this.#finish(command);
  }

  /** What a command changes by itself, before any report. */
  #begin(command: BookCommand): void {
    this.#dueEnded = 0;
    this.#due = [];
    if (command.kind === 'cancelAll') this.#due = ordersOf(this.#open.values(), command.account);
    else if (command.kind === 'advanceTime') {
      this.#now = command.now;
      if (command.now - this.#referenceSince >= this.#rules.breakerWindow) {
        this.#referenceSince = command.now;
        this.#reference = this.#lastTrade;
      }
      this.#due = ordersDue(this.#open.values(), this.#deadlines, command.now);
    } else if (command.kind === 'heartbeat') {
      this.#deadlines.delete(command.account);
      if (command.deadline !== 0) this.#deadlines.set(command.account, command.deadline);
    } else if (command.kind === 'oraclePrice') {
      this.#oracle = command.priceTicks;
      if (this.#state === 'open') this.#reach('oracle', command.priceTicks);
    }
    const first = this.#reports[0];
    const answer = { place: 'new', reduce: 'reduced', replace: 'replaced', cancel: 'canceled' };
    if (!(command.kind in answer)) return;
    const wanted = answer[command.kind as keyof typeof answer];
    const endsInstead = command.kind !== 'place' && first?.kind === 'canceled';
    const names = first !== undefined && 'orderId' in first && 'orderId' in command;
    const isOwn = names && first.orderId === command.orderId;
    const fits = isOwn && (first.kind === wanted || endsInstead);
    this.#require('commandsAreAnswered', fits, wanted, first?.kind ?? 'nothing');
  }

  /** The order that must end next because it is due. */
  #nextDue(): LoggedOrder | undefined {
    for (; this.#dueEnded < this.#due.length; this.#dueEnded += 1) {
      const order = this.#due[this.#dueEnded] as LoggedOrder;
      if (this.#open.has(order.placed.orderId)) return order;
    }
    return undefined;
  }

  /** What must be true once all reports of a command are in. */
  #finish(command: BookCommand): void {
    const left = this.#nextDue();
    const rule = command.kind === 'cancelAll' ? 'termsAreKept' : 'timeIsKept';
    this.#require(rule, left === undefined, 'ended', left?.placed.orderId ?? 0);
    if (command.kind !== 'advanceTime') return;
    for (const [account, deadline] of this.#deadlines) {
      if (deadline <= this.#now) this.#deadlines.delete(account);
    }
  }

  #seeState(command: BookCommand, { state, reason }: StateReport): void {
    if (reason === 'operator') {
      const wanted = command.kind === 'marketState' && this.#report === 0 ? command.state : 'none';
      this.#require('commandsAreAnswered', state === wanted, wanted, state);
      this.#state = state;
      if (state !== 'open') return;
      this.#reference = 0;
      if (this.#lastTrade !== 0) this.#reach('lastTrade', this.#lastTrade);
      this.#oracleIsDue = this.#oracle !== 0;
      this.#reachOracle();
      return;
    }
    // The breaker: the taker's next trade would lie outside the band.
    const taker = this.#taker;
    const next = taker === undefined ? undefined : this.#next(taker);
    const isOutside = next !== undefined && !this.#isInBand(next.price);
    const trips = taker !== undefined && isOutside && this.#mayTake(taker);
    const isFirst = this.#state === 'open' && state === 'halted' && reason === 'breaker';
    this.#require('bandIsKept', trips && isFirst, 'a trade outside', next?.price ?? 0);
    const isTurn = this.#owed.length === 0 && this.#spent === undefined;
    this.#require('termsAreKept', isTurn, 'what the last trade did to others', state);
    this.#state = state;
  }

  #see(command: BookCommand, report: OrderReport): void {
    if (report.kind === 'new') this.#seeNew(command, report);
    else {
      const order = this.#open.get(report.orderId);
      this.#require('ordersAreKnown', order !== undefined, 'an open order', report.orderId);
      if (order === undefined) return;
      this.#checkForm(order, report);
      this.#checkTurn(order, report);
      this.#seeOrder(command, report, order);
    }
  }

  /** What a report says besides what happened: side, whom it names, price and reason. */
  #checkForm({ placed, price }: LoggedOrder, report: OrderReport): void {
    const { kind, reason } = report;
    const isMatch = kind === 'trade' || kind === 'decremented';
    const names = isMatch || (report.side === placed.side && report.contra === 0);
    const isPriced = isMatch || kind === 'replaced' || report.priceTicks === price;
    this.#require('ordersAreKnown', names && isPriced, placed.orderId, report.contra);
    if (kind === 'canceled' || kind === 'replaced') return;
    const wanted = kind === 'reduced' ? 'owner' : 'none';
    this.#require('termsAreKept', reason === wanted, wanted, reason);
  }

  /** After some events exactly one report may come next. */
  #checkTurn(order: LoggedOrder, report: OrderReport): void {
    const owed = this.#owed[0];
    if (owed !== undefined) {
      const isIt = owed === order && report.kind === 'canceled' && report.reason === 'oco';
      this.#require('termsAreKept', isIt, `oco ${owed.placed.orderId}`, report.kind);
    } else if (this.#spent !== undefined) {
      const isIt = this.#spent === order && report.kind === 'refreshed';
      this.#require('termsAreKept', isIt, `refresh ${this.#spent.placed.orderId}`, report.kind);
    } else if (this.#shrunk.length > 0) {
      const isIt = this.#shrunk[0] === order && report.reason === 'selfTrade';
      this.#require('termsAreKept', isIt, 'an own order that ends', report.kind);
    } else if (report.reason === 'oco') {
      this.#require('termsAreKept', false, 'a pair that moved', report.orderId);
    }
  }

  #seeOrder(command: BookCommand, report: OrderReport, order: LoggedOrder): void {
    switch (report.kind) {
      case 'trade':
      case 'decremented':
        this.#seeMatch(report, order);
        break;
      case 'canceled':
      case 'expired':
        this.#seeEnd(command, report, order);
        break;
      case 'reduced':
      case 'replaced':
        this.#seeChange(command, report, order);
        break;
      case 'triggered':
        this.#seeTrigger(report, order);
        break;
      default:
        this.#seeRefresh(report, order);
    }
  }

  #seeNew(command: BookCommand, report: OrderReport): void {
    if (command.kind !== 'place' || this.#report !== 0) {
      this.#require('commandsAreAnswered', false, 'one new order a placement', report.orderId);
      return;
    }
    const isTold =
      report.orderId === command.orderId &&
      report.contra === command.account &&
      report.side === command.side &&
      report.priceTicks === command.priceTicks &&
      report.lots === command.sizeLots &&
      report.leavesLots === command.sizeLots;
    this.#require('ordersAreKnown', isTold, command.orderId, report.orderId);
    const waits = command.trigger !== 'none';
    const reason = waits ? 'waiting' : 'none';
    this.#require('termsAreKept', report.reason === reason, reason, report.reason);
    const order: LoggedOrder = {
      placed: command,
      price: command.priceTicks,
      leaves: command.sizeLots,
      shown: 0,
      filled: 0,
      stamp: 0,
      place: waits ? 'waiting' : 'inFlight',
      partner: this.#open.get(command.ocoWith),
    };
    if (order.partner !== undefined) order.partner.partner = order;
    this.#open.set(command.orderId, order);
    if (waits) this.#reachOne(order);
    else this.#launch(order);
  }

  #reachOne(order: LoggedOrder): void {
    const price = order.placed.triggerSource === 'oracle' ? this.#oracle : this.#lastTrade;
    const isReached = price !== 0 && firesAt(order.placed, price);
    if (isReached && this.#state === 'open') this.#reached.push(order);
  }

  /** An order begins to take. */
  #launch(order: LoggedOrder): void {
    order.place = 'inFlight';
    this.#taker = order;
  }

  #next(taker: LoggedOrder): LoggedOrder | undefined {
    const maker = this.#queues[taker.placed.side === 'buy' ? 'sell' : 'buy'].first;
    const isReached = maker !== undefined && reaches(taker.placed.side, taker.price, maker.price);
    return isReached ? maker : undefined;
  }

  /** Whether an order in flight may meet what rests: it has lots, and its terms let it take. */
  #mayTake(taker: LoggedOrder): boolean {
    const { postOnly, timeInForce } = taker.placed;
    if (taker.leaves === 0 || postOnly) return false;
    return timeInForce !== 'fok' || taker.filled > 0 || this.#fillsWhole(taker);
  }

  #seeMatch(report: OrderReport, maker: LoggedOrder): void {
    const taker = this.#taker;
    const isTaker = taker !== undefined && taker.placed.orderId === report.contra;
    this.#require('ordersAreKnown', isTaker, taker?.placed.orderId ?? 0, report.contra);
    if (taker === undefined) return;
    const { placed } = taker;
    const isWithin = reaches(placed.side, taker.price, report.priceTicks);
    this.#require('limitsAreRespected', isWithin, taker.price, report.priceTicks);
    const next = this.#next(taker);
    const isFirst = next === maker && maker.place === 'resting';
    this.#require('priorityIsKept', isFirst, next?.placed.orderId ?? 0, report.orderId);
    const isAtPrice = report.priceTicks === maker.price;
    this.#require('tradesAreAtRestingPrice', isAtPrice, maker.price, report.priceTicks);
    const lots = Math.min(taker.leaves, maker.shown);
    this.#require('lotsAreConserved', report.lots === lots, lots, report.lots);
    const isOwn = maker.placed.account === placed.account;
    const fits = report.kind === 'trade' ? !isOwn : isOwn && placed.selfTradePolicy === 'decrement';
    this.#require('ownersDoNotTrade', fits, report.kind, placed.account);
    this.#require('bandIsKept', this.#isInBand(maker.price), this.#reference, maker.price);
    this.#require('ordersAreKnown', report.side === placed.side, placed.side, report.side);
    this.#require('termsAreKept', this.#mayTake(taker), 'an order that takes', report.contra);
    this.#move(report, maker, taker);
  }

  #move(report: OrderReport, maker: LoggedOrder, taker: LoggedOrder): void {
    for (const order of [maker, taker]) order.leaves -= report.lots;
    maker.shown -= report.lots;
    const isLeft = report.leavesLots === maker.leaves;
    this.#require('lotsAreConserved', isLeft, maker.leaves, report.leavesLots);
    if (maker.leaves > 0 && maker.shown === 0) this.#spent = maker;
    if (report.kind === 'decremented') {
      this.#shrunk = [maker, taker].filter(({ leaves }) => leaves === 0);
      return;
    }
    for (const order of [maker, taker]) {
      order.filled += report.lots;
      this.#owe(order);
    }
    this.#lastTrade = maker.price;
    if (this.#reference === 0) this.#reference = maker.price;
    this.#traded.push(maker.price);
    if (maker.leaves === 0) this.#forget(maker);
  }

  #owe(order: LoggedOrder): void {
    const { partner } = order;
    if (partner === undefined) return;
    order.partner = undefined;
    partner.partner = undefined;
    this.#owed.push(partner);
  }

  #seeEnd(command: BookCommand, report: OrderReport, order: LoggedOrder): void {
    const isTold = report.lots === order.leaves && report.leavesLots === 0;
    this.#require('lotsAreConserved', isTold, order.leaves, report.lots);
    const rule = report.kind === 'expired' ? 'timeIsKept' : 'termsAreKept';
    this.#require(rule, this.#mayEnd(command, report, order), 'a cause', report.reason);
    if (this.#owed[0] === order) this.#owed.shift();
    if (this.#shrunk[0] === order) this.#shrunk.shift();
    if (this.#taker === order) this.#taker = undefined;
    this.#forget(order);
    this.#owe(order);
  }

  /** Whether the cause that a report names holds. */
  #mayEnd(command: BookCommand, report: OrderReport, order: LoggedOrder): boolean {
    const { placed } = order;
    const account = 'account' in command ? command.account : -1;
    const isTaker = order === this.#taker && order.leaves > 0;
    const next = isTaker ? this.#next(order) : undefined;
    const isDue = this.#nextDue() === order;
    if (report.kind === 'expired') return isDue && isExpired(order, this.#now);
    switch (report.reason) {
      case 'oco':
        return true;
      case 'owner':
        return account === placed.account && endsByOwner(command, order);
      case 'cancelAll':
        return command.kind === 'cancelAll' && isDue;
      case 'deadMan':
        return command.kind === 'advanceTime' && isDue && !isExpired(order, this.#now);
      case 'unfilled':
        return isTaker && placed.timeInForce === 'ioc' && next === undefined;
      case 'fokUnfilled':
        return isTaker && placed.timeInForce === 'fok' && !this.#fillsWhole(order);
      case 'postOnly':
        return isTaker && placed.postOnly && next !== undefined;
      case 'breaker':
        return isTaker && this.#state === 'halted' && next !== undefined;
      case 'selfTrade':
        return this.#endsBySelfTrade(order);
      default:
        return false;
    }
  }

  #endsBySelfTrade(order: LoggedOrder): boolean {
    const taker = this.#taker;
    if (taker === undefined) return false;
    const { account, selfTradePolicy } = taker.placed;
    if (selfTradePolicy === 'decrement') return order.leaves === 0;
    const next = this.#next(taker);
    const isMet = next?.placed.account === account && this.#isInBand(next.price);
    if (!isMet || !this.#mayTake(taker)) return false;
    return order === (selfTradePolicy === 'cancelArriving' ? taker : next);
  }

  #seeChange(command: BookCommand, report: OrderReport, order: LoggedOrder): void {
    if ((command.kind !== 'reduce' && command.kind !== 'replace') || this.#report !== 0) {
      this.#require('commandsAreAnswered', false, command.kind, report.kind);
      return;
    }
    const leaves = command.sizeLots - order.filled;
    const price = command.kind === 'replace' ? command.priceTicks : order.price;
    const keeps = price === order.price && leaves <= order.leaves;
    const isTold =
      report.priceTicks === price &&
      report.lots === command.sizeLots &&
      report.leavesLots === leaves &&
      order.placed.account === command.account;
    this.#require('ordersAreKnown', isTold, leaves, report.leavesLots);
    if (command.kind === 'replace') {
      const wanted = keeps || order.place === 'waiting' ? 'keptPriority' : 'lostPriority';
      this.#require('priorityIsKept', report.reason === wanted, wanted, report.reason);
    } else this.#require('termsAreKept', leaves < order.leaves, order.leaves, leaves);
    if (report.reason === 'lostPriority') this.#queues[order.placed.side].remove(order);
    order.price = price;
    order.leaves = leaves;
    order.shown = Math.min(order.shown, leaves);
    if (report.reason === 'lostPriority') this.#launch(order);
  }

  #seeTrigger(report: OrderReport, order: LoggedOrder): void {
    this.#settleTaker();
    const place = this.#reached.indexOf(order);
    this.#require('termsAreKept', place >= 0, 'a price that was reached', order.placed.orderId);
    const isFirst = place === 0;
    this.#require('priorityIsKept', isFirst, this.#reached[0]?.placed.orderId ?? 0, report.orderId);
    this.#require('termsAreKept', this.#state === 'open', 'open', this.#state);
    this.#reached.splice(place, 1);
    const isTold = report.lots === order.leaves && report.leavesLots === order.leaves;
    this.#require('lotsAreConserved', isTold, order.leaves, report.lots);
    this.#owe(order);
    this.#launch(order);
  }

  #seeRefresh(report: OrderReport, order: LoggedOrder): void {
    const lots = Math.min(order.placed.displayLots, order.leaves);
    const isTold = report.lots === lots && report.leavesLots === order.leaves;
    this.#require('lotsAreConserved', isTold && this.#spent === order, lots, report.lots);
    this.#spent = undefined;
    this.#queues[order.placed.side].remove(order);
    order.shown = lots;
    this.#enqueue(order);
  }

  /** The order in flight has no further report: it is filled or it rests, and it had to stop. */
  #settleTaker(): void {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker !== undefined) {
      const { placed } = taker;
      if (taker.leaves === 0) this.#forget(taker);
      else {
        const next = this.#next(taker);
        this.#require('nothingStopsEarly', next === undefined, 'no order in reach', taker.leaves);
        const mayRest = placed.timeInForce === 'gtc' || placed.timeInForce === 'gtd';
        this.#require('termsAreKept', mayRest, 'an end', placed.timeInForce);
        taker.shown = Math.min(placed.displayLots || taker.leaves, taker.leaves);
        this.#enqueue(taker);
      }
    }
    const traded = this.#traded;
    this.#traded = [];
    if (this.#state !== 'open') return;
    if (traded.length > 0) this.#reach('lastTrade', ...traded);
    this.#reachOracle();
  }

  #reachOracle(): void {
    if (!this.#oracleIsDue || this.#reached.length > 0) return;
    this.#oracleIsDue = false;
    this.#reach('oracle', this.#oracle);
  }

  /** Notes the triggers that prices reach: rises first, then falls, nearest first, oldest first. */
  #reach(source: PlaceOrder['triggerSource'], ...prices: number[]): void {
    const waiting = [...this.#open.values()].filter(
      (order) =>
        order.place === 'waiting' &&
        order.placed.triggerSource === source &&
        !this.#reached.includes(order) &&
        prices.some((price) => firesAt(order.placed, price)),
    );
    const key = ({
      side,
      trigger,
      triggerTicks,
      orderId,
    }: PlaceOrder): [number, number, number] => {
      const onRise = (trigger === 'stop') === (side === 'buy');
      return onRise ? [0, triggerTicks, orderId] : [1, -triggerTicks, orderId];
    };
    waiting.sort(({ placed: a }, { placed: b }) => {
      const [x, y] = [key(a), key(b)];
      return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
    });
    this.#reached.push(...waiting);
  }

  #enqueue(order: LoggedOrder): void {
    this.#stamp += 1;
    order.stamp = this.#stamp;
    order.place = 'resting';
    this.#queues[order.placed.side].insert(order);
  }

  #forget(order: LoggedOrder): void {
    if (order.place === 'resting') this.#queues[order.placed.side].remove(order);
    const place = this.#reached.indexOf(order);
    if (place >= 0) this.#reached.splice(place, 1);
    this.#open.delete(order.placed.orderId);
  }

  #fillsWhole(taker: LoggedOrder): boolean {
    const other: Side = taker.placed.side === 'buy' ? 'sell' : 'buy';
    return fillsWhole(taker, this.#queues[other].orders, {
      reference: this.#reference,
      bandPpm: this.#rules.breakerBandPpm,
    });
  }

  #isInBand(price: number): boolean {
    const { breakerBandPpm } = this.#rules;
    if (breakerBandPpm === 0 || this.#reference === 0) return true;
    return Math.abs(price - this.#reference) * 1_000_000 <= this.#reference * breakerBandPpm;
  }

  #require(
    rule: BookRule,
    holds: boolean,
    expected: number | string | boolean,
    actual: number | string | boolean,
  ): void {
    if (holds || this.#violation !== undefined) return;
    const report = this.#report;
    const told = this.#reports[report];
    this.#violation = {
      rule,
      step: this.#step,
      report,
      orderId: told !== undefined && 'orderId' in told ? told.orderId : 0,
      expected: String(expected),
      actual: String(actual),
    };
  }
}

function endsByOwner(command: BookCommand, { placed, filled }: LoggedOrder): boolean {
  if (!('orderId' in command) || command.orderId !== placed.orderId) return false;
  if (command.kind === 'cancel') return true;
  return (command.kind === 'reduce' || command.kind === 'replace') && command.sizeLots <= filled;
}
