import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { OrderTable } from '@lawbook/exchange/markets/batch/orderTable';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import { amount } from '@lawbook/exchange/numbers/amount';
import { divFloor } from '@lawbook/exchange/numbers/mulDiv';
import type { AuthorisedOrder, BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { DemoAccount } from '../demoWorld.ts';
import {
  DEMO_ASSETS,
  DEMO_DOMAIN,
  DEMO_MARKET_ID,
  demoMids,
  developmentAccount,
} from '../demoWorld.ts';
import type { Scenario } from './scenarios.ts';
import { scenarioWishes } from './scenarios.ts';
import type { Wish } from './wishes.ts';
import { LIMIT_BPS } from './wishes.ts';

/** Orders of a scenario are dealt to this many traders in turn. */
export const TRADER_COUNT = 10;

/** Scenario orders expire at the end of 2099, so that no simulated clock outlives them. */
const EXPIRES_AT_MS = 4_102_444_799_000;

/** The traders of the scenarios: development accounts, other than the demo accounts. */
export function scenarioTraders(): DemoAccount[] {
  return Array.from({ length: TRADER_COUNT }, (_, k) => developmentAccount(`scenario trader ${k}`));
}

/** The orders of one epoch, dealt to the traders in turn, before anybody signs. */
export function unsignedOrders(scenario: Scenario, epoch: number): BatchOrder[] {
  const traders = scenarioTraders();
  return scenarioWishes(scenario, epoch).map((wish, k) => ({
    owner: at(traders, k % TRADER_COUNT).account,
    marketId: DEMO_MARKET_ID,
    pay: wish.pay,
    receive: wish.receive,
    budget: wish.budget,
    ...wishLimit(wish),
    minFillPpm: 0,
    orderNonce: BigInt(epoch * 100_000 + (k - (k % TRADER_COUNT)) / TRADER_COUNT + 1),
    expiresAtMs: EXPIRES_AT_MS,
  }));
}

/** The orders of one epoch as their owners would send them, with their ids and signatures. */
export function scenarioOrders(scenario: Scenario, epoch: number): AuthorisedOrder[] {
  const traders = scenarioTraders();
  const signing = new Signing(DEMO_DOMAIN);
  return unsignedOrders(scenario, epoch).map((order, k) => {
    const digest = signing.orderDigest(order);
    const authorisation = signDigest(digest, at(traders, k % TRADER_COUNT).secretKey);
    return { order, orderId: hashFromBytes(digest), authorisation };
  });
}

/** The orders of one epoch in the columns that solver and laws read. */
export function scenarioTable(scenario: Scenario, epoch: number): OrderTable {
  const table = new OrderTable(DEMO_MARKET_ID, Math.max(1, scenario.orderCount));
  for (const entry of scenarioOrders(scenario, epoch)) table.append(entry);
  return table;
}

/** What each trader needs of each asset to place all orders of a scenario; ledger units. */
export function scenarioFunding(orders: readonly AuthorisedOrder[]): Amount[] {
  const sums = DEMO_ASSETS.map(() => 0n);
  for (const { order } of orders) sums[order.pay] = at(sums, order.pay) + order.budget;
  return sums.map(amount);
}

/**
 * Least ledger units received per ledger unit paid, as a rational: the mid rate / (1 + 5 bps),
 * which is to pay at most 5 bps above the mid for what is bought. No wish limits a basket.
 */
function wishLimit(wish: Wish): Pick<BatchOrder, 'limitNumerator' | 'limitDenominator'> {
  if (!wish.limited) return { limitNumerator: 0n, limitDenominator: 1n };
  const mids = demoMids();
  // A ledger unit is 10^-decimals of a whole unit: the cross factors bring both to one scale.
  const unitPrice = (asset: number, other: number): bigint =>
    at(mids, asset) * 10n ** BigInt(at(DEMO_ASSETS, other).decimals);
  const numerator = unitPrice(wish.pay, wish.receive) * BPS;
  const denominator = unitPrice(wish.receive, wish.pay) * (BPS + LIMIT_BPS);
  const divisor = commonDivisor(numerator, denominator);
  return {
    limitNumerator: divFloor(numerator, divisor),
    limitDenominator: divFloor(denominator, divisor),
  };
}

const BPS = 10_000n;

function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}
