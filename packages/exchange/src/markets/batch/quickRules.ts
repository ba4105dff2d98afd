import type { PairRule } from './fillRules.ts';
import { FillRules, RATION_SQUARED, rampAmount } from './fillRules.ts';
import { FloorRatio } from './floorRatio.ts';
import type { OracleSnapshot } from './oracleSnapshot.ts';
import type { BatchParameters } from './parameters.ts';
import { FEE_SCALE, productCount } from './parameters.ts';
import type { BatchSolution } from './solution.ts';

/** Relative distance from a threshold beyond which a comparison of doubles is certain. */
export const CERTAIN = 1e-14;
/** Sums of numbers up to this size plus one more such number stay exact. */
const SAFE_HALF = 4503599627370496;

/** The rules of one pair with what makes them quick, and the running sums of its fills. */
export class QuickRule {
  readonly rule: PairRule;
  readonly pay: number;
  /** Limit rates below this are certainly full, above `zeroAbove` certainly empty. */
  readonly fullBelow: number;
  readonly zeroAbove: number;
  readonly net: FloorRatio;
  /** Share of the budget that the protective limit and rationing leave; undefined for all of it. */
  readonly guarded: FloorRatio | undefined;
  readonly ration: FloorRatio | undefined;
  #fee: FloorRatio | undefined;
  readonly #sums: [number, number, number] = [0, 0, 0];
  readonly #carried: [bigint, bigint, bigint] = [0n, 0n, 0n];

  constructor(rule: PairRule, pay: number) {
    this.rule = rule;
    this.pay = pay;
    const denominator = rule.receivePrice * FEE_SCALE;
    this.net = new FloorRatio(rule.payPrice * rule.keep, denominator);
    this.fullBelow = this.net.approximate * (1 - 1e-5) * (1 - CERTAIN);
    this.zeroAbove = this.net.approximate * (1 + CERTAIN);
    this.guarded = protectiveShare(rule);
    this.ration =
      rule.ration === RATION_SQUARED ? undefined : new FloorRatio(rule.ration, RATION_SQUARED);
  }

  /** The fee in product units per unit paid. */
  get fee(): FloorRatio {
    this.#fee ??= new FloorRatio(
      this.rule.payPrice * this.rule.feeE7,
      this.rule.receivePrice * FEE_SCALE,
    );
    return this.#fee;
  }

  add(paid: number, received: number, fee: number): void {
    this.#accumulate(0, paid);
    this.#accumulate(1, received);
    this.#accumulate(2, fee);
  }

  addExact(paid: bigint, received: bigint, fee: bigint): void {
    this.#carried[0] += paid;
    this.#carried[1] += received;
    this.#carried[2] += fee;
  }

  sums(): [bigint, bigint, bigint] {
    return [
      this.#carried[0] + BigInt(this.#sums[0]),
      this.#carried[1] + BigInt(this.#sums[1]),
      this.#carried[2] + BigInt(this.#sums[2]),
    ];
  }

  #accumulate(which: 0 | 1 | 2, units: number): void {
    const sum = this.#sums[which] + units;
    if (sum < SAFE_HALF) {
      this.#sums[which] = sum;
    } else {
      this.#carried[which] += BigInt(this.#sums[which]) + BigInt(units);
      this.#sums[which] = 0;
    }
  }
}

/** The share min(1, ramp of the protective limit) as a ratio, or undefined where it is one. */
function protectiveShare(rule: PairRule): FloorRatio | undefined {
  const effective = rule.protectiveDenominator * rule.payPrice * rule.keep;
  const full = rampAmount(rule, {
    budget: effective,
    numerator: rule.protectiveNumerator,
    denominator: rule.protectiveDenominator,
  });
  return full === effective ? undefined : new FloorRatio(full, effective);
}

/** Quick rules of the pairs that a batch uses, made on first use. */
export class QuickRules {
  readonly #rules: FillRules;
  readonly #products: number;
  readonly #quick: (QuickRule | undefined)[];

  constructor(parameters: BatchParameters, oracle: OracleSnapshot, solution: BatchSolution) {
    this.#rules = new FillRules(parameters, oracle, solution);
    this.#products = productCount(parameters);
    this.#quick = new Array<QuickRule | undefined>(this.#products ** 2).fill(undefined);
  }

  pair(pay: number, receive: number): QuickRule {
    const slot = pay * this.#products + receive;
    const known = this.#quick[slot];
    if (known !== undefined) return known;
    const made = new QuickRule(this.#rules.pair(pay, receive), pay);
    this.#quick[slot] = made;
    return made;
  }

  *used(): IterableIterator<QuickRule> {
    for (const rule of this.#quick) if (rule !== undefined) yield rule;
  }
}
