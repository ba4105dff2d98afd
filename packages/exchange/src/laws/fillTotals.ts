import { AMOUNT_MAX } from '../numbers/amount.ts';
import type { BatchTransition } from '../transition.ts';
import type { RuleTable } from './ruleTable.ts';
import type { Violated } from './verdict.ts';
import { violated } from './verdict.ts';

/** Sums over the fills of a batch, from the transition's fills and nothing else. Ledger units. */
export interface FillTotals {
  /** Set when a sum leaves the range of an amount; no lawful batch does, and sums are then void. */
  readonly overflow: Violated | undefined;
  /** What each vault of the sheet pays by orders; row-major, one column per asset. */
  readonly spent: BigInt64Array;
  /** What each vault receives by orders; row-major. */
  readonly credited: BigInt64Array;
  /** z: all spends less all receipts, per asset. */
  readonly poolTrade: readonly bigint[];
  /** Fees per asset: floor(x * fee / feeUnder) product units of each fill, leg by leg. */
  readonly fees: readonly bigint[];
  /** Bonds of silent commitments by vault, numeraire units. */
  readonly forfeits: readonly bigint[];
  /** The sum of all forfeits. */
  readonly forfeited: bigint;
}

/** Adds up the fills. One pass; an addition that leaves 63 bits is a violation, never a wrap. */
export function totalFills(transition: BatchTransition, rules: RuleTable): FillTotals {
  const { orders, fills, before } = transition;
  const width = rules.assetCount;
  const spent = new BigInt64Array(before.accounts.length * width);
  const credited = new BigInt64Array(before.accounts.length * width);
  const fees = new BigInt64Array(width);
  let overflow: number | undefined;
  for (let row = 0; row < orders.count && overflow === undefined; row += 1) {
    const paid = fills.paid[row] as bigint;
    const received = fills.received[row] as bigint;
    if (paid === 0n && received === 0n) continue;
    const pay = orders.pay[row] as number;
    const rule = rules.pair(pay, orders.receive[row] as number);
    const vault = (orders.ownerIndex[row] as number) * width;
    let fits = added(spent, vault + pay, paid);
    const fee = rule.feeUnder > 0n ? (paid * rule.fee) / rule.feeUnder : 0n;
    for (let k = 0; k < rule.legs.length; k += 1) {
      const leg = rule.legs[k] as number;
      const units = rule.legUnits[k] as bigint;
      fits = added(credited, vault + leg, received * units) && fits;
      fits = added(fees, leg, fee * units) && fits;
    }
    if (!fits) overflow = row;
  }
  const lost = forfeits(transition, rules);
  return {
    overflow: overflow === undefined ? undefined : overflowAt(transition, overflow),
    spent,
    credited,
    poolTrade: poolTrade(spent, credited, width),
    fees: [...fees],
    forfeits: lost,
    forfeited: lost.reduce((sum, bond) => sum + bond, 0n),
  };
}

/** Adds in place; false when the sum leaves 0..2^63-1. */
function added(sums: BigInt64Array, slot: number, units: bigint): boolean {
  if (units > AMOUNT_MAX || units < 0n) return false;
  // Both terms lie in 0..2^63-1, so a wrapped sum is negative: the test is exact.
  const sum = BigInt.asIntN(64, (sums[slot] as bigint) + units);
  sums[slot] = sum;
  return sum >= 0n;
}

function poolTrade(spent: BigInt64Array, credited: BigInt64Array, width: number): bigint[] {
  const trade = new Array<bigint>(width).fill(0n);
  for (let slot = 0; slot < spent.length; slot += width) {
    for (let i = 0; i < width; i += 1) {
      const net = (spent[slot + i] as bigint) - (credited[slot + i] as bigint);
      if (net !== 0n) trade[i] = (trade[i] as bigint) + net;
    }
  }
  return trade;
}

function forfeits(transition: BatchTransition, rules: RuleTable): bigint[] {
  const { before, commitments, parameters } = transition;
  const lost = new Array<bigint>(before.accounts.length).fill(0n);
  if (rules.halted || commitments.length === 0) return lost;
  const rowOf = new Map(before.accounts.map((account, row) => [account, row]));
  for (const { owner, reveal } of commitments) {
    const row = rowOf.get(owner);
    if (reveal === undefined && row !== undefined)
      lost[row] = (lost[row] as bigint) + parameters.bond;
  }
  return lost;
}

function overflowAt({ orders }: BatchTransition, row: number): Violated {
  return violated({
    locus: { kind: 'order', row, orderId: orders.orderId(row) },
    rule: 'sums of fills stay within 63 bits',
    expected: `at most ${AMOUNT_MAX}`,
    actual: 'more',
  });
}
