import { at, invariant } from '../failures/invariant.ts';
import type { Refused } from '../failures/rejection.ts';
import { refuse } from '../failures/rejection.ts';
import type { Result } from '../failures/result.ts';
import { accepted } from '../failures/result.ts';
import type { Input } from '../inputs.ts';
import type { AccountId } from '../ledger/account.ts';
import { isSystemAccount, SystemRole, systemAccount } from '../ledger/account.ts';
import { CUSTODY } from '../ledger/ledger.ts';
import { AMOUNT_MAX } from '../numbers/amount.ts';
import type { Moment } from '../orders/admission.ts';
import { refuseFarExpiry, refuseNonce } from '../orders/admission.ts';
import { useNonce } from '../orders/orderNonces.ts';
import type { Withdrawal } from '../orders/signedTypes.ts';
import { NO_DELEGATE } from '../orders/signedTypes.ts';
import type { Applied, ReturnedWithdrawal } from './applied.ts';
import type { PendingWithdrawal } from './baseLayerBook.ts';
import type { ExchangeState } from './exchangeState.ts';

/**
 * Most withdrawals of one epoch; more wait for the next. Each costs the contract about 60k gas, so
 * a full list stays within a block beside its orders.
 */
export const EPOCH_WITHDRAWALS_MAX = 64;

/** Where units wait between the request and the epoch that takes them out. */
export const WITHDRAWALS: AccountId = systemAccount(SystemRole.withdrawals);

/**
 * Debits a withdrawal from its owner at once and queues it for the next epoch that is sealed.
 * Rejections: signatureInvalid, assetUnknown, amountOutOfRange, orderExpired, orderNonceReplayed,
 * orderNonceTooOld, orderNonceTooFar, orderExpiryTooFar, withdrawalExpiresTooSoon,
 * recipientInvalid, insufficientAvailable, ownerIsExiting, withdrawalLimitReached.
 */
export function requestWithdrawal(
  state: ExchangeState,
  input: Extract<Input, { kind: 'requestWithdrawal' }>,
  moment: Moment,
): Result<Applied> {
  const { withdrawal, signature } = input;
  const { owner, assetId, units: amount, orderNonce } = withdrawal;
  const refusal =
    refuseTerms(state, withdrawal, moment) ??
    refuseCover(state, withdrawal) ??
    refuseExiting(state, owner) ??
    refuseCrowd(state, owner, moment);
  if (refusal !== undefined) return refusal;
  const { baseLayer, ledger } = state;
  const window = useNonce(baseLayer.withdrawalWindow(owner), orderNonce);
  baseLayer.withdrawalWindows.set(owner, window);
  baseLayer.hasTraded = true;
  ledger.transfer({ from: owner, to: WITHDRAWALS, assetId, amount });
  const withdrawalId = state.signing.withdrawalId(withdrawal);
  baseLayer.pending = [...baseLayer.pending, { withdrawalId, withdrawal, signature }];
  return accepted({ kind: 'withdrawalRequested', withdrawalId, withdrawal });
}

/** The refusal of anything that an owner signs while it leaves; undefined for everybody else. */
export function refuseExiting(state: ExchangeState, owner: AccountId): Refused | undefined {
  const dueBlock = state.baseLayer.exits.get(owner);
  if (dueBlock === undefined) return undefined;
  return refuse('ownerIsExiting', { field: 'owner', limit: `block ${dueBlock}`, actual: owner });
}

/** What an epoch does to the withdrawals that wait. */
export interface EpochWithdrawals {
  readonly withdrawals: readonly PendingWithdrawal[];
  readonly returned: readonly ReturnedWithdrawal[];
}

/**
 * Takes the withdrawals that an epoch pays out of the ledger, and gives those back that expired by
 * its last close: the contract refuses a list that holds one. The rest waits on.
 */
export function takeWithdrawals(state: ExchangeState, lastClosedAtMs: number): EpochWithdrawals {
  const withdrawals: PendingWithdrawal[] = [];
  const expired = new Set<PendingWithdrawal>();
  const waiting: PendingWithdrawal[] = [];
  for (const entry of state.baseLayer.pending) {
    if (entry.withdrawal.expiresAtMs <= lastClosedAtMs) expired.add(entry);
    else if (withdrawals.length < EPOCH_WITHDRAWALS_MAX) withdrawals.push(entry);
    else waiting.push(entry);
  }
  for (const { withdrawal } of withdrawals) {
    const { assetId, units: amount } = withdrawal;
    state.ledger.transfer({ from: WITHDRAWALS, to: CUSTODY, assetId, amount });
  }
  const returned = returnAll(state, [...expired], 'expired');
  state.baseLayer.pending = waiting;
  expectCovered(state);
  return { withdrawals, returned };
}

/** Gives back what an owner who leaves has waiting: an exit pays all that it has. */
export function returnWithdrawals(state: ExchangeState, owner: AccountId): ReturnedWithdrawal[] {
  const { pending } = state.baseLayer;
  const own = pending.filter(({ withdrawal }) => withdrawal.owner === owner);
  if (own.length === 0) return [];
  state.baseLayer.pending = pending.filter(({ withdrawal }) => withdrawal.owner !== owner);
  return returnAll(state, own, 'ownerIsExiting');
}

function returnAll(
  state: ExchangeState,
  entries: readonly PendingWithdrawal[],
  reason: ReturnedWithdrawal['reason'],
): ReturnedWithdrawal[] {
  return entries.map(({ withdrawalId, withdrawal }) => {
    const { owner: to, assetId, units: amount } = withdrawal;
    state.ledger.transfer({ from: WITHDRAWALS, to, assetId, amount });
    return { withdrawalId, withdrawal, reason };
  });
}

function refuseTerms(
  state: ExchangeState,
  withdrawal: Withdrawal,
  moment: Moment,
): Refused | undefined {
  const { owner, assetId, units, orderNonce } = withdrawal;
  // The venue's own vaults are signed for by the operator, at the contract alone.
  if (isSystemAccount(owner)) return refuse('signatureInvalid', { field: 'owner', actual: owner });
  if (state.assets[assetId] === undefined) {
    const limit = state.assets.length - 1;
    return refuse('assetUnknown', { field: 'assetId', limit, actual: assetId });
  }
  if (!state.assets[assetId].settles) {
    return refuse('assetUnknown', { field: 'assetId', limit: 'one that settles', actual: assetId });
  }
  if (units < 1n) {
    return refuse('amountOutOfRange', { field: 'units', limit: `1..${AMOUNT_MAX}`, actual: units });
  }
  return (
    refuseExpired(withdrawal, moment) ??
    refuseNonce(orderNonce, state.baseLayer.withdrawalWindow(owner), moment) ??
    refuseFarExpiry(withdrawal, moment) ??
    refuseNearExpiry(withdrawal, moment) ??
    refuseRecipient(withdrawal)
  );
}

function refuseExpired(
  { expiresAtMs: actual }: Withdrawal,
  { timeMs }: Moment,
): Refused | undefined {
  if (actual > timeMs) return undefined;
  return refuse('orderExpired', { field: 'expiresAtMs', limit: timeMs, actual });
}

function refuseNearExpiry(
  { expiresAtMs: actual }: Withdrawal,
  { timeMs, bounds }: Moment,
): Refused | undefined {
  if (bounds === undefined) return undefined;
  const limit = timeMs + bounds.withdrawalLifeMsMin;
  if (actual >= limit) return undefined;
  return refuse('withdrawalExpiresTooSoon', { field: 'expiresAtMs', limit, actual });
}

function refuseRecipient({ to }: Withdrawal): Refused | undefined {
  if (to !== NO_DELEGATE && !isSystemAccount(to)) return undefined;
  return refuse('recipientInvalid', { field: 'to', actual: to });
}

function refuseCover(state: ExchangeState, withdrawal: Withdrawal): Refused | undefined {
  const { owner, assetId, units: actual } = withdrawal;
  const { available: limit } = state.ledger.balance(owner, assetId);
  if (actual <= limit) return undefined;
  return refuse('insufficientAvailable', { field: 'units', limit, actual });
}

function refuseCrowd(
  { baseLayer: { pending } }: ExchangeState,
  owner: AccountId,
  { bounds }: Moment,
): Refused | undefined {
  if (bounds === undefined) return undefined;
  const own = pending.filter(({ withdrawal }) => withdrawal.owner === owner).length;
  const { pendingWithdrawalsMax: most, ownPendingWithdrawalsMax: ownMost } = bounds;
  if (own < ownMost && pending.length < most) return undefined;
  const [limit, actual] = own < ownMost ? [most, pending.length + 1] : [ownMost, own + 1];
  return refuse('withdrawalLimitReached', { field: 'owner', limit, actual });
}

/** Checks that what waits and what is set aside for it agree, asset by asset. */
function expectCovered(state: ExchangeState): void {
  const owed = state.assets.map(() => 0n);
  for (const { withdrawal } of state.baseLayer.pending) {
    owed[withdrawal.assetId] = at(owed, withdrawal.assetId) + withdrawal.units;
  }
  for (const { id } of state.assets) {
    const kept = state.ledger.total(WITHDRAWALS, id);
    invariant(kept === owed[id], 'what waits for an epoch is set aside');
  }
}
