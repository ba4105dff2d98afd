import { createHmac, hash as digestOf } from 'node:crypto';
import { DEMO_DOMAIN, DEMO_MARKET_ID, developmentAccount } from '@lawbook/analytics/demoWorld';
import type { BookAction } from '@lawbook/api/schema/bookActions';
import type { SignedOrder } from '@lawbook/api/schema/orderViews';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hashFromBytes, taggedHash } from '@lawbook/exchange/codec/hash';
import { bytesToHex, hexToBytes } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { ClientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { clientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { BookSigning } from '@lawbook/exchange/orders/bookSigning';
import { commitmentHash } from '@lawbook/exchange/orders/commitment';
import { NO_DELEGATE, Signing } from '@lawbook/exchange/orders/signedTypes';
import type { WorldRequest } from '../simulation/gatewayDouble.ts';
import { pathOf } from '../simulation/gatewayDouble.ts';
import { signOnce } from '../simulation/signatures.ts';

/** Who consents to a wish: its owner, the key of a delegate, a session, or a stranger. */
export type Consent = 'owner' | 'delegate' | 'session' | 'stranger';

/** An order that a trader has thought up, in the form that is signed. */
export interface ThoughtOrder {
  readonly order: BatchOrder;
  readonly orderId: Hash;
}

/** A commitment that a trader can reveal later. */
export interface HiddenOrder extends ThoughtOrder {
  readonly salt: Uint8Array;
}

/** A session as its owner remembers it. */
export interface OwnSession {
  readonly sessionId: string;
  readonly secret: string;
}

/** What an act asks for. */
export interface Wish {
  /** Names what is asked for: the same wish sent again is the same. */
  readonly wishId: string;
  /** Of a request that asks for several things, what they are called alone, in order. */
  readonly parts?: readonly string[];
  readonly request: WorldRequest;
}

const SIGNING = new Signing(DEMO_DOMAIN);
const BOOK_SIGNING = new BookSigning(DEMO_DOMAIN);

/** Somebody with keys, who remembers what it asked for. */
export class Trader {
  readonly name: string;
  readonly account: AccountId;
  readonly hidden: HiddenOrder[] = [];
  readonly ordered: ThoughtOrder[] = [];
  readonly asked: Wish[] = [];
  /** Sliced orders that were asked for, whatever came of it. */
  readonly parents: AskedParent[] = [];
  session: OwnSession | undefined;
  readonly #secretKey: Uint8Array;
  readonly #delegateKey: Uint8Array;
  readonly delegate: AccountId;
  #orderNonce = 0n;
  #withdrawalNonce = 0n;
  #bookNonce = 0n;
  #client = 0;

  constructor(name: string) {
    const { account, secretKey } = developmentAccount(name);
    const delegated = developmentAccount(`delegate of ${name}`);
    this.name = name;
    this.account = account;
    this.#secretKey = secretKey;
    this.#delegateKey = delegated.secretKey;
    this.delegate = delegated.account;
  }

  /** The next order of this trader; `step` moves its nonce, mostly by one. */
  think(terms: Omit<BatchOrder, 'owner' | 'marketId' | 'orderNonce'>, step: bigint): ThoughtOrder {
    const next = this.#orderNonce + step;
    const orderNonce = next < 1n ? 1n : next;
    if (orderNonce > this.#orderNonce) this.#orderNonce = orderNonce;
    const order = { ...terms, owner: this.account, marketId: DEMO_MARKET_ID, orderNonce };
    return { order, orderId: SIGNING.orderId(order) };
  }

  submit(thought: ThoughtOrder, consent: Consent, nowMs: number): Wish {
    this.ordered.push(thought);
    const body = { orders: [this.signedOrder(thought.order, consent)] };
    return this.#wish(thought.orderId, 'submitOrders', { body, consent, nowMs });
  }

  /** An order as it is sent; a session's carries no signature. */
  signedOrder(order: BatchOrder, consent: Consent): SignedOrder {
    return {
      owner: order.owner,
      marketId: String(order.marketId),
      pay: order.pay,
      receive: order.receive,
      budget: String(order.budget),
      limitNumerator: String(order.limitNumerator),
      limitDenominator: String(order.limitDenominator),
      minFillPpm: order.minFillPpm,
      orderNonce: String(order.orderNonce),
      expiresAtMs: order.expiresAtMs,
      ...this.#signature(SIGNING.orderDigest(order), consent),
    };
  }

  cancel(orderId: Hash, consent: Consent, nowMs: number): Wish {
    const body = this.#signature(SIGNING.cancelDigest(this.account, orderId), consent);
    const params = { orderId };
    return this.#wish(`cancel ${orderId}`, 'cancelOrder', { body, consent, nowMs, params });
  }

  commit(thought: ThoughtOrder, batchNumber: number, nowMs: number): Wish {
    const salt = digestOf('sha256', thought.orderId, 'buffer').subarray(0, 32);
    const { order } = thought;
    this.hidden.push({ ...thought, salt });
    const commitment = commitmentHash({ batchNumber, order, salt });
    const owner = this.account;
    const terms = { owner, marketId: DEMO_MARKET_ID, batchNumber, commitment };
    const body = {
      ...terms,
      marketId: String(DEMO_MARKET_ID),
      ...this.#signature(SIGNING.commitDigest(terms), 'owner'),
    };
    return this.#wish(`commit ${commitment}`, 'commitOrder', { body, nowMs });
  }

  reveal({ order, orderId, salt }: HiddenOrder, nowMs: number): Wish {
    this.ordered.push({ order, orderId });
    const body = { order: this.signedOrder(order, 'owner'), salt: bytesToHex(salt) };
    return this.#wish(orderId, 'revealOrder', { body, nowMs });
  }

  openSession(terms: {
    readonly delegated: boolean;
    readonly scopes: number;
    readonly expiresAtMs: number;
    readonly nowMs: number;
  }): Wish & { readonly grantId: Hash } {
    this.#orderNonce += 1n;
    const grant = {
      owner: this.account,
      delegate: terms.delegated ? this.delegate : NO_DELEGATE,
      scopes: terms.scopes,
      expiresAtMs: terms.expiresAtMs,
      orderNonce: this.#orderNonce,
    };
    const digest = SIGNING.grantDigest(grant);
    const body = {
      ...grant,
      orderNonce: String(grant.orderNonce),
      ...this.#signature(digest, 'owner'),
    };
    const grantId = hashFromBytes(digest);
    const wish = this.#wish(`session ${grantId}`, 'openSession', { body, nowMs: terms.nowMs });
    return { ...wish, grantId };
  }

  closeSession(nowMs: number): Wish | undefined {
    const { session } = this;
    if (session === undefined) return undefined;
    const { sessionId } = session;
    const options = { consent: 'session' as const, nowMs, params: { sessionId } };
    return this.#wish(`close ${sessionId}`, 'closeSession', options);
  }

  withdraw(terms: {
    readonly asset: number;
    readonly units: bigint;
    readonly shard: number;
    readonly step: bigint;
    readonly expiresAtMs: number;
    readonly nowMs: number;
  }): Wish & { readonly withdrawalId: Hash } {
    const next = this.#withdrawalNonce + terms.step;
    const orderNonce = next < 1n ? 1n : next;
    if (orderNonce > this.#withdrawalNonce) this.#withdrawalNonce = orderNonce;
    const withdrawal = {
      owner: this.account,
      to: this.account,
      shard: terms.shard,
      assetId: assetId(terms.asset),
      units: amount(terms.units),
      orderNonce,
      expiresAtMs: terms.expiresAtMs,
    };
    const digest = SIGNING.withdrawalDigest(withdrawal);
    const body = {
      ...withdrawal,
      units: String(terms.units),
      orderNonce: String(orderNonce),
      ...this.#signature(digest, 'owner'),
    };
    const withdrawalId = hashFromBytes(digest);
    const options = { body, nowMs: terms.nowMs };
    return {
      ...this.#wish(`withdraw ${withdrawalId}`, 'requestWithdrawal', options),
      withdrawalId,
    };
  }

  /** An action on a book, signed by who consents; `draft` lacks what is signed for freshness. */
  act(
    draft: DraftAction,
    terms: { readonly consent: Consent; readonly nowMs: number; readonly lifeMs: number },
  ): Wish {
    this.#bookNonce += 1n;
    const { consent, nowMs } = terms;
    const fresh = {
      orderNonce: String(this.#bookNonce),
      expiresAtMs: nowMs + terms.lifeMs,
    };
    const named = { owner: this.account, ...draft };
    const action = (draft.kind === 'cancel'
      ? named
      : { ...named, ...fresh }) as unknown as BookAction;
    const signed = { ...action, ...this.#signature(bookDigest(action), consent) };
    const wishId = `book ${bytesToHex(bookDigest(action))}`;
    const body = { actions: [signed] };
    return this.#wish(wishId, 'submitBookActions', { body, consent, nowMs });
  }

  /** Remembers the session that an answer tells of. */
  tookSession(body: unknown): void {
    const { sessionId, secret } = body as { sessionId?: string; secret?: string };
    if (sessionId !== undefined && secret !== undefined) this.session = { sessionId, secret };
  }

  /** Asks for a sliced order; sizes and prices also as they are written. */
  placeTwap(
    terms: ParentTerms,
    written: { readonly size: string; readonly worstPrice: string; readonly nowMs: number },
  ): Wish {
    const { marketId, side, slices, intervalMs, clientOrderId: own } = terms;
    const { size, worstPrice, nowMs } = written;
    const body = {
      ...{ marketId: String(marketId), side, size, worstPrice },
      ...{ slices, intervalMs, clientOrderId: own },
    };
    const wish = this.#wish(`twap ${own}`, 'placeTwap', { body, consent: 'session', nowMs });
    const twapId = twapIdOf(this.account, terms);
    const parent = this.parents.find((each) => each.twapId === twapId);
    if (parent === undefined) this.parents.push({ twapId, terms: [terms] });
    else parent.terms.push(terms);
    return wish;
  }

  cancelTwap(twapId: string, nowMs: number): Wish {
    const options = { consent: 'session' as const, nowMs, params: { twapId } };
    return this.#wish(`cancel twap ${twapId}`, 'cancelTwap', options);
  }

  /** A client order id that was not used before, or with luck one that was. */
  clientId(repeats: boolean): string {
    if (!repeats) this.#client += 1;
    return `0x${this.account.slice(2, 10)}${this.#client.toString(16).padStart(24, '0')}`;
  }

  #wish(wishId: string, route: string, options: WishOptions): Wish {
    const { body, consent = 'owner', nowMs, params = {} } = options;
    const bytes = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body));
    const { method, path } = pathOf(route, params);
    const request = { method, path, body: bytes, address: this.name };
    const wish = { wishId, request: this.#authorised(request, consent, nowMs) };
    this.asked.push(wish);
    return wish;
  }

  #authorised(request: WorldRequest, consent: Consent, nowMs: number): WorldRequest {
    if (consent !== 'session' || this.session === undefined) return request;
    const { sessionId, secret } = this.session;
    const bodyHash = digestOf('sha256', request.body, 'hex');
    const text = `${request.method}\n${request.path}\n${nowMs}\n${bodyHash}`;
    const mac = createHmac('sha256', hexToBytes(secret)).update(text).digest('hex');
    return { ...request, authorization: `Lawbook ${sessionId}:${nowMs}:0x${mac}` };
  }

  #signature(digest: Uint8Array, consent: Consent): { readonly signature?: string } {
    if (consent === 'session') return {};
    const key = {
      owner: this.#secretKey,
      delegate: this.#delegateKey,
      stranger: STRANGER.secretKey,
    }[consent];
    return { signature: bytesToHex(signOnce(digest, key)) };
  }
}

const STRANGER = developmentAccount('a stranger');

/** What a sliced order is asked for with, in lots and ticks. */
export interface ParentTerms {
  readonly marketId: number;
  readonly side: 'buy' | 'sell';
  readonly sizeLots: number;
  readonly worstTicks: number;
  readonly slices: number;
  readonly intervalMs: number;
  readonly clientOrderId: ClientOrderId;
}

/** A sliced order as its owner remembers it. */
export interface AskedParent {
  /** Its id at the venue, which follows from owner, market and client order id. */
  readonly twapId: string;
  /** What it was asked for with; whichever comes first counts. */
  readonly terms: ParentTerms[];
}

function twapIdOf(owner: AccountId, { marketId, clientOrderId: own }: ParentTerms): string {
  const key = new ByteWriter(40).fixed(hexToBytes(owner), 20).u32(marketId);
  return taggedHash('lawbook.twap.v1', key.fixed(hexToBytes(own), 16).finish()).slice(0, 34);
}

/** One request for several wishes of one trader to one place; undefined for other lists. */
export function togetherOf(wishes: readonly Wish[]): Wish | undefined {
  const [first] = wishes;
  if (first === undefined) return undefined;
  const { method, path, authorization } = first.request;
  const isOne = ({ request }: Wish): boolean => {
    return request.path === path && request.authorization === undefined;
  };
  // A session signs the body of one request.
  if (authorization !== undefined || !wishes.every(isOne)) return undefined;
  const bodies = wishes.map(({ request }) => JSON.parse(Buffer.from(request.body).toString()));
  const [name = ''] = Object.keys(bodies[0] as object);
  const all = { [name]: bodies.flatMap((body) => (body as Record<string, unknown[]>)[name] ?? []) };
  const parts = wishes.map(({ wishId }) => wishId);
  const body = Buffer.from(JSON.stringify(all));
  return { wishId: parts.join(' + '), parts, request: { ...first.request, method, path, body } };
}

/** An action without its owner and what makes it fresh. */
export type DraftAction = {
  readonly kind: BookAction['kind'];
  readonly marketId: string;
} & Readonly<Record<string, unknown>>;

interface WishOptions {
  readonly body?: unknown;
  readonly consent?: Consent;
  readonly nowMs: number;
  readonly params?: Readonly<Record<string, string>>;
}

/** What is signed of an action. */
function bookDigest(action: BookAction): Uint8Array {
  const owner = action.owner as AccountId;
  const who = { owner, marketId: Number(action.marketId) };
  switch (action.kind) {
    case 'order': {
      const { kind: _, signature: __, ...plain } = action;
      return BOOK_SIGNING.orderDigest({
        ...plain,
        ...who,
        clientOrderId: clientOrderId(plain.clientOrderId),
        ocoWith: Number(plain.ocoWith),
        orderNonce: BigInt(plain.orderNonce),
      });
    }
    case 'amend': {
      const { priceTicks, sizeLots } = action;
      const terms = { ...who, ...nameOf(action), ...freshOf(action), priceTicks, sizeLots };
      return BOOK_SIGNING.amendDigest(terms);
    }
    case 'cancel':
      return BOOK_SIGNING.cancelDigest({ ...who, ...nameOf(action) });
    case 'cancelAll':
      return BOOK_SIGNING.cancelAllDigest({ ...who, ...freshOf(action) });
    case 'heartbeat': {
      const { deadlineMs } = action;
      return BOOK_SIGNING.heartbeatDigest({ ...who, ...freshOf(action), deadlineMs });
    }
  }
}

function nameOf(action: { readonly orderId: string; readonly clientOrderId: string }): {
  readonly orderId: number;
  readonly clientOrderId: ReturnType<typeof clientOrderId>;
} {
  return {
    orderId: Number(action.orderId),
    clientOrderId: clientOrderId(action.clientOrderId),
  };
}

function freshOf(action: { readonly orderNonce: string; readonly expiresAtMs: number }): {
  readonly orderNonce: bigint;
  readonly expiresAtMs: number;
} {
  return { orderNonce: BigInt(action.orderNonce), expiresAtMs: action.expiresAtMs };
}
