import { invariant } from '@lawbook/exchange/failures/invariant';
import type { AttemptFees, Urgency } from '../intents/intent.ts';
import type { FeePolicy, FeeQuote } from './feePolicy.ts';
import { DEFAULT_FEE_POLICY } from './feePolicy.ts';

/** What the price of an attempt depends on. */
export interface FeeQuestion {
  readonly quote: FeeQuote;
  readonly policy: FeePolicy;
  readonly urgency: Urgency;
}

/**
 * Fees of a first attempt, wei per gas: maxFee = base fee x headroom / 100, rounded up, + tip.
 *
 * The headroom decides how many full blocks of rises (12.5 % each) the transaction outlives without
 * a bump; the chain only charges base fee + tip. Tip <= maxFee always.
 */
export function firstFees({ quote, policy, urgency }: FeeQuestion): AttemptFees {
  invariant(quote.baseFeePerGas >= 0n, 'a base fee is not negative');
  const quoted = quote.tip[urgency];
  const tip = larger(quoted, policy.leastTip);
  const room = percentOf(quote.baseFeePerGas, policy.baseFeeHeadroom[urgency]);
  return { maxFeePerGas: room + tip, maxPriorityFeePerGas: tip };
}

/**
 * Fees of a replacement, wei per gas: each field at least `policy.bump` percent of the previous one
 * (rounded up, and at least one wei more, because nodes refuse equality), and at least what a first
 * attempt would offer now.
 */
export function bumpedFees(
  question: FeeQuestion & { readonly previous: AttemptFees },
): AttemptFees {
  const fresh = firstFees(question);
  const floor = replacementFloor(question.previous, question.policy);
  return {
    maxFeePerGas: larger(floor.maxFeePerGas, fresh.maxFeePerGas),
    maxPriorityFeePerGas: larger(floor.maxPriorityFeePerGas, fresh.maxPriorityFeePerGas),
  };
}

/** The least fees, wei per gas and rounded up, that nodes take instead of the previous attempt. */
export function replacementFloor(previous: AttemptFees, policy: FeePolicy): AttemptFees {
  return {
    maxFeePerGas: raised(previous.maxFeePerGas, policy.bump),
    maxPriorityFeePerGas: raised(previous.maxPriorityFeePerGas, policy.bump),
  };
}

/** Wei that the fee can cost at most: every unit of gas used, at the highest price agreed to. */
export function worstFee(fees: AttemptFees, gasLimit: bigint): bigint {
  return fees.maxFeePerGas * gasLimit;
}

/** What limits the price of an attempt. */
export interface AffordQuestion {
  readonly fees: AttemptFees;
  readonly quote: FeeQuote;
  readonly gasLimit: bigint;
  /** Wei that the whole fee may cost. */
  readonly feeCap: bigint;
  /** Wei per gas of tip without which nobody includes it; the default policy's otherwise. */
  readonly leastTip?: bigint;
  /** What a replacement has to reach in both fields (`replacementFloor`). */
  readonly atLeast?: AttemptFees;
}

/**
 * Lowers the headroom of fees down to what the cap pays, wei per gas, rounded down.
 *
 * @returns undefined where the cap does not pay the next block's base fee plus the least tip, or
 *   not the floor of a replacement: wait until the spike is over.
 */
export function affordableFees(question: AffordQuestion): AttemptFees | undefined {
  const { fees, quote, gasLimit, feeCap, atLeast } = question;
  invariant(gasLimit > 0n, 'a transaction has a gas limit');
  if (feeCap < 0n) return undefined;
  // Both are non-negative, so truncation is rounding down: never above the cap.
  const maxFeePerGas = smaller(fees.maxFeePerGas, feeCap / gasLimit);
  const leastTip = question.leastTip ?? DEFAULT_FEE_POLICY.leastTip;
  if (maxFeePerGas < quote.baseFeePerGas + leastTip) return undefined;
  const maxPriorityFeePerGas = smaller(fees.maxPriorityFeePerGas, maxFeePerGas);
  if (atLeast === undefined) return { maxFeePerGas, maxPriorityFeePerGas };
  const reached =
    maxFeePerGas >= atLeast.maxFeePerGas && maxPriorityFeePerGas >= atLeast.maxPriorityFeePerGas;
  return reached ? { maxFeePerGas, maxPriorityFeePerGas } : undefined;
}

function raised(price: bigint, percent: number): bigint {
  return larger(percentOf(price, percent), price + 1n);
}

/** `price` x `percent` / 100, rounded up; `percent` is a whole number. */
function percentOf(price: bigint, percent: number): bigint {
  return (price * BigInt(percent) + 99n) / 100n;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
