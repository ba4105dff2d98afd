import type { Address, Hex } from 'viem';
import type { IntentRequest, Reason } from '../intents/intent.ts';

/** Most that one principal may move of one asset within a rolling window. */
export interface Budget {
  /** `*` counts the spends of every principal together. */
  readonly principal: string;
  readonly asset: 'native' | Address;
  /** Smallest units. */
  readonly amount: bigint;
  readonly windowMs: number;
}

/** What a lane may be asked to do. */
export interface SpendPolicy {
  /** Contracts and accounts that may be called; undefined allows every target. */
  readonly targets: readonly TargetRule[] | undefined;
  /** Wei in one intent at most; undefined has no limit. */
  readonly amountMax: bigint | undefined;
  /** Wei from which a person has to approve. */
  readonly approvalFrom: bigint | undefined;
  /** Smallest units that one ERC-20 approval may grant; 0 forbids approvals. */
  readonly allowanceMax: bigint | undefined;
  readonly budgets: readonly Budget[];
}

/** One permitted target. */
export interface TargetRule {
  readonly to: Address;
  /** Four-byte selectors; undefined permits any call, an empty list plain transfers only. */
  readonly selectors: readonly Hex[] | undefined;
}

/** What an intent takes from a budget once it is approved, whether or not it lands. */
export interface Spend {
  readonly principal: string;
  readonly asset: 'native' | Address;
  readonly amount: bigint;
  readonly atMs: number;
}

/** What the gate says, with the rule that said it. */
export type PolicyDecision =
  | { readonly kind: 'allow'; readonly spends: readonly Spend[] }
  | { readonly kind: 'deny'; readonly rule: string; readonly reason: Reason }
  | {
      readonly kind: 'needApproval';
      readonly rule: string;
      readonly reason: Reason;
      readonly spends: readonly Spend[];
    };

/** Everything the gate looks at. It is a pure function of this. */
export interface PolicyQuestion {
  readonly request: IntentRequest;
  /** Spends of intents that are in flight or landed, of every principal of the lane. */
  readonly spent: readonly Spend[];
  readonly nowMs: number;
}
