import { readWish, wishDigest } from '@lawbook/api/client/bookWishes';
import type { BookAction, BookActionAnswer, BookOrderTerms } from '@lawbook/api/schema/bookActions';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { at, invariant, unreachable } from '@lawbook/exchange/failures/invariant';
import type { OpenBookOrder } from '@lawbook/exchange/markets/book/executions';
import { clientOrderId, NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import type { BookIntake } from '../../bookIntake.ts';
import type { Asker, GatewayCore } from '../../gatewayCore.ts';
import type { ActionReply, CancelReply, NamedOrder, OrderReply } from './actionReplies.ts';
import { DONE, failed, ORDER_GONE, orderReply, refusalText } from './actionReplies.ts';
import type { TradeAction, WireModify, WireOrder } from './actionSchemas.ts';
import { OrderNonces } from './chainNonces.ts';
import type { DelegateKey } from './delegateKey.ts';
import { orderTerms } from './orderTerms.ts';
import type { Standing } from './signers.ts';
import type { SpotMarket, SpotMarkets } from './spotMarkets.ts';

/** What the desk works with. */
export interface TradeDeskParts {
  readonly core: GatewayCore;
  readonly bookIntake: BookIntake;
  readonly markets: SpotMarkets;
  readonly delegate: DelegateKey;
}

/** An action whose signer, chain nonce and time were checked. */
export interface Mandate extends Standing {
  readonly chainNonce: number;
  readonly connectionId: Uint8Array;
  /** From then on nothing of it takes effect any more, milliseconds since 1970. */
  readonly voidAtMs: number;
  readonly asker: Asker;
}

/** A scheduled cancel is at least so far ahead, as in the dialect. */
const SCHEDULE_AHEAD_MS = 5000;

/**
 * Carries out what traders ask of books: writes every wish down in the venue's own terms, signs it
 * with the delegate key that the owner granted, and hands it to the one intake of books.
 */
export class TradeDesk {
  readonly #parts: TradeDeskParts;
  readonly #orderNonces = new OrderNonces();

  constructor(parts: TradeDeskParts) {
    this.#parts = parts;
  }

  /** The parts of an action reach the sequencer in their order; each is answered for itself. */
  async act(action: TradeAction, mandate: Mandate): Promise<ActionReply> {
    switch (action.type) {
      case 'order': {
        const { grouping = 'na' } = action;
        if (grouping !== 'na') return failed('Order grouping other than "na" is not supported.');
        const replies = action.orders.map((order, place) => this.#place(order, place, mandate));
        return orderReplies(await Promise.all(replies));
      }
      case 'modify': {
        const reply = await this.#modify(action, 0, mandate);
        return 'error' in reply ? failed(reply.error) : DONE;
      }
      case 'batchModify': {
        const { modifies } = action;
        const replies = modifies.map((modify, place) => this.#modify(modify, place, mandate));
        return orderReplies(await Promise.all(replies));
      }
      case 'cancel': {
        const replies = action.cancels.map(({ a, o }) => this.#cancel(a, o, mandate));
        return cancelReplies(await Promise.all(replies));
      }
      case 'cancelByCloid': {
        const { cancels } = action;
        const replies = cancels.map(({ asset, cloid }) => this.#cancel(asset, cloid, mandate));
        return cancelReplies(await Promise.all(replies));
      }
      case 'scheduleCancel':
        return await this.#schedule(action.time ?? undefined, mandate);
      case 'noop':
        return DONE;
      default:
        return unreachable(action);
    }
  }

  async #place(order: WireOrder, place: number, mandate: Mandate): Promise<OrderReply> {
    const market = this.#parts.markets.byAsset(order.a);
    if (market === undefined) return assetUnknown(order.a);
    const terms = orderTerms(order, market, { ...mandate, place });
    if (typeof terms === 'string') return { error: terms };
    return await this.#submit(terms, market, { mandate, cloid: order.c ?? undefined });
  }

  async #submit(
    terms: Omit<BookOrderTerms, 'orderNonce' | 'expiresAtMs'>,
    market: SpotMarket,
    { mandate, cloid }: { readonly mandate: Mandate; readonly cloid: string | undefined },
  ): Promise<OrderReply> {
    const answer = await this.#ask(market, mandate, (fresh) => {
      return { kind: 'order', ...terms, ...fresh };
    });
    return await this.#answered(answer, market, cloid);
  }

  /** What the last of its reports says of an order that was placed or changed. */
  async #answered(
    answer: BookActionAnswer,
    market: SpotMarket,
    cloid: string | undefined,
  ): Promise<OrderReply> {
    if (answer.kind !== 'accepted') return { error: refusalText(answer.rejection, market) };
    const named = { orderId: Number(answer.orderId), cloid };
    const last = answer.executions.findLast(({ orderId }) => orderId === answer.orderId);
    if (last === undefined) return await this.#standing(named, market);
    const { orderStatus, reason, cumulativeSize, averagePrice } = last;
    const outcome = { status: orderStatus, reason, filledSize: cumulativeSize, averagePrice };
    return orderReply(outcome, named, market);
  }

  /** Where an order stands that had been taken before: by now it may have ended. */
  async #standing(named: NamedOrder, market: SpotMarket): Promise<OrderReply> {
    const { units, marketId } = market;
    const record = await this.#parts.core.venue.books.order(marketId, named.orderId);
    invariant(record !== undefined, 'an order that was accepted is known');
    const { status, reason, filledLots, filledNotional } = record;
    const averagePrice =
      filledLots === 0 ? undefined : units.price(filledNotional, BigInt(filledLots));
    const outcome = { status, reason, filledSize: units.size(filledLots), averagePrice };
    return orderReply(outcome, named, market);
  }

  async #modify({ oid, order }: WireModify, place: number, mandate: Mandate): Promise<OrderReply> {
    const market = this.#parts.markets.byAsset(order.a);
    if (market === undefined) return assetUnknown(order.a);
    const terms = orderTerms(order, market, { ...mandate, place });
    if (typeof terms === 'string') return { error: terms };
    const name = this.#nameOf(oid, market);
    const open = name && market.book.find(mandate.owner, name);
    if (open === undefined)
      return { error: `Cannot modify canceled or filled order. ${ORDER_GONE}` };
    const cloid = order.c ?? undefined;
    if (isSameKind(open, terms, cloid)) return await this.#amend(open, terms, market, mandate);
    const canceled = await this.#cancelOpen(open.orderId, market, mandate);
    if (canceled !== 'success') return canceled;
    const reply = await this.#submit(terms, market, { mandate, cloid });
    if (!('error' in reply)) return reply;
    return { error: `The order was canceled, its replacement refused: ${reply.error}` };
  }

  /**
   * The dialect's size is what shall stay open; ours counts what has traded as well. An order that
   * only shrinks keeps its place.
   */
  async #amend(
    open: OpenBookOrder,
    { priceTicks, sizeLots }: Pick<BookOrderTerms, 'priceTicks' | 'sizeLots'>,
    market: SpotMarket,
    mandate: Mandate,
  ): Promise<OrderReply> {
    const { orderId, filledLots, leavesLots, order } = open;
    const named = { orderId, cloid: order.clientOrderId };
    const samePrice = open.priceTicks === priceTicks;
    if (samePrice && leavesLots === sizeLots) return await this.#standing(named, market);
    const answer = await this.#ask(market, mandate, (fresh) => ({
      kind: 'amend',
      owner: mandate.owner,
      marketId: String(market.marketId),
      orderId: String(orderId),
      clientOrderId: NO_CLIENT_ORDER_ID,
      priceTicks,
      sizeLots: filledLots + sizeLots,
      ...fresh,
    }));
    return await this.#answered(answer, market, order.clientOrderId);
  }

  async #cancel(asset: number, id: number | string, mandate: Mandate): Promise<CancelReply> {
    const market = this.#parts.markets.byAsset(asset);
    if (market === undefined) return assetUnknown(asset);
    const name = this.#nameOf(id, market);
    const open = name && market.book.find(mandate.owner, name);
    if (open === undefined) return { error: `${ORDER_GONE} asset=${asset}` };
    return await this.#cancelOpen(open.orderId, market, mandate);
  }

  async #cancelOpen(orderId: number, market: SpotMarket, mandate: Mandate): Promise<CancelReply> {
    const answer = await this.#ask(market, mandate, () => ({
      kind: 'cancel',
      owner: mandate.owner,
      marketId: String(market.marketId),
      orderId: String(orderId),
      clientOrderId: NO_CLIENT_ORDER_ID,
    }));
    if (answer.kind === 'accepted') return 'success';
    return { error: refusalText(answer.rejection, market) };
  }

  /** The dead-man switch, in every book at once: the dialect has one for all. */
  async #schedule(time: number | undefined, mandate: Mandate): Promise<ActionReply> {
    const { core, markets } = this.#parts;
    const earliest = core.dependencies.clock() + SCHEDULE_AHEAD_MS;
    if (time !== undefined && time < earliest) {
      return failed(`Scheduled cancel time too early: at least ${SCHEDULE_AHEAD_MS} ms from now.`);
    }
    // Switching it off is only worth an input where the owner has ever been.
    const concerned = markets.all().filter(({ book }) => {
      return time !== undefined || book.accountOf(mandate.owner) !== undefined;
    });
    const answers = await Promise.all(
      concerned.map((market) =>
        this.#ask(market, mandate, (fresh) => ({
          kind: 'heartbeat',
          owner: mandate.owner,
          marketId: String(market.marketId),
          deadlineMs: time ?? 0,
          ...fresh,
        })),
      ),
    );
    const refused = answers.flatMap((answer, k) => {
      return answer.kind === 'accepted' ? [] : [refusalText(answer.rejection, concerned[k])];
    });
    return refused.length === 0 ? DONE : failed(refused.join(' '));
  }

  /** Our id and none of the owner's, or the other way about; undefined for another market's. */
  #nameOf(
    id: number | string,
    market: SpotMarket,
  ): Parameters<SpotMarket['book']['find']>[1] | undefined {
    if (typeof id === 'string') return { orderId: 0, clientOrderId: clientOrderId(id) };
    const named = this.#parts.markets.resolve(id);
    if (named?.market !== market || named.number === 0) return undefined;
    return { orderId: named.number, clientOrderId: NO_CLIENT_ORDER_ID };
  }

  /** Writes a wish down, signs it and has it sequenced, before anything else can come between. */
  async #ask(
    { book }: SpotMarket,
    { owner, chainNonce, voidAtMs: expiresAtMs, asker }: Mandate,
    wish: (fresh: { readonly orderNonce: string; readonly expiresAtMs: number }) => BookAction,
  ): Promise<BookActionAnswer> {
    const { core, delegate, bookIntake } = this.#parts;
    const orderNonce = String(this.#orderNonces.next(book, owner, chainNonce));
    const action = wish({ orderNonce, expiresAtMs });
    const digest = wishDigest(readWish(action), core.venue.state.bookSigning);
    const signature = bytesToHex(delegate.sign(digest));
    return at(await bookIntake.submit([{ ...action, signature }], asker), 0);
  }
}

/** Whether an order differs from what it is to be in price and size at most. */
function isSameKind(
  { order }: OpenBookOrder,
  terms: Omit<BookOrderTerms, 'orderNonce' | 'expiresAtMs'>,
  cloid: string | undefined,
): boolean {
  const fields = ['side', 'type', 'timeInForce', 'postOnly', 'trigger', 'triggerTicks'] as const;
  if (fields.some((field) => order[field] !== terms[field])) return false;
  return cloid === undefined || cloid.toLowerCase() === order.clientOrderId;
}

function assetUnknown(asset: number): { readonly error: string } {
  return { error: `Asset ${asset} is not traded here. asset=${asset}` };
}

function orderReplies(statuses: readonly OrderReply[]): ActionReply {
  return { status: 'ok', response: { type: 'order', data: { statuses } } };
}

function cancelReplies(statuses: readonly CancelReply[]): ActionReply {
  return { status: 'ok', response: { type: 'cancel', data: { statuses } } };
}
