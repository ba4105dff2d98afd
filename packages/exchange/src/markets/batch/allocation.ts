import { invariant } from '../../failures/invariant.ts';
import { AMOUNT_MAX } from '../../numbers/amount.ts';
import type { OrderTerms, RowFill } from './fillRules.ts';
import { FillRules, feeUnits, naturalFill } from './fillRules.ts';
import type { OracleSnapshot } from './oracleSnapshot.ts';
import type { OrderTable } from './orderTable.ts';
import type { BatchParameters } from './parameters.ts';
import type { QuickRule } from './quickRules.ts';
import { CERTAIN, QuickRules } from './quickRules.ts';
import type { BatchFills, BatchSolution } from './solution.ts';
import { Words } from './words.ts';

/** What the fills of a batch are computed from. */
export interface AllocationInput {
  readonly parameters: BatchParameters;
  readonly oracle: OracleSnapshot;
  readonly table: OrderTable;
  readonly solution: BatchSolution;
}

/** Integer sums over the fills of a batch by asset, ledger units. */
export interface PoolChange {
  /** Paid by orders to the pool. */
  readonly paid: bigint[];
  /** Received net by orders from the pool, legs of baskets included. */
  readonly received: bigint[];
  /** z = paid - received: the pool's trade, which the quote test uses. */
  readonly trade: bigint[];
  /** Moved from the pool to the fee vault: the pool's inventory changes by trade - fees. */
  readonly fees: bigint[];
}

/**
 * The fills that prices, rationing factors and the blocked list imply, exactly.
 *
 * Rows are read in order of admission. A row whose limit is farther from the ramp than doubles can
 * err is full or empty without a bigint; products are rounded down by `FloorRatio`; whatever those
 * cannot settle with certainty goes through the bigint rules of `fillRules.ts`. Equal to
 * `allocateNaive` bit for bit. The receipts must fit amounts; `settle` asks.
 */
export function allocate(input: AllocationInput): BatchFills {
  const { parameters, oracle, solution } = input;
  const fills = fillRows(input, new QuickRules(parameters, oracle, solution), false);
  invariant(fills !== undefined, 'the receipts fit amounts');
  return fills;
}

/** Fills and their sums, taken in one pass over the rows. */
export interface Settlement {
  readonly fills: BatchFills;
  readonly change: PoolChange;
}

/**
 * `allocate` and `poolChange` in one pass over the rows.
 *
 * @returns undefined when a receipt or a sum over an asset is more than an amount can count: the
 * laws refuse such a batch, and its columns could not hold it.
 */
export function settle(input: AllocationInput): Settlement | undefined {
  const { parameters, oracle, solution } = input;
  const rules = new QuickRules(parameters, oracle, solution);
  const fills = fillRows(input, rules, true);
  if (fills === undefined) return undefined;
  const change = sumOverAssets(parameters, rules);
  const { paid, received, fees } = change;
  return [...paid, ...received, ...fees].every(isAmount) ? { fills, change } : undefined;
}

function isAmount(units: bigint): boolean {
  return units <= AMOUNT_MAX;
}

function fillRows(
  input: AllocationInput,
  rules: QuickRules,
  summing: boolean,
): BatchFills | undefined {
  const { table, solution } = input;
  const columns = new WordColumns(table);
  const fills = noFills(table.count);
  const paidWords = new Words(fills.paid);
  const receivedWords = new Words(fills.received);
  const { blocked } = solution;
  let nextBlocked = 0;
  for (let row = 0; row < table.count; row += 1) {
    if (row === blocked[nextBlocked]) {
      nextBlocked += 1;
      continue;
    }
    if (table.canceled[row] === 1) continue;
    const rule = rules.pair(table.pay[row] as number, table.receive[row] as number);
    const paid = quickPaid(rule, columns, row);
    if (paid === 0) continue;
    const received = paid > 0 ? rule.net.floor(paid) : -1;
    if (received > 0 && quickLimitHolds(columns, row, paid, received)) {
      paidWords.set(row, paid);
      receivedWords.set(row, received);
      if (summing) sumQuickly(rule, paid, received);
    } else {
      const exact = naturalFill(rule.rule, termsOf(table, row));
      if (!isAmount(exact.received)) return undefined;
      fills.paid[row] = exact.paid;
      fills.received[row] = exact.received;
      if (summing) rule.addExact(exact.paid, exact.received, feeUnits(rule.rule, exact.paid));
    }
  }
  invariant(nextBlocked === blocked.length, 'blocked rows exist and are listed ascending');
  return fills;
}

/** The slow, obvious twin of `allocate`: the bigint rules row by row. The same must hold. */
export function allocateNaive(input: AllocationInput): BatchFills {
  const { parameters, oracle, table, solution } = input;
  const rules = new FillRules(parameters, oracle, solution);
  const fills = noFills(table.count);
  for (let row = 0; row < table.count; row += 1) {
    if (table.canceled[row] === 1 || solution.blocked.includes(row)) continue;
    const rule = rules.pair(table.pay[row] as number, table.receive[row] as number);
    const { paid, received } = naturalFill(rule, termsOf(table, row));
    invariant(isAmount(received), 'the receipts fit amounts');
    fills.paid[row] = paid;
    fills.received[row] = received;
  }
  for (const row of solution.blocked) invariant(row < table.count, 'a blocked row exists');
  return fills;
}

/** Sums of the fills per asset. The fee of each order is floor(x K_s fee / (K_b F)) units. */
export function poolChange(input: AllocationInput, fills: BatchFills): PoolChange {
  const { parameters, oracle, table, solution } = input;
  const rules = new QuickRules(parameters, oracle, solution);
  const paidWords = new Words(fills.paid);
  const receivedWords = new Words(fills.received);
  for (let row = 0; row < table.count; row += 1) {
    const paid = paidWords.get(row);
    if (paid === 0) continue;
    const rule = rules.pair(table.pay[row] as number, table.receive[row] as number);
    const received = receivedWords.get(row);
    if (paid > 0 && received >= 0) {
      sumQuickly(rule, paid, received);
    } else {
      const exact = fills.paid[row] as bigint;
      rule.addExact(exact, fills.received[row] as bigint, feeUnits(rule.rule, exact));
    }
  }
  return sumOverAssets(parameters, rules);
}

function sumQuickly(rule: QuickRule, paid: number, received: number): void {
  const fee = rule.fee.floor(paid);
  if (fee >= 0) {
    rule.add(paid, received, fee);
  } else {
    rule.addExact(BigInt(paid), BigInt(received), feeUnits(rule.rule, BigInt(paid)));
  }
}

function sumOverAssets(parameters: BatchParameters, rules: QuickRules): PoolChange {
  const none = (): bigint[] => parameters.assets.map(() => 0n);
  const change = { paid: none(), received: none(), fees: none() };
  for (const rule of rules.used()) {
    const [paid, received, fee] = rule.sums();
    change.paid[rule.pay] = (change.paid[rule.pay] as bigint) + paid;
    for (const { asset, units } of rule.rule.legs) {
      change.received[asset] = (change.received[asset] as bigint) + received * units;
      change.fees[asset] = (change.fees[asset] as bigint) + fee * units;
    }
  }
  const trade = change.paid.map((paid, i) => paid - (change.received[i] as bigint));
  return { ...change, trade };
}

/** The terms of a row that the rules read. */
export function termsOf(table: OrderTable, row: number): OrderTerms {
  return {
    budget: table.budget[row] as bigint,
    limitNumerator: table.limitNumerator[row] as bigint,
    limitDenominator: table.limitDenominator[row] as bigint,
    minFillPpm: table.minFillPpm[row] as number,
  };
}

/** The fill of one row as if it were neither cancelled nor blocked. */
export function naturalRowFill(rules: FillRules, table: OrderTable, row: number): RowFill {
  const rule = rules.pair(table.pay[row] as number, table.receive[row] as number);
  return naturalFill(rule, termsOf(table, row));
}

/** Fills of a batch in which nothing trades. */
export function noFills(count: number): BatchFills {
  return { paid: new BigUint64Array(count), received: new BigUint64Array(count) };
}

const PPM_NUMBER = 1_000_000;

class WordColumns {
  readonly budget: Words;
  readonly numerator: Words;
  readonly denominator: Words;
  readonly minFillPpm: Uint32Array;

  constructor(table: OrderTable) {
    this.budget = new Words(table.budget);
    this.numerator = new Words(table.limitNumerator);
    this.denominator = new Words(table.limitDenominator);
    this.minFillPpm = table.minFillPpm;
  }
}

/** Rules 1 and the minimum fill in doubles: the amount paid, or -1 where only bigints can tell. */
function quickPaid(rule: QuickRule, columns: WordColumns, row: number): number {
  const rate = columns.numerator.rounded(row) / columns.denominator.rounded(row);
  if (rate > rule.zeroAbove) return 0;
  if (!(rate < rule.fullBelow)) return -1;
  const budget = columns.budget.get(row);
  if (budget < 0) return -1;
  let paid = budget;
  if (rule.guarded !== undefined) paid = rule.guarded.floor(paid);
  if (rule.ration !== undefined && paid > 0) paid = rule.ration.floor(paid);
  if (paid <= 0 || paid === budget) return paid;
  return paid * PPM_NUMBER >= budget * (columns.minFillPpm[row] as number) * (1 + CERTAIN)
    ? paid
    : -1;
}

/** Whether received / paid certainly keeps the limit. */
function quickLimitHolds(
  columns: WordColumns,
  row: number,
  paid: number,
  received: number,
): boolean {
  const needed = paid * columns.numerator.rounded(row) * (1 + CERTAIN);
  return received * columns.denominator.rounded(row) >= needed;
}
