import { at } from '../failures/invariant.ts';
import type { Refused } from '../failures/rejection.ts';
import { refuse } from '../failures/rejection.ts';
import type { Result } from '../failures/result.ts';
import { accepted } from '../failures/result.ts';
import type { Input, ResumePoint } from '../inputs.ts';
import { isSystemAccount, SystemRole, systemAccount } from '../ledger/account.ts';
import { ASSET_COUNT_MAX, assetId, DECIMALS_MAX } from '../ledger/asset.ts';
import { CUSTODY } from '../ledger/ledger.ts';
import type { BatchMarket } from '../markets/batch/batchMarket.ts';
import { OpenBatch, openMarket } from '../markets/batch/batchMarket.ts';
import type { Basket, BatchParameters } from '../markets/batch/parameters.ts';
import { checkBasketWorth, checkOracle, checkParameters } from '../markets/batch/registration.ts';
import { AMOUNT_MAX } from '../numbers/amount.ts';
import type { Moment } from '../orders/admission.ts';
import type { Applied } from './applied.ts';
import type { ExchangeState } from './exchangeState.ts';

type Of<K extends Input['kind']> = Extract<Input, { kind: K }>;

/** Adds an asset; the first one is the numeraire. Rejections: assetLimitReached, assetExists. */
export function registerAsset(state: ExchangeState, input: Of<'registerAsset'>): Result<Applied> {
  const { symbol, decimals } = input;
  if (state.assets.length >= ASSET_COUNT_MAX) {
    return refuse('assetLimitReached', {
      field: 'symbol',
      limit: ASSET_COUNT_MAX,
      actual: state.assets.length + 1,
    });
  }
  const known = state.assets.some((asset) => asset.symbol === symbol);
  if (known || !/^[A-Z0-9]{2,12}$/.test(symbol)) {
    return refuse('assetExists', { field: 'symbol', actual: symbol });
  }
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > DECIMALS_MAX) {
    return refuse('assetExists', { field: 'decimals', limit: DECIMALS_MAX, actual: decimals });
  }
  const settles = input.settles ?? true;
  const asset = { id: assetId(state.assets.length), symbol, decimals, settles };
  state.assets.push(asset);
  return accepted({ kind: 'assetRegistered', asset });
}

/** Opens a batch market and credits its pool. Rejections: those of `checkParameters`. */
export function createMarket(
  state: ExchangeState,
  input: Of<'createMarket'>,
  moment: Moment,
): Result<Applied> {
  const { parameters, oracle, inventory } = input;
  const { marketId } = parameters;
  if (state.markets.has(marketId) || state.books.has(marketId) || marketId < 1) {
    return refuse('parametersInvalid', {
      field: 'marketId',
      limit: 'an unused number from 1',
      actual: marketId,
    });
  }
  const checked = checkMarket(state, parameters);
  if (!checked.ok) return checked;
  const mixed = refuseMixed(state, parameters, moment);
  if (mixed !== undefined) return mixed;
  const fits = checkOracle(parameters, oracle);
  if (!fits.ok) return fits;
  const coarse = refuseCoarse(parameters, oracle.mids, moment);
  if (coarse !== undefined) return coarse;
  if (inventory.length !== parameters.assets.length) {
    return refuse('parametersInvalid', {
      field: 'inventory',
      limit: `${parameters.assets.length} amounts`,
      actual: inventory.length,
    });
  }
  const uncovered = parameters.assets.find((asset, i) => {
    return custodyAfter(state, asset.assetId, at(inventory, i)) > AMOUNT_MAX;
  });
  if (uncovered !== undefined) {
    return refuse('amountOutOfRange', { field: 'inventory', limit: AMOUNT_MAX });
  }
  const { resumeFrom } = input;
  if (resumeFrom !== undefined && !isResumable(resumeFrom)) {
    const limit = 'a settled epoch of one batch or more';
    return refuse('parametersInvalid', { field: 'resumeFrom', limit });
  }
  const to = systemAccount(SystemRole.pool, marketId);
  state.ledger.open(to);
  state.ledger.open(systemAccount(SystemRole.fees, marketId));
  parameters.assets.forEach((asset, i) => {
    const units = at(inventory, i);
    state.ledger.transfer({ from: CUSTODY, to, assetId: asset.assetId, amount: units });
  });
  state.markets.set(marketId, openMarket(parameters, oracle, moment.timeMs, resumeFrom));
  return accepted({ kind: 'marketCreated', marketId });
}

/**
 * Changes the rules of a market from its next batch on, or at once while the batch is still empty.
 * The assets of a market are fixed and its baskets stay as they are: a signed order names a product
 * by its place in the list, so more baskets may only follow the present ones.
 * Rejections: marketUnknown, parametersInvalid and those of `checkParameters`.
 */
export function setParameters(
  state: ExchangeState,
  input: Of<'setParameters'>,
  moment: Moment,
): Result<Applied> {
  const { parameters } = input;
  const market = state.markets.get(parameters.marketId);
  if (market === undefined) return unknownMarket(parameters.marketId);
  const checked = checkMarket(state, parameters);
  if (!checked.ok) return checked;
  const same = parameters.assets.every((asset, i) => {
    return asset.assetId === market.parameters.assets[i]?.assetId;
  });
  if (!same || parameters.assets.length !== market.parameters.assets.length) {
    return refuse('parametersInvalid', { field: 'assets', limit: 'the assets of the market' });
  }
  const changed = market.parameters.baskets.findIndex((basket, k) => {
    return !isSameBasket(basket, parameters.baskets[k]);
  });
  if (changed >= 0) {
    const field = `baskets[${changed}]`;
    return refuse('parametersInvalid', { field, limit: 'the baskets of the market, then others' });
  }
  const coarse = refuseCoarse(parameters, market.reference.mids, moment);
  if (coarse !== undefined) return coarse;
  const { batch } = market;
  if (batch.table.count === 0 && batch.commitments.length === 0 && batch.phase === 'collecting') {
    adoptParameters(market, parameters, batch.number, moment.timeMs);
    return accepted({ kind: 'parametersSet', marketId: market.marketId, fromBatch: batch.number });
  }
  market.nextParameters = parameters;
  const fromBatch = batch.number + 1;
  return accepted({ kind: 'parametersSet', marketId: market.marketId, fromBatch });
}

function refuseMixed(
  state: ExchangeState,
  { assets }: BatchParameters,
  { bounds }: Moment,
): Refused | undefined {
  if (bounds?.settlesAssets !== true) return undefined;
  const odd = assets.findIndex(({ assetId: id }) => {
    return at(state.assets, id).settles !== at(state.assets, at(assets, 0).assetId).settles;
  });
  if (odd < 0) return undefined;
  return refuse('settlementMixed', {
    field: `assets[${odd}].assetId`,
    actual: at(assets, odd).assetId,
  });
}

function isResumable({ epochNumber, batchNumber }: ResumePoint): boolean {
  const counts = [epochNumber, batchNumber].every((n) => Number.isSafeInteger(n));
  return counts && epochNumber >= 1 && batchNumber >= epochNumber;
}

function refuseCoarse(
  parameters: BatchParameters,
  mids: readonly bigint[],
  { bounds }: Moment,
): Refused | undefined {
  if (bounds === undefined) return undefined;
  const checked = checkBasketWorth(parameters, mids, bounds.basketUnitWorthMax);
  return checked.ok ? undefined : checked;
}

function isSameBasket(basket: Basket, other: Basket | undefined): boolean {
  return (
    other !== undefined &&
    basket.symbol === other.symbol &&
    basket.units.every((units, i) => units === other.units[i])
  );
}

/** Starts a fresh batch under the given rules. */
export function adoptParameters(
  market: BatchMarket,
  parameters: BatchParameters,
  batchNumber: number,
  timeMs: number,
): void {
  market.parameters = parameters;
  market.nextParameters = undefined;
  market.batch = new OpenBatch(parameters, batchNumber, timeMs);
}

/** Credits an account out of custody. Rejections: assetUnknown, amountOutOfRange, notOperator. */
export function credit(state: ExchangeState, input: Of<'credit'>): Result<Applied> {
  const { account, assetId: asset, amount: units } = input;
  const refusal = refuseCredit(state, input);
  if (refusal !== undefined) return refusal;
  if (isSystemAccount(account)) return refuse('notOperator', { field: 'account', actual: account });
  const transfer = { from: CUSTODY, to: account, assetId: asset, amount: units };
  state.ledger.transfer(transfer);
  return accepted({ kind: 'credited', transfer });
}

/**
 * The refusal of units that come out of custody: assetUnknown, or amountOutOfRange where the
 * account or custody has no room for them.
 */
export function refuseCredit(
  state: ExchangeState,
  credited: Omit<Of<'credit'>, 'kind'>,
): Refused | undefined {
  const { account, assetId: asset, amount: units } = credited;
  if (asset >= state.assets.length) {
    const limit = state.assets.length - 1;
    return refuse('assetUnknown', { field: 'assetId', limit, actual: asset });
  }
  const room = AMOUNT_MAX - state.ledger.total(account, asset);
  if (units >= 1n && units <= room && custodyAfter(state, asset, units) <= AMOUNT_MAX) {
    return undefined;
  }
  return refuse('amountOutOfRange', { field: 'amount', limit: `1..${room}`, actual: units });
}

/** Stops a market, by a broken law or by its operator. Rejection: marketUnknown. */
export function haltMarket(state: ExchangeState, input: Of<'haltMarket'>): Result<Applied> {
  const market = state.markets.get(input.marketId);
  if (market === undefined) return unknownMarket(input.marketId);
  market.haltReason = input.reason;
  return accepted({ kind: 'marketHalted', marketId: market.marketId, reason: input.reason });
}

/**
 * Lets a halted market go on. A reveal window starts anew, because nobody could reveal during the
 * halt and silence costs a bond. Rejection: marketUnknown.
 */
export function resumeMarket(
  state: ExchangeState,
  input: Of<'resumeMarket'>,
  timeMs: number,
): Result<Applied> {
  const market = state.markets.get(input.marketId);
  if (market === undefined) return unknownMarket(input.marketId);
  const { batch } = market;
  if (market.haltReason !== undefined && batch.phase === 'revealing') batch.phaseSinceMs = timeMs;
  market.haltReason = undefined;
  return accepted({ kind: 'marketResumed', marketId: market.marketId });
}

/** The refusal of a market number that names nothing. */
export function unknownMarket(marketId: number): Result<never> {
  return refuse('marketUnknown', { field: 'marketId', actual: marketId });
}

/** What custody would owe of an asset after another credit. */
function custodyAfter(state: ExchangeState, asset: number, units: bigint): bigint {
  return units - state.ledger.total(CUSTODY, assetId(asset));
}

function checkMarket(state: ExchangeState, parameters: BatchParameters): Result<undefined> {
  for (const [i, asset] of parameters.assets.entries()) {
    const registered = state.assets[asset.assetId];
    if (registered === undefined) {
      return refuse('assetUnknown', { field: `assets[${i}].assetId`, actual: asset.assetId });
    }
    if (registered.decimals !== asset.decimals) {
      return refuse('parametersInvalid', {
        field: `assets[${i}].decimals`,
        limit: registered.decimals,
        actual: asset.decimals,
      });
    }
  }
  return checkParameters(parameters);
}
