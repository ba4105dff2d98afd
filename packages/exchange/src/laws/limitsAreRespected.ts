import { FEE_SCALE, orderBandPpm, productUnits, RAMP } from '../markets/batch/parameters.ts';
import { mulDivCeil } from '../numbers/mulDiv.ts';
import { PPM } from '../numbers/price.ts';
import type { BatchTransition } from '../transition.ts';
import type { Law, LawContext } from './law.ts';
import { covarianceAt, exposures, scaledQuotes } from './quotes.ts';
import { isVoid, receiptOf, spendStands, unitPrice, unrestrictedSpend } from './ruleTable.ts';
import type { Verdict, Violated } from './verdict.ts';
import { HOLDS, violated } from './verdict.ts';

/**
 * L6. A fill keeps its order's own terms: x <= B, g den >= x num to the last unit, x >= ceil(m B),
 * and a payment buys something. A row may be blocked only if it would otherwise be filled and a
 * local counterfactual certifies that its admission destroys the very price it needs: at the quotes
 * after adding its own minimum to the pool's final position, it fills by less than that minimum.
 *
 * @see docs/protocol/limitsAreRespected.md for the certificate in integers
 */
export const limitsAreRespected: Law = {
  id: 'L6',
  name: 'limitsAreRespected',
  statement:
    'Each fill respects budget, limit rate and minimum fill of its order, and each blocked order ' +
    'is certified.',
  check,
};

function check(transition: BatchTransition, context: LawContext): Verdict {
  const { rules } = context;
  if (rules.flaw !== undefined) return rules.flaw;
  const { orders, fills } = transition;
  for (let row = 0; row < orders.count; row += 1) {
    const spend = fills.paid[row] as bigint;
    if (spend === 0n) continue;
    const received = fills.received[row] as bigint;
    const within = spend <= (orders.budget[row] as bigint);
    if (!within || !spendStands(transition, row, { spend, received })) {
      const limit = `${orders.limitNumerator[row]}/${orders.limitDenominator[row]}`;
      const minimum = `${orders.minFillPpm[row]} ppm`;
      return atRow(transition, row, {
        rule: 'a fill keeps the budget, the limit rate and the minimum of its order',
        expected: `at most ${orders.budget[row]}, rate ${limit}, minimum ${minimum}`,
        actual: `${spend} paid for ${received}`,
      });
    }
  }
  return blockedFlaw(transition, context) ?? HOLDS;
}

function blockedFlaw(transition: BatchTransition, context: LawContext): Violated | undefined {
  const { blocked } = transition.solution;
  if (blocked.length === 0) return undefined;
  let last = -1;
  for (const row of blocked) {
    if (!Number.isInteger(row) || row <= last || row >= transition.orders.count) {
      return violated({
        locus: { kind: 'batch', field: 'solution.blocked' },
        rule: 'blocked rows are listed once, ascending',
        expected: `above ${last}, below ${transition.orders.count}`,
        actual: row,
      });
    }
    last = row;
  }
  if (context.rules.halted) {
    return atRow(transition, last, {
      rule: 'a halted batch blocks nobody',
      expected: 'no blocked rows',
      actual: blocked.length,
    });
  }
  if (context.totals().overflow !== undefined) return context.totals().overflow;
  const exposure = exposures(transition, context.rules, context.totals().poolTrade);
  const quotes = scaledQuotes(transition, exposure);
  for (const row of blocked) {
    const flaw = certificateFlaw(transition, context, { row, quotes });
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

/** The certificate of one blocked row; `quotes` are the scaled quotes at the final position. */
function certificateFlaw(
  transition: BatchTransition,
  { rules }: LawContext,
  { row, quotes }: { readonly row: number; readonly quotes: readonly bigint[] },
): Violated | undefined {
  const { orders } = transition;
  const rule = rules.pair(orders.pay[row] as number, orders.receive[row] as number);
  const spend = unrestrictedSpend(rules, transition, row);
  const fill = { spend, received: receiptOf(rule, spend) };
  if (isVoid(transition, row) || !spendStands(transition, row, fill)) {
    return atRow(transition, row, {
      rule: 'a blocked row would be filled at the clearing prices',
      expected: 'a standing fill',
      actual: `void, or ${fill.spend} for ${fill.received}`,
    });
  }
  const minimum = BigInt(orders.minFillPpm[row] as number);
  const least = mulDivCeil(minimum, orders.budget[row] as bigint, PPM);
  const change = new Map<number, bigint>([[orders.pay[row] as number, least]]);
  const bought = receiptOf(rule, least);
  rule.legs.forEach((leg, k) => {
    change.set(leg, (change.get(leg) ?? 0n) - bought * (rule.legUnits[k] as bigint));
  });
  const moved = movedQuotes(transition, rules.weights, { quotes, change });
  if (belowMinimum(transition, row, { moved, unitMids: rules.unitMids, weights: rules.weights })) {
    return undefined;
  }
  return atRow(transition, row, {
    rule: 'admitting a blocked row moves the quote to where its minimum is not met',
    expected: `a fraction below ${minimum} ppm`,
    actual: 'at least that',
  });
}

/** Q_i - mid_i sum_j S_ij mid_j change_j w_j for the assets of `change`; exact. */
function movedQuotes(
  transition: BatchTransition,
  weights: readonly bigint[],
  at: { readonly quotes: readonly bigint[]; readonly change: ReadonlyMap<number, bigint> },
): bigint[] {
  const { mids } = transition.oracle;
  const moved = [...at.quotes];
  for (const i of at.change.keys()) {
    if (i === 0) continue;
    let risk = 0n;
    for (const [j, units] of at.change) {
      if (j === 0) continue;
      const exposure = (mids[j] as bigint) * units * (weights[j] as bigint);
      risk += covarianceAt(transition, i, j) * exposure;
    }
    moved[i] = (moved[i] as bigint) - (mids[i] as bigint) * risk;
  }
  return moved;
}

/**
 * Whether the order's fraction at the moved quotes is below its minimum m, by its own rate or by
 * the band: eff <= 0, or (eff - req) M 10^6 < m eff, with eff = den K_pay (F - phi) and
 * req = num K_product F at the moved quotes. Exact; the common scale N of the quotes cancels.
 */
function belowMinimum(
  { orders, parameters }: BatchTransition,
  row: number,
  at: {
    readonly moved: readonly bigint[];
    readonly unitMids: readonly bigint[];
    readonly weights: readonly bigint[];
  },
): boolean {
  const pay = orders.pay[row] as number;
  const product = orders.receive[row] as number;
  const price = unitPrice(productUnits(parameters, pay), at.moved, at.weights);
  const productPrice = unitPrice(productUnits(parameters, product), at.moved, at.weights);
  const net = price * (FEE_SCALE - BigInt(parameters.feeE7));
  const gross = productPrice * FEE_SCALE;
  const minimum = BigInt(orders.minFillPpm[row] as number);
  const below = (numerator: bigint, denominator: bigint): boolean => {
    const eff = denominator * net;
    return eff <= 0n || (eff - numerator * gross) * RAMP * PPM < minimum * eff;
  };
  const band = BigInt(orderBandPpm(parameters, pay, product));
  return (
    below(orders.limitNumerator[row] as bigint, orders.limitDenominator[row] as bigint) ||
    below((at.unitMids[pay] as bigint) * (PPM - band), (at.unitMids[product] as bigint) * PPM)
  );
}

function atRow(
  { orders }: BatchTransition,
  row: number,
  finding: { readonly rule: string; readonly expected: string; readonly actual: string | number },
): Violated {
  return violated({ locus: { kind: 'order', row, orderId: orders.orderId(row) }, ...finding });
}
