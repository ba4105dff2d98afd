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
  /** All spends, and all receipts, per asset. */
  readonly paidIn: readonly bigint[];
  readonly paidOut: readonly bigint[];
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
  const { orders, before } = transition;
  const width = rules.assetCount;
  const sums: RunningSums = {
    spent: new BigInt64Array(before.accounts.length * width),
    credited: new BigInt64Array(before.accounts.length * width),
    paidIn: new BigInt64Array(width),
    paidOut: new BigInt64Array(width),
    fees: new BigInt64Array(width),
  };
  let row = 0;
  while (row < orders.count && addFill(transition, row, { rules, sums })) row += 1;
  const lost = forfeits(transition, rules);
  return {
    overflow: row < orders.count ? overflowAt(transition, row) : undefined,
    spent: sums.spent,
    credited: sums.credited,
    paidIn: [...sums.paidIn],
    paidOut: [...sums.paidOut],
    poolTrade: Array.from(sums.paidIn, (paid, i) => paid - (sums.paidOut[i] as bigint)),
    fees: [...sums.fees],
    forfeits: lost,
    forfeited: lost.reduce((sum, bond) => sum + bond, 0n),
  };
}

/** By vault and asset, then by asset. */
interface RunningSums {
  readonly spent: BigInt64Array;
  readonly credited: BigInt64Array;
  readonly paidIn: BigInt64Array;
  readonly paidOut: BigInt64Array;
  readonly fees: BigInt64Array;
}

/** Adds one row; false on overflow. A function of its own, so that engines compile it once. */
function addFill(
  { orders, fills }: BatchTransition,
  row: number,
  { rules, sums }: { readonly rules: RuleTable; readonly sums: RunningSums },
): boolean {
  const paid = fills.paid[row] as bigint;
  const received = fills.received[row] as bigint;
  if (paid === 0n && received === 0n) return true;
  const pay = orders.pay[row] as number;
  const rule = rules.pair(pay, orders.receive[row] as number);
  const vault = (orders.ownerIndex[row] as number) * rules.assetCount;
  // Bare division: floor of non-negative terms, in the loop over all rows.
  const fee = rule.feeUnder > 0n ? (paid * rule.fee) / rule.feeUnder : 0n;
  let fits = addedWord(sums.spent, vault + pay, paid) && addedWord(sums.paidIn, pay, paid);
  if (rule.single >= 0) {
    fits = addedWord(sums.credited, vault + rule.single, received) && fits;
    fits = addedWord(sums.paidOut, rule.single, received) && fits;
    return added(sums.fees, rule.single, fee) && fits;
  }
  for (let k = 0; k < rule.legs.length; k += 1) {
    const leg = rule.legs[k] as number;
    const units = rule.legUnits[k] as bigint;
    fits = added(sums.credited, vault + leg, received * units) && fits;
    fits = added(sums.paidOut, leg, received * units) && fits;
    fits = added(sums.fees, leg, fee * units) && fits;
  }
  return fits;
}

/** Adds in place; false when the sum leaves 0..2^63-1. */
function added(sums: BigInt64Array, slot: number, units: bigint): boolean {
  return units <= AMOUNT_MAX && addedWord(sums, slot, units);
}

/** `added` for 0 <= units < 2^64. Both terms read as signed words: engines do not allocate here. */
function addedWord(sums: BigInt64Array, slot: number, units: bigint): boolean {
  const word = BigInt.asIntN(64, units);
  // A negative word stands for 2^63 or more; two words of 0..2^63-1 wrap to a negative sum.
  const sum = BigInt.asIntN(64, (sums[slot] as bigint) + word);
  sums[slot] = sum;
  return word >= 0n && sum >= 0n;
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
