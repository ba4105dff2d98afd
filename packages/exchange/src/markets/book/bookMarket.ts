import type { Hash } from '../../codec/hash.ts';
import { ZERO_HASH } from '../../codec/hash.ts';
import { at, invariant, unreachable } from '../../failures/invariant.ts';
import type { Refused } from '../../failures/rejection.ts';
import { refuse } from '../../failures/rejection.ts';
import type { AccountId } from '../../ledger/account.ts';
import { SystemRole, systemAccount } from '../../ledger/account.ts';
import type { Ledger, LedgerMove } from '../../ledger/ledger.ts';
import type { BookOrderName } from '../../orders/bookOrder.ts';

import type { OrderNonceWindow } from '../../orders/orderNonces.ts';
import { EMPTY_WINDOW, useNonce } from '../../orders/orderNonces.ts';
import type { AuthorisedGrant } from '../../orders/signedTypes.ts';
import type { BookCommand } from './bookCommand.ts';
import { COMMAND_STRIDE, encodeCommand } from './bookCommand.ts';
import type { BookEvent } from './bookEvent.ts';
import { chainBookEvent } from './bookEvent.ts';
import type { BookImage, ImageOrder } from './bookImage.ts';
import { bookImageRoot } from './bookImage.ts';
import type { BookInput } from './bookInputs.ts';
import type { BookMarketParameters } from './bookMarketParameters.ts';
import { refusalOf } from './bookRefusals.ts';
import type { BookReport } from './bookReport.ts';
import type { MarketState, SIDE } from './bookTerms.ts';
import type { ClientOrder } from './clientOrders.ts';
import { ClientOrders } from './clientOrders.ts';
import type { ExecutionReport } from './executionReport.ts';
import type { Arrival, OpenBookOrder } from './executions.ts';
import { followReports } from './executions.ts';
import { LedgerBook } from './ledgerBook.ts';
import { HELD_MAX, PURSE } from './purses.ts';
import { restoreBook, rowFacts } from './restoreBook.ts';

/** Where an input stands in the one order of things. */
export interface BookPlace {
  readonly sequence: number;
  readonly timeMs: number;
}

/** What an accepted input did. */
export interface BookOutcome {
  readonly ok: true;
  readonly event: BookEvent;
  readonly executions: readonly ExecutionReport[];
  readonly orderId: number;
}

/** The epoch that events go into. */
export interface OpenBookEpoch {
  readonly number: number;
  readonly parentEpochHash: Hash;
  readonly firstEvent: number;
  /** The book before the first event. */
  readonly opening: BookImage;
  readonly openingRoot: Hash;
  /** Running hash of the events. */
  logRoot: Hash;
  readonly grants: Map<Hash, AuthorisedGrant>;
  /** Net changes by owner: base units, quote units, and the highest nonce that a debit used. */
  readonly changes: Map<AccountId, { base: bigint; quote: bigint; orderNonce: bigint }>;
}

/** Levels kept in a flat array around each best price: a matter of speed alone. */
const WINDOW_LEVELS = 4_096;

/**
 * A book market of the exchange: the engine with its holds, the owners behind its account numbers,
 * the client order ids they used, and the epoch that is open.
 *
 * The shared ledger keeps the balances. Before a command the market lends its owner's available
 * units to the engine's purses, as far as they fit, and after it carries every change back.
 */
export class BookMarket {
  readonly parameters: BookMarketParameters;
  readonly engine: LedgerBook;
  /** Open orders by id. */
  readonly open: Map<number, OpenBookOrder> = new Map();
  readonly clients: ClientOrders = new ClientOrders((orderId) => this.open.has(orderId));
  /** Events and trades over the life of the market; both far below 2^53. */
  eventCount = 0;
  tradeCount = 0;
  /** Running hash over all events: what the market remembers follows from them. */
  lastEventHash: Hash = ZERO_HASH;
  epoch: OpenBookEpoch;
  readonly #owners: AccountId[] = [];
  readonly #nonces: OrderNonceWindow[] = [];
  readonly #numbers = new Map<AccountId, number>();
  readonly #deadlines = new Map<number, number>();
  /** What the shared ledger knows as held, by account and asset. */
  readonly #heldThere: Float64Array;
  readonly #command = new Float64Array(COMMAND_STRIDE);

  constructor(parameters: BookMarketParameters) {
    this.parameters = parameters;
    this.engine = new LedgerBook(engineParameters(parameters));
    this.#heldThere = new Float64Array(parameters.accountsMax * 2);
    const opening = this.image();
    this.epoch = openBookEpoch({ number: 1, parentEpochHash: ZERO_HASH, firstEvent: 1, opening });
  }

  get marketId(): number {
    return this.parameters.marketId;
  }

  /** Whether traders may place, post, cancel or nothing. */
  get state(): MarketState {
    return at(STATES, this.engine.book.core.state);
  }

  /** Owners by account number. */
  get owners(): readonly AccountId[] {
    return this.#owners;
  }

  /** The number of an owner, undefined before its first order or heartbeat. */
  accountOf(owner: AccountId): number | undefined {
    return this.#numbers.get(owner);
  }

  /** The nonces that an owner has used in this market. */
  nonceWindow(owner: AccountId): OrderNonceWindow {
    const account = this.#numbers.get(owner);
    return account === undefined ? EMPTY_WINDOW : at(this.#nonces, account);
  }

  /** What became of an order that its owner submitted under a client order id; see `clients`. */
  outcomeOf(owner: AccountId, id: BookOrderName['clientOrderId']): ClientOrder | undefined {
    const account = this.#numbers.get(owner);
    return account === undefined ? undefined : this.clients.find(account, id);
  }

  /** Whether every client order id that an owner has ever used here is still known. */
  remembersAll(owner: AccountId): boolean {
    const account = this.#numbers.get(owner);
    return account === undefined || this.clients.remembersAll(account);
  }

  /** The open order that its owner names, by our id or its own. */
  find(owner: AccountId, name: BookOrderName): OpenBookOrder | undefined {
    const byClient = name.orderId === 0 ? this.outcomeOf(owner, name.clientOrderId) : undefined;
    const order = this.open.get(name.orderId === 0 ? (byClient?.orderId ?? 0) : name.orderId);
    return order?.owner === owner ? order : undefined;
  }

  /** Whether orders or deadlines end by a time: then a tick comes before any other input. */
  isDue(timeMs: number): boolean {
    const { expiries, deadlines } = this.engine.book.core;
    return expiries.topKey <= timeMs || deadlines.topKey <= timeMs;
  }

  /**
   * Applies an input whose owner, authority and nonce were checked. Refusals of the book and of
   * the holds change nothing.
   */
  apply(input: BookInput, place: BookPlace, ledger: Ledger): BookOutcome | Refused {
    const planned = this.#plan(input, place);
    if ('ok' in planned) return planned;
    const { commands, owner, lends } = planned;
    const account = owner === undefined ? -1 : (this.#numbers.get(owner) ?? this.#owners.length);
    const available = owner === undefined ? 0n : this.#lend(ledger, owner, account, lends);
    for (const command of commands) {
      encodeCommand(command, this.#command, 0);
      if (this.engine.apply(this.#command, 0)) continue;
      invariant(commands.length === 1, 'only a command that stands alone is refused');
      this.#takeBack(account);
      return refusalOf(this.engine.reports.drain());
    }
    const reports = this.engine.reports.drain();
    if (owner !== undefined) this.#enter(owner, input);
    if (input.kind === 'bookTick') this.#passDeadlines(place.timeMs);
    const arrival = this.#arrival(input, account, place);
    if (arrival !== undefined) {
      const { orderId, order, sequence } = arrival;
      this.clients.add(account, order.clientOrderId, { orderId, sequence });
    }
    const executions = followReports(this, reports, arrival);
    this.#settle(ledger, account, owner);
    const event = this.#record(input, place, available, reports);
    return { ok: true, event, executions, orderId: planned.orderId };
  }

  /** The book as it stands. */
  image(): BookImage {
    const { core } = this.engine.book;
    const orders = rowFacts(core, this.#owners.length).map((row): ImageOrder => {
      const facts = this.open.get(row.orderId);
      invariant(facts !== undefined, 'every row is an open order');
      const { filledNotional, order } = facts;
      const { clientOrderId, goodUntilMs: expiresAt } = order;
      return { ...row, clientOrderId, filledNotional, expiresAt };
    });
    return {
      state: this.state,
      now: core.now,
      lastOrderId: core.lastOrderId,
      lastTrade: core.lastTrade,
      oraclePrice: core.oraclePrice,
      breakerReference: core.breakerReference,
      breakerSince: core.breakerSince,
      owners: this.#owners.map((owner, k) => ({ owner, nonces: at(this.#nonces, k) })),
      orders,
      deadlines: [...this.#deadlines]
        .map(([account, deadline]) => ({ account, deadline }))
        .sort((a, b) => a.account - b.account),
    };
  }

  /** Numbers a new owner, uses the nonce, and notes a heartbeat. */
  #enter(owner: AccountId, input: BookInput): void {
    let account = this.#numbers.get(owner);
    if (account === undefined) {
      account = this.#owners.length;
      this.#numbers.set(owner, account);
      this.#owners.push(owner);
      this.#nonces.push(EMPTY_WINDOW);
    }
    const terms = 'entry' in input ? input.entry.terms : undefined;
    if (terms !== undefined && 'orderNonce' in terms) {
      const window = useNonce(at(this.#nonces, account), terms.orderNonce);
      this.#nonces[account] = window;
      const change = this.#changeOf(owner);
      if (terms.orderNonce > change.orderNonce) change.orderNonce = terms.orderNonce;
    }
    if (input.kind !== 'bookHeartbeat') return;
    this.#deadlines.delete(account);
    const { deadlineMs } = input.entry.terms;
    if (deadlineMs !== 0) this.#deadlines.set(account, deadlineMs);
  }

  #passDeadlines(timeMs: number): void {
    for (const [account, deadline] of this.#deadlines) {
      if (deadline <= timeMs) this.#deadlines.delete(account);
    }
  }

  #arrival(input: BookInput, account: number, place: BookPlace): Arrival | undefined {
    if (input.kind !== 'submitBookOrder') return undefined;
    const order = input.entry.terms;
    const orderId = this.engine.book.core.lastOrderId;
    const { sequence, timeMs: admittedAtMs } = place;
    return { orderId, account, owner: order.owner, order, sequence, admittedAtMs };
  }

  /** Lends the owner's available units, as far as purses can count; tells those of one asset. */
  #lend(ledger: Ledger, owner: AccountId, account: number, lends: number | undefined): bigint {
    if (account >= this.parameters.accountsMax) return 0n;
    let told = 0n;
    for (const [asset, id] of [this.parameters.base, this.parameters.quote].entries()) {
      const { available } = ledger.balance(owner, id);
      if (asset === lends) told = available;
      const most = BigInt(HELD_MAX);
      this.engine.purses.available[account * 2 + asset] = Number(
        available < most ? available : most,
      );
    }
    return told;
  }

  #takeBack(account: number): void {
    if (account < 0 || account >= this.parameters.accountsMax) return;
    this.engine.purses.available.fill(0, account * 2, account * 2 + 2);
  }

  /** Carries what the purses moved to the shared ledger, and empties them. */
  #settle(ledger: Ledger, lent: number, lender: AccountId | undefined): void {
    const { purses } = this.engine;
    const fees = BigInt(this.engine.fees);
    const feeAccount = systemAccount(SystemRole.fees, this.marketId);
    this.engine.fees = 0;
    for (const [asset, id] of [this.parameters.base, this.parameters.quote].entries()) {
      const moves: LedgerMove[] = [];
      const most = BigInt(HELD_MAX);
      for (let k = 0; k < purses.movedCount; k += 1) {
        const account = purses.moved[k] as number;
        const slot = account * 2 + asset;
        const owner = at(this.#owners, account);
        const there = account === lent ? ledger.balance(owner, id).available : 0n;
        const available = BigInt(purses.available[slot] as number) - (there < most ? there : most);
        const held = BigInt((purses.held[slot] as number) - (this.#heldThere[slot] as number));
        purses.available[slot] = 0;
        this.#heldThere[slot] = purses.held[slot] as number;
        moves.push({ account: owner, available, held });
        this.#net(owner, asset, available + held);
      }
      if (asset === PURSE.quote && fees !== 0n) {
        moves.push({ account: feeAccount, available: fees, held: 0n });
        this.#net(feeAccount, asset, fees);
      }
      ledger.applyMoves(id, moves);
    }
    purses.settleMoves();
    if (lender !== undefined) this.#takeBack(lent);
  }

  #net(owner: AccountId, asset: number, change: bigint): void {
    if (change === 0n) return;
    const entry = this.#changeOf(owner);
    if (asset === PURSE.base) entry.base += change;
    else entry.quote += change;
  }

  #changeOf(owner: AccountId): { base: bigint; quote: bigint; orderNonce: bigint } {
    const known = this.epoch.changes.get(owner);
    if (known !== undefined) return known;
    const entry = { base: 0n, quote: 0n, orderNonce: 0n };
    this.epoch.changes.set(owner, entry);
    return entry;
  }

  #record(
    input: BookInput,
    place: BookPlace,
    available: bigint,
    reports: readonly BookReport[],
  ): BookEvent {
    this.eventCount += 1;
    const event = { eventNumber: this.eventCount, ...place, input, available, reports };
    this.lastEventHash = chainBookEvent(this.lastEventHash, event);
    this.epoch.logRoot = chainBookEvent(this.epoch.logRoot, event);
    return event;
  }

  /** The commands that an input means, and who is lent what for them. */
  #plan(input: BookInput, { timeMs }: BookPlace): Plan | Refused {
    switch (input.kind) {
      case 'submitBookOrder':
        return this.#planOrder(input.entry.terms);
      case 'amendBookOrder':
      case 'cancelBookOrder':
        return this.#planChange(input);
      case 'cancelAllBookOrders': {
        const { owner } = input.entry.terms;
        const account = this.#numbers.get(owner);
        if (account === undefined) return refuse('orderUnknown', { field: 'owner', actual: owner });
        return { commands: [{ kind: 'cancelAll', account }], owner, lends: undefined, orderId: 0 };
      }
      case 'bookHeartbeat': {
        const { owner, deadlineMs: deadline } = input.entry.terms;
        const account = this.#numbers.get(owner) ?? this.#owners.length;
        const commands = [{ kind: 'heartbeat' as const, account, deadline }];
        return { commands, owner, lends: undefined, orderId: 0 };
      }
      case 'bookTick':
        return this.#planTick(input.oracleTicks, timeMs);
      case 'setBookMarketState': {
        const { state } = input;
        const commands = [{ kind: 'marketState' as const, state }];
        return { commands, owner: undefined, lends: undefined, orderId: 0 };
      }
      default:
        return unreachable(input);
    }
  }

  #planOrder(order: OpenBookOrder['order']): Plan {
    const { owner, goodUntilMs: expiresAt, ...terms } = order;
    const orderId = this.engine.book.core.lastOrderId + 1;
    const account = this.#numbers.get(owner) ?? this.#owners.length;
    const command: BookCommand = { ...terms, kind: 'place', orderId, account, expiresAt };
    return { commands: [command], owner, lends: lentFor(order.side), orderId };
  }

  #planChange(
    input: Extract<BookInput, { kind: 'amendBookOrder' | 'cancelBookOrder' }>,
  ): Plan | Refused {
    const { terms } = input.entry;
    const order = this.find(terms.owner, terms);
    if (order === undefined) {
      const actual = terms.orderId === 0 ? terms.clientOrderId : terms.orderId;
      return refuse('orderUnknown', { field: 'orderId', actual });
    }
    const { orderId, account, owner } = order;
    if (input.kind === 'cancelBookOrder') {
      const commands = [{ kind: 'cancel' as const, orderId, account }];
      return { commands, owner, lends: undefined, orderId };
    }
    const { priceTicks, sizeLots } = input.entry.terms;
    const command: BookCommand =
      priceTicks === 0
        ? { kind: 'reduce', orderId, account, sizeLots }
        : { kind: 'replace', orderId, account, priceTicks, sizeLots };
    return { commands: [command], owner, lends: lentFor(order.order.side), orderId };
  }

  #planTick(oracleTicks: number, timeMs: number): Plan | Refused {
    const { priceTicksMax } = this.parameters;
    if (oracleTicks > priceTicksMax) {
      const field = 'oracleTicks';
      return refuse('priceOutOfRange', { field, limit: priceTicksMax, actual: oracleTicks });
    }
    const commands: BookCommand[] = [{ kind: 'advanceTime', now: timeMs }];
    if (oracleTicks !== 0) commands.push({ kind: 'oraclePrice', priceTicks: oracleTicks });
    return { commands, owner: undefined, lends: undefined, orderId: 0 };
  }

  /** Brings an empty market to an image, once `open` holds the orders of it. */
  restore(image: BookImage): void {
    for (const { owner, nonces } of image.owners) {
      this.#numbers.set(owner, this.#owners.length);
      this.#owners.push(owner);
      this.#nonces.push(nonces);
    }
    for (const { account, deadline } of image.deadlines) this.#deadlines.set(account, deadline);
    restoreBook(this.engine, image);
    this.#heldThere.set(this.engine.purses.held);
    this.engine.purses.settleMoves();
  }
}

interface Plan {
  readonly commands: readonly BookCommand[];
  readonly owner: AccountId | undefined;
  /** The asset that the commands may hold. */
  readonly lends: number | undefined;
  readonly orderId: number;
}

const STATES: readonly MarketState[] = ['open', 'postOnly', 'cancelOnly', 'halted'];

function lentFor(side: keyof typeof SIDE): number {
  return side === 'buy' ? PURSE.quote : PURSE.base;
}

/** Begins an epoch on a book. */
export function openBookEpoch(
  start: Pick<OpenBookEpoch, 'number' | 'parentEpochHash' | 'firstEvent' | 'opening'>,
): OpenBookEpoch {
  return {
    ...start,
    openingRoot: bookImageRoot(start.opening),
    logRoot: ZERO_HASH,
    grants: new Map(),
    changes: new Map(),
  };
}

/** The rules of a market as its engine counts: whole numbers that stay exact as doubles. */
function engineParameters(parameters: BookMarketParameters): LedgerBook['parameters'] {
  const { tickSize, notionalMin, lotSize } = parameters;
  return {
    ordersMax: parameters.ordersMax,
    accountsMax: parameters.accountsMax,
    priceTicksMax: parameters.priceTicksMax,
    sizeLotsMax: parameters.sizeLotsMax,
    notionalMin: Number((notionalMin + tickSize - 1n) / tickSize),
    breakerBandPpm: parameters.breakerBandPpm,
    breakerWindow: parameters.breakerWindowMs,
    windowLevels: WINDOW_LEVELS,
    lotSize: Number(lotSize),
    tickSize: Number(tickSize),
    makerFeePpm: parameters.makerFeePpm,
    takerFeePpm: parameters.takerFeePpm,
  };
}
