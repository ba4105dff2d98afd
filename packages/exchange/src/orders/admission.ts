import type { Refused } from '../failures/rejection.ts';
import { refuse } from '../failures/rejection.ts';
import { PPM } from '../numbers/price.ts';
import type { AdmissionBounds } from './admissionBounds.ts';
import { nonceLead } from './admissionBounds.ts';
import type { BatchOrder } from './batchOrder.ts';
import type { OrderNonceWindow } from './orderNonces.ts';
import { NONCE_WINDOW, nonceFreshness, ORDER_NONCE_MAX } from './orderNonces.ts';

/** What an order is checked against, all of it state of the exchange. */
export interface AdmissionTerms {
  readonly assetCount: number;
  readonly productCount: number;
  readonly budgetMax: bigint;
  /** Value of one ledger unit of the asset paid and of one unit of the product, one scale. */
  readonly payUnitPrice: bigint;
  readonly receiveUnitPrice: bigint;
  readonly window: OrderNonceWindow;
  readonly moment: Moment;
}

/** When an input is applied, and whether it is new. */
export interface Moment {
  /** The sequencer's clock, milliseconds since 1970. */
  readonly timeMs: number;
  /** Asked of new inputs; undefined for those of a journal. */
  readonly bounds: AdmissionBounds | undefined;
}

/** A limit may be off the reference mid by this factor: beyond it, digits were mistaken. */
const LIMIT_FACTOR = 1000n;
const LIMIT_PART_MAX = (1n << 63n) - 1n;

/** Whether the products of an order exist; checked before their prices can be looked up. */
export function refuseProducts(
  order: BatchOrder,
  terms: Pick<AdmissionTerms, 'assetCount' | 'productCount'>,
): Refused | undefined {
  if (order.pay >= terms.assetCount) {
    return refuse('assetUnknown', {
      field: 'pay',
      limit: terms.assetCount - 1,
      actual: order.pay,
    });
  }
  if (order.receive >= terms.productCount) {
    return refuse('assetUnknown', {
      field: 'receive',
      limit: terms.productCount - 1,
      actual: order.receive,
    });
  }
  if (order.pay === order.receive) {
    return refuse('sameAsset', { field: 'receive', actual: order.receive });
  }
  return undefined;
}

/**
 * Checks the terms of an order in order of precedence.
 *
 * @returns the rejection with the lowest number that applies, or undefined.
 */
export function refuseTerms(order: BatchOrder, terms: AdmissionTerms): Refused | undefined {
  return (
    refuseBudget(order, terms) ??
    refuseLimit(order, terms) ??
    refuseMinFill(order) ??
    refuseExpired(order, terms.moment) ??
    refuseNonce(order.orderNonce, terms.window, terms.moment) ??
    refuseFarExpiry(order, terms.moment)
  );
}

function refuseBudget(order: BatchOrder, terms: AdmissionTerms): Refused | undefined {
  if (order.budget >= 1n && order.budget <= terms.budgetMax) return undefined;
  return refuse('amountOutOfRange', {
    field: 'budget',
    limit: `1..${terms.budgetMax}`,
    actual: order.budget,
  });
}

function refuseLimit(order: BatchOrder, terms: AdmissionTerms): Refused | undefined {
  const { limitNumerator: numerator, limitDenominator: denominator } = order;
  const actual = `${numerator}/${denominator}`;
  const sized = numerator <= LIMIT_PART_MAX && denominator >= 1n && denominator <= LIMIT_PART_MAX;
  if (!sized) return refuse('limitOutOfRange', { field: 'limitNumerator', actual });
  if (numerator === 0n) return undefined;
  // rate limit / rate mid = (num * K_receive) / (den * K_pay), compared without dividing.
  const limitSide = numerator * terms.receiveUnitPrice;
  const midSide = denominator * terms.payUnitPrice;
  if (limitSide <= midSide * LIMIT_FACTOR && limitSide * LIMIT_FACTOR >= midSide) return undefined;
  return refuse('limitOutOfRange', {
    field: 'limitNumerator',
    limit: `within ${LIMIT_FACTOR} times ${terms.payUnitPrice}/${terms.receiveUnitPrice}`,
    actual,
  });
}

function refuseMinFill(order: BatchOrder): Refused | undefined {
  if (order.minFillPpm >= 0 && BigInt(order.minFillPpm) <= PPM) return undefined;
  return refuse('minFillOutOfRange', {
    field: 'minFillPpm',
    limit: PPM,
    actual: order.minFillPpm,
  });
}

function refuseExpired(order: BatchOrder, { timeMs }: Moment): Refused | undefined {
  if (order.expiresAtMs > timeMs) return undefined;
  return refuse('orderExpired', {
    field: 'expiresAtMs',
    limit: timeMs,
    actual: order.expiresAtMs,
  });
}

/** The refusal of an expiry beyond the longest life that new inputs are given. */
export function refuseFarExpiry(
  order: Pick<BatchOrder, 'expiresAtMs'>,
  { timeMs, bounds }: Moment,
): Refused | undefined {
  if (bounds === undefined) return undefined;
  const limit = timeMs + bounds.orderLifeMsMax;
  const actual = order.expiresAtMs;
  if (actual <= limit) return undefined;
  return refuse('orderExpiryTooFar', { field: 'expiresAtMs', limit, actual });
}

/**
 * The refusal of a nonce that was used, is too old, is wider than the laws allow, or, when it is
 * new, too far ahead: after the last nonce of all no other could follow.
 */
export function refuseNonce(
  orderNonce: bigint,
  window: OrderNonceWindow,
  moment: Moment,
): Refused | undefined {
  const freshness = orderNonce > ORDER_NONCE_MAX ? 'tooOld' : nonceFreshness(window, orderNonce);
  if (freshness === 'fresh') return refuseFarNonce(orderNonce, window, moment);
  if (freshness === 'replayed') {
    return refuse('orderNonceReplayed', { field: 'orderNonce', actual: orderNonce });
  }
  const least = window.highest - NONCE_WINDOW;
  return refuse('orderNonceTooOld', {
    field: 'orderNonce',
    limit: `${least < 0n ? 0n : least}..${ORDER_NONCE_MAX}`,
    actual: orderNonce,
  });
}

function refuseFarNonce(
  orderNonce: bigint,
  { highest }: OrderNonceWindow,
  { timeMs, bounds }: Moment,
): Refused | undefined {
  if (bounds === undefined) return undefined;
  const limit = nonceLead(highest, timeMs) + bounds.nonceStepMax;
  if (orderNonce <= limit) return undefined;
  return refuse('orderNonceTooFar', { field: 'orderNonce', limit, actual: orderNonce });
}
