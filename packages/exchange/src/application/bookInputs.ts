import { diffRoot, type StateDiffList } from '../diffs/stateDiff.ts';
import type { Refused } from '../failures/rejection.ts';
import { refuse } from '../failures/rejection.ts';
import type { Result } from '../failures/result.ts';
import { accepted } from '../failures/result.ts';
import type { Input } from '../inputs.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import { chainBookEpoch } from '../markets/book/bookEpoch.ts';
import { bookImageRoot } from '../markets/book/bookImage.ts';
import type { BookInput } from '../markets/book/bookInputs.ts';
import { bookOf } from '../markets/book/bookInputs.ts';
import type { OpenBookEpoch } from '../markets/book/bookMarket.ts';
import { BookMarket, openBookEpoch } from '../markets/book/bookMarket.ts';
import type { BookMarketParameters } from '../markets/book/bookMarketParameters.ts';
import { bookParameterHash, refuseBookParameters } from '../markets/book/bookMarketParameters.ts';
import type { Moment } from '../orders/admission.ts';
import { refuseFarExpiry, refuseNonce } from '../orders/admission.ts';
import type { BookOrder } from '../orders/bookOrder.ts';
import { NO_CLIENT_ORDER_ID } from '../orders/bookOrder.ts';
import type { Applied } from './applied.ts';
import type { ExchangeState } from './exchangeState.ts';
import { unknownMarket } from './operatorInputs.ts';
import { keepGrants, refuseAuthority } from './orderInputs.ts';
import { stateRoot } from './stateRoot.ts';
import { refuseExiting } from './withdrawals.ts';

/**
 * Opens a book market. Rejections: assetUnknown, parametersInvalid, sameAsset, settlementMixed.
 */
export function createBookMarket(
  state: ExchangeState,
  input: Extract<Input, { kind: 'createBookMarket' }>,
  moment: Moment,
): Result<Applied> {
  const { parameters } = input;
  const { marketId } = parameters;
  const refusal =
    refuseAssets(state, parameters, moment) ??
    refuseBookParameters(parameters) ??
    refuseUsedNumber(state, marketId);
  if (refusal !== undefined) return refusal;
  state.ledger.open(systemAccount(SystemRole.fees, marketId));
  state.books.set(marketId, new BookMarket(parameters));
  return accepted({ kind: 'bookMarketCreated', marketId });
}

/**
 * Applies an input to its book. Rejections, the lowest number first: signatureInvalid,
 * sessionExpired, forbidden, marketUnknown, orderExpired, the three of nonces, orderExpiryTooFar,
 * clientOrderIdUsed, ownerIsExiting, bookTickDue; then those of the book itself in the order of
 * `markets/book/bookRejections.ts`.
 */
export function applyBookInput(
  state: ExchangeState,
  input: BookInput,
  moment: Moment,
): Result<Applied> {
  const marketId = bookOf(input);
  const market = state.books.get(marketId);
  if (market === undefined) return unknownMarket(marketId);
  const refusal = refuseWish(state, market, input, moment);
  if (refusal !== undefined) return refusal;
  if (input.kind !== 'bookTick' && market.isDue(moment.timeMs)) {
    return refuse('bookTickDue', { field: 'marketId', actual: marketId });
  }
  const place = { sequence: state.sequence + 1, timeMs: moment.timeMs };
  const outcome = market.apply(input, place, state.ledger);
  if (!('event' in outcome)) return outcome;
  if ('entry' in input) {
    const { terms, authorisation } = input.entry;
    keepGrants(state, market.epoch.grants, { owner: terms.owner, authorisation });
    state.baseLayer.hasTraded = true;
  }
  const { event, executions, orderId } = outcome;
  const { number: epochNumber } = market.epoch;
  return accepted({ kind: 'bookApplied', marketId, epochNumber, event, executions, orderId });
}

/**
 * Seals the events since the last seal as an epoch of the book. Rejection: phaseMismatch where
 * there are none.
 */
export function sealBookEpoch(
  state: ExchangeState,
  market: BookMarket,
  timeMs: number,
): Result<Applied> {
  const { epoch, parameters, marketId } = market;
  const eventCount = market.eventCount - epoch.firstEvent + 1;
  if (eventCount === 0) {
    return refuse('phaseMismatch', { field: 'marketId', limit: 'an event', actual: 'none' });
  }
  const closing = market.image();
  const diffs = diffsOf(parameters, epoch);
  const claim = {
    marketId,
    epochNumber: epoch.number,
    parentEpochHash: epoch.parentEpochHash,
    parameterHash: bookParameterHash(parameters),
    firstEvent: epoch.firstEvent,
    eventCount,
    openingRoot: epoch.openingRoot,
    logRoot: epoch.logRoot,
    closingRoot: bookImageRoot(closing),
    diffRoot: diffRoot(diffs),
  };
  const epochHash = chainBookEpoch(claim);
  market.epoch = openBookEpoch({
    number: epoch.number + 1,
    parentEpochHash: epochHash,
    firstEvent: market.eventCount + 1,
    opening: closing,
  });
  const { parameterHash: _, ...named } = claim;
  const grants = [...epoch.grants.values()];
  const { opening } = epoch;
  const record = { ...named, parameters, sealedAtMs: timeMs, opening, grants, diffs, epochHash };
  return accepted({ kind: 'bookEpochSealed', epoch: record, stateRoot: stateRoot(state) });
}

/** One diff per vault: owners in order of their first change, the fee vault among them. */
function diffsOf({ base, quote }: BookMarketParameters, epoch: OpenBookEpoch): StateDiffList {
  const entries = [...epoch.changes];
  const swapped = base > quote;
  return {
    accounts: entries.map(([owner]) => owner),
    assets: swapped ? [quote, base] : [base, quote],
    changes: BigInt64Array.from(
      entries.flatMap(([, change]) => {
        return swapped ? [change.quote, change.base] : [change.base, change.quote];
      }),
    ),
    orderNonces: BigUint64Array.from(entries, ([, { orderNonce }]) => orderNonce),
  };
}

/** The refusal of what an owner signed, whatever the book would say. */
function refuseWish(
  state: ExchangeState,
  market: BookMarket,
  input: BookInput,
  moment: Moment,
): Refused | undefined {
  if (!('entry' in input)) return undefined;
  const { terms, authorisation } = input.entry;
  const { owner } = terms;
  const expiresAtMs = 'expiresAtMs' in terms ? terms.expiresAtMs : 0;
  const unauthorised = refuseAuthority(state, { owner, expiresAtMs, authorisation }, moment.timeMs);
  if (unauthorised !== undefined) return unauthorised;
  if ('orderNonce' in terms) {
    if (expiresAtMs <= moment.timeMs) {
      const limit = moment.timeMs;
      return refuse('orderExpired', { field: 'expiresAtMs', limit, actual: expiresAtMs });
    }
    // An id that is known is told before its nonce, which of course is used as well.
    const stale =
      (input.kind === 'submitBookOrder' ? refuseUsedId(market, input.entry.terms) : undefined) ??
      refuseNonce(terms.orderNonce, market.nonceWindow(owner), moment) ??
      refuseFarExpiry(terms, moment);
    if (stale !== undefined) return stale;
  }
  if (input.kind !== 'submitBookOrder') return undefined;
  const { goodUntilMs: actual } = input.entry.terms;
  if (actual !== 0 && actual <= moment.timeMs) {
    return refuse('timeOutOfRange', { field: 'goodUntilMs', limit: moment.timeMs + 1, actual });
  }
  return refuseExiting(state, owner);
}

function refuseUsedId(market: BookMarket, order: BookOrder): Refused | undefined {
  const { owner, clientOrderId } = order;
  if (clientOrderId === NO_CLIENT_ORDER_ID) return undefined;
  const known = market.outcomeOf(owner, clientOrderId);
  if (known === undefined) return undefined;
  return refuse('clientOrderIdUsed', { field: 'clientOrderId', actual: known.orderId });
}

function refuseAssets(
  state: ExchangeState,
  { base, quote }: BookMarketParameters,
  { bounds }: Moment,
): Refused | undefined {
  for (const [field, id] of Object.entries({ base, quote })) {
    const asset = state.assets[id];
    if (asset === undefined) {
      const limit = state.assets.length - 1;
      return refuse('assetUnknown', { field: `parameters.${field}`, limit, actual: id });
    }
    // What a book trades has no statement yet that a base layer would settle.
    if (asset.settles && bounds?.settlesAssets === true) {
      return refuse('settlementMixed', { field: `parameters.${field}`, actual: asset.symbol });
    }
  }
  return undefined;
}

function refuseUsedNumber(state: ExchangeState, marketId: number): Refused | undefined {
  if (!state.markets.has(marketId) && !state.books.has(marketId)) return undefined;
  const limit = 'an unused number from 1';
  return refuse('parametersInvalid', { field: 'marketId', limit, actual: marketId });
}
