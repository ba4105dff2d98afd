import type { Hash } from '../codec/hash.ts';
import { hashFromBytes } from '../codec/hash.ts';
import { at } from '../failures/invariant.ts';
import type { Refused } from '../failures/rejection.ts';
import { refuse } from '../failures/rejection.ts';
import type { Result } from '../failures/result.ts';
import { accepted } from '../failures/result.ts';
import type { Input } from '../inputs.ts';
import type { AccountId } from '../ledger/account.ts';
import { isSystemAccount } from '../ledger/account.ts';
import type { AssetId } from '../ledger/asset.ts';
import type { BatchMarket } from '../markets/batch/batchMarket.ts';
import { admittingPhase } from '../markets/batch/batchMarket.ts';
import { AdmissionMode, productCount } from '../markets/batch/parameters.ts';
import { unitPrice } from '../markets/batch/unitPrices.ts';
import type { AdmissionTerms, Moment } from '../orders/admission.ts';
import { refuseNonce, refuseProducts, refuseTerms } from '../orders/admission.ts';
import type { AuthorisedOrder, BatchOrder } from '../orders/batchOrder.ts';
import { commitmentHash } from '../orders/commitment.ts';
import { useNonce } from '../orders/orderNonces.ts';
import type { AuthorisedGrant } from '../orders/signedTypes.ts';
import { NO_DELEGATE, Scope } from '../orders/signedTypes.ts';
import type { Applied } from './applied.ts';
import type { ExchangeState } from './exchangeState.ts';
import { unknownMarket } from './operatorInputs.ts';
import { refuseExiting } from './withdrawals.ts';

type Of<K extends Input['kind']> = Extract<Input, { kind: K }>;

/** Admits an order to the batch that collects, holding its whole budget. */
export function submitOrder(
  state: ExchangeState,
  input: Of<'submitOrder'>,
  moment: Moment,
): Result<Applied> {
  const market = state.markets.get(input.entry.order.marketId);
  if (market === undefined) return unknownMarket(input.entry.order.marketId);
  if (market.parameters.admission === AdmissionMode.commitReveal) {
    return refuse('phaseMismatch', { field: 'marketId', limit: 'commit, then reveal' });
  }
  const leaving = refuseExiting(state, input.entry.order.owner);
  return admit(state, market, input.entry, { moment, leaving, unmatched: false });
}

/** Admits an order that an earlier commitment hid. */
export function revealOrder(
  state: ExchangeState,
  input: Of<'revealOrder'>,
  moment: Moment,
): Result<Applied> {
  const { entry, salt } = input;
  const market = state.markets.get(entry.order.marketId);
  if (market === undefined) return unknownMarket(entry.order.marketId);
  const { batch } = market;
  const commitment = commitmentHash({ batchNumber: batch.number, order: entry.order, salt });
  const place = batch.hiddenCommitment(entry.order.owner, commitment);
  // Who leaves may still reveal what it committed to before: silence would cost it the bond.
  const leaving = place === undefined ? refuseExiting(state, entry.order.owner) : undefined;
  const admitted = admit(state, market, entry, { moment, leaving, unmatched: place === undefined });
  if (!admitted.ok || place === undefined) return admitted;
  batch.reveal(place, batch.table.count - 1, salt);
  const { bond } = market.parameters;
  const numeraire = at(market.parameters.assets, 0).assetId;
  if (bond > 0n) state.ledger.releaseHold(entry.order.owner, numeraire, bond);
  return admitted;
}

/**
 * Records a hidden order and holds its bond. Rejections: marketUnknown, signatureInvalid,
 * insufficientAvailable, ownerIsExiting, marketHalted, batchFull, phaseMismatch, commitMismatch.
 */
export function commitOrder(state: ExchangeState, input: Of<'commitOrder'>): Result<Applied> {
  const market = state.markets.get(input.marketId);
  if (market === undefined) return unknownMarket(input.marketId);
  const { batch, parameters } = market;
  const { owner, commitment, authorisation } = input;
  if (isSystemAccount(owner)) return refuse('signatureInvalid', { field: 'owner', actual: owner });
  const numeraire = at(parameters.assets, 0).assetId;
  const { available } = state.ledger.balance(owner, numeraire);
  if (available < parameters.bond) {
    return refuse('insufficientAvailable', {
      field: 'bond',
      limit: available,
      actual: parameters.bond,
    });
  }
  const closed = refuseExiting(state, owner) ?? refuseClosed(market, batch.commitments.length);
  if (closed !== undefined) return closed;
  if (parameters.admission !== AdmissionMode.commitReveal || batch.phase !== 'collecting') {
    return refuse('phaseMismatch', { field: 'marketId', actual: batch.phase });
  }
  if (input.batchNumber !== batch.number) {
    const { batchNumber: actual } = input;
    return refuse('commitMismatch', { field: 'batchNumber', limit: batch.number, actual });
  }
  if (batch.hiddenCommitment(owner, commitment) !== undefined) {
    return refuse('commitMismatch', { field: 'commitment', actual: commitment });
  }
  const bond = state.ledger.placeHold(owner, numeraire, parameters.bond, 'bond');
  if (!bond.ok) return bond;
  keepGrants(state, batch.grants, { owner, authorisation });
  batch.commit({ owner, commitment, authorisation });
  state.baseLayer.hasTraded = true;
  const { marketId } = market;
  return accepted({ kind: 'orderCommitted', marketId, batchNumber: batch.number });
}

/**
 * Withdraws an order while its batch still collects. A revealed order stays: its owner has seen
 * others' orders by then, and a way out for nothing would make the bond meaningless.
 * Rejections: marketUnknown, orderUnknown, orderClosed.
 */
export function cancelOrder(state: ExchangeState, input: Of<'cancelOrder'>): Result<Applied> {
  const market = state.markets.get(input.marketId);
  if (market === undefined) return unknownMarket(input.marketId);
  const { batch } = market;
  const row = batch.table.find(input.orderId);
  const open = row !== undefined && batch.table.canceled[row] === 0;
  if (!open || batch.table.order(row).owner !== input.owner) {
    return refuse('orderUnknown', { field: 'orderId', actual: input.orderId });
  }
  if (batch.phase !== 'collecting') {
    return refuse('orderClosed', { field: 'orderId', actual: input.orderId });
  }
  const order = batch.table.order(row);
  batch.cancel(row, input.authorisation);
  keepGrants(state, batch.grants, { owner: order.owner, authorisation: input.authorisation });
  state.ledger.releaseHold(order.owner, assetOf(market, order.pay), order.budget);
  const { marketId } = market;
  const { orderId } = input;
  return accepted({ kind: 'orderCanceled', marketId, batchNumber: batch.number, row, orderId });
}

/**
 * Puts a session grant in force and uses up its nonce. Rejections: signatureInvalid,
 * sessionExpired, orderNonceReplayed, orderNonceTooOld, orderNonceTooFar.
 */
export function openSession(
  state: ExchangeState,
  input: Of<'openSession'>,
  moment: Moment,
): Result<Applied> {
  const { grant, grantId } = input.grant;
  if (isSystemAccount(grant.owner)) {
    return refuse('signatureInvalid', { field: 'owner', actual: grant.owner });
  }
  if (grant.expiresAtMs <= moment.timeMs) {
    return refuse('sessionExpired', {
      field: 'expiresAtMs',
      limit: moment.timeMs,
      actual: grant.expiresAtMs,
    });
  }
  const window = state.nonceWindow(grant.owner);
  const used = refuseNonce(grant.orderNonce, window, moment);
  if (used !== undefined) return used;
  state.setNonceWindow(grant.owner, useNonce(window, grant.orderNonce));
  state.addGrant(input.grant);
  return accepted({ kind: 'sessionOpened', grantId, owner: grant.owner });
}

/** Ends a session. Orders that it placed stay. Rejection: notFound. */
export function revokeSession(state: ExchangeState, input: Of<'revokeSession'>): Result<Applied> {
  if (!state.removeGrant(input.grantId)) {
    return refuse('notFound', { field: 'grantId', actual: input.grantId });
  }
  return accepted({ kind: 'sessionRevoked', grantId: input.grantId });
}

/** When an order comes, and what its way in says about it. */
interface Admission {
  readonly moment: Moment;
  /** The refusal of an owner who has asked the base layer for an exit. */
  readonly leaving: Refused | undefined;
  /** A reveal without a commitment. */
  readonly unmatched: boolean;
}

function admit(
  state: ExchangeState,
  market: BatchMarket,
  entry: AuthorisedOrder,
  { moment, leaving, unmatched }: Admission,
): Result<Applied> {
  const { order } = entry;
  const { batch, marketId } = market;
  const window = state.nonceWindow(order.owner);
  const refusal =
    refuseAuthority(state, { ...order, authorisation: entry.authorisation }, moment.timeMs) ??
    refuseOrder(market, order, { window, moment });
  if (refusal !== undefined) return refusal;
  const asset = assetOf(market, order.pay);
  const { available } = state.ledger.balance(order.owner, asset);
  if (available < order.budget) {
    return refuse('insufficientAvailable', {
      field: 'budget',
      limit: available,
      actual: order.budget,
    });
  }
  const closed = leaving ?? refuseClosed(market, batch.table.count);
  if (closed !== undefined) return closed;
  if (batch.phase !== admittingPhase(market.parameters)) {
    return refuse('phaseMismatch', { field: 'marketId', actual: batch.phase });
  }
  if (unmatched) return refuse('commitMismatch', { field: 'salt' });
  const hold = state.ledger.placeHold(order.owner, asset, order.budget, 'budget');
  if (!hold.ok) return hold;
  state.setNonceWindow(order.owner, useNonce(window, order.orderNonce));
  const row = batch.append(entry, window);
  keepGrants(state, batch.grants, { owner: order.owner, authorisation: entry.authorisation });
  const { orderId } = entry;
  return accepted({ kind: 'orderAdmitted', marketId, batchNumber: batch.number, row, orderId });
}

/** A wish of an owner: who wants it, until when it counts, and the proof. */
export interface Wish {
  readonly owner: AccountId;
  /** Zero for a wish that takes effect at once. */
  readonly expiresAtMs: number;
  readonly authorisation: Uint8Array;
}

/**
 * The refusal of a wish that the venue itself, no session, or a session that may not trade or ends
 * too early stands behind. Signatures were checked before.
 */
export function refuseAuthority(
  state: ExchangeState,
  { owner, expiresAtMs, authorisation }: Wish,
  timeMs: number,
): Refused | undefined {
  if (isSystemAccount(owner)) return refuse('signatureInvalid', { field: 'owner', actual: owner });
  const grantId = namedGrant(authorisation);
  if (grantId === undefined) return undefined;
  const named = state.grants.get(grantId);
  if (named === undefined || named.grant.expiresAtMs <= timeMs) {
    return refuse('sessionExpired', { field: 'authorisation', actual: grantId });
  }
  // The laws ask the same: an order that outlived its grant would break its whole batch.
  if (named.grant.expiresAtMs < expiresAtMs) {
    const limit = named.grant.expiresAtMs;
    return refuse('sessionExpired', { field: 'expiresAtMs', limit, actual: expiresAtMs });
  }
  if (named.grant.owner !== owner || named.grant.delegate !== NO_DELEGATE) {
    return refuse('signatureInvalid', { field: 'authorisation', actual: grantId });
  }
  if ((named.grant.scopes & Scope.trade) === 0) {
    return refuse('forbidden', { field: 'scopes', limit: 'trade', actual: named.grant.scopes });
  }
  return undefined;
}

/** The refusal that the terms of an order earn in a market, whatever its owner's balance. */
export function refuseOrder(
  market: BatchMarket,
  order: BatchOrder,
  terms: Pick<AdmissionTerms, 'window' | 'moment'>,
): Refused | undefined {
  const { parameters, reference } = market;
  const counts = {
    assetCount: parameters.assets.length,
    productCount: productCount(parameters),
  };
  const unknown = refuseProducts(order, counts);
  if (unknown !== undefined) return unknown;
  return refuseTerms(order, {
    ...counts,
    ...terms,
    budgetMax: parameters.budgetMax,
    payUnitPrice: unitPrice(parameters, reference.mids, order.pay),
    receiveUnitPrice: unitPrice(parameters, reference.mids, order.receive),
  });
}

function refuseClosed(market: BatchMarket, count: number): Refused | undefined {
  if (market.haltReason !== undefined) {
    return refuse('marketHalted', { field: 'marketId', actual: market.haltReason });
  }
  const { orderCountMax } = market.parameters;
  if (count < orderCountMax) return undefined;
  return refuse('batchFull', { field: 'marketId', limit: orderCountMax, actual: count + 1 });
}

/** Keeps with a batch or an epoch every grant that a reader may need to check a wish. */
export function keepGrants(
  state: ExchangeState,
  kept: Map<Hash, AuthorisedGrant>,
  { owner, authorisation }: Omit<Wish, 'expiresAtMs'>,
): void {
  const grantId = namedGrant(authorisation);
  for (const entry of state.grantsOf(owner)) {
    const needed = entry.grantId === grantId || entry.grant.delegate !== NO_DELEGATE;
    if (needed) kept.set(entry.grantId, entry);
  }
}

/** The grant id in an authorisation by session secret; undefined for a signature. */
function namedGrant(authorisation: Uint8Array): Hash | undefined {
  return authorisation[64] === 0 ? hashFromBytes(authorisation.subarray(0, 32)) : undefined;
}

function assetOf(market: BatchMarket, index: number): AssetId {
  return at(market.parameters.assets, index).assetId;
}
