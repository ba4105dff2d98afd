import type { BatchTransition } from '../transition.ts';
import { isCertified } from './blockCertificate.ts';
import type { Law, LawContext } from './law.ts';
import { isVoid, rationedSpend, receiptOf, spendStands } from './ruleTable.ts';
import type { Verdict, Violated } from './verdict.ts';
import { HOLDS, violated } from './verdict.ts';

/**
 * L6. A fill keeps its order's own terms: x <= B, g den >= x num to the last unit, x >= ceil(m B),
 * and a payment buys something. A row may be blocked only if it would otherwise be filled and a
 * local counterfactual certifies that its admission destroys the very fill it needs: with its own
 * minimum added to the final position of the pool, it fills by less than that minimum.
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
  for (const row of blocked) {
    const flaw = blockFlaw(transition, context, row);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

/** One blocked row: it would be filled at the clearing prices, and the certificate holds. */
function blockFlaw(
  transition: BatchTransition,
  { rules, totals }: LawContext,
  row: number,
): Violated | undefined {
  const { orders } = transition;
  const rule = rules.pair(orders.pay[row] as number, orders.receive[row] as number);
  const spend = rationedSpend(rule, orders, row);
  const fill = { spend, received: receiptOf(rule, spend) };
  if (isVoid(transition, row) || !spendStands(transition, row, fill)) {
    return atRow(transition, row, {
      rule: 'a blocked row would be filled at the clearing prices',
      expected: 'a standing fill',
      actual: `void, or ${fill.spend} for ${fill.received}`,
    });
  }
  const at = { transition, rules, totals: totals() };
  if (isCertified(at, row)) return undefined;
  return atRow(transition, row, {
    rule: 'admitting a blocked row would leave it below its minimum',
    expected: `a fraction below ${orders.minFillPpm[row]} ppm`,
    actual: 'at least that',
  });
}

function atRow(
  { orders }: BatchTransition,
  row: number,
  finding: { readonly rule: string; readonly expected: string; readonly actual: string | number },
): Violated {
  return violated({ locus: { kind: 'order', row, orderId: orders.orderId(row) }, ...finding });
}
