import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookOrder, ClientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { NO_CLIENT_ORDER_ID, parseClientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { BookSigning } from '@lawbook/exchange/orders/bookSigning';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { BookAction, BookActionAnswer } from '../schema/bookActions.ts';
import { submitBookActions } from '../schema/bookRoutes.ts';
import type { TwapAnswer, TwapList, TwapRequest } from '../schema/twapRoutes.ts';
import { cancelTwap, listTwaps, placeTwap } from '../schema/twapRoutes.ts';
import { BookReader } from './bookReader.ts';
import type { TypedWish } from './bookWishes.ts';
import { typedWish, wireBookOrder } from './bookWishes.ts';
import type { BookOrderRequest } from './buildBookOrder.ts';
import { buildBookOrder, lotsOf, ticksOf } from './buildBookOrder.ts';
import { ClientFault } from './clientFault.ts';
import type { Feed } from './feed.ts';
import type { Signer } from './signers.ts';
import type { CallOptions, TransportOptions } from './transport.ts';
import { call } from './transport.ts';

/** Signs in a wallet, which shows the message to its owner. */
export interface WalletSigner {
  readonly kind: 'wallet';
  readonly owner: AccountId;
  /** `eth_signTypedData_v4` of the message with the types of `/v1/typed-data`. */
  readonly sign: (wish: TypedWish) => Promise<string>;
}

/** Acts for an owner on books. */
export type BookSigner = Signer | WalletSigner;

/** Which open order is meant: by the venue's id, or by the sender's own. */
export type BookOrderNaming =
  | { readonly orderId: string; readonly clientOrderId?: undefined }
  | { readonly clientOrderId: string; readonly orderId?: undefined };

/** A change of an open order, in whole units. */
export type BookAmendRequest = BookOrderNaming & {
  readonly marketId: string;
  /** The new size, what has traded included. */
  readonly size: string;
  /** The new price; absent only shrinks the size in place, and the order keeps its priority. */
  readonly price?: string;
  readonly ttlMs?: number;
};

/** What a trader on books shares with the client that it belongs to. */
export interface BookTraderDependencies {
  readonly transport: TransportOptions;
  readonly signer: BookSigner | undefined;
  readonly domain: (options?: CallOptions) => Promise<VenueDomain>;
  readonly nextOrderNonce: () => bigint;
  readonly now: () => number;
  /** How often a submission is repeated after a fault that may pass. */
  readonly retriesMax: number;
}

/** Where actions go: over HTTP unless a feed carries them. */
export interface BookCallOptions extends CallOptions {
  readonly feed?: Pick<Feed, 'bookActions'>;
}

const ACTION_TTL_MS = 60_000;
/** Refusals that another nonce heals. */
const NONCE_TAKEN: ReadonlySet<string> = new Set(['orderNonceReplayed', 'orderNonceTooOld']);

/**
 * Trades on order books: decimals in, signed actions out. Refusals are returned as data; faults of
 * the network are thrown. Each act exists twice: `...Action` builds and signs, the plain verb also
 * sends.
 *
 * @example
 * const order = { marketId, side: 'buy', size: '10', price: '1.1' } as const;
 * const placed = await client.books.placeOrder(order);
 */
export class BookTrader extends BookReader {
  readonly #deps: BookTraderDependencies;
  #signing: BookSigning | undefined;

  constructor(dependencies: BookTraderDependencies) {
    super(dependencies.transport);
    this.#deps = dependencies;
  }

  /** The same for another signer, such as a wallet. */
  actingFor(signer: BookSigner): BookTrader {
    return new BookTrader({ ...this.#deps, signer });
  }

  /**
   * Places one order. Where another client of the owner used its nonce first, it is signed anew: a
   * refused nonce means that the order was not taken. After a fault that may pass it is sent again,
   * and an order that had been accepted repeats its answer.
   *
   * Rejections: those of `buildBookOrder`, notFound for the book.
   */
  async placeOrder(
    request: BookOrderRequest,
    options?: BookCallOptions,
  ): Promise<Result<BookActionAnswer>> {
    const clientOrderId = request.clientOrderId ?? freshClientOrderId();
    return await this.#sendFresh(
      () => this.orderAction({ ...request, clientOrderId }, options),
      options,
    );
  }

  /** Builds and signs an order; a session's order carries no signature. */
  async orderAction(request: BookOrderRequest, options?: CallOptions): Promise<Result<BookAction>> {
    const needsPrices = request.price === undefined;
    const book = needsPrices
      ? await this.read(request.marketId, options)
      : await this.rules(request.marketId, options);
    if (!book.ok) return book;
    const view = 'book' in book.value ? book.value.book : book.value;
    const order = buildBookOrder(request, view, {
      ...this.#fresh(request.ttlMs),
      owner: this.#signer().owner,
      clientOrderId: freshClientOrderId(),
    });
    if (!order.ok) return order;
    return accepted(await this.signedOrder(order.value, options));
  }

  /** Signs an order that is stated in ticks and lots. */
  signedOrder(order: BookOrder, options?: CallOptions): Promise<BookAction> {
    return this.signed(wireBookOrder(order), options);
  }

  /** Changes an open order: without a price its size shrinks in place, else it is replaced. */
  async amendOrder(
    request: BookAmendRequest,
    options?: BookCallOptions,
  ): Promise<Result<BookActionAnswer>> {
    return await this.#sendFresh(() => this.amendAction(request, options), options);
  }

  /**
   * Builds and signs a change. Rejections: orderUnknown for what is no id, sizeOutOfRange,
   * priceOutOfRange, notFound.
   */
  async amendAction(request: BookAmendRequest, options?: CallOptions): Promise<Result<BookAction>> {
    const { marketId, price, size } = request;
    const unknown = refuseNaming(request);
    if (unknown !== undefined) return unknown;
    const book = await this.rules(marketId, options);
    if (!book.ok) return book;
    const lots = lotsOf(book.value, 'size', size);
    if (!lots.ok) return lots;
    const ticks = price === undefined ? accepted(0) : ticksOf(book.value, 'price', price);
    if (!ticks.ok) return ticks;
    const action: BookAction = {
      kind: 'amend',
      ...this.#named(marketId, request),
      priceTicks: ticks.value,
      sizeLots: lots.value,
      ...this.#wireFresh(request.ttlMs),
    };
    return accepted(await this.signed(action, options));
  }

  /** Cancels an open order, by either id. */
  async cancelOrder(
    request: BookOrderNaming & { readonly marketId: string },
    options?: BookCallOptions,
  ): Promise<Result<BookActionAnswer>> {
    const action = await this.cancelAction(request, options);
    return action.ok ? await this.#sendOne(action.value, options) : action;
  }

  /** Builds and signs a cancel. Rejections: orderUnknown for what is no id. */
  async cancelAction(
    request: BookOrderNaming & { readonly marketId: string },
    options?: CallOptions,
  ): Promise<Result<BookAction>> {
    const unknown = refuseNaming(request);
    if (unknown !== undefined) return unknown;
    const action = { kind: 'cancel', ...this.#named(request.marketId, request) } as const;
    return accepted(await this.signed(action, options));
  }

  /** Cancels all open orders of the owner in a book. */
  async cancelAll(marketId: string, options?: BookCallOptions): Promise<Result<BookActionAnswer>> {
    return await this.#sendFresh(
      async () => accepted(await this.cancelAllAction(marketId, options)),
      options,
    );
  }

  /** Builds and signs a cancel of all. */
  cancelAllAction(marketId: string, options?: CallOptions): Promise<BookAction> {
    const { owner } = this.#signer();
    const action = { kind: 'cancelAll', owner, marketId, ...this.#wireFresh() } as const;
    return this.signed(action, options);
  }

  /**
   * The dead-man switch: all orders of the owner in the book end so many milliseconds from now
   * unless another heartbeat moves that. 0 switches it off.
   */
  async heartbeat(
    marketId: string,
    endsInMs: number,
    options?: BookCallOptions,
  ): Promise<Result<BookActionAnswer>> {
    return await this.#sendFresh(
      async () => accepted(await this.heartbeatAction(marketId, endsInMs, options)),
      options,
    );
  }

  /** Builds and signs a heartbeat. */
  heartbeatAction(marketId: string, endsInMs: number, options?: CallOptions): Promise<BookAction> {
    const { owner } = this.#signer();
    const deadlineMs = endsInMs === 0 ? 0 : this.#deps.now() + endsInMs;
    const fresh = this.#wireFresh();
    return this.signed({ kind: 'heartbeat', owner, marketId, deadlineMs, ...fresh }, options);
  }

  /**
   * Lets the venue take an order to a book in slices, in the name of the client's session. The same
   * client order id again is answered with the same order.
   *
   * Rejections: unauthenticated without a session, sizeOutOfRange, priceOutOfRange,
   * notionalTooSmall, clientOrderIdUsed, rateLimited.
   */
  placeTwap(
    request: Omit<TwapRequest, 'clientOrderId'> & { readonly clientOrderId?: string },
    options?: CallOptions,
  ): Promise<Result<TwapAnswer>> {
    const body = { ...request, clientOrderId: request.clientOrderId ?? freshClientOrderId() };
    return call(this.transport, placeTwap, { body }, options);
  }

  /** Sliced orders of the session's owner, new to old. */
  listTwaps(options?: CallOptions): Promise<Result<TwapList>> {
    return call(this.transport, listTwaps, {}, options);
  }

  /** Lets no further slice be placed. Rejections: notFound. */
  cancelTwap(twapId: string, options?: CallOptions): Promise<Result<TwapAnswer>> {
    return call(this.transport, cancelTwap, { params: { twapId } }, options);
  }

  /** Adds the owner's signature; a session's action carries none. */
  async signed(action: BookAction, options?: CallOptions): Promise<BookAction> {
    const signer = this.#signer();
    if (signer.kind === 'session') return action;
    const wish = typedWish(action, await this.signing(options));
    const signature = signer.kind === 'wallet' ? await signer.sign(wish) : signer.sign(wish.digest);
    return { ...action, signature };
  }

  /**
   * Sends signed actions, each answered on its own, in order. They are sent again after a fault
   * that may pass only where that cannot act twice: orders repeat their answer, cancels are
   * idempotent. Otherwise the fault is thrown and what the venue did can be read from the orders.
   */
  async submit(
    actions: readonly BookAction[],
    options?: BookCallOptions,
  ): Promise<Result<readonly BookActionAnswer[]>> {
    const repeatable = actions.every(({ kind }) => kind === 'order' || kind === 'cancel');
    const { feed } = options ?? {};
    if (feed !== undefined) return await feed.bookActions(actions, { ...options, repeatable });
    for (let attempt = 0; ; attempt += 1) {
      try {
        const parts = { body: { actions } };
        const result = await call(this.transport, submitBookActions, parts, options);
        return result.ok ? accepted(result.value.answers) : result;
      } catch (cause) {
        const passing = cause instanceof ClientFault && cause.retryable;
        if (!passing || !repeatable || attempt >= this.#deps.retriesMax) throw cause;
      }
    }
  }

  /** What owners sign for the books of this venue. */
  async signing(options?: CallOptions): Promise<BookSigning> {
    this.#signing ??= new BookSigning(await this.#deps.domain(options));
    return this.#signing;
  }

  async #sendFresh(
    build: () => Promise<Result<BookAction>>,
    options: BookCallOptions | undefined,
  ): Promise<Result<BookActionAnswer>> {
    for (let attempt = 0; ; attempt += 1) {
      const action = await build();
      if (!action.ok) return action;
      const answer = await this.#sendOne(action.value, options);
      if (!answer.ok) return answer;
      if (!isNonceTaken(answer.value) || attempt >= this.#deps.retriesMax) return answer;
    }
  }

  async #sendOne(
    action: BookAction,
    options: BookCallOptions | undefined,
  ): Promise<Result<BookActionAnswer>> {
    const answers = await this.submit([action], options);
    if (!answers.ok) return answers;
    const [answer] = answers.value;
    if (answer === undefined)
      throw new ClientFault('ANSWER_MALFORMED', { id: 'submitBookActions' });
    return accepted(answer);
  }

  #signer(): BookSigner {
    const { signer } = this.#deps;
    if (signer === undefined) throw new ClientFault('SIGNER_MISSING');
    return signer;
  }

  #fresh(ttlMs = ACTION_TTL_MS): { readonly orderNonce: bigint; readonly expiresAtMs: number } {
    return { orderNonce: this.#deps.nextOrderNonce(), expiresAtMs: this.#deps.now() + ttlMs };
  }

  #wireFresh(ttlMs?: number): { readonly orderNonce: string; readonly expiresAtMs: number } {
    const { orderNonce, expiresAtMs } = this.#fresh(ttlMs);
    return { orderNonce: String(orderNonce), expiresAtMs };
  }

  #named(
    marketId: string,
    { orderId = '0', clientOrderId = NO_CLIENT_ORDER_ID }: BookOrderNaming,
  ): {
    readonly owner: AccountId;
    readonly marketId: string;
    readonly orderId: string;
    readonly clientOrderId: string;
  } {
    return { owner: this.#signer().owner, marketId, orderId, clientOrderId };
  }
}

/** Ids of books stay below 2^53. */
function refuseNaming({ orderId, clientOrderId }: BookOrderNaming): Refused | undefined {
  if (orderId === undefined) {
    if (parseClientOrderId(clientOrderId ?? '') !== undefined) return undefined;
    const limit = '0x and 32 hexadecimal digits';
    return refuse('orderUnknown', { field: 'clientOrderId', limit, actual: clientOrderId ?? '' });
  }
  if (/^[1-9]\d{0,15}$/.test(orderId) && Number.isSafeInteger(Number(orderId))) return undefined;
  return refuse('orderUnknown', { field: 'orderId', actual: orderId });
}

function isNonceTaken(answer: BookActionAnswer): boolean {
  return answer.kind === 'rejected' && NONCE_TAKEN.has(answer.rejection.code);
}

/** A client order id that nobody has used: sixteen random bytes. */
export function freshClientOrderId(): ClientOrderId {
  const id = parseClientOrderId(bytesToHex(crypto.getRandomValues(new Uint8Array(16))));
  return id ?? NO_CLIENT_ORDER_ID;
}
