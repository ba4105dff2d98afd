import type { OrderRequest } from '@lawbook/api/client/createOrder';
import { buildOrder } from '@lawbook/api/client/createOrder';
import { call, unwrap } from '@lawbook/api/client/transport';
import type { AccountView } from '@lawbook/api/schema/accountViews';
import { requestWithdrawal } from '@lawbook/api/schema/crossingRoutes';
import type { DepositView, WithdrawalView } from '@lawbook/api/schema/crossingViews';
import { cancelOrder } from '@lawbook/api/schema/orderRoutes';
import type { OrderAnswer, OrderView } from '@lawbook/api/schema/orderViews';
import { wireTerms, wireWithdrawal } from '@lawbook/api/schema/wireTerms';
import type { Rejection } from '@lawbook/exchange/failures/rejection';
import type { Withdrawal } from '@lawbook/exchange/orders/signedTypes';
import { Live } from './live.ts';
import { say } from './toasts.ts';
import type { TraderAccount } from './traderAccount.ts';
import { troubleOf } from './trouble.ts';
import { upsertAll } from './upsert.ts';
import type { VenueLink } from './venueLink.ts';

/** An order that the venue, or this page for it, did not take. */
export interface RefusedOrder {
  readonly key: number;
  readonly atMs: number;
  readonly request: OrderRequest;
  readonly rejection: Pick<Rejection, 'code' | 'field' | 'rule' | 'fix'> & {
    readonly limit?: string | undefined;
    readonly actual?: string | undefined;
  };
}

const ORDER_TTL_MS = 60_000;
const ORDERS_MAX = 200;
const REFUSED_MAX = 20;
const PAGE = 50;

/** What one account does and owns here. Ends with `leave` when another account is chosen. */
export class Desk {
  readonly who: TraderAccount;
  readonly orders: Live<readonly OrderView[] | undefined> = new Live<
    readonly OrderView[] | undefined
  >(undefined);
  readonly refused: Live<readonly RefusedOrder[]> = new Live<readonly RefusedOrder[]>([]);
  readonly account: Live<AccountView | undefined> = new Live<AccountView | undefined>(undefined);
  readonly deposits: Live<readonly DepositView[]> = new Live<readonly DepositView[]>([]);
  readonly withdrawals: Live<readonly WithdrawalView[]> = new Live<readonly WithdrawalView[]>([]);
  readonly trouble: Live<string | undefined> = new Live<string | undefined>(undefined);
  readonly #link: VenueLink;
  readonly #endings: (() => void)[] = [];
  #refusals = 0;
  #rereading = false;
  #wantsReread = false;

  constructor(who: TraderAccount, link: VenueLink) {
    this.who = who;
    this.#link = link;
    const follow = link.feed.follow(`orders:${who.account}`, {
      onSnapshot: () => this.reread(),
      onEvent: (event) => {
        if (event.kind === 'order') this.#take(event.order);
      },
    });
    // An epoch moves balances to the next level, and takes withdrawals out.
    this.#endings.push(
      follow,
      link.epochs.subscribe(() => this.reread()),
    );
    this.reread();
  }

  leave(): void {
    for (const end of this.#endings.splice(0)) end();
  }

  /** Signs an order and submits it; a refusal is kept with its reason. */
  async place(request: OrderRequest): Promise<OrderAnswer | undefined> {
    const { client, marketId } = this.#link;
    const acting = await this.#link.acting();
    const frame = {
      owner: this.who.account,
      orderNonce: acting.nextOrderNonce(),
      expiresAtMs: Date.now() + (request.ttlMs ?? ORDER_TTL_MS),
    };
    const order = buildOrder(request, unwrap(await client.market(marketId)), frame);
    if (!order.ok) return this.#refuse(request, order.rejection);
    const signature = await this.who.sign(await acting.orderWish(order.value));
    const answers = await this.#link.feed.submit([{ ...wireTerms(order.value), signature }]);
    if (!answers.ok) return this.#refuse(request, answers.rejection);
    const [answer] = answers.value;
    if (answer !== undefined && answer.kind !== 'accepted') {
      return this.#refuse(request, answer.rejection);
    }
    return answer;
  }

  /** Withdraws an open order. */
  async cancel(orderId: string): Promise<void> {
    const acting = await this.#link.acting();
    const signature = await this.who.sign(await acting.cancelWish(this.who.account, orderId));
    const parts = { params: { orderId }, body: { signature } };
    unwrap(await call(this.#link.client.transport, cancelOrder, parts));
  }

  /** Signs and requests a withdrawal. @returns its id. */
  async withdraw(wish: Omit<Withdrawal, 'orderNonce'>): Promise<string> {
    const acting = await this.#link.acting();
    const withdrawal = { ...wish, orderNonce: acting.nextOrderNonce() };
    const signature = await this.who.sign(await acting.withdrawalWish(withdrawal));
    const body = { ...wireWithdrawal(withdrawal), signature };
    const { transport } = this.#link.client;
    const reply = unwrap(await call(transport, requestWithdrawal, { body }));
    this.reread();
    return reply.withdrawalId;
  }

  /** Reads balances, orders and crossings again; asked for twice at once, it reads once more. */
  reread(): void {
    this.#wantsReread = true;
    if (this.#rereading) return;
    this.#rereading = true;
    this.#rereadWhileWanted().then(
      () => this.trouble.set(undefined),
      (cause: unknown) => this.trouble.set(troubleOf(cause)),
    );
  }

  async #rereadWhileWanted(): Promise<void> {
    try {
      while (this.#wantsReread) {
        this.#wantsReread = false;
        await this.#read();
      }
    } finally {
      this.#rereading = false;
    }
  }

  async #read(): Promise<void> {
    const { client } = this.#link;
    const owner = this.who.account;
    const page = { limit: PAGE };
    const [account, orders, deposits, withdrawals] = await Promise.all([
      client.readAccount(owner),
      client.listOrders({ owner, ...page }),
      client.listDeposits(owner, page),
      client.listWithdrawals(owner, page),
    ]);
    this.account.set(unwrap(account));
    this.orders.set(joinOrders(this.orders.get() ?? [], unwrap(orders).orders));
    this.deposits.set(unwrap(deposits).deposits);
    this.withdrawals.set(unwrap(withdrawals).withdrawals);
  }

  #take(order: OrderView): void {
    const before = this.orders.get()?.find(({ orderId }) => orderId === order.orderId);
    this.orders.set(joinOrders(this.orders.get() ?? [], [order]));
    if (before?.status === 'new' && order.status !== 'new') announce(order);
    this.reread();
  }

  #refuse(request: OrderRequest, rejection: RefusedOrder['rejection']): undefined {
    this.#refusals += 1;
    const refused = { key: this.#refusals, atMs: Date.now(), request, rejection };
    this.refused.set([refused, ...this.refused.get()].slice(0, REFUSED_MAX));
  }
}

/** Which account trades; undefined until one is chosen. */
export const desk: Live<Desk | undefined> = new Live<Desk | undefined>(undefined);

/** Lets an account trade on this page. */
export function sitDown(who: TraderAccount, link: VenueLink): void {
  desk.get()?.leave();
  desk.set(new Desk(who, link));
}

/** Nobody trades here any more. */
export function standUp(): void {
  desk.get()?.leave();
  desk.set(undefined);
}

function announce(order: OrderView): void {
  const { status, paid, pay, received, receive } = order;
  const isFilled = status === 'filled' || status === 'partiallyFilled';
  say({
    tone: isFilled ? 'good' : 'plain',
    title: isFilled ? `Batch ${order.batchNumber} filled your order` : 'Your order did not trade',
    words: isFilled
      ? `Paid ${paid} ${pay}, received ${received} ${receive}.`
      : `Nothing was spent; ${pay} is available again.`,
  });
}

function joinOrders(list: readonly OrderView[], news: readonly OrderView[]): readonly OrderView[] {
  return upsertAll(list, news, { rank: ({ sequence }) => sequence, most: ORDERS_MAX });
}
