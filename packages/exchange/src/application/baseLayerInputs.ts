import { at } from '../failures/invariant.ts';
import type { Refused } from '../failures/rejection.ts';
import { refuse } from '../failures/rejection.ts';
import type { Result } from '../failures/result.ts';
import { accepted } from '../failures/result.ts';
import type { Input } from '../inputs.ts';
import type { AccountId } from '../ledger/account.ts';
import { isSystemAccount, SystemRole, systemAccount, venueVault } from '../ledger/account.ts';
import type { AssetId } from '../ledger/asset.ts';
import { CUSTODY } from '../ledger/ledger.ts';
import type { BatchMarket } from '../markets/batch/batchMarket.ts';
import { amount } from '../numbers/amount.ts';
import { ORDER_NONCE_MAX, windowUpTo } from '../orders/orderNonces.ts';
import type { Applied } from './applied.ts';
import type { ExchangeState } from './exchangeState.ts';
import { refuseCredit } from './operatorInputs.ts';
import { returnWithdrawals } from './withdrawals.ts';

type Of<K extends Input['kind']> = Extract<Input, { kind: K }>;

/**
 * Credits a deposit that the base layer holds, each once and in its order. A pool's deposit waits
 * while its market has an epoch open: batches of one epoch start from the pool that the one before
 * left, and the laws ask for it. Pools and fees of markets that do not exist yet are vaults like
 * others: the base layer takes deposits for them, and a refused one would stop all that follow.
 * Rejections: assetUnknown, amountOutOfRange, depositOutOfOrder, notOperator.
 */
export function deposit(state: ExchangeState, input: Of<'deposit'>): Result<Applied> {
  const { depositNumber, account, assetId, amount: units } = input;
  const refusal =
    refuseCredit(state, input) ??
    refuseUnsettled(state, assetId) ??
    refuseCount('depositOutOfOrder', 'depositNumber', {
      expected: state.baseLayer.depositCount + 1,
      actual: depositNumber,
    }) ??
    refuseOwn(account);
  if (refusal !== undefined) return refusal;
  state.baseLayer.depositCount = depositNumber;
  const market = marketOfPool(state, account);
  const waits = market !== undefined && market.epoch.batchCount > 0;
  const to = waits ? systemAccount(SystemRole.arrivals, market.marketId) : account;
  const transfer = { from: CUSTODY, to, assetId, amount: units };
  state.ledger.transfer(transfer);
  return accepted({ kind: 'deposited', depositNumber, account, transfer });
}

/** Hands a pool the deposits that waited for its epoch to be sealed. */
export function admitArrivals(state: ExchangeState, marketId: number): void {
  const from = systemAccount(SystemRole.arrivals, marketId);
  const to = systemAccount(SystemRole.pool, marketId);
  for (const { assetId, balance } of state.ledger.balances(from)) {
    state.ledger.transfer({ from, to, assetId, amount: amount(balance.available) });
  }
}

/**
 * Records that an owner leaves: from now on it places nothing, and what it has waiting comes back
 * to it, because the base layer refuses a list that debits it after the exit is due. Live orders
 * stay and clear. Noticed again (after a reorganisation, say), the newer block counts.
 */
export function noticeExit(state: ExchangeState, input: Of<'noticeExit'>): Result<Applied> {
  const { owner, dueBlock } = input;
  state.baseLayer.exits.set(owner, dueBlock);
  const returned = returnWithdrawals(state, owner);
  return accepted({ kind: 'exitNoticed', owner, dueBlock, returned });
}

/** Lets an owner trade again that took its exit back. Rejection: exitUnknown. */
export function withdrawExit(state: ExchangeState, input: Of<'withdrawExit'>): Result<Applied> {
  const { owner } = input;
  if (!state.baseLayer.exits.delete(owner)) {
    return refuse('exitUnknown', { field: 'owner', actual: owner });
  }
  return accepted({ kind: 'exitWithdrawn', owner });
}

/**
 * Debits what the base layer paid to somebody who left, each payment once and in order. The pool of
 * a market is debited between its epochs only, for the reason that its deposits wait.
 * Rejections: assetUnknown, amountOutOfRange, insufficientAvailable where the ledger has less than
 * was paid (then the two disagree, and the venue must stop), exitOutOfOrder, phaseMismatch for a
 * pool with an open epoch.
 */
export function payExit(state: ExchangeState, input: Of<'payExit'>): Result<Applied> {
  const { exitNumber, owner, assetId, units } = input;
  if (state.assets[assetId] === undefined) {
    const limit = state.assets.length - 1;
    return refuse('assetUnknown', { field: 'assetId', limit, actual: assetId });
  }
  if (units < 1n) return refuse('amountOutOfRange', { field: 'units', limit: 1, actual: units });
  const { available } = state.ledger.balance(owner, assetId);
  if (available < units) {
    return refuse('insufficientAvailable', { field: 'units', limit: available, actual: units });
  }
  const next = { expected: state.baseLayer.exitCount + 1, actual: exitNumber };
  const skipped = refuseCount('exitOutOfOrder', 'exitNumber', next);
  if (skipped !== undefined) return skipped;
  const market = marketOfPool(state, owner);
  if (market !== undefined && market.epoch.batchCount > 0) {
    return refuse('phaseMismatch', { field: 'owner', limit: 'a sealed epoch', actual: owner });
  }
  const own = refuseOwn(owner);
  if (own !== undefined) return own;
  state.baseLayer.exitCount = exitNumber;
  const transfer = { from: owner, to: CUSTODY, assetId, amount: units };
  state.ledger.transfer(transfer);
  return accepted({ kind: 'exitPaid', exitNumber, transfer });
}

/**
 * Counts a deposit or a payment of an exit that the ledger has no place for: refused for good, it
 * would stop all that follow. Rejections: depositOutOfOrder, exitOutOfOrder.
 */
export function skipCrossing(state: ExchangeState, input: Of<'skipCrossing'>): Result<Applied> {
  const { baseLayer } = state;
  const { crossing, number } = input;
  const isExit = crossing === 'exit';
  const last = isExit ? baseLayer.exitCount : baseLayer.depositCount;
  const code = isExit ? 'exitOutOfOrder' : 'depositOutOfOrder';
  const skipped = refuseCount(code, 'number', { expected: last + 1, actual: number });
  if (skipped !== undefined) return skipped;
  if (isExit) baseLayer.exitCount = number;
  else baseLayer.depositCount = number;
  return accepted({ kind: 'crossingSkipped', crossing, number });
}

/**
 * Gives an account what the base layer has settled for it, and counts its nonces up to the given
 * ones as used. Rejections: assetUnknown, amountOutOfRange, notOperator, parametersInvalid for
 * balances out of order or nonces out of range, restoredTooLate.
 */
export function restoreVault(state: ExchangeState, input: Of<'restoreVault'>): Result<Applied> {
  const { account, balances, orderNonceHighest, withdrawalNonceHighest } = input;
  const { baseLayer, ledger } = state;
  for (const holding of balances) {
    const refusal = refuseCredit(state, { ...holding, account });
    if (refusal !== undefined) return refusal;
  }
  const own = refuseOwn(account);
  if (own !== undefined) return own;
  const isSorted = balances.every(({ assetId }, k) => {
    return k === 0 || assetId > at(balances, k - 1).assetId;
  });
  if (!isSorted) {
    return refuse('parametersInvalid', { field: 'balances', limit: 'assets ascending, each once' });
  }
  for (const [field, actual] of Object.entries({ orderNonceHighest, withdrawalNonceHighest })) {
    if (actual > ORDER_NONCE_MAX) {
      return refuse('parametersInvalid', { field, limit: ORDER_NONCE_MAX, actual });
    }
  }
  if (baseLayer.hasTraded || baseLayer.restored.has(account)) {
    return refuse('restoredTooLate', { field: 'account', actual: account });
  }
  baseLayer.restored.add(account);
  ledger.open(account);
  for (const holding of balances) ledger.transfer({ from: CUSTODY, to: account, ...holding });
  if (orderNonceHighest > 0n) state.nonceWindows.set(account, windowUpTo(orderNonceHighest));
  if (withdrawalNonceHighest > 0n) {
    baseLayer.withdrawalWindows.set(account, windowUpTo(withdrawalNonceHighest));
  }
  ledger.touch(account);
  return accepted({ kind: 'vaultRestored', account });
}

/**
 * Says how many deposits and payments the restored vaults hold already. Rejection: restoredTooLate
 * after the first order, deposit or payment.
 */
export function restoreCounts(state: ExchangeState, input: Of<'restoreCounts'>): Result<Applied> {
  const { baseLayer } = state;
  const { depositNumber, exitNumber } = input;
  if (baseLayer.hasTraded || baseLayer.depositCount + baseLayer.exitCount > 0) {
    return refuse('restoredTooLate', { field: 'depositNumber', actual: depositNumber });
  }
  baseLayer.depositCount = depositNumber;
  baseLayer.exitCount = exitNumber;
  return accepted({ kind: 'countsRestored', depositNumber, exitNumber });
}

/** The base layer holds no units of such an asset, so none come from there. */
function refuseUnsettled(state: ExchangeState, asset: AssetId): Refused | undefined {
  if (at(state.assets, asset).settles) return undefined;
  return refuse('assetUnknown', { field: 'assetId', limit: 'one that settles', actual: asset });
}

/** The market whose pool an account is, if any. */
function marketOfPool(state: ExchangeState, account: AccountId): BatchMarket | undefined {
  const vault = venueVault(account);
  return vault?.role === SystemRole.pool ? state.markets.get(vault.marketId) : undefined;
}

/** The venue's other accounts mirror no vault of the base layer. */
function refuseOwn(account: AccountId): Refused | undefined {
  if (!isSystemAccount(account) || venueVault(account) !== undefined) return undefined;
  return refuse('notOperator', { field: 'account', actual: account });
}

function refuseCount(
  code: 'depositOutOfOrder' | 'exitOutOfOrder',
  field: string,
  { expected, actual }: { readonly expected: number; readonly actual: number },
): Refused | undefined {
  return actual === expected ? undefined : refuse(code, { field, limit: expected, actual });
}
