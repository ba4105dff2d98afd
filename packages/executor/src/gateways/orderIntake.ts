import type { BookState } from '@lawbook/api/schema/bookOperatorRoutes';
import type { WithdrawalReply, WithdrawalRequest } from '@lawbook/api/schema/crossingViews';
import type {
  CancelReply,
  CommitReply,
  CommitRequest,
  OrderAnswer,
  RevealRequest,
  SignedOrder,
} from '@lawbook/api/schema/orderViews';
import type { Applied } from '@lawbook/exchange/application/applied';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { Fault } from '@lawbook/exchange/failures/fault';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { AuthorisedOrder, BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { Withdrawal } from '@lawbook/exchange/orders/signedTypes';
import type { Executed } from '../venueTypes.ts';
import type { Asker, GatewayCore } from './gatewayCore.ts';
import { measureAnswer } from './measureAnswer.ts';
import type { Claim } from './ownerConsent.ts';
import { ownerConsent } from './ownerConsent.ts';

/**
 * Takes orders, cancels, commitments, reveals and withdrawals from any gateway: limits, consent,
 * then the venue. Each is sequenced at most once, whatever happens to the connection that brought
 * it.
 */
export class OrderIntake {
  readonly #core: GatewayCore;

  constructor(core: GatewayCore) {
    this.#core = core;
  }

  /** One of three answers per order. Orders reach the sequencer in the order in which they came. */
  submit(orders: readonly SignedOrder[], asker: Asker): Promise<OrderAnswer[]> {
    const { venue } = this.#core;
    return Promise.all(
      orders.map((signed, i) =>
        this.#submit(signed, { asker, place: `orders[${i}]`, send: (e) => venue.submitOrder(e) }),
      ),
    );
  }

  /** Reveals the order behind a commitment. */
  async reveal({ order, salt }: RevealRequest, asker: Asker): Promise<OrderAnswer> {
    const { venue } = this.#core;
    const bytes = hexToBytes(salt);
    return await this.#submit(order, {
      asker,
      place: 'order',
      send: (entry) => venue.revealOrder(entry, bytes),
    });
  }

  /** Withdraws an open order for its owner. */
  async cancel(
    orderId: string,
    signature: string | undefined,
    asker: Asker,
  ): Promise<Result<CancelReply>> {
    const id = orderId.toLowerCase() as Hash;
    const record = await this.#core.venue.order(id);
    if (record === undefined) return refuse('orderUnknown', { field: 'orderId', actual: id });
    const { owner, marketId } = record.order;
    const digest = this.#core.venue.signing.cancelDigest(owner, id);
    const written = await this.#write({ owner, digest, signature }, asker, (consent) => {
      return { kind: 'cancelOrder', owner, marketId, orderId: id, authorisation: consent };
    });
    if (!written.ok) return written;
    const { sequence, applied } = written.value;
    return accepted({ orderId: id, sequence, batchNumber: batchOf(applied) });
  }

  /** Records a commitment to a hidden order. */
  async commit(request: CommitRequest, asker: Asker): Promise<Result<CommitReply>> {
    const owner = accountId(request.owner);
    const marketId = Number(request.marketId);
    const commitment = request.commitment.toLowerCase() as Hash;
    const { batchNumber } = request;
    const terms = { owner, marketId, batchNumber, commitment };
    const digest = this.#core.venue.signing.commitDigest(terms);
    const claim = { owner, digest, signature: request.signature };
    const written = await this.#write(claim, asker, (authorisation) => {
      return { kind: 'commitOrder', ...terms, authorisation };
    });
    if (!written.ok) return written;
    return accepted({ sequence: written.value.sequence, batchNumber });
  }

  /**
   * Requests a withdrawal that its owner signed. Sent again, the same one is answered as before.
   * Rejections: signatureInvalid, rateLimited and those of the exchange.
   */
  async withdraw(request: WithdrawalRequest, { quotas }: Asker): Promise<Result<WithdrawalReply>> {
    const { venue } = this.#core;
    const withdrawal = acceptWithdrawal(request);
    const { owner } = withdrawal;
    const digest = venue.signing.withdrawalDigest(withdrawal);
    const signature = hexToBytes(request.signature);
    const signer = venue.recover(digest, signature);
    if (signer !== owner) {
      const actual = signer ?? 'no signer';
      return refuse('signatureInvalid', { field: 'signature', limit: owner, actual });
    }
    const limited = this.#refuseLimited(owner, quotas);
    if (limited !== undefined) return limited;
    const withdrawalId = hashFromBytes(digest);
    const written = await this.execute({ kind: 'requestWithdrawal', withdrawal, signature });
    if (written.ok) {
      return accepted({ withdrawalId, sequence: written.value.sequence, repeated: false });
    }
    const known = await venue.withdrawal(withdrawalId);
    if (known === undefined) return written;
    return accepted({ withdrawalId, sequence: known.sequence, repeated: true });
  }

  /** Sequences an input of the operator or of a session, bounded like every write. */
  execute(input: Input): Promise<Result<Executed>> {
    return this.#bounded(() => this.#core.venue.execute(input));
  }

  /** Lets a book open, post, cancel or nothing, bounded like every write. */
  setBookState(
    marketId: number,
    state: BookState,
    reason: string,
  ): Promise<Result<{ readonly sequence: number }>> {
    return this.#bounded(() => this.#core.venue.books.setState(marketId, state, reason));
  }

  async #bounded<T>(write: () => Promise<Result<T>>): Promise<Result<T>> {
    const full = this.#core.gate.enter('input');
    if (full !== undefined) return full;
    try {
      return await write();
    } catch (cause) {
      return this.#notDurable(cause);
    } finally {
      this.#core.gate.leave();
    }
  }

  async #submit(signed: SignedOrder, way: SubmissionWay): Promise<OrderAnswer> {
    const began = performance.now();
    const answer = await this.#place(signed, way);
    measureAnswer(this.#core.dependencies.metrics, answer, began);
    return answer;
  }

  async #place(signed: SignedOrder, way: SubmissionWay): Promise<OrderAnswer> {
    const order = acceptOrder(signed);
    const digest = this.#core.venue.signing.orderDigest(order);
    const orderId = hashFromBytes(digest);
    const { owner } = order;
    const { signature, expiresAtMs: lastsUntilMs } = signed;
    const claim = { owner, digest, signature, lastsUntilMs };
    const consent = this.#consent(claim, way.asker);
    if (!consent.ok) return answerRefused(orderId, consent);
    const full = this.#core.gate.enter(way.place);
    if (full !== undefined) return answerRefused(orderId, full);
    try {
      const result = await way.send({ order, orderId, authorisation: consent.value });
      if (!result.ok) return answerRefused(orderId, result);
      return { kind: 'accepted', ...result.value };
    } catch (cause) {
      return answerRefused(orderId, this.#notDurable(cause));
    } finally {
      this.#core.gate.leave();
    }
  }

  async #write(
    claim: Claim,
    asker: Asker,
    input: (authorisation: Uint8Array) => Input,
  ): Promise<Result<Executed>> {
    const consent = this.#consent(claim, asker);
    return consent.ok ? await this.execute(input(consent.value)) : consent;
  }

  /** The account's bucket is asked after the consent, so that nobody can drain another's. */
  #consent(claim: Claim, { caller, quotas }: Asker): Result<Uint8Array> {
    const { venue, dependencies } = this.#core;
    const nowMs = dependencies.clock();
    const consent = ownerConsent(venue, claim, caller, nowMs);
    return consent.ok ? (this.#refuseLimited(claim.owner, quotas) ?? consent) : consent;
  }

  #refuseLimited(owner: AccountId, quotas: Asker['quotas']): Refused | undefined {
    const { dependencies, accountBuckets } = this.#core;
    const quota = accountBuckets.take(owner, 1, dependencies.clock());
    quotas.push(quota);
    if (quota.allowed) return undefined;
    return refuse('rateLimited', { field: 'owner', limit: quota.limit, actual: owner });
  }

  /** A write that the venue could not make durable was not received: it may be sent again. */
  #notDurable(cause: unknown): Refused {
    if (!(cause instanceof Fault)) throw cause;
    this.#core.dependencies.log.error({ err: cause }, 'a write was not made durable');
    return refuse('notAdmitting', { field: 'venue', actual: cause.code });
  }
}

/** How one order reaches the venue. */
interface SubmissionWay {
  readonly asker: Asker;
  /** Field of the request that holds the order. */
  readonly place: string;
  readonly send: (entry: AuthorisedOrder) => ReturnType<GatewayCore['venue']['submitOrder']>;
}

/** Codes that say nothing about the order itself: the venue did not take it. */
const NOT_RECEIVED: ReadonlySet<string> = new Set(['notAdmitting', 'rateLimited']);

function answerRefused(orderId: Hash, { rejection }: Refused): OrderAnswer {
  const kind = NOT_RECEIVED.has(rejection.code) ? 'notReceived' : 'rejected';
  return { kind, orderId, rejection };
}

/** Reads an order that the schema let through. */
export function acceptOrder(signed: SignedOrder): BatchOrder {
  return {
    owner: accountId(signed.owner),
    marketId: Number(signed.marketId),
    pay: signed.pay,
    receive: signed.receive,
    budget: amount(BigInt(signed.budget)),
    limitNumerator: BigInt(signed.limitNumerator),
    limitDenominator: BigInt(signed.limitDenominator),
    minFillPpm: signed.minFillPpm,
    orderNonce: BigInt(signed.orderNonce),
    expiresAtMs: signed.expiresAtMs,
  };
}

/** Reads a withdrawal that the schema let through. */
function acceptWithdrawal(request: WithdrawalRequest): Withdrawal {
  return {
    owner: accountId(request.owner),
    to: accountId(request.to),
    shard: request.shard,
    assetId: assetId(request.assetId),
    units: amount(BigInt(request.units)),
    orderNonce: BigInt(request.orderNonce),
    expiresAtMs: request.expiresAtMs,
  };
}

/** The HTTP status of a list of answers: that of the refusal where there is one order only. */
export function onlyAnswer(answers: readonly OrderAnswer[]): OrderAnswer | undefined {
  return answers.length === 1 ? at(answers, 0) : undefined;
}

function batchOf(applied: Applied): number {
  return 'batchNumber' in applied ? applied.batchNumber : 0;
}
