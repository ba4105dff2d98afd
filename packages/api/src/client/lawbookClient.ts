import type { Hash } from '@lawbook/exchange/codec/hash';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { commitmentHash } from '@lawbook/exchange/orders/commitment';
import type { SessionGrant, Withdrawal } from '@lawbook/exchange/orders/signedTypes';
import { NO_DELEGATE, Scope, Signing } from '@lawbook/exchange/orders/signedTypes';
import { closeSession, openSession } from '../schema/accountRoutes.ts';
import type { ScopeName, SessionClosed, SessionOpened } from '../schema/accountViews.ts';
import { requestWithdrawal } from '../schema/crossingRoutes.ts';
import type { WithdrawalReply } from '../schema/crossingViews.ts';
import { cancelOrder, commitOrder, revealOrder, submitOrders } from '../schema/orderRoutes.ts';
import type {
  CancelReply,
  CommitReply,
  OrderAnswer,
  PreviewView,
  SignedOrder,
} from '../schema/orderViews.ts';
import { wireTerms, wireWithdrawal } from '../schema/wireTerms.ts';
import { BookTrader } from './bookTrader.ts';
import { ClientFault } from './clientFault.ts';
import type { OrderRequest } from './createOrder.ts';
import { buildOrder } from './createOrder.ts';
import { previewOrder } from './previewOrder.ts';
import type { Signer } from './signers.ts';
import { sessionHeader } from './signers.ts';
import type { Timers } from './timers.ts';
import { systemTimers } from './timers.ts';
import type { CallOptions, TransportOptions } from './transport.ts';
import { call } from './transport.ts';
import { VenueReader } from './venueReader.ts';

/** How a client is made. */
export interface ClientOptions {
  readonly baseUrl: string;
  /** Who the client acts for; absent for one that only reads. */
  readonly signer?: Signer;
  readonly timeoutMs?: number;
  /** How often an order is submitted again after a fault that may pass. */
  readonly submitRetriesMax?: number;
  readonly fetch?: typeof fetch;
  readonly timers?: Timers;
}

/** A session that is asked for. */
export interface SessionWish {
  readonly scopes: readonly ScopeName[];
  readonly ttlMs: number;
  /** Key that may sign orders; absent for a session with a secret. */
  readonly delegate?: AccountId;
}

/** A hidden order: what was committed, and what reveals it. */
export interface HiddenOrder {
  readonly signed: SignedOrder;
  readonly salt: string;
  readonly reply: CommitReply;
}

const TIMEOUT_MS = 10_000;
const ORDER_TTL_MS = 60_000;
/** Refusals that another nonce heals. */
const NONCE_TAKEN: ReadonlySet<string> = new Set(['orderNonceReplayed', 'orderNonceTooOld']);

/**
 * A venue from a trader's side: reads, orders in human decimals, sessions.
 *
 * Refusals are returned as data; faults of the network are thrown. Works in Node 24 and browsers.
 *
 * @example
 * const client = new LawbookClient({ baseUrl, signer: keySigner(secretKey) });
 * const placed = await client.placeOrder({ pay: 'USD', receive: 'EUR', amount: '1000' });
 */
export class LawbookClient extends VenueReader {
  readonly signer: Signer | undefined;
  readonly timers: Timers;
  /** Order books: reads and orders. */
  readonly books: BookTrader;
  readonly #retriesMax: number;
  #signing: Promise<Signing> | undefined;
  #lastNonce = 0n;

  constructor(options: ClientOptions) {
    const timers = options.timers ?? systemTimers;
    super(transportOf(options, timers));
    this.signer = options.signer;
    this.timers = timers;
    this.#retriesMax = options.submitRetriesMax ?? 2;
    this.books = new BookTrader({
      transport: this.transport,
      signer: options.signer,
      domain: async (call) => (await this.signing(call)).domain,
      nextOrderNonce: () => this.nextOrderNonce(),
      now: () => timers.now(),
      retriesMax: this.#retriesMax,
    });
  }

  /** Signs an order for the client's owner. Rejections: those of `buildOrder`, marketUnknown. */
  async createOrder(request: OrderRequest, options?: CallOptions): Promise<Result<SignedOrder>> {
    const order = await this.#build(request, options);
    if (!order.ok) return order;
    return accepted(await this.signOrder(order.value, options));
  }

  /** Signs the fields of an order; a session's order carries no signature. */
  async signOrder(order: BatchOrder, options?: CallOptions): Promise<SignedOrder> {
    const signer = this.#signer();
    const terms = wireTerms(order);
    if (signer.kind === 'session') return terms;
    const signing = await this.signing(options);
    return { ...terms, signature: signer.sign(signing.orderDigest(order)) };
  }

  /**
   * Creates and submits one order. Where another client of the same owner used its nonce first, it
   * is signed anew: a refused nonce means that the order was not taken.
   */
  async placeOrder(request: OrderRequest, options?: CallOptions): Promise<Result<OrderAnswer>> {
    for (let attempt = 0; ; attempt += 1) {
      const order = await this.createOrder(request, options);
      if (!order.ok) return order;
      const answers = await this.submitOrders([order.value], options);
      if (!answers.ok) return answers;
      const [answer] = answers.value;
      if (answer === undefined) throw new ClientFault('ANSWER_MALFORMED', { id: 'submitOrders' });
      const taken = answer.kind === 'rejected' && NONCE_TAKEN.has(answer.rejection.code);
      if (!taken || attempt >= this.#retriesMax) return accepted(answer);
    }
  }

  /**
   * Submits signed orders, each answered on its own. After a fault that may pass they are submitted
   * again: an order that had been accepted repeats its answer.
   */
  async submitOrders(
    orders: readonly SignedOrder[],
    options?: CallOptions,
  ): Promise<Result<readonly OrderAnswer[]>> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const result = await call(this.transport, submitOrders, { body: { orders } }, options);
        return result.ok ? accepted(result.value.answers) : result;
      } catch (cause) {
        const passing = cause instanceof ClientFault && cause.retryable;
        if (!passing || attempt >= this.#retriesMax) throw cause;
      }
    }
  }

  /** Withdraws an open order of the client's owner. */
  async cancelOrder(orderId: string, options?: CallOptions): Promise<Result<CancelReply>> {
    const signer = this.#signer();
    const signing = await this.signing(options);
    const body =
      signer.kind === 'session'
        ? {}
        : { signature: signer.sign(signing.cancelDigest(signer.owner, orderId as Hash)) };
    return await call(this.transport, cancelOrder, { params: { orderId }, body }, options);
  }

  /**
   * Signs and requests a withdrawal of the client's owner. A session cannot: money leaves by the
   * owner's own key only.
   */
  async requestWithdrawal(
    withdrawal: Withdrawal,
    options?: CallOptions,
  ): Promise<Result<WithdrawalReply>> {
    const signer = this.#signer();
    if (signer.kind === 'session') {
      return refuse('unauthenticated', { field: 'signature', actual: 'a session' });
    }
    const signing = await this.signing(options);
    const signature = signer.sign(signing.withdrawalDigest(withdrawal));
    const body = { ...wireWithdrawal(withdrawal), signature };
    return await call(this.transport, requestWithdrawal, { body }, options);
  }

  /** The clearing engine's answer to an order that is not placed. */
  previewOrder(request: OrderRequest, options?: CallOptions): Promise<Result<PreviewView>> {
    return previewOrder(this, request, options);
  }

  /** Commits to an order without showing it. Keep the answer: only it can reveal the order. */
  async commitOrder(request: OrderRequest, options?: CallOptions): Promise<Result<HiddenOrder>> {
    const order = await this.#build(request, options);
    if (!order.ok) return order;
    const { marketId, owner } = order.value;
    const market = await this.readMarket(String(marketId), options);
    if (!market.ok) return market;
    const salt = crypto.getRandomValues(new Uint8Array(32));
    const { batchNumber } = market.value.market.phase;
    const commitment = commitmentHash({ batchNumber, order: order.value, salt });
    const signer = this.#signer();
    const signing = await this.signing(options);
    const digest = signing.commitDigest({ owner, marketId, batchNumber, commitment });
    const body = {
      owner,
      marketId: String(marketId),
      batchNumber,
      commitment,
      ...(signer.kind === 'key' && { signature: signer.sign(digest) }),
    };
    const reply = await call(this.transport, commitOrder, { body }, options);
    if (!reply.ok) return reply;
    const signed = await this.signOrder(order.value, options);
    return accepted({ signed, salt: bytesToHex(salt), reply: reply.value });
  }

  /** Reveals a committed order once its market reveals. */
  async revealOrder(hidden: HiddenOrder, options?: CallOptions): Promise<Result<OrderAnswer>> {
    const body = { order: hidden.signed, salt: hidden.salt };
    const result = await call(this.transport, revealOrder, { body }, options);
    if (!result.ok) return result;
    const [answer] = result.value.answers;
    if (answer === undefined) throw new ClientFault('ANSWER_MALFORMED', { route: 'revealOrder' });
    return accepted(answer);
  }

  /** Opens a session by one signature of the owner's key. */
  async openSession(wish: SessionWish, options?: CallOptions): Promise<Result<SessionOpened>> {
    const signer = this.#signer();
    if (signer.kind !== 'key') throw new ClientFault('SIGNER_MISSING', { needs: 'a key' });
    const grant: SessionGrant = {
      owner: signer.owner,
      delegate: wish.delegate ?? NO_DELEGATE,
      scopes: wish.scopes.reduce((sum, scope) => sum | Scope[scope], 0),
      expiresAtMs: this.timers.now() + wish.ttlMs,
      orderNonce: this.nextOrderNonce(),
    };
    const signing = await this.signing(options);
    const body = {
      ...grant,
      orderNonce: String(grant.orderNonce),
      signature: signer.sign(signing.grantDigest(grant)),
    };
    return await call(this.transport, openSession, { body }, options);
  }

  /** Revokes a session; the client's signer must be a session of the same owner. */
  closeSession(sessionId: string, options?: CallOptions): Promise<Result<SessionClosed>> {
    return call(this.transport, closeSession, { params: { sessionId } }, options);
  }

  /** What this venue's users sign; asked for once. */
  signing(options?: CallOptions): Promise<Signing> {
    this.#signing ??= this.#readSigning(options).catch((cause: unknown) => {
      this.#signing = undefined;
      throw cause;
    });
    return this.#signing;
  }

  /**
   * A nonce larger than any before it: the clock's milliseconds, or one more than the last.
   *
   * Venues take nonces up to 255 below the highest, so orders of one owner may overtake each other
   * by a quarter of a second, from however many clients they come.
   */
  nextOrderNonce(): bigint {
    const byClock = BigInt(this.timers.now());
    this.#lastNonce = byClock > this.#lastNonce ? byClock : this.#lastNonce + 1n;
    return this.#lastNonce;
  }

  /** The id that a signed order will have. */
  async orderId(order: BatchOrder, options?: CallOptions): Promise<Hash> {
    return hashFromBytes((await this.signing(options)).orderDigest(order));
  }

  async #build(
    request: OrderRequest,
    options: CallOptions | undefined,
  ): Promise<Result<BatchOrder>> {
    const market = await this.market(request.marketId ?? '1', options);
    if (!market.ok) return market;
    return buildOrder(request, market.value, {
      owner: this.#signer().owner,
      orderNonce: this.nextOrderNonce(),
      expiresAtMs: this.timers.now() + (request.ttlMs ?? ORDER_TTL_MS),
    });
  }

  async #readSigning(options: CallOptions | undefined): Promise<Signing> {
    const { domain } = await this.readTypedData(options);
    return new Signing({
      chainId: BigInt(domain.chainId),
      address: accountId(domain.verifyingContract),
    });
  }

  #signer(): Signer {
    if (this.signer === undefined) throw new ClientFault('SIGNER_MISSING');
    return this.signer;
  }
}

function transportOf(options: ClientOptions, timers: Timers): TransportOptions {
  const { signer } = options;
  return {
    baseUrl: options.baseUrl.replace(/\/+$/, ''),
    // Called as a plain function: a browser's fetch refuses to be a method of another object.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    authorise: async (request) => {
      if (signer?.kind !== 'session') return undefined;
      return sessionHeader(signer.sessionId, await signer.authorise(request, timers.now()));
    },
  };
}
