/**
 * Long because it is a whole book in one place, to be read from top to bottom.
 *
 * An order book written slowly and obviously: objects in plain arrays, everything searched for,
 * nothing remembered that could be found out. The judge of the fast book, with which it shares the
 * words of commands and reports and no code.
 */
import type {
  BookCommand,
  PlaceOrder,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import type { BookRejectionCode } from '../../packages/exchange/src/markets/book/bookRejections.ts';
import type {
  BookReport,
  OrderReport,
  ReportReason,
} from '../../packages/exchange/src/markets/book/bookReport.ts';
import type {
  BookParameters,
  MarketState,
  Side,
} from '../../packages/exchange/src/markets/book/bookTerms.ts';
import type { OpenOrder } from '../../packages/exchange/src/markets/book/openOrders.ts';

/** An order that is open. `arrival` orders those at one price. */
interface NaiveOrder {
  readonly placed: PlaceOrder;
  price: number;
  leaves: number;
  shown: number;
  filled: number;
  arrival: number;
  state: 'arriving' | 'resting' | 'waiting' | 'fired';
  partner: NaiveOrder | undefined;
}

type No = readonly [BookRejectionCode, number, number];

/** The naive twin of `OrderBook`. */
export class NaiveBook {
  readonly #rules: BookParameters;
  #orders: NaiveOrder[] = [];
  #reports: BookReport[] = [];
  #fired: NaiveOrder[] = [];
  #trades: number[] = [];
  #state: MarketState = 'open';
  #now = 0;
  #clock = 0;
  #lastId = 0;
  #lastTrade: number | undefined;
  #oracle: number | undefined;
  #reference: number | undefined;
  #referenceSince = 0;
  readonly #deadlines = new Map<number, number>();

  constructor(rules: BookParameters) {
    this.#rules = rules;
  }

  /** Applies a command and tells everything that it changed. */
  apply(command: BookCommand): BookReport[] {
    this.#reports = [];
    this.#trades = [];
    const no = this.#refusalOf(command);
    if (no === undefined) this.#perform(command);
    else {
      const orderId = 'orderId' in command ? command.orderId : 0;
      this.#reports.push({ kind: 'rejected', code: no[0], orderId, limit: no[1], actual: no[2] });
    }
    return this.#reports;
  }

  /** Whether a command would be accepted. */
  accepts(command: BookCommand): boolean {
    return this.#refusalOf(command) === undefined;
  }

  /** Open orders: bids best first, then asks, then those that wait, by id. */
  openOrders(): OpenOrder[] {
    const tell = (order: NaiveOrder): OpenOrder => ({
      orderId: order.placed.orderId,
      account: order.placed.account,
      side: order.placed.side,
      priceTicks: order.price,
      leavesLots: order.leaves,
      shownLots: order.state === 'resting' ? order.shown : 0,
      filledLots: order.filled,
      partner: order.partner?.placed.orderId ?? 0,
      isWaiting: order.state === 'waiting',
    });
    const waiting = this.#orders.filter((order) => order.state === 'waiting');
    waiting.sort((a, b) => a.placed.orderId - b.placed.orderId);
    return [...this.#resting('buy'), ...this.#resting('sell'), ...waiting].map(tell);
  }

  #resting(side: Side): NaiveOrder[] {
    const orders = this.#orders.filter((o) => o.state === 'resting' && o.placed.side === side);
    const sign = side === 'buy' ? -1 : 1;
    return orders.sort((a, b) => sign * (a.price - b.price) || a.arrival - b.arrival);
  }

  #refusalOf(command: BookCommand): No | undefined {
    const rules = this.#rules;
    const stateNumber = { open: 0, postOnly: 1, cancelOnly: 2, halted: 3 }[this.#state];
    if ('account' in command && !whole(command.account, 0, rules.accountsMax - 1)) {
      return ['accountOutOfRange', rules.accountsMax - 1, command.account];
    }
    if (command.kind === 'place') return this.#refusalOfPlace(command, stateNumber);
    if (command.kind === 'oraclePrice') {
      if (whole(command.priceTicks, 1, rules.priceTicksMax)) return undefined;
      return ['priceOutOfRange', rules.priceTicksMax, command.priceTicks];
    }
    if (command.kind === 'advanceTime') {
      if (whole(command.now, this.#now, Number.MAX_SAFE_INTEGER)) return undefined;
      return ['timeOutOfRange', this.#now, command.now];
    }
    if (command.kind === 'heartbeat') {
      const isOff = command.deadline === 0;
      if (isOff || whole(command.deadline, this.#now + 1, Number.MAX_SAFE_INTEGER))
        return undefined;
      return ['timeOutOfRange', this.#now + 1, command.deadline];
    }
    if (command.kind === 'marketState') return undefined;
    if (this.#state === 'halted') return ['stateForbids', 0, stateNumber];
    if (command.kind === 'cancelAll') return undefined;
    if (command.kind === 'replace' && this.#state === 'cancelOnly') {
      return ['stateForbids', 0, stateNumber];
    }
    const order = this.#find(command.orderId, command.account);
    if (order === undefined) return ['orderUnknown', this.#lastId, command.orderId];
    if (command.kind === 'cancel') return undefined;
    const { sizeLots } = command;
    const sizeRefusal = this.#refusalOfSize(sizeLots);
    if (command.kind === 'reduce') {
      if (sizeRefusal !== undefined) return sizeRefusal;
      const present = order.filled + order.leaves;
      return sizeLots < present ? undefined : ['sizeNotReduced', present - 1, sizeLots];
    }
    if (!whole(command.priceTicks, 1, rules.priceTicksMax)) {
      return ['priceOutOfRange', rules.priceTicksMax, command.priceTicks];
    }
    if (sizeRefusal !== undefined) return sizeRefusal;
    const { displayLots, type } = order.placed;
    if (displayLots > 0 && Math.ceil(sizeLots / displayLots) > 256) {
      return ['displayOutOfRange', Math.ceil(sizeLots / 256), displayLots];
    }
    const notional = this.#refusalOfNotional(type, command.priceTicks, sizeLots);
    if (notional !== undefined) return notional;
    if (order.state === 'waiting' || sizeLots <= order.filled) return undefined;
    const posts = order.placed.postOnly || this.#state === 'postOnly';
    return posts ? this.#refusalOfPosting(order.placed.side, command.priceTicks) : undefined;
  }

  #refusalOfPlace(order: PlaceOrder, stateNumber: number): No | undefined {
    const rules = this.#rules;
    const { timeInForce, postOnly, type, displayLots, sizeLots, expiresAt, triggerTicks } = order;
    const mayPost = this.#state === 'postOnly' && postOnly;
    if (this.#state !== 'open' && !mayPost) return ['stateForbids', 0, stateNumber];
    if (!whole(order.orderId, this.#lastId + 1, Number.MAX_SAFE_INTEGER)) {
      return ['orderIdUsed', this.#lastId + 1, order.orderId];
    }
    const mayRest = timeInForce === 'gtc' || timeInForce === 'gtd';
    if ((type === 'market' && mayRest) || (!mayRest && (postOnly || displayLots !== 0))) {
      return ['termsUnfit', 1023, packNaively(order)];
    }
    if (!whole(order.priceTicks, 1, rules.priceTicksMax)) {
      return ['priceOutOfRange', rules.priceTicksMax, order.priceTicks];
    }
    const sizeRefusal = this.#refusalOfSize(sizeLots);
    if (sizeRefusal !== undefined) return sizeRefusal;
    if (!whole(displayLots, 0, sizeLots)) return ['displayOutOfRange', sizeLots, displayLots];
    if (displayLots > 0 && Math.ceil(sizeLots / displayLots) > 256) {
      return ['displayOutOfRange', Math.ceil(sizeLots / 256), displayLots];
    }
    if (timeInForce === 'gtd') {
      if (!whole(expiresAt, this.#now + 1, Number.MAX_SAFE_INTEGER)) {
        return ['timeOutOfRange', this.#now + 1, expiresAt];
      }
    } else if (expiresAt !== 0) return ['timeOutOfRange', 0, expiresAt];
    if (order.trigger === 'none') {
      if (triggerTicks !== 0) return ['triggerOutOfRange', 0, triggerTicks];
    } else if (!whole(triggerTicks, 1, rules.priceTicksMax)) {
      return ['triggerOutOfRange', rules.priceTicksMax, triggerTicks];
    }
    const notional = this.#refusalOfNotional(type, order.priceTicks, sizeLots);
    if (notional !== undefined) return notional;
    if (order.ocoWith !== 0) {
      const other = this.#find(order.ocoWith, order.account);
      if (other === undefined || other.partner !== undefined) {
        return ['ocoUnknown', 0, order.ocoWith];
      }
      if (order.trigger === 'none' && other.state !== 'waiting') return ['ocoUnfit', 1, 0];
    }
    if (this.#orders.length >= rules.ordersMax) {
      return ['bookFull', rules.ordersMax, this.#orders.length + 1];
    }
    if (!postOnly || order.trigger !== 'none') return undefined;
    return this.#refusalOfPosting(order.side, order.priceTicks);
  }

  #refusalOfSize(sizeLots: number): No | undefined {
    const { sizeLotsMax } = this.#rules;
    return whole(sizeLots, 1, sizeLotsMax) ? undefined : ['sizeOutOfRange', sizeLotsMax, sizeLots];
  }

  #refusalOfNotional(type: string, priceTicks: number, sizeLots: number): No | undefined {
    const notional = BigInt(priceTicks) * BigInt(sizeLots);
    const { notionalMin } = this.#rules;
    if (type === 'limit' && notional < BigInt(notionalMin)) {
      return ['notionalTooSmall', notionalMin, Number(notional)];
    }
    if (notional < 1n << 53n) return undefined;
    return ['notionalTooLarge', Number.MAX_SAFE_INTEGER, Number(notional)];
  }

  #refusalOfPosting(side: Side, price: number): No | undefined {
    const best = this.#resting(opposite(side))[0];
    if (best === undefined || !reaches(side, price, best.price)) return undefined;
    return ['postOnlyWouldCross', best.price, price];
  }

  #perform(command: BookCommand): void {
    switch (command.kind) {
      case 'place':
        this.#place(command);
        break;
      case 'cancel': {
        const order = this.#find(command.orderId, command.account);
        if (order !== undefined) this.#end(order, 'canceled', 'owner');
        break;
      }
      case 'cancelAll':
        this.#cancelAll(command.account, 'cancelAll');
        break;
      case 'reduce':
      case 'replace':
        this.#change(command);
        break;
      case 'advanceTime':
        this.#advanceTime(command.now);
        break;
      case 'oraclePrice':
        this.#oracle = command.priceTicks;
        if (this.#state === 'open') this.#fireOnOracle(command.priceTicks);
        this.#runTriggers();
        break;
      case 'marketState':
        this.#enterState(command.state);
        break;
      case 'heartbeat':
        this.#deadlines.delete(command.account);
        if (command.deadline !== 0) this.#deadlines.set(command.account, command.deadline);
        break;
    }
  }

  #place(placed: PlaceOrder): void {
    const { sizeLots, priceTicks } = placed;
    const order: NaiveOrder = {
      placed,
      price: priceTicks,
      leaves: sizeLots,
      shown: 0,
      filled: 0,
      arrival: 0,
      state: placed.trigger === 'none' ? 'arriving' : 'waiting',
      partner: placed.ocoWith === 0 ? undefined : this.#find(placed.ocoWith, placed.account),
    };
    if (order.partner !== undefined) order.partner.partner = order;
    this.#orders.push(order);
    this.#lastId = placed.orderId;
    const reason = order.state === 'waiting' ? 'waiting' : 'none';
    this.#tell(order, { kind: 'new', reason, lots: sizeLots, contra: placed.account });
    if (order.state === 'arriving') this.#execute(order);
    else if (this.#state === 'open') {
      const price = placed.triggerSource === 'oracle' ? this.#oracle : this.#lastTrade;
      if (price !== undefined && isReached(placed, price)) this.#fire(order);
    }
    this.#runTriggers();
  }

  #change(command: Extract<BookCommand, { kind: 'reduce' | 'replace' }>): void {
    const order = this.#find(command.orderId, command.account) as NaiveOrder;
    const leaves = command.sizeLots - order.filled;
    if (leaves <= 0) {
      this.#end(order, 'canceled', 'owner');
      return;
    }
    const price = command.kind === 'replace' ? command.priceTicks : order.price;
    const keeps = price === order.price && leaves <= order.leaves;
    order.price = price;
    order.leaves = leaves;
    const lots = command.sizeLots;
    if (command.kind === 'reduce') {
      order.shown = Math.min(order.shown, leaves);
      this.#tell(order, { kind: 'reduced', reason: 'owner', lots });
    } else if (keeps || order.state === 'waiting') {
      order.shown = Math.min(order.shown, leaves);
      this.#tell(order, { kind: 'replaced', reason: 'keptPriority', lots });
    } else {
      order.state = 'arriving';
      this.#tell(order, { kind: 'replaced', reason: 'lostPriority', lots });
      this.#execute(order);
      this.#runTriggers();
    }
  }

  #execute(taker: NaiveOrder): void {
    const reason = this.#fate(taker);
    if (reason !== undefined) this.#end(taker, 'canceled', reason);
    else if (taker.leaves === 0) this.#remove(taker);
    else {
      taker.state = 'resting';
      taker.arrival = this.#tick();
      taker.shown = Math.min(taker.leaves, taker.placed.displayLots || taker.leaves);
    }
  }

  /** Matches an order; tells why what is left of it ends, if it does. */
  #fate(taker: NaiveOrder): ReportReason | undefined {
    const { side, postOnly, timeInForce } = taker.placed;
    const best = this.#resting(opposite(side))[0];
    if (best !== undefined && reaches(side, taker.price, best.price) && postOnly) return 'postOnly';
    if (timeInForce === 'fok' && !this.#isFillable(taker)) return 'fokUnfilled';
    const stopped = this.#match(taker);
    if (stopped !== undefined || taker.leaves === 0) return stopped;
    return timeInForce === 'ioc' ? 'unfilled' : undefined;
  }

  #match(taker: NaiveOrder): ReportReason | undefined {
    const { side, account, selfTradePolicy } = taker.placed;
    while (taker.leaves > 0) {
      const maker = this.#resting(opposite(side))[0];
      if (maker === undefined || !reaches(side, taker.price, maker.price)) return undefined;
      if (!this.#isInBand(maker.price, this.#reference)) {
        this.#state = 'halted';
        this.#reports.push({ kind: 'marketState', reason: 'breaker', state: 'halted' });
        return 'breaker';
      }
      const lots = Math.min(taker.leaves, maker.shown);
      if (maker.placed.account !== account) this.#trade(taker, maker, lots);
      else if (selfTradePolicy === 'cancelArriving') return 'selfTrade';
      else if (selfTradePolicy === 'cancelResting') this.#end(maker, 'canceled', 'selfTrade');
      else {
        this.#meet('decremented', taker, maker, lots);
        if (maker.leaves === 0) this.#end(maker, 'canceled', 'selfTrade');
        else this.#refresh(maker);
        if (taker.leaves === 0) return 'selfTrade';
      }
    }
    return undefined;
  }

  #trade(taker: NaiveOrder, maker: NaiveOrder, lots: number): void {
    taker.filled += lots;
    maker.filled += lots;
    this.#meet('trade', taker, maker, lots);
    this.#lastTrade = maker.price;
    this.#reference ??= maker.price;
    this.#trades.push(maker.price);
    this.#endPartner(maker);
    this.#endPartner(taker);
    if (maker.leaves === 0) this.#remove(maker);
    else this.#refresh(maker);
  }

  #meet(kind: 'trade' | 'decremented', taker: NaiveOrder, maker: NaiveOrder, lots: number): void {
    taker.leaves -= lots;
    maker.leaves -= lots;
    maker.shown -= lots;
    const [side, contra] = [taker.placed.side, taker.placed.orderId];
    this.#tell(maker, { kind, reason: 'none', lots, contra, side });
  }

  #refresh(maker: NaiveOrder): void {
    if (maker.shown > 0) return;
    maker.shown = Math.min(maker.leaves, maker.placed.displayLots);
    maker.arrival = this.#tick();
    this.#tell(maker, { kind: 'refreshed', reason: 'none', lots: maker.shown });
  }

  /** Plays the match on copies. */
  #isFillable(taker: NaiveOrder): boolean {
    const { side, account, selfTradePolicy } = taker.placed;
    const queue = this.#resting(opposite(side)).map((order) => ({ order, ...order }));
    let reference = this.#reference;
    let wanted = taker.leaves;
    while (wanted > 0) {
      const maker = queue[0];
      if (maker === undefined || !reaches(side, taker.price, maker.price)) return false;
      if (!this.#isInBand(maker.price, reference)) return false;
      queue.shift();
      if (maker.placed.account === account) {
        if (selfTradePolicy !== 'cancelResting') return false;
        continue;
      }
      reference ??= maker.price;
      const lots = Math.min(wanted, maker.shown);
      wanted -= lots;
      maker.leaves -= lots;
      if (maker.leaves === 0) continue;
      maker.shown = Math.min(maker.leaves, maker.placed.displayLots);
      const later = queue.findIndex((other) => other.price !== maker.price);
      queue.splice(later < 0 ? queue.length : later, 0, maker);
    }
    return true;
  }

  #isInBand(price: number, reference: number | undefined): boolean {
    const { breakerBandPpm } = this.#rules;
    if (breakerBandPpm === 0 || reference === undefined) return true;
    const distance = BigInt(Math.abs(price - reference));
    return distance * 1_000_000n <= BigInt(reference) * BigInt(breakerBandPpm);
  }

  #runTriggers(): void {
    this.#fireOnTrades();
    while (this.#state === 'open') {
      const order = this.#fired.shift();
      if (order === undefined) return;
      order.state = 'arriving';
      this.#tell(order, { kind: 'triggered', reason: 'none', lots: order.leaves });
      this.#endPartner(order);
      this.#execute(order);
      this.#fireOnTrades();
    }
    for (const order of this.#fired) order.state = 'waiting';
    this.#fired = [];
  }

  #fireOnTrades(): void {
    const trades = this.#trades;
    this.#trades = [];
    if (trades.length > 0 && this.#state === 'open') {
      this.#fireReached('lastTrade', Math.min(...trades), Math.max(...trades));
    }
  }

  #fireOnOracle(price: number): void {
    this.#fireReached('oracle', price, price);
  }

  #fireReached(source: string, low: number, high: number): void {
    const waiting = this.#orders.filter((order) => order.state === 'waiting');
    const watching = waiting.filter((order) => order.placed.triggerSource === source);
    watching.sort((a, b) => a.placed.orderId - b.placed.orderId);
    const ticks = (order: NaiveOrder): number => order.placed.triggerTicks;
    const rising = watching.filter(({ placed }) => isRising(placed) && isReached(placed, high));
    const falling = watching.filter(({ placed }) => !isRising(placed) && isReached(placed, low));
    for (const order of rising.sort((a, b) => ticks(a) - ticks(b))) this.#fire(order);
    for (const order of falling.sort((a, b) => ticks(b) - ticks(a))) this.#fire(order);
  }

  #fire(order: NaiveOrder): void {
    order.state = 'fired';
    this.#fired.push(order);
  }

  #cancelAll(account: number, reason: ReportReason): void {
    for (;;) {
      const own = this.#orders.filter((order) => order.placed.account === account);
      const oldest = own.sort((a, b) => a.placed.orderId - b.placed.orderId)[0];
      if (oldest === undefined) return;
      this.#end(oldest, 'canceled', reason);
    }
  }

  #advanceTime(now: number): void {
    this.#now = now;
    if (now - this.#referenceSince >= this.#rules.breakerWindow) {
      this.#referenceSince = now;
      this.#reference = this.#lastTrade;
    }
    for (;;) {
      const due = this.#orders.filter(
        ({ placed }) => placed.timeInForce === 'gtd' && placed.expiresAt <= now,
      );
      const first = due.sort(
        ({ placed: a }, { placed: b }) => a.expiresAt - b.expiresAt || a.orderId - b.orderId,
      )[0];
      if (first === undefined) break;
      this.#end(first, 'expired', 'none');
    }
    const silent = [...this.#deadlines].filter(([, deadline]) => deadline <= now);
    for (const [account] of silent.sort((a, b) => a[1] - b[1] || a[0] - b[0])) {
      this.#deadlines.delete(account);
      this.#cancelAll(account, 'deadMan');
    }
  }

  #enterState(state: MarketState): void {
    this.#state = state;
    this.#reports.push({ kind: 'marketState', reason: 'operator', state });
    if (state !== 'open') return;
    this.#reference = undefined;
    if (this.#lastTrade !== undefined) this.#trades.push(this.#lastTrade);
    this.#runTriggers();
    if (this.#oracle === undefined || (this.#state as MarketState) !== 'open') return;
    this.#fireOnOracle(this.#oracle);
    this.#runTriggers();
  }

  #end(order: NaiveOrder, kind: 'canceled' | 'expired', reason: ReportReason): void {
    const lots = order.leaves;
    order.leaves = 0;
    this.#tell(order, { kind, reason, lots });
    this.#remove(order);
  }

  #remove(order: NaiveOrder): void {
    this.#orders = this.#orders.filter((other) => other !== order);
    this.#fired = this.#fired.filter((other) => other !== order);
    this.#endPartner(order);
  }

  #endPartner(order: NaiveOrder): void {
    const { partner } = order;
    if (partner === undefined) return;
    order.partner = undefined;
    partner.partner = undefined;
    this.#end(partner, 'canceled', 'oco');
  }

  #find(orderId: number, account: number): NaiveOrder | undefined {
    return this.#orders.find(
      ({ placed }) => placed.orderId === orderId && placed.account === account,
    );
  }

  #tick(): number {
    this.#clock += 1;
    return this.#clock;
  }

  #tell(order: NaiveOrder, change: Partial<OrderReport> & Pick<OrderReport, 'kind'>): void {
    this.#reports.push({
      reason: 'none',
      side: order.placed.side,
      orderId: order.placed.orderId,
      contra: 0,
      priceTicks: order.price,
      lots: 0,
      leavesLots: order.leaves,
      ...change,
    });
  }
}

function whole(x: number, low: number, high: number): boolean {
  return Number.isInteger(x) && x >= low && x <= high;
}

function opposite(side: Side): Side {
  return side === 'buy' ? 'sell' : 'buy';
}

/** Whether a limit reaches a price on the other side. */
function reaches(side: Side, limit: number, price: number): boolean {
  return side === 'buy' ? price <= limit : price >= limit;
}

function isRising({ side, trigger }: PlaceOrder): boolean {
  return trigger === 'stop' ? side === 'buy' : side === 'sell';
}

function isReached(order: PlaceOrder, price: number): boolean {
  return isRising(order) ? price >= order.triggerTicks : price <= order.triggerTicks;
}

function packNaively(order: PlaceOrder): number {
  const tif = { gtc: 0, ioc: 1, fok: 2, gtd: 3 }[order.timeInForce];
  const policy = { cancelResting: 0, cancelArriving: 1, decrement: 2 }[order.selfTradePolicy];
  const trigger = { none: 0, stop: 1, takeProfit: 2 }[order.trigger];
  return (
    (order.side === 'sell' ? 1 : 0) +
    (order.type === 'market' ? 2 : 0) +
    tif * 4 +
    (order.postOnly ? 16 : 0) +
    policy * 32 +
    trigger * 128 +
    (order.triggerSource === 'oracle' ? 512 : 0)
  );
}
