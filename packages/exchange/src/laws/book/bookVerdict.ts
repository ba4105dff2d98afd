import type { AccountId } from '../../ledger/account.ts';
import type { Basis } from '../verdict.ts';

/** Stable short names of the laws of a book epoch, as in docs/protocol. */
export const BOOK_LAW_IDS = [
  'B0',
  'B1',
  'B2',
  'B3',
  'B4',
  'B5',
  'B6',
  'B7',
  'B8',
  'B9',
  'B10',
] as const;
export type BookLawId = (typeof BOOK_LAW_IDS)[number];

/** Where a law of a book epoch is broken. */
export type BookLocus =
  | {
      readonly kind: 'event';
      readonly eventNumber: number;
      /** The report among those of the event; -1 where the event as a whole is meant. */
      readonly report: number;
      /** 0 where no order is meant. */
      readonly orderId: number;
    }
  | { readonly kind: 'account'; readonly account: AccountId }
  | { readonly kind: 'epoch'; readonly field: string };

/** The epoch breaks the law: the first place found, what the rule wants, what is there. */
export interface BookViolated {
  readonly kind: 'violated';
  readonly locus: BookLocus;
  readonly rule: string;
  readonly expected: string;
  readonly actual: string;
}

/** What a law says about a book epoch. */
export type BookVerdict = { readonly kind: 'holds'; readonly basis?: Basis } | BookViolated;

/** The plain good answer. */
export const BOOK_HOLDS: BookVerdict = { kind: 'holds' };

/** A violation at a named field of the epoch; integers are printed in decimal. */
export function violatedEpoch(
  field: string,
  rule: string,
  facts: { readonly expected: unknown; readonly actual: unknown },
): BookViolated {
  return violatedBook({ kind: 'epoch', field }, rule, facts);
}

/** A violation anywhere. */
export function violatedBook(
  locus: BookLocus,
  rule: string,
  { expected, actual }: { readonly expected: unknown; readonly actual: unknown },
): BookViolated {
  return { kind: 'violated', locus, rule, expected: String(expected), actual: String(actual) };
}
