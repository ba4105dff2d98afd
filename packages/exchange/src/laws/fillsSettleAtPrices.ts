import type { BatchTransition } from '../transition.ts';
import type { Law, LawContext } from './law.ts';
import { receiptOf } from './ruleTable.ts';
import type { Verdict } from './verdict.ts';
import { HOLDS, violated } from './verdict.ts';

/**
 * L5. Every fill settles at the one price vector:
 *
 *   g_k = floor(x_k K_pay (F - phi) / (K_product F)),  product units, rounded for the pool.
 *
 * One vector for all pairs is why no triangle of fills can gain: the rates of any cycle multiply to
 * (1 - phi)^n or less. In a halted batch nobody receives anything.
 *
 * @see docs/protocol/fillsSettleAtPrices.md
 */
export const fillsSettleAtPrices: Law = {
  id: 'L5',
  name: 'fillsSettleAtPrices',
  statement: 'Each order receives exactly what its payment buys at the one clearing price vector.',
  check,
};

function check(transition: BatchTransition, { rules }: LawContext): Verdict {
  if (rules.flaw !== undefined) return rules.flaw;
  const { orders, fills } = transition;
  for (let row = 0; row < orders.count; row += 1) {
    const paid = fills.paid[row] as bigint;
    const received = fills.received[row] as bigint;
    if (paid === 0n && received === 0n) continue;
    const rule = rules.pair(orders.pay[row] as number, orders.receive[row] as number);
    const expected = rules.halted ? 0n : receiptOf(rule, paid);
    if (received !== expected) {
      return violated({
        locus: { kind: 'order', row, orderId: orders.orderId(row) },
        rule: 'a payment buys its worth at the clearing prices, net of the fee',
        expected,
        actual: received,
      });
    }
  }
  return HOLDS;
}
