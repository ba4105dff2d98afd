import type { BatchTransition } from '../transition.ts';
import type { Law, LawContext } from './law.ts';
import type { PairRule } from './ruleTable.ts';
import { isVoid, rationedSpend, receiptOf, spendStands } from './ruleTable.ts';
import type { Verdict } from './verdict.ts';
import { HOLDS, violated } from './verdict.ts';

/**
 * L4. What an order pays is a function of the prices and of nothing else about it but its terms:
 * c_k = the lesser of its own and the protective rule, rationed. It pays c_k, or nothing; and
 * nothing only if it is void, blocked, or c_k may not stand (buys no unit, misses the limit to the
 * last unit, or is below the minimum).
 *
 * That a paid c_k does stand is asked by L6, of the receipt that L5 fixes: together the three laws
 * say that (x_k, g_k) equals the integer rule exactly. In a halted batch every order pays nothing.
 *
 * @see docs/protocol/fillsFollowPrices.md
 */
export const fillsFollowPrices: Law = {
  id: 'L4',
  name: 'fillsFollowPrices',
  statement:
    'Each order pays the exact integer function of the clearing prices and its own terms, or ' +
    'nothing where the rules say nothing.',
  check,
};

function check(transition: BatchTransition, { rules }: LawContext): Verdict {
  if (rules.flaw !== undefined) return rules.flaw;
  const { orders, fills, solution } = transition;
  const blocked = new Uint8Array(orders.count);
  for (const row of solution.blocked) blocked[row] = 1;
  for (let row = 0; row < orders.count; row += 1) {
    const paid = fills.paid[row] as bigint;
    const out = rules.halted || blocked[row] === 1 || isVoid(transition, row);
    const rule = rules.pair(orders.pay[row] as number, orders.receive[row] as number);
    const spend = out ? 0n : rationedSpend(rule, orders, row);
    if (paid === spend) continue;
    const expected = standingSpend(rule, transition, { row, spend });
    if (paid !== expected) {
      return violated({
        locus: { kind: 'order', row, orderId: orders.orderId(row) },
        rule: 'an order pays the integer function of the prices',
        expected,
        actual: paid,
      });
    }
  }
  return HOLDS;
}

/** The spend, or nothing where it may not stand. */
function standingSpend(
  rule: PairRule,
  transition: BatchTransition,
  { row, spend }: { readonly row: number; readonly spend: bigint },
): bigint {
  const received = receiptOf(rule, spend);
  return spendStands(transition, row, { spend, received }) ? spend : 0n;
}
