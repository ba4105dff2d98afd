/**
 * The block certificate as the circuit rounds it: laws/src/blockCertificate.nr in bigints. Some
 * integers of the law's own certificate exceed the circuit's field.
 */
import { at } from '@lawbook/exchange/failures/invariant';
import { totalFills } from '@lawbook/exchange/laws/fillTotals';
import { covarianceAt, quoteScale } from '@lawbook/exchange/laws/quotes';
import type { PairRule, RuleTable } from '@lawbook/exchange/laws/ruleTable';
import { rampedSpend, receiptOf } from '@lawbook/exchange/laws/ruleTable';
import { FEE_SCALE, RAMP, RATION_SCALE } from '@lawbook/exchange/markets/batch/parameters';
import { divFloor, mulDivCeil } from '@lawbook/exchange/numbers/mulDiv';
import { PPM } from '@lawbook/exchange/numbers/price';
import type { BatchTransition } from '@lawbook/exchange/transition';

/**
 * Whether the circuit certifies a blocked row of a `proRata` batch. It rounds to the order's
 * favour: what it certifies the law certifies. The row must be one that would be filled.
 */
export function isCertifiedRounded(
  transition: BatchTransition,
  rules: RuleTable,
  row: number,
): boolean {
  const { orders } = transition;
  const rule = rules.pair(orders.pay[row] as number, orders.receive[row] as number);
  const moved = movedPrices(transition, rules, { row, rule });
  if (moved === undefined) return false;
  const shares = shareBounds(transition, rules, { row, rule });
  const fraction = fractionBound(transition, rules, { row, ...moved });
  const minimum = BigInt(orders.minFillPpm[row] as number) << 120n;
  return fraction * shares.pay * shares.leg * PPM < minimum;
}

interface Candidate {
  readonly row: number;
  readonly rule: PairRule;
}

/** K'_pay rounded up and K'_product rounded down, over 2^116. */
interface MovedPrices {
  readonly price: bigint;
  readonly productPrice: bigint;
}

const PRICE_BITS = 84n;

/** Undefined where the circuit has no room for them. */
function movedPrices(
  transition: BatchTransition,
  rules: RuleTable,
  { row, rule }: Candidate,
): MovedPrices | undefined {
  const { orders } = transition;
  const [pay, product] = [orders.pay[row] as number, orders.receive[row] as number];
  const least = mulDivCeil(
    BigInt(orders.minFillPpm[row] as number),
    orders.budget[row] as bigint,
    PPM,
  );
  const bought = receiptOf(rule, least);
  if (!fits(bought, 63n)) return undefined;
  const units = unitsOf(rules, rule);
  const changes = units.map((n, i) => (i === pay ? least : 0n) - bought * n);
  if (changes.slice(1).some((change) => !fitsSigned(change, 63n))) return undefined;
  const scale = quoteScale(transition);
  let price = at(rules.unitPrices, pay) * scale;
  let productPrice = at(rules.unitPrices, product) * scale;
  for (let i = 1; i < units.length; i += 1) {
    const risk = changes.reduce((sum, change, j) => {
      return j === 0 ? sum : sum + covarianceAt(transition, i, j) * change * at(rules.unitMids, j);
    }, 0n);
    if (!fitsSigned(risk, 160n)) return undefined;
    const shift = at(rules.unitMids, i) * risk;
    if (i === pay) price -= shift;
    productPrice -= at(units, i) * shift;
  }
  if (productPrice < 0n) return undefined;
  const up = price <= 0n ? 0n : -divFloor(-price, 1n << 116n);
  const down = productPrice >> 116n;
  if (!fits(up, PRICE_BITS) || !fits(down, PRICE_BITS)) return undefined;
  return { price: up, productPrice: down };
}

/** What the product is made of, by column. */
function unitsOf(rules: RuleTable, { legs, legUnits }: PairRule): bigint[] {
  const units = new Array<bigint>(rules.assetCount).fill(0n);
  legs.forEach((leg, k) => {
    units[leg] = at(legUnits, k);
  });
  return units;
}

const ONE = 1n << 40n;

/** The lesser of the own and the protective fraction at moved prices, times 2^40, rounded up. */
function fractionBound(
  { orders, parameters }: BatchTransition,
  rules: RuleTable,
  moved: MovedPrices & { readonly row: number },
): bigint {
  const { row, price, productPrice } = moved;
  const [pay, product] = [orders.pay[row] as number, orders.receive[row] as number];
  const net = price * (FEE_SCALE - BigInt(parameters.feeE7));
  const gross = productPrice * FEE_SCALE;
  const boundOf = (numerator: bigint, denominator: bigint): bigint => {
    const eff = denominator * net;
    const above = (eff - numerator * gross) * RAMP;
    if (above <= 0n) return 0n;
    return above >= eff ? ONE : -divFloor(-above * ONE, eff);
  };
  const band = PPM - BigInt(rules.bandPpm(pay, product));
  const cap = boundOf(at(rules.unitMids, pay) * band, at(rules.unitMids, product) * PPM);
  const own = boundOf(orders.limitNumerator[row] as bigint, orders.limitDenominator[row] as bigint);
  if (own < cap) return own;
  return cap;
}

/** The shares that rationing leaves on either side, times 2^40, rounded up. */
function shareBounds(
  transition: BatchTransition,
  rules: RuleTable,
  { row, rule }: Candidate,
): { readonly pay: bigint; readonly leg: bigint } {
  const { orders, parameters, solution, after } = transition;
  const totals = totalFills(transition, rules);
  const pool = (after.accounts.length - 2) * rules.assetCount;
  const post = (i: number): bigint => after.balances[pool + i] as bigint;
  const wish = rampedSpend(rule, orders, row);
  const pay = orders.pay[row] as number;
  const paid = at(totals.paidIn, pay);
  const paying = shareBound(at(solution.payFactors, pay), {
    room: at(parameters.assets, pay).inventoryMax - post(pay) + paid,
    flow: paid,
    wish,
  });
  const fee = divFloor(wish * rule.fee, rule.feeUnder);
  const bought = receiptOf(rule, wish) + fee;
  let leg = ONE;
  rule.legs.forEach((i, k) => {
    const out = at(totals.paidOut, i) + at(totals.fees, i);
    const share = shareBound(at(solution.receiveFactors, i), {
      room: post(i) - at(parameters.assets, i).inventoryMin + out,
      flow: out,
      wish: bought * at(rule.legUnits, k),
    });
    if (share < leg) leg = share;
  });
  return { pay: paying, leg };
}

function shareBound(
  factor: bigint,
  side: { readonly room: bigint; readonly flow: bigint; readonly wish: bigint },
): bigint {
  const byFactor = -divFloor(-factor * ONE, RATION_SCALE);
  const wanted = -divFloor(-side.flow * RATION_SCALE, factor) + side.wish;
  if (wanted <= 0n) return byFactor;
  const byRoom = side.room <= 0n ? 0n : -divFloor(-side.room * ONE, wanted);
  return byRoom < byFactor ? byRoom : byFactor;
}

/** 0 <= x < 2^bits. */
function fits(x: bigint, bits: bigint): boolean {
  return x >= 0n && x >> bits === 0n;
}

/** -2^bits <= x < 2^bits. */
function fitsSigned(x: bigint, bits: bigint): boolean {
  return fits(x + (1n << bits), bits + 1n);
}
