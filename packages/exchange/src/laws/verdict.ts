import type { Hash } from '../codec/hash.ts';
import { unreachable } from '../failures/invariant.ts';
import type { AccountId } from '../ledger/account.ts';

/** Stable short names of the laws, as in docs/protocol. */
export const LAW_IDS = ['L0', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'L9', 'L10'] as const;
export type LawId = (typeof LAW_IDS)[number];

/** Where a law is broken. Rows, assets and indices are positions in the transition's own lists. */
export type Locus =
  | { readonly kind: 'order'; readonly row: number; readonly orderId: Hash }
  | { readonly kind: 'asset'; readonly asset: number }
  | { readonly kind: 'account'; readonly account: AccountId; readonly asset?: number }
  | { readonly kind: 'commitment'; readonly index: number }
  | { readonly kind: 'batch'; readonly field: string };

/** On what an answer about signatures rests. */
export type Basis =
  /** Digests were recomputed and signers recovered here. */
  | 'recovered'
  /** The executor did so on the same columns at admission; only the amounts were judged here. */
  | 'admitted';

/** The transition keeps the law. */
export interface Holds {
  readonly kind: 'holds';
  /** Present on laws about signatures. */
  readonly basis?: Basis;
}

/** The transition breaks the law: the first place found, what the rule wants, what is there. */
export interface Violated {
  readonly kind: 'violated';
  readonly locus: Locus;
  /** The rule in one clause. */
  readonly rule: string;
  readonly expected: string;
  readonly actual: string;
}

/** What a law says about a transition. */
export type Verdict = Holds | Violated;

/** The plain good answer. */
export const HOLDS: Holds = { kind: 'holds' };

/** Facts of a violation; integers are printed in decimal. */
export interface Finding {
  readonly locus: Locus;
  readonly rule: string;
  readonly expected: bigint | number | string;
  readonly actual: bigint | number | string;
}

/** Builds the bad answer. */
export function violated(finding: Finding): Violated {
  return {
    kind: 'violated',
    locus: finding.locus,
    rule: finding.rule,
    expected: String(finding.expected),
    actual: String(finding.actual),
  };
}

/** A violation that concerns the batch as a whole, at a named field. */
export function violatedField(
  field: string,
  rule: string,
  { expected, actual }: Pick<Finding, 'expected' | 'actual'>,
): Violated {
  return violated({ locus: { kind: 'batch', field }, rule, expected, actual });
}

/** A place in words that people can look up. */
export function locusText(locus: Locus): string {
  switch (locus.kind) {
    case 'order':
      return `order ${locus.row} (${locus.orderId})`;
    case 'asset':
      return `asset ${locus.asset}`;
    case 'account':
      return `account ${locus.account}`;
    case 'commitment':
      return `commitment ${locus.index}`;
    case 'batch':
      return locus.field;
    default:
      return unreachable(locus);
  }
}
