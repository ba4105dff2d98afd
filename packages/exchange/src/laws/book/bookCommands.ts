import type { AccountId } from '../../ledger/account.ts';
import type { BookCommand } from '../../markets/book/bookCommand.ts';
import type { BookEvent } from '../../markets/book/bookEvent.ts';
import type { BookImage } from '../../markets/book/bookImage.ts';
import type { BookInput } from '../../markets/book/bookInputs.ts';
import type { BookOrder, BookOrderName, ClientOrderId } from '../../orders/bookOrder.ts';
import { NO_CLIENT_ORDER_ID } from '../../orders/bookOrder.ts';
import type { OrderNonceWindow } from '../../orders/orderNonces.ts';
import { NONCE_WINDOW, ORDER_NONCE_MAX } from '../../orders/orderNonces.ts';

/** An owner as the log leaves it. */
export interface LoggedOwner {
  readonly owner: AccountId;
  highest: bigint;
  /** Bit i is set when `highest - i` was used. */
  used: bigint;
}

/** What was signed as an order that is or was open in the epoch. */
export interface SignedOrder {
  readonly account: number;
  readonly clientOrderId: ClientOrderId;
}

/**
 * Follows who is who in a log: which number an owner has, which id an order, and which nonces and
 * client order ids were used. What an input means for the book follows from these alone, so that a
 * signature binds the very command that was applied.
 */
export class BookNames {
  readonly owners: LoggedOwner[] = [];
  readonly orders: Map<number, SignedOrder> = new Map();
  lastOrderId: number;
  readonly #numbers = new Map<AccountId, number>();
  readonly #clients = new Map<string, number>();

  readonly #isOpen: (orderId: number) => boolean;

  constructor(opening: BookImage, isOpen: (orderId: number) => boolean) {
    this.#isOpen = isOpen;
    this.lastOrderId = opening.lastOrderId;
    for (const { owner, nonces } of opening.owners) this.#enter(owner, nonces);
    for (const { orderId, account, clientOrderId } of opening.orders) {
      this.#sign(orderId, { account, clientOrderId });
    }
  }

  /** The commands that an event's input means; undefined where it names no order of its owner. */
  commands(event: BookEvent): BookCommand[] | undefined {
    const { input, timeMs } = event;
    switch (input.kind) {
      case 'submitBookOrder':
        return [this.#placement(input.entry.terms)];
      case 'amendBookOrder': {
        const { owner, priceTicks, sizeLots } = input.entry.terms;
        const orderId = this.#named(owner, input.entry.terms);
        const account = this.numberOf(owner);
        if (orderId === undefined) return undefined;
        if (priceTicks === 0) return [{ kind: 'reduce', orderId, account, sizeLots }];
        return [{ kind: 'replace', orderId, account, priceTicks, sizeLots }];
      }
      case 'cancelBookOrder': {
        const { owner } = input.entry.terms;
        const orderId = this.#named(owner, input.entry.terms);
        if (orderId === undefined) return undefined;
        return [{ kind: 'cancel', orderId, account: this.numberOf(owner) }];
      }
      case 'cancelAllBookOrders':
        return [{ kind: 'cancelAll', account: this.numberOf(input.entry.terms.owner) }];
      case 'bookHeartbeat': {
        const { owner, deadlineMs: deadline } = input.entry.terms;
        return [{ kind: 'heartbeat', account: this.numberOf(owner), deadline }];
      }
      case 'bookTick': {
        const tick: BookCommand = { kind: 'advanceTime', now: timeMs };
        if (input.oracleTicks === 0) return [tick];
        return [tick, { kind: 'oraclePrice', priceTicks: input.oracleTicks }];
      }
      default:
        return [{ kind: 'marketState', state: input.state }];
    }
  }

  /** The number of an owner; a new one has the next. */
  numberOf(owner: AccountId): number {
    return this.#numbers.get(owner) ?? this.owners.length;
  }

  /** Notes an event; why its nonce or its client order id may not be used, if it may not. */
  use(input: BookInput): 'nonce' | 'clientOrderId' | undefined {
    if (!('entry' in input)) return undefined;
    const { terms } = input.entry;
    if (!this.#numbers.has(terms.owner)) this.#enter(terms.owner, { highest: 0n, used: 1n });
    const account = this.numberOf(terms.owner);
    const owner = this.owners[account] as LoggedOwner;
    if ('orderNonce' in terms && !useNonce(owner, terms.orderNonce)) return 'nonce';
    if (input.kind !== 'submitBookOrder') return undefined;
    const { clientOrderId } = input.entry.terms;
    this.lastOrderId += 1;
    return this.#sign(this.lastOrderId, { account, clientOrderId }) ? undefined : 'clientOrderId';
  }

  #placement(order: BookOrder): BookCommand {
    const { owner, goodUntilMs: expiresAt, ...terms } = order;
    const orderId = this.lastOrderId + 1;
    return { ...terms, kind: 'place', orderId, account: this.numberOf(owner), expiresAt };
  }

  #named(owner: AccountId, { orderId, clientOrderId }: BookOrderName): number | undefined {
    const account = this.#numbers.get(owner);
    if (orderId !== 0) return orderId;
    return this.#clients.get(`${account}:${clientOrderId}`);
  }

  #enter(owner: AccountId, { highest, used }: OrderNonceWindow): void {
    this.#numbers.set(owner, this.owners.length);
    this.owners.push({ owner, highest, used });
  }

  #sign(orderId: number, order: SignedOrder): boolean {
    this.orders.set(orderId, order);
    if (order.clientOrderId === NO_CLIENT_ORDER_ID) return true;
    const key = `${order.account}:${order.clientOrderId}`;
    // A market forgets the ids of orders that ended long ago, so only an open order's is taken.
    const known = this.#clients.get(key);
    this.#clients.set(key, orderId);
    return known === undefined || !this.#isOpen(known);
  }
}

/** Uses a nonce if it is fresh: above the highest, or unused and less than the window below it. */
function useNonce(owner: LoggedOwner, orderNonce: bigint): boolean {
  if (orderNonce <= 0n || orderNonce > ORDER_NONCE_MAX) return false;
  if (orderNonce > owner.highest) {
    const step = orderNonce - owner.highest;
    const moved = step >= NONCE_WINDOW ? 0n : owner.used << step;
    owner.used = (moved & ((1n << NONCE_WINDOW) - 1n)) | 1n;
    owner.highest = orderNonce;
    return true;
  }
  const age = owner.highest - orderNonce;
  if (age >= NONCE_WINDOW || ((owner.used >> age) & 1n) === 1n) return false;
  owner.used |= 1n << age;
  return true;
}
