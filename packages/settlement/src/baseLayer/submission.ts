import type { Hash } from '@lawbook/exchange/codec/hash';
import type { DiffList, OrderBook } from '@lawbook/proofs/statements/epoch/diffList';

/** The laws' proof as a base layer takes it. */
export interface LawProof {
  /** Place of the circuit in the agreement. */
  readonly circuit: number;
  /** The circuit's own hash of the data vector: a field element. */
  readonly dataCommitment: bigint;
  readonly bytes: Uint8Array;
}

/** Everything that settles one epoch. */
export interface Submission {
  readonly list: DiffList;
  readonly book: OrderBook;
  readonly proof: LawProof;
  readonly listHash: Hash;
}

/** A refusal by name: a contract's error, or the same rule of another adapter. */
export interface SettleRefusal {
  /** As in contracts/src/Errors.sol, such as `SpendsAreAuthorised`. */
  readonly rule: string;
  /** The error's arguments in order, in decimal or hex. */
  readonly details: readonly string[];
  readonly sentence: string;
}

/** What a dry run says. */
export type SettleCheck =
  | { readonly kind: 'passes'; readonly gas: bigint | undefined }
  | { readonly kind: 'refused'; readonly refusal: SettleRefusal };

/** What became of a settlement. */
export type SettleOutcome =
  | {
      readonly kind: 'settled';
      readonly transaction: string;
      readonly blockNumber: bigint;
      readonly gasUsed: bigint | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly refusal: SettleRefusal;
      /** Whether time alone may mend it, such as parameters that are not active yet. */
      readonly mayPass: boolean;
    };
